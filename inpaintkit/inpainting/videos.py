"""Fills the same or a moving hole in every frame of a video, without flicker where nothing moves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.files import replacing
from inpaintkit.inpainting.filling import inpaint
from inpaintkit.inpainting.temporal import TemporalBlend

if TYPE_CHECKING:
    import keras

VIDEO_CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "FFV1", ".avi": "FFV1"}  # FFV1 loses nothing
_LOSSLESS = (".mkv", ".avi")


def inpaint_video(
    source: str | Path,
    target: str | Path,
    mask: ArrayLike | Callable[[int], ArrayLike],
    method: str | Path | keras.Model | Callable = "biharmonic",
    *,
    blend: str | None = "feather",
    memory: float = 0.9,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, object]:
    """Fills the hole in every frame of a video, and keeps the sound if `ffmpeg` is installed.

    Each frame is filled by itself, and the fill is averaged over time where its surroundings do not change:
    see `TemporalBlend`. The frame rate is kept. OpenCV writes `.mkv` and `.avi` without loss (FFV1), so known
    pixels are exact there. `.mp4` and `.mov` compress the whole frame again: with ffmpeg as H.264 of high
    quality (crf 14), without it as MPEG-4 of the quality that OpenCV uses, which is low.

    Args:
        source: a video file that OpenCV can read.
        target: the file to write: .mp4, .mov, .mkv or .avi. It is complete or not there. Frames of an odd
            width or height get a repeated column or row, since the codecs need even numbers.
        mask: (H, W) or (H, W, 1), 1 = known, 0 = hole, for all frames; or a function of the frame's number
            that returns such an array.
        method, blend, seed: as for `ik.inpaint`.
        memory: as for `TemporalBlend`; 0 fills each frame by itself.
        progress: called as progress(done, total) after each frame; total is 0 if the file does not say it.

    Returns:
        dict: "frames", how many; "sound", one of "kept", "none" (the source has none) and "lost" (ffmpeg is
        missing or cannot put this sound into this kind of file).

    Raises:
        ValueError: a source that is no video, another ending of the target, or what `ik.inpaint` refuses.
        OSError: the target cannot be written.

    Example:
        >>> import inpaintkit as ik
        >>> ik.inpainting.inpaint_video("no.mp4", "filled.mp4", [[1, 0]])
        Traceback (most recent call last):
        ValueError: no.mp4: expected a video that OpenCV can read
    """
    source, target = Path(source), Path(target)
    if target.suffix.lower() not in VIDEO_CODECS:
        raise ValueError(f"{target}: expected the ending {', '.join(VIDEO_CODECS)}")
    steady = TemporalBlend(memory)
    ffmpeg, ending = shutil.which("ffmpeg"), target.suffix.lower()
    frames_ending = ".mkv" if ffmpeg else ending  # ffmpeg compresses at the end, with the sound
    with replacing(target) as part:
        frames_file = part.with_name(f"{part.stem}_frames{frames_ending}")
        try:
            frames = 0
            with _Writer(frames_file, VIDEO_CODECS[frames_ending]) as write:
                for frame, fps, total in _frames(source):
                    known = np.asarray(mask(frames) if callable(mask) else mask)
                    filled = inpaint(frame, known, method, blend=blend, seed=seed)
                    write(steady(filled, known), fps)
                    frames += 1
                    if progress is not None:
                        progress(frames, total)
            sound = _with_sound(ffmpeg, frames_file, source, part) if ffmpeg else "lost"
            if sound == "lost" and frames_ending == ending:
                frames_file.replace(part)
            elif sound == "lost" and _with_sound(ffmpeg, frames_file, frames_file, part) == "lost":
                raise OSError(f"{target}: this ffmpeg cannot write such a file; choose .mkv")
            if (written := _count_frames(part)) < frames - 1:  # ffmpeg may leave out one, as it rounds times
                raise OSError(f"{target}: {written} of {frames} frames could be written: is the disk full?")
        finally:
            frames_file.unlink(missing_ok=True)
    return {"frames": frames, "sound": sound}


def _frames(source):
    """Yields (frame, frames per second, number of frames): RGB, uint8."""
    video = cv2.VideoCapture(str(source)) if source.is_file() else None
    try:
        found, frame = video.read() if video is not None else (False, None)
        if not found:
            raise ValueError(f"{source}: expected a video that OpenCV can read")
        fps = video.get(cv2.CAP_PROP_FPS) or 25
        total = max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
        while found:
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), fps, total
            found, frame = video.read()
    finally:
        if video is not None:
            video.release()


def _count_frames(path):
    """How many frames can be read: neither OpenCV nor every ffmpeg says that the disk was full."""
    video = cv2.VideoCapture(str(path))
    count = sum(1 for _ in iter(video.grab, False))
    video.release()
    return count


class _Writer:
    """Writes RGB frames to a video file, whose size the first frame decides."""

    def __init__(self, path, codec):
        self._path, self._codec, self._video = path, cv2.VideoWriter_fourcc(*codec), None

    def __enter__(self):
        return self._write

    def _write(self, frame, fps):
        height, width = frame.shape[:2]
        frame = cv2.copyMakeBorder(frame, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        if self._video is None:
            self._video = cv2.VideoWriter(str(self._path), self._codec, fps, frame.shape[1::-1])
            if not self._video.isOpened():
                raise OSError(f"{self._path}: OpenCV cannot write this kind of video here")
        self._video.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))

    def __exit__(self, *_):
        if self._video is not None:
            self._video.release()


def _with_sound(ffmpeg, frames_file, source, target):
    """Puts the frames of one file and the sound of another into a third: "kept", "none" or "lost"."""
    codec = "copy" if target.suffix.lower() in _LOSSLESS else "libx264"
    video = ["-c:v", codec, *(["-crf", "14", "-pix_fmt", "yuv420p"] if codec != "copy" else [])]
    inputs = ["-i", str(frames_file), "-i", str(source), "-map", "0:v", "-map", "1:a?", "-c:a", "copy"]
    run = subprocess.run(
        [ffmpeg, "-nostdin", "-y", *inputs, *video, str(target)], capture_output=True, text=True
    )
    if run.returncode:
        return "lost"
    return "kept" if "Audio:" in run.stderr else "none"
