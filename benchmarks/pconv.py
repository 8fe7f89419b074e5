"""What does partial convolution cost? `PConv2D` against `Conv2D`, in one run: `python benchmarks/pconv.py`.

Times one training step (forward and backward) and one forward pass of a single layer. The two layers take
turns, so that a busy machine slows both. Prints the ratio of the medians. Works on every back end, through
`train_on_batch` and `predict_on_batch`; the times of both layers include the transfer of the batch.

The second table is for a decoder level: `PConv2DUp` against *plain* upsampling, concatenation and `Conv2D`.
"""

import statistics
import time

import keras
import numpy as np

import inpaintkit as ik

CASES = [  # height = width, channels in, channels out, kernel, stride
    (128, 64, 64, 3, 1),
    (64, 128, 128, 3, 1),
    (32, 256, 256, 3, 2),
    (256, 3, 64, 7, 2),
]
LEVELS = [  # height = width, channels of the skip, channels from below, channels out
    (128, 64, 128, 64),
    (64, 128, 256, 128),
    (32, 128, 128, 128),
]
BATCH, ROUNDS = 8, 15


def layer_model(side, channels, filters, kernel, stride, partial, use_bias):
    """One layer over [features, mask], as a trainable model."""
    inputs = [keras.Input((side, side, channels)), keras.Input((side, side, 1))]
    settings = {"strides": stride, "padding": "same", "use_bias": use_bias}
    if partial:
        y, _ = ik.layers.PConv2D(filters, kernel, **settings)(inputs)
    else:
        y = keras.layers.Conv2D(filters, kernel, **settings)(inputs[0])
    network = keras.Model(inputs, y)
    network.compile("sgd", "mse", jit_compile=False)
    return network


def decoder_model(side, skip_channels, channels, filters, partial):
    """A decoder level over [features, mask, skip, skip mask], as a trainable model."""
    half = side // 2
    shapes = (half, half, channels), (half, half, 1), (side, side, skip_channels), (side, side, 1)
    inputs = [keras.Input(shape) for shape in shapes]
    if partial:
        y, _ = ik.layers.PConv2DUp(filters, use_bias=False)(inputs)
    else:
        x, _, skip, _ = inputs
        y = keras.layers.Concatenate()([skip, keras.layers.UpSampling2D()(x)])
        y = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    network = keras.Model(inputs, y)
    network.compile("sgd", "mse", jit_compile=False)
    return network


def example(network):
    """A batch of noise, with real masks, for a network."""
    rng, holes, x = np.random.default_rng(0), ik.masks.Strokes(hole_ratio=(0.2, 0.4)), []
    for tensor in network.inputs:
        height, width, channels = tensor.shape[1:]
        if channels == 1:
            x.append(holes.sample(BATCH, height, width))
        else:
            x.append(rng.random((BATCH, height, width, channels), "float32"))
    return x, np.zeros((BATCH, *network.output_shape[1:]), "float32")


def ratio(plain, partial, training):
    """Median time of the partial network over that of the plain one."""
    x, y = example(partial)
    times = {plain: [], partial: []}
    for i in range(ROUNDS + 2):
        for network, seconds in times.items():
            start = time.perf_counter()
            network.train_on_batch(x, y) if training else network.predict_on_batch(x)
            if i >= 2:  # the first rounds compile
                seconds.append(time.perf_counter() - start)
    return statistics.median(times[partial]) / statistics.median(times[plain])


if __name__ == "__main__":
    print(f"PConv2D / Conv2D, {keras.backend.backend()}, batch {BATCH}, median of {ROUNDS}\n")
    print(
        "| layer | forward | training step | without bias: forward | training step |\n|---|---|---|---|---|"
    )
    for case in CASES:
        side, channels, filters, kernel, stride = case
        cells = []
        for bias in (True, False):
            networks = [layer_model(*case, partial, bias) for partial in (False, True)]
            cells += [f"{ratio(*networks, training):.2f}" for training in (False, True)]
        name = f"{side}², {channels} → {filters}, k{kernel}, stride {stride}"
        print(f"| {name} | {' | '.join(cells)} |", flush=True)

    print("\nPConv2DUp / upsampling, concatenation and Conv2D\n")
    print("| decoder level | forward | training step |\n|---|---|---|")
    for case in LEVELS:
        side, skip_channels, channels, filters = case
        networks = [decoder_model(*case, partial) for partial in (False, True)]
        cells = [f"{ratio(*networks, training):.2f}" for training in (False, True)]
        name = f"{side}², skip {skip_channels} + up {channels} → {filters}"
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
