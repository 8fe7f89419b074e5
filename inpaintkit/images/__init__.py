"""Reading and writing images and mask files, and checks of arrays.

In the kit an image is float32 RGB in [0, 1], shape (H, W, 3), and a mask is float32, shape (H, W, 1), 1 =
known and 0 = hole. Everything else that a file can hold is converted here. The polarity of a mask is turned
in `read_mask` and `write_mask` and nowhere else.
"""

from inpaintkit.images.arrays import (
    check_batch,
    check_binary,
    check_pixels,
    composite,
    final_output,
    size_pair,
    to_uint8,
)
from inpaintkit.images.exact import ExactImage, check_format, encode_exact, read_exact, write_exact
from inpaintkit.images.masks import NothingKnownError, decode_mask, read_mask, write_mask
from inpaintkit.images.provenance import with_note
from inpaintkit.images.reading import (
    MAX_PIXELS,
    describe_image,
    files_below,
    is_hidden,
    read_image,
    read_uint8,
    write_image,
)

__all__ = [
    "MAX_PIXELS", "ExactImage", "NothingKnownError", "check_batch", "check_binary", "check_format",
    "check_pixels", "composite", "decode_mask", "describe_image", "encode_exact", "files_below",
    "final_output", "is_hidden", "read_exact", "read_image", "read_mask", "read_uint8", "size_pair",
    "to_uint8", "with_note", "write_exact", "write_image", "write_mask",
]  # fmt: skip
