"""Masks from a folder of mask files."""

import re
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from inpaintkit.images import NothingKnownError, check_hole, decode_mask, files_below
from inpaintkit.masks.base import MaskGenerator, fitted, fold

_MAX_CHECKED = 1000  # files; some seconds
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class FromFolder(MaskGenerator):
    """Mask files of a folder and the folders below it, each mask from a random one.

    A file in a folder named by its ratios, such as NVIDIA's 0.1-0.2_border, keeps within them: what turning
    and cropping add or take is grown or shrunk away along the rim of the hole.

    Args:
        path: the folder.
        hole: "white" or "black", the colour of the hole in the files, or "alpha"; as for `read_mask`.
        bucket: how the name of a file's folder begins, such as "0.1-0.2" or "0.1-0.2_border"; "" takes all.
        augment: True turns by any angle, flips, crops to 2/3 or more of the file, and dilates by up to 1 % of
            the side; what lies outside the file is its mirror image. False takes the middle of the file.
        hole_ratio: None, or (low, high) in (0, 1): then every hole is grown or shrunk into it.

    Every mask reads a file, some milliseconds: `MaskBank(FromFolder(…))` is for training.

    The first `sample` looks at every file, or, in a folder of more, at 1,000 of them. Those that have no hole
    or nothing else, that cannot be read, or that their folder's ratios contradict, are never used.

    Raises:
        ValueError: no such folder, no image file in it, an unknown `hole`; or, from `sample`, not one file
            that can be used.

    Warns:
        UserWarning: how many files are never used, why, and the names of some; how many are transparent in
            places, unless that is the hole.

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
        check_hole(self.hole)
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise ValueError(f"{folder}: no such folder")
        files = sorted(file for file in files_below(folder) if file.suffix.lower() in _ENDINGS)
        files = [file for file in files if file.parent.name.startswith(self.bucket)]
        if not files:
            below = f" below a folder whose name begins with {self.bucket!r}" if self.bucket else " in it"
            raise ValueError(f"{folder}: no mask file{below} ({', '.join(_ENDINGS)})")
        object.__setattr__(self, "path", str(folder))
        object.__setattr__(self, "files", tuple(files))

    @cached_property
    def _usable(self):
        """The files that can be used; a warning names the others, an error says that there is none."""
        step = -(-len(self.files) // _MAX_CHECKED)  # evenly over a large folder, since it is sorted
        unused, clear = {}, []
        for file in self.files[::step]:
            try:
                if self._hole_of(file)[2]:
                    clear.append(file)
            except _Unusable as fault:
                unused[file] = fault
        checked = len(self.files[::step])
        if unused:
            reasons = ", ".join(f"{n:,} {why}" for why, n in Counter(f.why for f in unused.values()).items())
            names = ", ".join(str(file.relative_to(self.path)) for file in list(unused)[:3])
            more = ", …" if len(unused) > 3 else ""
            looked_at = f"{checked:,} files" + (f" looked at, of {len(self.files):,}," if step > 1 else "")
            message = f"{self.path}: {len(unused):,} of {looked_at} are never used ({reasons}): {names}{more}"
            if len(unused) == checked:
                raise ValueError(f"{message}. {next(iter(unused.values()))}")
            warnings.warn(message, stacklevel=2)
        if clear:
            warnings.warn(
                f"{self.path}: {len(clear):,} files have transparent pixels (alpha), which count as white, "
                f"such as {clear[0].relative_to(self.path)}; if these are the holes, say hole='alpha'",
                stacklevel=2,
            )
        return tuple(file for file in self.files if file not in unused)

    def _hole_of(self, file):
        """The hole of a file, bool (H, W), its folder's ratios, and whether transparency counts as white."""
        low, high = _bucket(file.parent.name)
        try:
            known, notes = decode_mask(file, self.hole)
        except NothingKnownError as error:
            raise _Unusable("nothing but hole", str(error)) from error
        except ValueError as error:
            raise _Unusable("unreadable", str(error)) from error
        missing = 1 - known.mean()
        if not missing:
            raise _Unusable("without a hole", f"{file}: no hole with hole={self.hole!r}")
        if not low - 0.02 <= missing <= high + 0.02:  # else the wrong hole would be shrunk until it fits
            raise _Unusable(
                "with another ratio than the folder's name says",
                f"{file}: {missing:.2f} of it is hole, and its folder says {low} to {high}: is the hole "
                f"{self.hole} in it? If so, rename the folder",
            )
        return ~known, (low, high), "alpha" in notes

    def _drawings(self, rng, height, width):
        targets = self._targets(rng, height, width) if self.hole_ratio else None
        files, failed = self._usable, 0
        while failed < 100:
            try:
                hole, (low, high), _ = self._hole_of(files[rng.integers(len(files))])
            except _Unusable:  # not looked at before, or changed since
                failed += 1
                continue
            drawing = _cropped(hole, height, width, rng if self.augment else None)
            have = cv2.countNonZero(drawing)
            if not 0 < have < drawing.size:  # a crop beside the hole, or in its middle
                failed += 1
                continue
            kept = np.clip(have, np.ceil(low * drawing.size), np.floor(high * drawing.size))
            failed, target = 0, next(targets) if targets else int(kept)
            yield fitted(drawing, target)
        raise ValueError(
            f"{self.path}: a hundred masks in a row had no hole, or nothing else, at {height}×{width}; "
            f"is the hole {self.hole} in these files?"
        )


class _Unusable(ValueError):
    """A mask file that gives no masks; `why` is for counting."""

    def __init__(self, why, message):
        super().__init__(message)
        self.why = why


def _bucket(folder):
    """The ratios in a folder's name: 0.1 and 0.2 for "0.1-0.2_border", and 0 and 1 for other names."""
    found = re.match(r"(0\.\d+)-(0\.\d+)", folder)
    return tuple(map(float, found.groups())) if found else (0, 1)


def _cropped(hole, height, width, rng=None):
    """The middle of a file's hole (H, W) as a drawing; with `rng`, turned, flipped, enlarged and dilated.

    Each pixel takes the nearest one of the file; `cv2.warpAffine` takes others in OpenCV 5 than in 4.
    """
    size = np.array(hole.shape)
    step = (size / (height, width)).min()  # file pixels for one of the drawing
    angle, flip, shift, radius = 0, 1, (0, 0), 0
    if rng is not None:
        angle, flip, step = rng.uniform(0, 2 * np.pi), rng.choice((-1, 1)), step * rng.uniform(2 / 3, 1)
        shift = rng.uniform(-0.5, 0.5, 2) * (size - step * np.array((height, width)))
        radius = rng.integers(0, max(height, width) // 100, endpoint=True)
    down, across = (step * (np.arange(side) - (side - 1) / 2) for side in (height, width))
    down, across = down[:, None], flip * across
    rows = down * np.cos(angle) - across * np.sin(angle)
    columns = down * np.sin(angle) + across * np.cos(angle)
    middle = (size - 1) / 2 + shift
    rows, columns = (
        fold(at + m, side - 1) for at, m, side in zip((rows, columns), middle, hole.shape, strict=True)
    )
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return cv2.dilate(hole[rows, columns].astype("uint8"), kernel)
