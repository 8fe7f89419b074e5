"""Whatever the kit writes is whole or not there: also if there is no space left at the last moment."""

import errno
import os

import cv2
import keras
import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit import evaluation, exercises, pretrained, training
from inpaintkit.files import replacing

IMAGE = np.full((16, 16, 3), 0.5, "float32")


def write_exactly(folder):
    original = ik.images.ExactImage("x.png", "PNG", np.zeros((16, 16, 3), "uint8"))
    ik.images.write_exact(folder / "exact.png", original.pixels, original)


def write_video(folder):
    frames = cv2.VideoWriter(str(folder.parent / "in.avi"), cv2.VideoWriter_fourcc(*"FFV1"), 25, (16, 16))
    frames.write(np.full((16, 16, 3), 99, "uint8"))
    frames.release()
    mask = np.ones((16, 16))
    mask[4:8] = 0
    ik.inpainting.inpaint_video(folder.parent / "in.avi", folder / "video.avi", mask, "telea")


def write_weights(folder):
    about = {"network": "residual_unet", "arguments": {"filters": [4]}}
    pretrained.save(folder, "weights", ik.models.residual_unet(filters=(4,)), about)


def write_comparison(folder, keep_scores=False):
    given = {"mean": ik.baselines.mean_color}, IMAGE[None], "center"
    scores = evaluation.score_images(*given, folder=folder if keep_scores else None)
    evaluation.save_comparison(folder, scores, *given, count=1)


def write_history(folder):
    history = training.callbacks.HistoryFile(folder / "history.csv")
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 0.5})


def write_best(folder):
    checkpoint = training.callbacks.ModelCheckpoint(folder / "best.keras", monitor="loss")
    checkpoint.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    checkpoint.on_epoch_end(0, {"loss": 0.5})


def write_report(folder):
    os.chdir(folder)
    exercises.report("A student")


WRITERS = {
    "an image": (lambda folder: ik.images.write_image(folder / "image.png", IMAGE), "image.png"),
    "a mask": (lambda folder: ik.images.write_mask(folder / "mask.png", IMAGE[..., :1] > 0), "mask.png"),
    "an exact image": (write_exactly, "exact.png"),
    "a video": (write_video, "video.avi"),
    "weights and their card": (write_weights, "weights.npz"),
    "a comparison": (write_comparison, "gallery.png"),
    "the scores of a comparison": (lambda folder: write_comparison(folder, True), "manifest.json"),
    "the history of a training": (write_history, "history.csv"),
    "the best network": (write_best, "best.keras"),
    "a report of exercises": (write_report, "report.csv"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_no_half_file(name, tmp_path, monkeypatch, capsys):
    write, file = WRITERS[name]
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises((OSError, ValueError), match="No space left"):
            write(folder)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    write(folder)
    assert (folder / file).is_file() and not list(folder.rglob("*.part*"))


def test_a_block_that_writes_nothing_leaves_the_file_only_if_it_may(tmp_path):
    file = tmp_path / "x.txt"
    file.write_text("before")
    with replacing(file, optional=True):
        pass
    assert file.read_text() == "before"
    with pytest.raises(FileNotFoundError), replacing(file):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]
