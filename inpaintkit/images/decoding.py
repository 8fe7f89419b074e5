"""What the pixels of an image file mean: bits, white, transparency.

The functions take a file that Pillow has opened and not yet decoded, or arrays (H, W) of what is in it.
"""

import numpy as np
from PIL import Image, ImageOps


def to_rgb(opened):
    """An opened file as 8-bit RGB; and what white is in it, if it has more than 8 bits and looks black."""
    deep_colour = has_deep_colour(opened)
    image, dark = ImageOps.exif_transpose(opened), None
    if image.mode.startswith(("I", "F")):  # grey of more than 8 bits: Pillow would clip it, not scale it
        values, white = _deep_grey(opened, image)
        white = white or _guess_white(values)
        if 0 < values.max() <= white / 16:  # a file of zeros is black
            dark = white
        image = Image.fromarray(np.rint(values.clip(0, white) / white * 255).astype("uint8"))
    elif deep_colour and max(high for _, high in image.getextrema()[:3]) < 16:
        dark = 65535  # Pillow has kept the upper 8 bits of 16
    return _on_white(image).convert("RGB"), dark


def grey_and_alpha(opened):
    """A mask file as grey (H, W), what white is in it, and alpha (H, W); the last two may be None."""
    deep_colour = has_deep_colour(opened)
    image = ImageOps.exif_transpose(opened)
    if image.mode.startswith(("I", "F")):  # grey of more than 8 bits
        return *_deep_grey(opened, image), None
    planes = [np.asarray(image)] if image.mode == "P" and not image.has_transparency_data else []
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() < alpha.max():  # constant transparency is ignored
            image = _on_white(image)
    image = image.convert("RGB")
    grey = np.asarray(image.convert("L"))
    if grey.min() == grey.max():  # perhaps two colours of nearly the same brightness, or two palette entries
        exact = np.asarray(image, "int32") @ (299_000, 587_001, 114_002)
        grey = next((plane for plane in (exact, *planes) if _has_two_values(plane)), grey)
    if deep_colour and grey.min() == grey.max():
        raise ValueError("its 16-bit colours all have the same upper 8 bits; save it as 8-bit grey")
    return grey, 255, alpha


def split_at_half(values, white):
    """Which pixels (H, W) are white, and how many are neither black nor white: none, if two values occur."""
    if _has_two_values(values):
        return values == values.max(), 0
    white = white or _guess_white(values)
    return values > white / 2, np.count_nonzero((values != 0) & (values != white))


def _has_two_values(values):
    low, high = values.min(), values.max()
    return low < high and ((values == low) | (values == high)).all()


def has_deep_colour(opened):
    """Whether a file, not yet decoded, has several channels of 16 bits."""
    return len(opened.getbands()) > 1 and ";16" in str(getattr(opened, "tile", ""))


def bytes_of(opened):
    """All bytes of a file that Pillow has opened, and will read on."""
    place = opened.fp.tell()
    opened.fp.seek(0)
    data = opened.fp.read()
    opened.fp.seek(place)
    return data


def _on_white(image):
    """Shows what is transparent on white, as browsers and paper do."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _deep_grey(opened, image):
    """Grey of more than 8 bits as numbers, and what white is; None where the file does not say."""
    tags = getattr(opened, "tag_v2", {})  # of a TIFF: 258 is bits per sample, 339 is 1 for unsigned
    bits, sign = (np.ravel(tags.get(number, 0))[0] for number in (258, 339))
    values = np.asarray(image)
    if bits == 32 and sign == 1:
        values = values.view("uint32")  # Pillow takes them as signed
    values = values.astype("float64" if image.mode == "I" else "float32")
    if not np.isfinite(values).all():
        raise ValueError(f"it holds {'NaN' if np.isnan(values).any() else 'infinity'}")
    if image.mode.startswith("I;16"):
        return values, 4095 if bits == 12 else 65535
    return values, 65535 if opened.format in ("PNG", "PPM") else None


def _guess_white(values):
    """What white is in numbers of unknown depth; float64 are whole numbers, float32 need not be."""
    whites = (1, 255, 65535) + ((2**31 - 1, 2**32 - 1) if values.dtype == "float64" else ())
    if values.max() > whites[-1]:
        expected = "expected at most 65535; larger ones often mark pixels without data: replace them first"
        raise ValueError(f"values from {values.min():.4g} to {values.max():.4g}: {expected}")
    return next(white for white in whites if values.max() <= white)


def fit_hole(hole, size, damaged):
    """A hole, bool (H, W), cropped and resized to (height, width) as `ImageOps.fit` does its image."""
    if not damaged:
        image = Image.fromarray(hole.astype("uint8") * 255)
        return np.asarray(ImageOps.fit(image, size[::-1], method=Image.Resampling.NEAREST)) > 0
    scale = min(np.divide(hole.shape, size))
    for side in size:  # first the rows, then the columns
        hole = _fit_rows(hole, side, scale).T
    return hole


def _fit_rows(hole, side, scale):
    """Resizes the rows: each is hole where any row is that Pillow's Lanczos filter computes it from."""
    first = (len(hole) - side * scale) / 2  # of the centre crop
    if scale == 1 and first == int(first):
        return hole[int(first) : int(first) + side]
    centres, support = first + (np.arange(side) + 0.5) * scale, 3 * max(scale, 1)
    starts, ends = centres - support + 0.499, centres + support + 0.501  # Pillow's, and its float32
    windows = np.stack([starts.clip(0), ends.clip(max=len(hole))], -1).astype(int)
    padded = np.pad(hole, ((0, 1), (0, 0)))  # so that the last window may end
    return np.maximum.reduceat(padded.view("uint8"), windows.ravel())[::2] > 0
