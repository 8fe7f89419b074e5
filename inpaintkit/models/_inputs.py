"""What the networks share: the same two inputs and checks, and one momentum."""

import numbers

import keras
from keras import ops

from inpaintkit.layers import CropLike, MaskImage, PadToMultiple

# Of batch normalisation. Keras's 0.99 needs some 500 steps before its averages follow the weights, and
# until then validation says nothing: after 300 steps the skip autoencoder stood 5 dB under the mean colour.
MOMENTUM = 0.9


def enter(input_shape, stride):
    """Inputs of a network, and its image and mask ready for use.

    Args:
        input_shape: (height, width, 3); a side of None takes any size.
        stride: what height and width are padded to a multiple of.

    Returns:
        ([image, mask] Keras inputs, image with an empty hole (B, H', W', 3), mask (B, H', W', 1) of 0 and 1
        whatever comes in, so that no 255 scales a network's features).

    Raises:
        ValueError: anything but (height, width, 3).
    """
    shape = check_shape(input_shape)
    image = keras.Input(shape, name="image")
    mask = keras.Input((*shape[:2], 1), name="mask")
    pad = PadToMultiple(stride, name="pad")
    known = ops.cast(mask > 0.5, "float32")
    return [image, mask], pad(MaskImage(name="empty_hole")([image, known])), pad(known)


def build(inputs, x, name):
    """The network from its inputs to the image x, cropped to their size."""
    network = keras.Model(inputs, CropLike(name="output", dtype="float32")([x, inputs[0]]), name=name)
    network(network.inputs)  # computes nothing, but Keras exports to ONNX only what was called once
    return network


def add_residual(start, residual, mask):
    """The fill plus what the network adds to it in the hole, in [0, 1]; known pixels stay as they are."""
    x = start + residual * (1 - mask)
    # A plain clip has no gradient outside [0, 1], so that the network could never learn to come back.
    return x + ops.stop_gradient(ops.clip(x, 0, 1) - x)


def check_shape(input_shape):
    """(height, width, 3) as a tuple, a side of None taking any size; else a ValueError."""
    shape = tuple(input_shape) if isinstance(input_shape, (tuple, list)) else ()
    sides = [side for side in shape[:2] if side is not None]
    if len(shape) != 3 or shape[-1] != 3 or not all(map(_counts, sides)):
        raise ValueError(
            f"input_shape={input_shape!r}: expected (height, width, 3), a side of None taking any size; "
            "for example (64, 64, 3) or (None, None, 3)"
        )
    return shape


def one_of(name, value, known):
    """A ValueError that lists what is known, unless the value is among it."""
    if not any(value == one for one in known):
        raise ValueError(f"{name}={value!r}: expected one of {', '.join(map(repr, known))}")


def check_filters(filters):
    """A sequence of positive whole numbers, as a tuple; else a ValueError."""
    given, filters = filters, tuple(filters) if isinstance(filters, (tuple, list)) else ()
    if not filters or not all(map(_counts, filters)):
        raise ValueError(
            f"filters={given!r}: expected one positive whole number a level, such as (32, 64, 128)"
        )
    return filters


def _counts(number):
    """Whether something is a whole number from 1 on."""
    return isinstance(number, numbers.Integral) and number >= 1
