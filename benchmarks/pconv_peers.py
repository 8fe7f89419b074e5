"""Partial convolution in PyTorch, in its two public forms, against `torch.nn.Conv2d`. `pconv.py` times them.

Both forms are written here from the formula of Liu et al. (ECCV 2018), not copied. They differ in the mask:
one channel, as for the images of the paper's own layer; or as many channels as the features, which the
public Keras copies have, and the paper's layer where two feature maps with different masks are joined.
"""

import torch
from torch import nn
from torch.nn import functional


class PartialConv2d(nn.Conv2d):
    """y = (conv(x · mask) - b) · (window / count) · known + b · known, and the new mask, known.

    Args:
        multi_channel: masks of as many channels as the features, not of one.
        *args, **kwargs: as for `torch.nn.Conv2d`.
    """

    def __init__(self, *args, multi_channel=False, **kwargs):
        super().__init__(*args, **kwargs)
        channels = (self.out_channels, self.in_channels) if multi_channel else (1, 1)
        self.register_buffer("ones", torch.ones(*channels, *self.kernel_size))

    def forward(self, x, mask):
        with torch.no_grad():
            count = functional.conv2d(mask, self.ones, None, self.stride, self.padding)
            known = torch.clamp(count, 0, 1)
            ratio = known * self.ones[0].numel() / (count + 1e-8)
        y = super().forward(x * mask)
        if self.bias is None:
            return y * ratio, known
        bias = self.bias.view(1, -1, 1, 1)
        return ((y - bias) * ratio + bias) * known, known


def peer_steps(side, channels, filters, kernel, stride, batch, training):
    """{name: a function that computes one pass}, of the plain layer and of the two partial ones."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((batch, channels, side, side), generator=generator)
    mask = (torch.rand((batch, 1, side, side), generator=generator) > 0.3).float()
    settings = {"stride": stride, "padding": kernel // 2}
    layers = {
        "Conv2d": (nn.Conv2d(channels, filters, kernel, **settings), [x]),
        "one channel": (PartialConv2d(channels, filters, kernel, **settings), [x, mask]),
        "multi-channel": (
            PartialConv2d(channels, filters, kernel, multi_channel=True, **settings),
            [x, mask.expand_as(x).contiguous()],
        ),
    }
    return {name: _pass(layer, inputs, training) for name, (layer, inputs) in layers.items()}


def _pass(layer, inputs, training):
    """A function that runs the layer forwards; while training also backwards, with a step of SGD."""
    optimizer = torch.optim.SGD(layer.parameters(), 0.01)

    def step():
        y = layer(*inputs)
        y = y if isinstance(y, torch.Tensor) else y[0]
        optimizer.zero_grad()
        y.square().mean().backward()
        optimizer.step()

    def forward():
        with torch.no_grad():
            layer(*inputs)

    return step if training else forward
