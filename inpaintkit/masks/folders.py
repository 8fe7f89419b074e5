"""Masks from a folder of mask files."""

import math
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from inpaintkit.checks import check_choice, check_type
from inpaintkit.images import NothingKnownError, decode_mask, files_below
from inpaintkit.masks.base import MaskGenerator
from inpaintkit.masks.label_maps import reflect_inside, resize_hole

_MAX_CHECKED = 1000  # files; this takes some seconds
_MAX_FAILURES = 100  # in a row
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class FromFolder(MaskGenerator):
    """Mask files of a folder and the folders below it; each mask comes from a random file.

    A file in a folder named by its ratios, such as NVIDIA's 0.1-0.2_border, keeps within them: after turning
    and cropping, the hole is grown or shrunk along its edge. Reading a file takes some milliseconds per mask:
    use `MaskBank(FromFolder(…))` for training.

    The first `sample` checks all files, or 1,000 of them in a larger folder. Files are never used if they
    have no hole or nothing else, cannot be read, or do not agree with the ratios of their folder.

    Args:
        path: the folder.
        hole: "white" or "black", the colour of the hole in the files, or "alpha"; as for `read_mask`.
        bucket: the beginning of the name of a file's folder, such as "0.1-0.2" or "0.1-0.2_border"; "" takes
            all files.
        augment: True turns by any angle, flips, crops to 2/3 or more of the file, and dilates by up to 1 % of
            the side; outside the file lies its mirror image. False takes the middle of the file.
        hole_ratio: None, or (low, high) in (0, 1): then every hole is grown or shrunk to a ratio in it.

    Raises:
        ValueError: no such folder, no image file in it, or an unknown `hole`; from `sample`: no usable file.

    Warns:
        UserWarning: number, reasons and some names of files that are never used; number of files with
            transparent pixels, unless these are the hole.

    Example:
        >>> import tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.images.write_mask(f"{folder}/0.png", ik.masks.Center().sample(1, 32, 32)[0])
        ...     masks = ik.masks.FromFolder(folder, hole_ratio=(0.125, 0.125)).sample(2, 64, 64)
        >>> ik.masks.hole_ratio(masks)
        array([0.125, 0.125])

    Source: Liu et al. 2018, section 3.1: random dilation, rotation and cropping of 55,116 masks.
    """

    path: str
    hole: str = "white"
    bucket: str = ""
    augment: bool = True
    hole_ratio: tuple | None = None
    files: tuple = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        self._check()
        check_choice("hole", self.hole, ("white", "black", "alpha"))
        check_type("bucket", self.bucket, str, "the beginning of a folder's name")
        folder = Path(self.path).expanduser()
        files = sorted(file for file in files_below(folder) if file.suffix.lower() in _ENDINGS)
        files = [file for file in files if file.parent.name.startswith(self.bucket)]
        if not files:
            missing = f"no such folder, or no mask file ({', '.join(_ENDINGS)}) in it"
            raise ValueError(f"{folder}: {missing} with bucket={self.bucket!r}")
        object.__setattr__(self, "path", str(folder))
        object.__setattr__(self, "files", tuple(files))

    @cached_property
    def _usable(self):
        """The files that can be used; warns of the others, and raises an error if there is none."""
        step = math.ceil(len(self.files) / _MAX_CHECKED)  # evenly over a large folder, since it is sorted
        checked = self.files[::step]
        unused, transparent = {}, []
        for file in checked:
            try:
                _, _, notes = self._read(file)
                if "alpha" in notes:
                    transparent.append(file)
            except ValueError as error:
                unused[file] = error
        if unused:
            counts = Counter(str(error).partition(":")[0] for error in unused.values())
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
            names = ", ".join(str(file.relative_to(self.path)) for file in list(unused)[:3])
            files = f"{len(unused):,} of {len(checked):,} checked files"
            message = f"{self.path}: {files} are never used ({reasons}), such as {names}"
            if len(unused) == len(checked):
                raise ValueError(f"{message}. {unused[checked[0]]}")
            warnings.warn(message, stacklevel=2)
        if transparent:
            files = f"{len(transparent):,} files have transparent pixels (alpha), which count as white"
            example = transparent[0].relative_to(self.path)
            warnings.warn(f"{self.path}: {files}, such as {example}; or say hole='alpha'", stacklevel=2)
        return tuple(file for file in self.files if file not in unused)

    def _read(self, file):
        """The hole of a file, bool (H, W), the ratios of its folder, and the notes of `decode_mask`.

        The message of an error begins with the reason why the file cannot be used, and a colon.
        """
        try:
            known, notes = decode_mask(file, self.hole)
        except NothingKnownError as error:
            raise ValueError(f"nothing but hole: {error}") from error
        except ValueError as error:
            raise ValueError(f"unreadable: {error}") from error
        missing = 1 - known.mean()
        if not missing:
            raise ValueError(f"without a hole: {file} with hole={self.hole!r}")
        low, high = _ratios_in_name(file.parent.name)
        if not low - 0.02 <= missing <= high + 0.02:  # or the wrong hole would be shrunk until it fits
            came = f"{missing:.2f} of it is hole, not {low} to {high}; is the hole {self.hole} in it?"
            raise ValueError(f"with another ratio than the folder's name says: {file}: {came}")
        return ~known, (low, high), notes

    def _label_map(self, rng, height, width):
        pixels = height * width
        for _ in range(_MAX_FAILURES):
            file = self._usable[rng.integer((0, len(self._usable) - 1))]
            try:
                hole, (low, high), _ = self._read(file)
            except ValueError:  # not checked before, or changed since
                continue
            label_map = _crop(hole, height, width, rng if self.augment else None)
            missing = cv2.countNonZero(label_map)
            if not 0 < missing < pixels:  # a crop beside the hole, or inside it
                continue
            kept = min(max(missing, math.ceil(low * pixels)), math.floor(high * pixels))
            return resize_hole(label_map, self._target(rng, height, width) if self.hole_ratio else kept)
        came = f"{_MAX_FAILURES} masks in a row had no hole, or nothing else, at {height}×{width}"
        raise ValueError(f"{self.path}: {came}; is the hole {self.hole} in these files?")


def _ratios_in_name(folder):
    """The ratios in a folder's name: 0.1 and 0.2 for "0.1-0.2_border", and 0 and 1 for other names."""
    found = re.match(r"(0\.\d+)-(0\.\d+)", folder)
    return tuple(map(float, found.groups())) if found else (0, 1)


def _crop(hole, height, width, rng=None):
    """The middle of a hole (H, W) as a label map; with `rng`, turned, flipped, enlarged and dilated.

    Each pixel is the nearest one of the file; `cv2.warpAffine` takes different ones in OpenCV 4 and 5.
    """
    rows, columns = hole.shape
    scale = min(rows / height, columns / width)  # pixels of the file per pixel of the mask
    angle, flip, radius = 0, 1, 0
    middle_row, middle_column = (rows - 1) / 2, (columns - 1) / 2
    if rng is not None:
        angle, flip = rng.uniform(0, 2 * np.pi), 2 * rng.integer((0, 1)) - 1
        scale *= rng.uniform(2 / 3, 1)
        middle_row += rng.uniform(-0.5, 0.5) * (rows - scale * height)
        middle_column += rng.uniform(-0.5, 0.5) * (columns - scale * width)
        radius = rng.integer((0, max(height, width) // 100))
    down = scale * (np.arange(height) - (height - 1) / 2)[:, None]  # from the middle of the mask
    across = flip * scale * (np.arange(width) - (width - 1) / 2)
    at_row = np.rint(middle_row + down * np.cos(angle) - across * np.sin(angle)).astype(int)
    at_column = np.rint(middle_column + down * np.sin(angle) + across * np.cos(angle)).astype(int)
    hole = hole[reflect_inside(at_row, rows - 1), reflect_inside(at_column, columns - 1)]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(hole.astype("uint8"), kernel)
