"""Draws the diagrams of networks in images/diagrams/: `python images/diagrams.py`.

Shapes and masks are read from the networks themselves, so a diagram shows what the code does.
"""

from pathlib import Path

import keras
import matplotlib
import numpy as np

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

import inpaintkit as ik

FOLDER = Path(__file__).parent / "diagrams"
BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#777777"


def canvas(width, height):
    """A figure of this many inches without axes; one unit is one inch."""
    figure = plt.figure(figsize=(width, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, width), ylim=(0, height))
    axis.axis("off")
    return figure, axis


def box(axis, x, y, text, width=1.2, height=0.44, color=BLUE):
    """A rounded box around (x, y)."""
    style = {"boxstyle": "round,pad=0,rounding_size=0.07", "edgecolor": color, "facecolor": color + "22"}
    axis.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, linewidth=1.5, **style))
    axis.text(x, y, text, ha="center", va="center", fontsize=9)


def arrow(axis, start, end, color=GREY, label="", where=(0, 0.13), **line):
    """An arrow, with a label beside its middle."""
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0, **line}
    axis.annotate("", end, start, arrowprops=style)
    x, y = (start[0] + end[0]) / 2 + where[0], (start[1] + end[1]) / 2 + where[1]
    axis.text(x, y, label, ha="center", va="center", fontsize=8, color=color)


def tile(axis, x, y, image, size=0.8, label=""):
    """A small image around (x, y) in a grey frame, with a label below."""
    half = size / 2
    shown = {"interpolation": "nearest", "cmap": "gray", "vmin": 0, "vmax": 1, "aspect": "auto", "zorder": 3}
    axis.imshow(image, extent=(x - half, x + half, y - half, y + half), **shown)
    axis.add_patch(plt.Rectangle((x - half, y - half), size, size, fill=False, color=GREY, zorder=4))
    axis.text(x, y - half - 0.14, label, ha="center", va="center", fontsize=8)


def legend(axis, y, *entries, va="center"):
    """Coloured texts in one row, each (x, colour, text)."""
    for x, color, text in entries:
        axis.text(x, y, text, ha="left", va=va, fontsize=9, color=color)


def shape(tensor):
    return "×".join(str(side) for side in tensor.shape[1:])


def autoencoder():
    """The two autoencoders side by side; the one at the right with skip connections."""
    figure, whole = canvas(10, 5.2)
    for left, network in ((0, ik.models.autoencoder()), (5, ik.models.skip_autoencoder())):
        skips = "skip" in network.name
        poolings = [layer for layer in network.layers if isinstance(layer, keras.layers.MaxPooling2D)]
        down, middle = [layer.input for layer in poolings], poolings[-1].output
        up_layers = (keras.layers.Concatenate,) if skips else (keras.layers.Conv2DTranspose,)
        up = [layer.output for layer in network.layers if isinstance(layer, up_layers)][-len(down) :]
        x, levels = left + 2.5, len(down)
        title = f"{network.name}(), {network.count_params():,} parameters"
        whole.text(x, 5.0, title, ha="center", va="center", fontsize=10, weight="bold")
        for level, (before, after) in enumerate(zip(down, reversed(up), strict=True)):
            y, away = 4.4 - 0.72 * level, 1.6 - 0.24 * level
            box(whole, x - away, y, shape(before), color=BLUE)
            box(whole, x + away, y, shape(after), color=ORANGE)
            nearer = away - 0.24 if level + 1 < levels else 0.25
            arrow(whole, (x - away, y - 0.22), (x - nearer, y - 0.5), BLUE)
            arrow(whole, (x + nearer, y - 0.5), (x + away, y - 0.22), ORANGE)
            if skips:
                arrow(whole, (x - away + 0.6, y), (x + away - 0.6, y), GREEN, linestyle="--")
        box(whole, x, 4.4 - 0.72 * levels, shape(middle), color=GREY)
        numbers, pixels = np.prod(middle.shape[1:]), np.prod(network.output.shape[1:])
        if skips:
            text = "with skip connections (green), detail\nalso passes beside the bottleneck"
        else:
            text = (
                f"all detail passes through the bottleneck:\n{numbers:,} numbers for {pixels:,} pixel values"
            )
        whole.text(x, 0.86, text, ha="center", va="center", fontsize=9)
    legend(
        whole,
        0.25,
        (0.3, BLUE, "convolutions; between levels max pooling"),
        (3.7, ORANGE, "transposed convolutions, stride 2"),
        (6.6, GREY, "at the end: a convolution to 112×96×3"),
    )
    return figure


def unet():
    """The U-Net of partial convolutions, with the masks of a real hole at each level."""
    size, middle = 64, 4.9
    network = ik.models.pconv_unet((size, size, 3))
    names = [layer.name for layer in network.layers if layer.name[:-1] in ("encoder", "decoder")]
    outputs = {name: network.get_layer(name).output for name in names}
    photo = ik.data.images("photos", "test", size, count=1).as_float()
    mask = ik.masks.Center(hole_ratio=((44 / size) ** 2,) * 2).sample(1, size, size, seed=0)
    values = keras.Model(network.inputs, outputs)([photo * mask, mask])
    masks = {name: keras.ops.convert_to_numpy(value[1])[0, ..., 0] for name, value in values.items()}
    masks["input"] = mask[0, ..., 0]
    shapes = {name: shape(features) for name, (features, _) in outputs.items()} | {
        "input": f"{size}×{size}×3"
    }

    figure, whole = canvas(9.8, 5.5)

    def node(x, y, name, side, color):
        box(whole, x, y, shapes[name], color=color)
        tile(whole, x + side * 1.0, y, masks[name], 0.6)
        text = f"hole\n{100 * (1 - masks[name].mean()):.0f} %"
        whole.text(x + side * 1.57, y, text, ha="center", va="center", fontsize=8)

    levels = len(names) // 2
    title = (
        f"pconv_unet(), {network.count_params():,} parameters. Beside each layer: the mask that it returns"
    )
    whole.text(middle, 5.25, title, ha="center", va="center", fontsize=10, weight="bold")
    for level in range(levels):
        y, away, nearer = 4.7 - 0.8 * level, 2.4 - 0.33 * level, 2.07 - 0.33 * level
        node(middle - away, y, f"encoder{level}" if level else "input", -1, BLUE)
        node(middle + away, y, f"decoder{level + 1}", 1, ORANGE)
        arrow(whole, (middle - away + 0.6, y), (middle + away - 0.6, y), GREEN, linestyle="--")
        nearer = nearer if level + 1 < levels else 0.3
        arrow(whole, (middle - away, y - 0.22), (middle - nearer, y - 0.58), BLUE)
        arrow(whole, (middle + nearer, y - 0.58), (middle + away, y - 0.22), ORANGE)
    y = 4.7 - 0.8 * levels
    box(whole, middle, y, shapes[f"encoder{levels}"], color=GREY)
    text = "hole 0 %" if masks[f"encoder{levels}"].all() else "a hole is left"
    whole.text(middle, y - 0.33, text, ha="center", va="center", fontsize=8)
    legend(
        whole,
        0.14,
        (0.2, BLUE, "partial convolution, stride 2"),
        (2.95, GREEN, "skip connection:\nfeatures and their mask"),
        (6.6, ORANGE, "upsampling, then partial convolution\nof both, each with its own mask"),
        va="bottom",
    )
    return figure


def gan():
    """The two losses of a GAN, and where their gradients go."""
    size = 96
    photo = ik.data.images("photos", "test", size, count=1).as_float()
    mask = ik.masks.Rectangles(count=1, size=(34, 34)).sample(1, size, size, seed=3)
    fill = ik.images.composite(ik.as_method(ik.load("photos"))(photo * mask, mask), photo, mask)

    figure, whole = canvas(9.8, 4.3)
    up, low = 3.1, 1.2
    tile(whole, 0.65, up, ik.plots.mark(photo, mask)[0], 1, "image and mask")
    box(whole, 2.35, up, "generator", color=BLUE)
    tile(whole, 4.05, up, fill[0], 1, "fill, known pixels put back")
    tile(whole, 4.05, low, photo[0], 1, "original")
    box(whole, 6.0, up, "discriminator", width=1.4, color=ORANGE)
    box(whole, 6.0, low, "discriminator", width=1.4, color=ORANGE)
    whole.text(6.0, (up + low) / 2, "the same weights", ha="center", va="center", fontsize=8, color=ORANGE)
    arrow(whole, (1.17, up), (1.73, up))
    arrow(whole, (2.97, up), (3.53, up))
    arrow(whole, (4.57, up), (5.28, up))
    arrow(whole, (4.57, low), (5.28, low))
    arrow(whole, (6.72, up), (7.3, up), label="logit")
    arrow(whole, (6.72, low), (7.3, low), label="logit")
    box(whole, 8.5, up, "adversarial loss:\nthe fill should look real", 2.3, 0.6, BLUE)
    text = "discriminator loss: the original\nis real, the fill is not"
    box(whole, 8.5, low, text, 2.3, 0.6, ORANGE)
    arrow(whole, (7.02, up), (7.34, low + 0.3))
    box(whole, 2.35, low, "reconstruction loss:\nthe fill is like the original", 2.1, 0.6, BLUE)
    arrow(whole, (3.2, up), (2.75, low + 0.32), label="raw output", where=(0.45, -0.35))
    arrow(whole, (3.53, low), (3.42, low))
    back = {"linestyle": "--", "connectionstyle": "arc3,rad=0.2"}
    arrow(whole, (8.5, up + 0.32), (2.4, up + 0.26), BLUE, **back)
    text = "gradient of the adversarial loss: through the discriminator, here constant, to the generator"
    whole.text(5.4, 4.15, text, ha="center", va="center", fontsize=8, color=BLUE)
    arrow(
        whole, (8.5, low - 0.32), (6.0, low - 0.24), ORANGE, linestyle="--", connectionstyle="arc3,rad=-0.25"
    )
    text = "gradient of the discriminator loss: to the discriminator only"
    whole.text(7.3, 0.25, text, ha="center", va="center", fontsize=8, color=ORANGE)
    arrow(whole, (2.1, low + 0.32), (2.1, up - 0.24), BLUE, "its gradient", (-0.45, 0), linestyle="--")
    return figure


def main():
    FOLDER.mkdir(exist_ok=True)
    for draw in (autoencoder, unet, gan):
        draw().savefig(FOLDER / f"{draw.__name__}.png", dpi=100)


if __name__ == "__main__":
    main()
