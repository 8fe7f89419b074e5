"""Video files: frame rate, sound, endings, and nothing half-written."""

import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from inpaintkit.inpainting import inpaint_video


def write_video(path, count=3, size=(48, 64)):
    rng = np.random.default_rng(0)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 12.5, size[::-1])
    for _ in range(count):
        video.write(cv2.GaussianBlur(rng.integers(0, 255, (*size, 3), "uint8"), (0, 0), 5))
    video.release()


@pytest.fixture
def mask():
    mask = np.ones((48, 64))
    mask[10:20, 10:30] = 0
    return mask


def about(path):
    video = cv2.VideoCapture(str(path))
    result = video.get(cv2.CAP_PROP_FPS), int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    video.release()
    return result


def test_without_ffmpeg_the_sound_is_said_to_be_lost(tmp_path, mask, monkeypatch):
    write_video(tmp_path / "in.mp4")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    done = []
    report = inpaint_video(
        tmp_path / "in.mp4", tmp_path / "out.mp4", mask, "telea", progress=lambda *at: done.append(at)
    )
    assert report == {"frames": 3, "sound": "lost"} and done == [(1, 3), (2, 3), (3, 3)]
    assert about(tmp_path / "out.mp4") == (12.5, 3)
    assert {path.name for path in tmp_path.iterdir()} == {"in.mp4", "out.mp4"}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_with_ffmpeg_the_sound_is_kept(tmp_path, mask, ending):
    write_video(tmp_path / "silent.mp4", count=10)
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=0.8"]
    command = ["ffmpeg", "-i", tmp_path / "silent.mp4", *tone, "-c:v", "copy", tmp_path / "in.mp4"]
    subprocess.run(command, check=True, capture_output=True)
    report = inpaint_video(tmp_path / "in.mp4", tmp_path / f"out{ending}", mask, "telea")
    assert report == {"frames": 10, "sound": "kept"}
    streams = subprocess.run(["ffmpeg", "-i", tmp_path / f"out{ending}"], capture_output=True, text=True)
    assert "Audio: aac" in streams.stderr
    assert about(tmp_path / f"out{ending}")[0] == pytest.approx(12.5, 0.01)
    assert inpaint_video(tmp_path / "silent.mp4", tmp_path / "s.mp4", mask, "telea")["sound"] == "none"
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(ValueError, match=r"text\.mp4: expected a video"):
        inpaint_video(tmp_path / "text.mp4", tmp_path / "t.mp4", mask, "telea")


@pytest.mark.parametrize("ending", [".avi", ".mkv", ".mp4"])
@pytest.mark.parametrize("ffmpeg", [None, shutil.which("ffmpeg")])
def test_a_video_for_which_there_is_no_space_is_an_error(ending, ffmpeg, tmp_path, mask, monkeypatch):
    """No file may become larger than 2 kB; what writes more gets an error, as on a full disk."""
    resource = pytest.importorskip("resource")
    write_video(tmp_path / "in.mp4", count=20)
    monkeypatch.setattr(shutil, "which", lambda name: ffmpeg)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(OSError, match=rf"out\{ending}: "):
            inpaint_video(tmp_path / "in.mp4", tmp_path / f"out{ending}", mask, "telea")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_an_ffmpeg_that_fails_is_named_and_leaves_nothing(tmp_path, mask, monkeypatch):
    write_video(tmp_path / "in.mp4")
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable)  # knows no -nostdin
    with pytest.raises(OSError, match=r"out\.mp4: this ffmpeg cannot write .* choose \.mkv"):
        inpaint_video(tmp_path / "in.mp4", tmp_path / "out.mp4", mask, "telea")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
    assert inpaint_video(tmp_path / "in.mp4", tmp_path / "out.mkv", mask, "telea")["sound"] == "lost"


def test_an_error_in_the_middle_leaves_nothing(tmp_path, mask):
    write_video(tmp_path / "in.mp4")

    def fails_later(number):
        if number == 2:
            raise ValueError("no mask")
        return mask

    with pytest.raises(ValueError, match="no mask"):
        inpaint_video(tmp_path / "in.mp4", tmp_path / "out.mkv", fails_later, "telea")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
    with pytest.raises(ValueError, match=r"expected the ending .mp4, .mov, .mkv, .avi"):
        inpaint_video(tmp_path / "in.mp4", tmp_path / "out.gif", mask, "telea")
