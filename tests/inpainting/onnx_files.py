"""Small `.onnx` files of our own with exactly the conventions of public ones.

Each fills the hole with the mean of the known pixels in a window of 65×65. What comes in is clipped to its
range, as a network that was trained on it would know no other, so that a wrong convention fills wrongly.
"""

import cv2
import numpy as np
from onnx import TensorProto, helper, save

WINDOW = 65
F, U8 = TensorProto.FLOAT, TensorProto.UINT8


def reference(image, mask):
    """The same fill in NumPy: float32 (H, W, 3) and mask (H, W, 1), 1 = known; composited."""
    blur = [
        cv2.boxFilter(x, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_CONSTANT) for x in (image * mask, mask)
    ]
    return np.where(mask > 0, image, blur[0] / np.maximum(blur[1][..., None], 1e-4))


class Graph:
    """Nodes one after the other; each call returns the name of its output."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def __call__(self, op, *inputs, outputs=1, **attributes):
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        result = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, names, result, **attributes))
        return result[0] if outputs == 1 else result

    def constant(self, value):
        value = np.asarray(value, "float32" if np.asarray(value).dtype.kind == "f" else "int64")
        name = f"c{len(self.constants)}"
        kind = F if value.dtype == "float32" else TensorProto.INT64
        self.constants.append(helper.make_tensor(name, kind, value.shape, value.ravel()))
        return name

    def blurred(self, x):
        half = WINDOW // 2
        x = self("AveragePool", x, kernel_shape=[1, WINDOW], pads=[0, half, 0, half], count_include_pad=1)
        return self("AveragePool", x, kernel_shape=[WINDOW, 1], pads=[half, 0, half, 0], count_include_pad=1)

    def filled(self, image, known):
        """The composite, image in 0–1 and 1 = known, NCHW."""
        image = self("Mul", self("Clip", image, 0.0, 1.0), known)
        mean = self("Div", self.blurred(image), self("Max", self.blurred(known), 1e-4))
        return self("Add", image, self("Mul", mean, self("Sub", 1.0, known)))

    def known(self, hole):
        """1 where a mask, 1 = hole, is at most 0.5."""
        return self("Cast", self("Not", self("Greater", hole, 0.5)), to=F)

    def save(self, path, inputs, output, dtype=F, name="output", shape=("b", 3, "h", "w")):
        self.nodes.append(helper.make_node("Identity", [output], [name]))
        infos = [helper.make_tensor_value_info(*entry) for entry in inputs]
        result = helper.make_tensor_value_info(name, dtype, shape)
        graph = helper.make_graph(self.nodes, "fill", infos, [result], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        save(model, path)
        return path


def lama(path, side=512, eight_bits=False):
    """Carve's LaMa: 1 = hole, image 0–1, output 0–255; the one of OpenCV's zoo has 8 bits inside."""
    g = Graph()
    filled = g("Mul", g.filled("image", g.known("mask")), 255.0)
    if eight_bits:
        zero = helper.make_tensor("zero", U8, [], [0])
        g.constants.append(zero)
        filled = g("DequantizeLinear", g("QuantizeLinear", filled, 1.0, "zero"), 1.0, "zero")
    inputs = [("image", F, ["b", 3, side, side]), ("mask", F, ["b", 1, side, side])]
    return g.save(path, inputs, filled)


def migan_pipeline(path):
    """MI-GAN's pipeline, version 2: all 8-bit, 255 = known, any size, composited."""
    g = Graph()
    known = g("Div", g("Cast", "mask", to=F), 255.0)
    filled = g.filled(g("Div", g("Cast", "image", to=F), 255.0), known)
    result = g("Cast", g("Round", g("Mul", filled, 255.0)), to=U8)
    inputs = [("image", U8, [1, 3, "h", "w"]), ("mask", U8, [1, 1, "h", "w"])]
    return g.save(path, inputs, result, U8, "result", (1, 3, "h", "w"))


def migan(path, side=256):
    """MI-GAN alone: one input, [mask − 0.5, image · mask], 1 = known, image and output in −1…1."""
    g = Graph()
    mask, image = g("Split", "input", [1, 3], outputs=2, axis=1)
    filled = g.filled(g("Div", g("Add", image, 1.0), 2.0), g("Add", mask, 0.5))
    result = g("Sub", g("Mul", filled, 2.0), 1.0)
    return g.save(path, [("input", F, [1, 4, side, side])], result, shape=(1, 3, side, side))


def other_lama(path):
    """Another LaMa: one input of four channels, image first, 1 = hole, all 0–1, sides multiples of 32."""
    g = Graph()
    image, hole = g("Split", "input", [3, 1], outputs=2, axis=1)
    cells = g("AveragePool", hole, kernel_shape=[32, 32], strides=[32, 32])
    again = g("Resize", cells, "", [1.0, 1.0, 32.0, 32.0], mode="nearest")
    filled = g.filled(image, g.known(g("Add", hole, g("Mul", again, 0.0))))  # fails for other sides
    return g.save(path, [("input", F, [1, 4, "h", "w"])], filled)


def channels_last(path, dtype=F, image_channels=3):
    """TensorFlow's axes, 1 = known, image and output in 0–255."""
    g = Graph()
    image, known = (g("Transpose", x, perm=[0, 3, 1, 2]) for x in ("photo", "mask"))
    filled = g("Mul", g.filled(g("Div", image, 255.0), known), 255.0)
    inputs = [("photo", dtype, ["b", "h", "w", image_channels]), ("mask", F, ["b", "h", "w", 1])]
    return g.save(path, inputs, g("Transpose", filled, perm=[0, 2, 3, 1]), shape=("b", "h", "w", 3))


def ignores_mask(path):
    """Returns its image: no convention fills anything."""
    g = Graph()
    result = g("Add", "image", g("Mul", "mask", 0.0))
    return g.save(path, [("image", F, ["b", 3, "h", "w"]), ("mask", F, ["b", 1, "h", "w"])], result)


def symmetric(path):
    """Fills with the blur of all, known or not: both polarities are equally good, and fill differently."""
    g = Graph()
    blur = g.blurred("image")
    result = g("Add", blur, g("Mul", g("Sub", "mask", 0.5), 0.2))
    return g.save(path, [("image", F, ["b", 3, "h", "w"]), ("mask", F, ["b", 1, "h", "w"])], result)
