"""Image files read and written again with nothing reduced: bits, grey, transparency, EXIF, colour profile.

`read_image` gives every file as 8-bit RGB, which is what networks learn from. The files of somebody who
repairs photographs need more: here the pixels keep their number of bits and channels, and the rest of the
file goes along to the file that is written.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import ImageOps

from inpaintkit.checks import check_choice, check_type, is_number
from inpaintkit.files import replacing
from inpaintkit.images.decoding import bytes_of, has_deep_colour
from inpaintkit.images.encoding import ENCODERS, FORMATS
from inpaintkit.images.exif import tiff_exif, upright_xmp, with_tag
from inpaintkit.images.reading import File, file_name, open_image

_CHANNELS = {"L": "L", "LA": "LA", "1": "L", "P": "RGB", "PA": "RGBA", "RGB": "RGB", "RGBA": "RGBA"}
_ORIENTATION = 274  # of the EXIF tags
_TURNS = {  # EXIF orientation: how the stored pixels become upright
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}
_TURNS_BACK = _TURNS | {6: _TURNS[8], 8: _TURNS[6]}


@dataclass(frozen=True, eq=False)
class ExactImage:
    """The pixels of an image file, and what else is in it.

    Args:
        name: of the file, for messages.
        format: as Pillow calls it: "JPEG", "PNG", "WEBP", "TIFF", …
        pixels: (H, W) grey, (H, W, 2) grey with alpha, (H, W, 3) RGB or (H, W, 4) RGB with alpha; uint8 or
            uint16; upright, whatever the orientation of the file.
        orientation: EXIF's, 1 to 8: how the file stores the pixels.
        exif: the file's EXIF data without its thumbnail, which would show the image as it was.
        icc_profile: the colour profile, or b"".
        xmp: the XMP data, or b"".
        dpi: None, or (horizontal, vertical) dots per inch.

    Raises:
        ValueError: pixels of another kind, an orientation that EXIF does not have, other metadata.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> ik.images.ExactImage("scan.tif", "TIFF", np.zeros((20, 30), "uint16")).orientation
        1
    """

    name: str
    format: str
    pixels: np.ndarray
    orientation: int = 1
    exif: bytes = b""
    icc_profile: bytes = b""
    xmp: bytes = b""
    dpi: tuple | None = None

    def __post_init__(self):
        _check_kind(self.pixels)
        check_choice("orientation", self.orientation, _TURNS)
        kinds = {"name": str, "format": str, "exif": bytes, "icc_profile": bytes, "xmp": bytes}
        for name, kind in kinds.items():
            check_type(name, getattr(self, name), kind, kind.__name__)
        pair = self.dpi if isinstance(self.dpi, tuple) else ()
        if self.dpi is not None and not (
            len(pair) == 2 and all(is_number(float(x), 1e-6, 1e6) for x in pair)
        ):
            raise ValueError(f"dpi={self.dpi!r}: expected None, or two numbers above 0")


def _check_kind(pixels):
    """Raises ValueError unless pixels have a shape and a dtype that a file can hold."""
    about = getattr(pixels, "dtype", type(pixels).__name__), getattr(pixels, "shape", ())
    fits = len(about[1]) in (2, 3) and about[1][2:] in ((), (2,), (3,), (4,)) and 0 not in about[1]
    if not isinstance(pixels, np.ndarray) or about[0] not in ("uint8", "uint16") or not fits:
        expected = "expected a uint8 or uint16 array (H, W), (H, W, 2), (H, W, 3) or (H, W, 4)"
        raise ValueError(f"pixels {about[0]} of shape {about[1]}: {expected}")


def read_exact(path: File) -> ExactImage:
    """Reads an image file without reducing anything.

    Palettes and black-and-white files become RGB and 8-bit grey, which hold the same colours. A file that
    cannot be kept exactly is refused.

    Args:
        path: a JPEG, PNG, WebP or TIFF file (or BMP, GIF), or one opened as binary.

    Returns:
        `ExactImage`.

    Raises:
        ValueError: what `read_image` refuses; several images in one file; CMYK and other colours that are
            not RGB; greys of 12, of 32 or of signed bits.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from PIL import Image
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.fromarray(np.full((20, 30), 40_000, "uint16")).save(f"{folder}/x.png")
        ...     image = ik.images.read_exact(f"{folder}/x.png")
        >>> image.pixels.shape, image.pixels.dtype.name, image.pixels.max().item()
        ((20, 30), 'uint16', 40000)
    """
    with open_image(path) as opened:
        # A phone's JPEG with a second image for its own use (MPO) shows the first one everywhere.
        if (count := getattr(opened, "n_frames", 1)) > 1 and opened.format != "MPO":
            raise ValueError(f"it holds {count} images: save the one to fill as a file of its own")
        # First, since getexif decodes a PNG without EXIF data to 8 bits, and closes the file.
        data = bytes_of(opened) if has_deep_colour(opened) else None
        tags, info = opened.getexif(), opened.info
        orientation = tags.get(_ORIENTATION, 1)
        orientation = orientation if orientation in _TURNS else 1
        exif = tiff_exif(tags) if opened.format == "TIFF" else with_tag(info.get("exif", b""))
        pixels = _pixels(opened) if data is None else _deep_colour(opened, data, orientation)
        xmp = _bytes(info.get("xmp", b""))
        if with_tag(exif, _ORIENTATION, 1) == exif:  # only XMP or a PNG's text says it, or it is 1
            orientation, xmp = 1, upright_xmp(xmp)
        format = "JPEG" if opened.format == "MPO" else opened.format
        profile, dpi = info.get("icc_profile") or b"", _dpi(info.get("dpi"))
        return ExactImage(file_name(path), format, pixels, orientation, exif, profile, xmp, dpi)


def _dpi(pair):
    """The resolution in a file, or None where it is no pair of numbers above 0."""
    try:
        pair = tuple(map(float, pair))
    except (TypeError, ValueError, ArithmeticError):
        return None
    return pair if len(pair) == 2 and all(is_number(x, 1e-6, 1e6) for x in pair) else None


def _pixels(opened):
    """The upright pixels of an opened file that Pillow can read without reducing them."""
    tags = getattr(opened, "tag_v2", {})  # of a TIFF: 258 is bits per sample, 262 is 0 if 0 is white
    image = ImageOps.exif_transpose(opened)
    deep = image.mode.startswith("I;16") or (image.mode == "I" and opened.format == "PNG")
    if deep and "transparency" in opened.info:
        raise ValueError("16-bit grey with transparency: save it without transparency first")
    if deep and tags.get(258, (16,)) == (16,) and tags.get(262, 1) == 1:
        return np.asarray(image).astype("uint16")
    if image.mode not in _CHANNELS:
        bits = {"I": "32 or signed bits", "F": "floating-point numbers"}.get(image.mode, image.mode)
        came = f"{tags[258][0]} bits, or 0 for white" if deep else bits
        raise ValueError(f"{came}: expected grey of 8 or 16 bits or RGB; convert it first")
    channels = _CHANNELS[image.mode]
    if image.has_transparency_data and not channels.endswith("A"):
        channels += "A"
    return np.asarray(image if image.mode == channels else image.convert(channels))


def _deep_colour(opened, data, orientation):
    """The upright pixels of a file with several channels of 16 bits, of which Pillow would keep 8."""
    if opened.mode not in ("RGB", "RGBA") or opened.format not in ("PNG", "TIFF"):
        raise ValueError(f"16-bit {opened.mode} in {opened.format}: expected RGB in a PNG or TIFF file")
    if opened.format == "TIFF":  # OpenCV 5 fails at other orientations
        data = with_tag(data, _ORIENTATION, 1)
    pixels = cv2.imdecode(np.frombuffer(data, "uint8"), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != "uint16" or pixels.shape[2:] != (len(opened.mode),):
        raise ValueError("its 16-bit colours cannot be read: save it as a 16-bit PNG without transparency")
    return _TURNS[orientation](pixels[..., [2, 1, 0, 3][: len(opened.mode)]])


def write_exact(path: str | os.PathLike, pixels: np.ndarray, original: ExactImage) -> None:
    """Writes pixels with the metadata of the file that they come from. The file is complete or not there.

    PNG, TIFF and WebP are written without loss; JPEG with quality 98 and full colour resolution, which
    changes pixels by about 0.4 of 255 levels on average. In the format of the original, the pixels are stored
    in its orientation; in another one upright, since some programs ignore the orientation there.

    Args:
        path: the file; its ending decides the format.
        pixels: upright, in a shape and dtype that `ExactImage.pixels` has.
        original: where EXIF data, colour profile, orientation and resolution come from.

    Raises:
        ValueError: another ending; a format that cannot hold these bits or this transparency.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> original = ik.images.ExactImage("x.png", "PNG", np.zeros((20, 30, 4), "uint8"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.images.write_exact(f"{folder}/y.jpg", original.pixels, original)
        Traceback (most recent call last):
        ValueError: ...y.jpg: JPEG holds no transparency: choose .png, .webp or .tif
    """
    path = Path(os.path.realpath(path))  # a link stays a link
    data = encode_exact(pixels, original, path)
    with replacing(path) as part:
        part.write_bytes(data)


def encode_exact(pixels: np.ndarray, original: ExactImage, path: str | os.PathLike) -> bytes:
    """The bytes of the file that `write_exact` writes.

    Args:
        pixels, original: as for `write_exact`.
        path: only its ending is used, and its name in messages.

    Returns:
        bytes.

    Raises:
        ValueError: as for `write_exact`.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> original = ik.images.ExactImage("x.png", "PNG", np.zeros((20, 30), "uint16"))
        >>> ik.images.encode_exact(original.pixels, original, "y.png")[:4]
        b'\\x89PNG'
    """
    _check_kind(pixels)
    check_type("original", original, ExactImage, "an ExactImage, as read_exact gives it")
    path = Path(path)
    format = check_format(path)
    has_alpha = pixels.shape[2:] in ((2,), (4,))
    if format == "JPEG" and has_alpha and pixels[..., -1].min() == np.iinfo(pixels.dtype).max:
        pixels, has_alpha = pixels[..., 0] if pixels.shape[2] == 2 else pixels[..., :3], False
    if format == "JPEG" and has_alpha:
        raise ValueError(f"{path}: JPEG holds no transparency: choose .png, .webp or .tif")
    if format in ("JPEG", "WEBP") and pixels.dtype != "uint8":
        raise ValueError(f"{path}: {format} holds no 16 bits: choose .png or .tif")
    if pixels.dtype != "uint8" and pixels.shape[2:] == (2,):
        raise ValueError(f"{path}: grey with transparency in 16 bits: expected 8 bits, or no transparency")
    exif, xmp = original.exif, original.xmp
    if format == original.format:
        pixels = _TURNS_BACK[original.orientation](pixels)
    elif original.orientation != 1:
        exif, xmp = with_tag(exif, _ORIENTATION, 1), upright_xmp(xmp)
    pixels = np.ascontiguousarray(pixels)
    return ENCODERS[format](pixels, exif, original.icc_profile, xmp, original.dpi)


def check_format(path: str | os.PathLike) -> str:
    """The image format that stands for a file's ending, if this kit writes it without reducing anything.

    Args:
        path: of the file.

    Returns:
        "PNG", "JPEG", "WEBP" or "TIFF".

    Raises:
        ValueError: another ending.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.check_format("a/photo.JPG")
        'JPEG'
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise ValueError(f"{path}: expected the ending {', '.join(FORMATS)}")
    return FORMATS[ending]


def _bytes(text):
    return text.encode() if isinstance(text, str) else text
