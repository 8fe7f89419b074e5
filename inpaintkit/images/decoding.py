"""What the pixels of an opened image file mean: depth, white, transparency. Use it through `images`.

Every function takes a file that Pillow has opened and not yet decoded, or arrays (H, W) of what is in it.
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps


def to_rgb(opened):
    """An opened file as RGB; and what white is in it, if it has more than 8 bits and looks black."""
    deep_colour = _is_deep_colour(opened)
    image, dark = ImageOps.exif_transpose(opened), None
    if image.mode.startswith(("I", "F")):  # more than 8 bits of grey: Pillow would clip, not scale
        values, white = _deep_grey(opened, image)
        white = white or _white(values)
        if 0 < values.max() <= white / 16:  # a file of zeros is black
            dark = white
        image = Image.fromarray(np.rint(values.clip(0, white) / white * 255).astype("uint8"))
    elif deep_colour and max(high for _, high in image.getextrema()[:3]) < 16:
        dark = 65535  # Pillow has kept the upper 8 bits of 16
    if image.has_transparency_data:  # shown on white, as browsers and paper do
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB"), dark


def _is_deep_colour(opened):
    """Whether a file, not yet decoded, has several channels of 16 bits."""
    return len(opened.getbands()) > 1 and ";16" in str(getattr(opened, "tile", ""))


def _deep_grey(opened, image):
    """Grey of more than 8 bits as numbers, and what white is in it; None where the file does not say."""
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


def _white(values):
    """What white is in numbers of unknown depth; float64 are whole numbers, float32 need not be."""
    tops = (1, 255, 65535) + ((2**31 - 1, 2**32 - 1) if values.dtype == "float64" else ())
    if values.max() > tops[-1]:
        raise ValueError(
            f"values from {values.min():.4g} to {values.max():.4g}: expected at most 1, 255 or 65535; larger "
            "ones often stand for pixels without data: replace them first"
        )
    return next(top for top in tops if values.max() <= top)


def mask_planes(opened, path):
    """A mask file as grey (H, W), what white is in it, and alpha (H, W); the latter two may be None."""
    deep_colour = _is_deep_colour(opened)
    image = ImageOps.exif_transpose(opened)
    if image.mode.startswith(("I", "F")):
        return *_deep_grey(opened, image), None
    if deep_colour:
        return _deep_planes(path, opened.getexif())
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() < alpha.max():
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    grey = np.asarray(image.convert("RGB").convert("L"))
    if grey.min() == grey.max():  # perhaps two colours that are nearly, or exactly, as bright as each other
        colours = np.asarray(image.convert("RGB"), "int32") @ (299_000, 587_001, 114_002)
        for plane in (colours, *([np.asarray(image)] if image.mode == "P" else [])):
            if plane.min() < plane.max() and not split(plane, 1)[1]:
                return plane, 255, alpha
    return grey, 255, alpha


def _deep_planes(path, exif):
    """As `mask_planes`, of colours of 16 bits, which Pillow would cut to 8."""
    if hasattr(path, "read"):
        path.seek(0)
    data = path.read() if hasattr(path, "read") else Path(path).read_bytes()
    colours = cv2.imdecode(np.frombuffer(data, "uint8"), cv2.IMREAD_UNCHANGED)  # (H, W, 3 or 4), blue first
    if colours is None:
        raise ValueError("OpenCV cannot decode its 16-bit colours")
    grey = (colours[..., :3] @ np.array((0.114, 0.587, 0.299))).astype("float32")
    alpha = colours[..., 3].astype("float32") if colours.shape[-1] == 4 else None
    if alpha is not None and alpha.min() < alpha.max():
        grey = 65535 - (65535 - grey) * (alpha / 65535)  # on white
    planes = []
    for plane in (grey, alpha):
        turned = None if plane is None else Image.fromarray(plane)
        if turned is not None and 0x0112 in exif:
            turned.getexif()[0x0112] = exif[0x0112]
            turned = ImageOps.exif_transpose(turned)
        planes.append(None if turned is None else np.asarray(turned))
    return planes[0], 65535, planes[1]


def split(values, white):
    """Which pixels (H, W) are white and not black, and how many are neither; of two values, none is."""
    low, high = values.min(), values.max()
    if low < high and ((values == low) | (values == high)).all():
        return values == high, 0
    white = white or _white(values)
    return values > white / 2, np.count_nonzero((values != 0) & (values != white))


def fit_hole(hole, size, damaged):
    """A hole, bool (H, W), cropped and resized to (height, width) as `ImageOps.fit` does its image."""
    if not damaged:
        image = Image.fromarray(hole.astype("uint8") * 255)
        return np.asarray(ImageOps.fit(image, size[::-1], method=Image.Resampling.NEAREST)) > 0
    scale = min(np.divide(hole.shape, size))
    for side in size:  # first the rows, then the columns
        hole = _reached(hole, side, scale).T
    return hole


def _reached(hole, side, scale):
    """Resizes the rows: each is hole where any row is that Pillow's Lanczos filter computes it from."""
    first = (len(hole) - side * scale) / 2  # of the centre crop
    if scale == 1 and first == int(first):
        return hole[int(first) : int(first) + side]
    centres, support = first + (np.arange(side) + 0.5) * scale, 3 * max(scale, 1)
    starts, ends = centres - support + 0.499, centres + support + 0.501  # Pillow's, and its float32
    pairs = np.stack([starts.clip(0), ends.clip(max=len(hole))], -1).astype(int)
    padded = np.pad(hole, ((0, 1), (0, 0)))  # so that the last window may end
    return np.maximum.reduceat(padded.view("uint8"), pairs.ravel())[::2] > 0
