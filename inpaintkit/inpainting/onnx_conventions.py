"""How the inputs and the output of an `.onnx` file are meant: polarity, ranges, axes, colours, sides.

What the graph itself says is read here, and so is what a file of this kit says in its metadata; the rest
are candidates, which `onnx_trial` tries on a photograph.
"""

import dataclasses
import itertools
import json

import numpy as np

METADATA_KEY = "inpaintkit"  # `ik.export_model` writes its conventions, as JSON, below this key
RANGES = {1: (0, 1), 255: (0, 255), -1: (-1, 1)}  # of the pixels of an image, by their name
HOLE_VALUES = (1, 0, 255, -0.5, 0.5)
LAYOUTS = {"NCHW": 1, "NHWC": 3}  # the axis of the channels
_KNOWN_VALUES = {1: 0, 255: 0, -0.5: 0.5, 0.5: -0.5}  # of the mask, by its hole value; for 0 it is 1 or 255
_DTYPES = {
    f"tensor({name})": dtype
    for name, dtype in {"float": "float32", "float16": "float16", "uint8": "uint8", "bool": "bool"}.items()
}


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What a graph says of its inputs.

    Args:
        image, mask: names; the same for a network with one input of four channels.
        image_dtype, mask_dtype: of NumPy.
        layout: "NCHW" or "NHWC".
        mask_channels: 1 or 3.
        sides: (height, width), None for those that the network leaves open.
    """

    image: str
    mask: str
    image_dtype: str
    mask_dtype: str
    layout: str
    mask_channels: int
    sides: tuple

    @property
    def joined(self):
        """Whether image and mask are one input."""
        return self.image == self.mask


@dataclasses.dataclass(frozen=True)
class Convention:
    """How an image and its mask are given to a network, and how its output is read.

    Args:
        hole_value: of the mask, in the hole. image_range, output_range: keys of RANGES.
        colors: "RGB" or "BGR".
        mask_first: of a joined input, whether the mask is channel 0, else it is channel 3.
        multiple: height and width must be multiples of it.
    """

    hole_value: float = 1
    image_range: int = 1
    output_range: int = 1
    colors: str = "RGB"
    mask_first: bool = False
    multiple: int = 1

    def feeds(self, inputs, image, mask):
        """{input: array} for one image (H, W, 3) in [0, 1] and its mask (H, W, 1); the hole becomes 0."""
        low, high = RANGES[self.image_range]
        image = (low + image * (high - low)) * mask
        image = image[..., ::-1] if self.colors == "BGR" else image
        top = 255 if inputs.mask_dtype == "uint8" else 1
        mask = np.where(mask > 0, _KNOWN_VALUES.get(self.hole_value, top), self.hole_value)
        if inputs.joined:
            parts = {inputs.image: np.concatenate([mask, image] if self.mask_first else [image, mask], -1)}
        else:
            parts = {inputs.image: image, inputs.mask: mask.repeat(inputs.mask_channels, -1)}
        dtypes = {inputs.mask: inputs.mask_dtype, inputs.image: inputs.image_dtype}
        return {name: _as_input(part, dtypes[name], inputs.layout) for name, part in parts.items()}

    def read(self, output):
        """A network's output (H, W, 3) in its own range as RGB; it may leave [0, 1]."""
        low, high = RANGES[self.output_range]
        image = (output.astype("float32") - low) / (high - low)
        return image[..., ::-1] if self.colors == "BGR" else image


def _as_input(part, dtype, layout):
    part = (part if layout == "NHWC" else part.transpose(2, 0, 1))[None]
    return np.ascontiguousarray(np.rint(part) if dtype == "uint8" else part).astype(dtype)


def read_inputs(name, inputs, layout):
    """What the inputs of a graph are, from their names, shapes and types.

    Args:
        name: of the file, for messages. inputs: as onnxruntime lists them. layout: said by the user, or None.

    Raises:
        ValueError: a graph that is not understood.
    """
    found = [_layout_and_channels(i.shape, layout) for i in inputs]
    layouts, counts = {pair[0] for pair in found}, sorted(pair[1] for pair in found)
    known = all(i.type in _DTYPES for i in inputs) and len(layouts) == 1
    if not known or counts not in ([4], [1, 3], [3, 3]):
        listed = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
        expected = "expected an image and a mask, or both in one input of four channels"
        raise ValueError(f"{name} has the inputs {listed}: {expected}; say layout, 'NCHW' or 'NHWC', if open")
    (layout,) = layouts
    axis = LAYOUTS[layout]
    in_order = sorted(inputs, key=lambda i: (-i.shape[axis], "mask" in i.name.lower()))
    image, mask = in_order[0], in_order[-1]
    sides = image.shape[2:] if layout == "NCHW" else image.shape[1:3]
    return Inputs(
        image=image.name,
        mask=mask.name,
        image_dtype=_DTYPES[image.type],
        mask_dtype=_DTYPES[mask.type],
        layout=layout,
        mask_channels=mask.shape[axis],
        sides=tuple(side if isinstance(side, int) else None for side in sides),
    )


def _layout_and_channels(shape, layout):
    """("NCHW" or "NHWC", channels) of an input's shape; (None, 0) if that cannot be known."""
    possible = [] if len(shape) != 4 else LAYOUTS if layout is None else [layout]
    found = [(name, shape[LAYOUTS[name]]) for name in possible if shape[LAYOUTS[name]] in (1, 3, 4)]
    return found[0] if len(found) == 1 else (None, 0)


def read_metadata(metadata):
    """The settings that a file of this kit has in its metadata, with its layout; {} for any other file.

    Raises:
        ValueError: metadata below the kit's key that are no JSON object.
    """
    names = {"layout", *(field.name for field in dataclasses.fields(Convention))}
    text = metadata.get(METADATA_KEY, "{}")
    try:
        return {k: v for k, v in json.loads(text).items() if k in names}
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{METADATA_KEY}={text[:80]!r}: expected a JSON object of settings") from error


def candidates(inputs, output_dtype, said):
    """Every convention that fits the types of a graph and what is said already, the most usual first.

    Args:
        inputs: `Inputs`. output_dtype: "float32", "float16" or "uint8". said: {setting: value}.
    """
    whole = inputs.mask_dtype == "uint8"
    choices = {
        "hole_value": (255, 0) if whole else (1, 0, -0.5, 0.5) if inputs.joined else (1, 0),
        "image_range": (255,) if inputs.image_dtype == "uint8" else tuple(RANGES),
        "output_range": (255,) if output_dtype == "uint8" else tuple(RANGES),
        "mask_first": (False, True) if inputs.joined else (False,),
    }
    choices |= {name: (value,) for name, value in said.items()}
    every = itertools.product(*choices.values())
    return [Convention(**dict(zip(choices, values, strict=True))) for values in every]
