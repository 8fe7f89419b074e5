"""What all networks share: the same inputs, output and checks, and one momentum."""

from collections.abc import Sequence

import keras
from keras import ops

from inpaintkit.checks import is_count, is_number
from inpaintkit.layers import CropLike, MaskImage, PadToMultiple

Shape = Sequence[int | None]
Filters = Sequence[int]

# Of batch normalisation. Keras's default, 0.99, needs about 500 steps before its averages follow the weights;
# until then validation means nothing. After 300 steps the skip autoencoder was 5 dB below the mean colour.
MOMENTUM = 0.9


def network_inputs(input_shape, stride):
    """The inputs of a network, and its image and mask ready for use.

    Args:
        input_shape: (height, width, 3); None stands for any size.
        stride: height and width are padded to a multiple of it.

    Returns:
        [image, mask] as Keras inputs; the image with its hole set to 0, (B, H', W', 3); the mask, (B, H', W',
        1), as 0 and 1 even if 0 and 255 come in, since 255 would scale the features of a network.

    Raises:
        ValueError: anything but (height, width, 3).
    """
    shape = check_input_shape(input_shape)
    image = keras.Input(shape, name="image")
    mask = keras.Input((*shape[:2], 1), name="mask")
    pad = PadToMultiple(stride, name="pad")
    known = ops.cast(mask > 0.5, "float32")
    return [image, mask], pad(MaskImage(name="empty_hole")([image, known])), pad(known)


def build_model(inputs, image, name):
    """The network from its inputs to its output image, cropped to the size of the input image."""
    network = keras.Model(inputs, CropLike(name="output", dtype="float32")([image, inputs[0]]), name=name)
    network(network.inputs)  # computes nothing, but Keras exports to ONNX only what was called once
    return network


def check_input_shape(input_shape):
    """(height, width, 3) as a tuple, where None stands for any size; else a ValueError."""
    shape = tuple(input_shape) if isinstance(input_shape, (tuple, list)) else ()
    if len(shape) != 3 or shape[2] != 3 or not all(side is None or is_count(side) for side in shape):
        raise ValueError(f"{input_shape=}: expected (height, width, 3), like (64, 64, 3), (None, None, 3)")
    return shape


def check_filters(filters, dropout=0):
    """A sequence of positive whole numbers, as a tuple; else a ValueError, also for a wrong dropout."""
    if not is_number(dropout, 0, 1) or dropout == 1:
        raise ValueError(f"dropout={dropout!r}: expected a number from 0 up to, not including, 1")
    if not isinstance(filters, (tuple, list)) or not filters or not all(map(is_count, filters)):
        raise ValueError(f"filters={filters!r}: expected positive whole numbers, such as (32, 64, 128)")
    return tuple(filters)
