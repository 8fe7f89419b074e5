"""What `inpaint` does with each file: read, find the hole, fill, write."""

import contextlib
import sys
import time
import warnings

import cv2
import numpy as np
import typer

from inpaintkit import __version__
from inpaintkit.checks import check_choice
from inpaintkit.cli.jobs import ENDINGS
from inpaintkit.images import (
    decode_mask,
    files_below,
    read_exact,
    read_mask,
    with_note,
    write_exact,
    write_mask,
)
from inpaintkit.pretrained import NAMES

BLENDS = ("feather", "poisson", "none")
POLARITIES = ("both", "bright", "dark")  # of scratches
SIDES = ("left", "right", "top", "bottom")


def needs_keras(method):
    """Whether a method of --method needs Keras, which takes seconds to import."""
    return method in NAMES or method.lower().endswith(".keras")


def is_network(method):
    """Whether a method of --method is a trained network."""
    return needs_keras(method) or method.lower().endswith(".onnx")


class Filler:
    """The options of `inpaint`, checked, and the method, loaded.

    Args:
        method, blend, seed, hole, fit_mask, scratches, outpaint, note: as the command line has them; but
            scratches is False, or which ones to look for.
        onnx: {name: value} of the conventions of an .onnx file.
    """

    def __init__(self, method, blend, seed, hole, fit_mask, scratches, outpaint, note, onnx):
        from inpaintkit.inpainting import find_method

        check_choice("--hole", hole, ("white", "black", "alpha"))
        check_choice("--blend", blend, BLENDS)
        check_choice("--scratch-polarity", scratches or "both", POLARITIES)
        self.hole, self.fit_mask, self.scratches, self.seed = hole, fit_mask, scratches, seed
        self.blend = None if blend == "none" else blend
        self.sides = _sides(outpaint) if outpaint else {}
        self.name, self.note = method, note
        self.method = find_method(self.name, **onnx)
        self.finds_holes = bool(scratches or self.sides or hole == "alpha")

    def check_video(self, files, video, mask, output, overwrite):
        """A ValueError if these options do not go together."""
        from inpaintkit.inpainting import VIDEO_CODECS

        if files or self.scratches or self.sides or self.note:
            expected = "no images, --scratches, --outpaint or --note"
            raise ValueError(f"--video takes one video with --mask: {expected}")
        if not video.is_file():
            raise ValueError(f"--video {video}: there is no such file")
        if mask is None or not mask.exists():
            raise ValueError(f"--video needs --mask, a mask file or a folder with one per frame; got {mask}")
        check_choice("the ending of -o", output.suffix.lower(), VIDEO_CODECS)
        if output.exists() and not overwrite:
            raise ValueError(f"{output} exists: say --overwrite to replace it, or choose another -o")
        if output.exists() and output.samefile(video):
            raise ValueError(f"-o {output} is the video itself: choose another name")

    def fill(self, job):
        """Fills one image and writes the result; returns the share of it that was missing."""
        from inpaintkit.inpainting import inpaint

        original = read_exact(job.image)
        known = self._known(job, original)
        if self.sides:
            widths = [(self.sides[a], self.sides[b]) for a, b in (SIDES[2:], SIDES[:2])]
            known = np.pad(known, widths)
            pixels = np.pad(original.pixels, widths + [(0, 0)] * (original.pixels.ndim - 2))
        else:
            pixels = original.pixels
        pixels = inpaint(pixels, known, self.method, blend=self.blend, seed=self.seed)
        missing = 1 - known.mean()
        if self.note and missing:
            text = f"{missing:.2%} of the image filled by {self.name} (inpaintkit {__version__})"
            original = with_note(original, text, network=is_network(self.name))
        job.output.parent.mkdir(parents=True, exist_ok=True)
        write_exact(job.output, pixels, original)
        return missing

    def _known(self, job, original):
        """The known pixels of an image, bool (H, W); the mask of --scratches is saved."""
        shape = original.pixels.shape[:2]
        known = np.ones(shape, bool)
        if job.mask is not None:
            known &= self.read_mask(job.mask, shape)
        elif self.hole == "alpha":
            known &= read_mask(job.image, "alpha")[..., 0] > 0
        if self.scratches:
            from inpaintkit.inpainting import scratch_mask

            pixels = original.pixels
            colors = pixels[..., : {2: 1, 4: 3}.get(pixels.shape[2], 3)] if pixels.ndim == 3 else pixels
            known &= scratch_mask(colors, polarity=self.scratches)[..., 0] > 0
            job.found_mask.parent.mkdir(parents=True, exist_ok=True)
            write_mask(job.found_mask, known)
        return known

    def read_mask(self, path, shape):
        """The known pixels in a mask file, bool (H, W), of an image of this shape."""
        known, notes = decode_mask(path, self.hole)
        for note in notes.values():
            warnings.warn(f"{path}: {note}", stacklevel=2)
        if known.shape == shape:
            return known
        if not self.fit_mask:
            came = f"{known.shape[1]}×{known.shape[0]} pixels, but the image has {shape[1]}×{shape[0]}"
            raise ValueError(f"{path}: {came}; make a mask of that size, or say --fit-mask to resize it")
        return cv2.resize(np.uint8(known), shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT) > 0


def fill_files(filler, jobs):
    """Does all jobs; names those that fail, and returns the exit code.

    It is 2 if there is one image, and it or its mask is wrong: the same as for other wrong input. It is 1 if
    some of several images fail, or if a file cannot be written.
    """
    if any(job.output.suffix.lower() in (".jpg", ".jpeg") for job in jobs):
        _say("JPEG compresses all pixels again (quality 98); .png, .tif and .webp keep known pixels exactly")
    start, failed, code, said = time.perf_counter(), 0, 0, set()
    with typer.progressbar(jobs, show_pos=True, file=sys.stderr, hidden=len(jobs) == 1) as bar:
        for job in bar:
            try:
                with _warnings_said(said):
                    if job.problem:
                        raise ValueError(job.problem)
                    missing = filler.fill(job)
            except (ValueError, OSError, MemoryError, cv2.error) as error:
                failed += 1
                code = 2 if len(jobs) == 1 and isinstance(error, ValueError) else 1
                reason = " ".join(str(error).split()) or type(error).__name__
                _say(reason if str(job.image) in reason or job.problem else f"{job.image}: {reason}")
    seconds = time.perf_counter() - start
    if len(jobs) == 1 and not failed:
        print(f"{jobs[0].output}: {missing:.2%} of the image filled by {filler.name} in {seconds:.1f} s")
        if not missing:
            _say("there was no hole: the image is as it was")
    elif len(jobs) > 1:
        print(f"{len(jobs) - failed} of {len(jobs)} images filled by {filler.name} in {seconds:.1f} s")
    return code


def fill_video(filler, video, mask, output):
    """Fills a video, and returns the exit code, 0; a ValueError if the video or a mask is wrong."""
    with _warnings_said(set()):
        report = _fill_video(filler, video, mask, output)
    print(f"{output}: {report['frames']} frames filled by {filler.name}")
    if report["sound"] == "lost":
        _say("if the video has sound, it is lost: install ffmpeg, or choose .mkv, which holds every sound")
    return 0


def _fill_video(filler, video, mask, output):
    from inpaintkit.inpainting import inpaint_video

    opened = cv2.VideoCapture(str(video))
    found, frame = opened.read()
    opened.release()
    if not found:
        raise ValueError(f"{video}: expected a video that OpenCV can read")
    shape = frame.shape[:2]
    if mask.is_dir():
        files = sorted(file for file in files_below(mask) if file.suffix.lower() in ENDINGS)

        def known(number):
            if number >= len(files):
                raise ValueError(f"{mask}: {len(files)} masks, but the video has more frames")
            return filler.read_mask(files[number], shape)
    else:
        known = filler.read_mask(mask, shape)
    output.parent.mkdir(parents=True, exist_ok=True)
    with typer.progressbar(length=1, label=video.name, file=sys.stderr) as bar:

        def progress(done, total):
            bar.length = max(total, done)
            bar.update(done - bar.pos)

        settings = {"blend": filler.blend, "seed": filler.seed, "progress": progress}
        return inpaint_video(video, output, known, filler.method, **settings)


def _sides(text):
    """{side: pixels} of --outpaint."""
    sides = dict.fromkeys(SIDES, 0)
    for word in text.split(","):
        side, _, pixels = word.strip().partition("=")
        if side not in sides or not pixels.isdecimal():
            raise ValueError(f"--outpaint {text!r}: expected pixels per side, such as left=200,right=200")
        sides[side] = int(pixels)
    if not any(sides.values()):
        raise ValueError(f"--outpaint {text!r}: expected at least one pixel")
    return sides


@contextlib.contextmanager
def _warnings_said(said):
    """Says each UserWarning of the block once, without the line of code that a warning shows."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            for note in dict.fromkeys(str(warning.message) for warning in caught):
                if note not in said:
                    said.add(note)
                    _say(note)


def _say(text):
    print(f"inpaintkit: {text}", file=sys.stderr)
