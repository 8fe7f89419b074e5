"""Pictures and mask files in and out: the doors of the house.

Inside the kit a picture is float32 RGB in [0, 1], shape (H, W, 3), and a mask is float32, shape
(H, W, 1), 1 = known and 0 = hole. Everything else that a file can be (grey, palette, RGBA, 16 bits,
CMYK, turned by its EXIF tag, white-hole or black-hole) ends here, and the polarity of a mask is
turned in `read_mask` and `write_mask` and nowhere else.
"""

import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 80_000_000  # a decompression bomb holds more


def read_image(path, image_size=None):
    """Reads a picture file as RGB.

    Args:
        path: a file that Pillow can read (JPEG, PNG, TIFF, WebP, …); or that file, opened as binary.
        image_size: None, an int or (height, width) in pixels: centre crop to that shape, then an
            antialiased (Lanczos) resize.

    Returns:
        float32 array (H, W, 3) in [0, 1].

    Raises:
        ValueError: no such file, not a picture, truncated, or more than `MAX_PIXELS` pixels.
    """
    return read_uint8(path, image_size).astype("float32") / 255


def read_uint8(path, image_size=None):
    """As `read_image`, but uint8 in 0…255: a quarter of the memory, for data sets; also of a uint8 array."""
    picture = Image.fromarray(path) if isinstance(path, np.ndarray) else _to_rgb(_open(path))
    if image_size is not None:
        height, width = size_pair(image_size)
        picture = ImageOps.fit(picture, (width, height), method=Image.Resampling.LANCZOS)
    return np.asarray(picture)


def write_image(path, image):
    """Writes a picture (H, W, 3) in [0, 1], clipped, as an 8-bit file whose kind `path`'s ending names."""
    Image.fromarray(to_uint8(image)).save(path)


def read_mask(path, hole="white", image_size=None, warn=True):
    """Reads a mask file, turning it to this kit's polarity: 1 = known, 0 = hole.

    OpenCV, scikit-image, NVIDIA's mask files and photo editors paint the hole white (`hole="white"`);
    papers on partial convolution mark the known pixels white (`hole="black"`). Colours are made grey, what
    is transparent counts as white, and grey is split at one half; resizing takes the nearest pixel, so a
    mask stays binary.

    Args:
        path: a picture file.
        hole: "white" or "black", the colour of the hole in the file.
        image_size: None, an int or (height, width) in pixels; as for `read_image`. A mask takes the same
            way as its picture: give both the same `image_size`. With None it keeps the file's own size, and
            `check_batch` says so where that is not the picture's.
        warn: False where grey pixels, such as those of a JPEG, are expected.

    Returns:
        float32 array (H, W, 1) of 0 and 1. A file without a hole is all 1: nothing is to be filled.

    Raises:
        ValueError: as for `read_image`, an unknown `hole`, or a mask that is nothing but hole.

    Warns:
        UserWarning: pixels of the file that are neither black nor white, with their number.
    """
    _check_hole(hole)
    picture = _to_rgb(_open(path)).convert("L")
    grey = sum(picture.histogram()[1:255])
    if grey and warn:
        warnings.warn(
            f"{path}: {grey:,} of {picture.width * picture.height:,} pixels are neither black nor white; "
            "they are split at one half",
            stacklevel=2,
        )
    if image_size is not None:
        height, width = size_pair(image_size)
        picture = ImageOps.fit(picture, (width, height), method=Image.Resampling.NEAREST)
    white = np.asarray(picture)[..., None] > 127
    known = (~white if hole == "white" else white).astype("float32")
    if not known.any():
        other = "black" if hole == "white" else "white"
        raise ValueError(f"{path}: nothing but hole; if the hole is {other} in it, say hole={other!r}")
    return known


def write_mask(path, mask, hole="white"):
    """Writes a mask (H, W, 1), 1 = known, as a black-and-white file with the hole in that colour."""
    _check_hole(hole)
    known = np.asarray(mask)[..., 0] > 0.5
    Image.fromarray(((~known if hole == "white" else known) * 255).astype("uint8")).save(path)


def files_below(folder):
    """Yields the files of a folder and of those below it, hidden ones left out.

    Links are followed, but no folder is entered twice: neither a circle of links nor a second name of the
    same pictures, which could put one into training and test.
    """
    seen = set()
    for path, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(path)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        # Links first: who links `train` to a folder beside it means that name.
        folders.sort(key=lambda name: (not os.path.islink(os.path.join(path, name)), name))
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (file for name in names if not is_hidden(name) and (file := Path(path, name)).is_file())


def is_hidden(path):
    """Whether a part of a relative path begins with a dot: macOS's "._x.jpg", Jupyter's copies of files."""
    return any(part.startswith(".") for part in Path(path).parts)


def to_uint8(image):
    """[0, 1] to 0…255, rounded and clipped; any shape."""
    return np.rint(np.clip(image, 0, 1) * 255).astype("uint8")


def size_pair(image_size):
    """An int or (height, width) as (height, width); each side at least 16 pixels.

    Example: `size_pair(64)` is `(64, 64)`, `size_pair((112, 96))` is `(112, 96)`.
    """
    pair = tuple(image_size) if np.ndim(image_size) else (image_size, image_size)
    if len(pair) != 2 or any(int(side) != side or side < 16 for side in pair):
        raise ValueError(
            f"image_size={image_size!r}: expected a whole number of pixels or (height, width), each at least "
            "16; for example 64 or (112, 96)"
        )
    return int(pair[0]), int(pair[1])


def check_batch(images, masks):
    """Checks that images and masks follow the kit's conventions and belong together.

    Returns:
        (images, masks) as float32 NumPy arrays (B, H, W, 3) and (B, H, W, 1), the hole set to 0, so
        that nothing behind this door can learn from what was under it, NaN included.

    Raises:
        ValueError: wrong shape, a mask that is not of 0 and 1, known pixels outside [0, 1] or NaN.
    """
    images, masks = np.asarray(images, "float32"), np.asarray(masks, "float32")
    if images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"images of shape {images.shape}: expected (batch, height, width, 3)")
    if masks.shape != images.shape[:3] + (1,):
        raise ValueError(
            f"masks of shape {masks.shape} for images of shape {images.shape}: "
            f"expected {images.shape[:3] + (1,)}, one channel, 1 = known, 0 = hole"
        )
    check_binary(masks)
    images = np.where(masks > 0, images, 0)
    if not (images.min(initial=0) >= 0 and images.max(initial=0) <= 1):
        raise ValueError(
            f"known pixels range from {images.min():.4g} to {images.max():.4g}: expected [0, 1]; "
            "divide 8-bit pictures by 255"
        )
    return images, masks


def check_binary(masks):
    """Raises ValueError unless masks, of any shape, hold 0 and 1 alone."""
    wrong = np.asarray(masks)[~np.isin(masks, (0, 1))]
    if wrong.size:
        raise ValueError(
            f"a mask holds {wrong[0]:.4g}: expected 1 (known) or 0 (hole) alone; round it first, or read it "
            "with inpaintkit.images.read_mask"
        )


def _check_hole(hole):
    if hole not in ("white", "black"):
        raise ValueError(f"hole={hole!r}: expected 'white' or 'black', the colour of the hole")


def _open(path):
    """Opens and fully decodes, so that every fault of the file shows here."""
    is_file = hasattr(path, "read")
    name = getattr(path, "name", "opened file") if is_file else path
    if not is_file and not Path(path).is_file():
        raise ValueError(f"{path}: no such file")
    try:
        with warnings.catch_warnings():  # the size is ours to judge, below
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(path)
        with opened as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f"{picture.width}×{picture.height} is more than {MAX_PIXELS:,} pixels")
            return ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # all mean "broken"
        raise ValueError(f"{name}: not a readable picture ({error})") from error


def _to_rgb(picture):
    if picture.mode.startswith(("I", "F")):  # more than 8 bits of grey: Pillow would clip, not scale
        values = np.asarray(picture, "float64")
        tops = [65535] if picture.mode.startswith("I;16") else [1, 255, 65535, values.max()]
        top = next(top for top in tops if values.max() <= top)  # what white is: 32 bits may hold 8 or 16
        picture = Image.fromarray((values / top * 255).clip(0, 255).astype("uint8"))
    if picture.has_transparency_data:  # shown on white, as browsers and paper do
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")
