"""Every reader of the kit that is not in `tests/images/test_mutated_files.py`, and the files that it reads.

`READERS` has one entry per reader: the name of its file, a function that writes it, and one that reads it.
"""

import contextlib
import io
import json
import struct
import sys
import warnings
import zipfile
from pathlib import Path

import cv2
import numpy as np
from hypothesis import strategies as st

import inpaintkit as ik
from inpaintkit.cli.preparation import resumed_settings
from inpaintkit.exercises import state
from inpaintkit.pretrained import loading
from inpaintkit.serving.uploads import Refused, check_upload
from inpaintkit.serving.worker import preview, read_hole

sys.path.append(str(Path(__file__).parent / "inpainting"))

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("byte", "number", "cut", "double", "drop")),
        st.floats(0, 1),  # where
        st.sampled_from((0, 1, 2, 127, 128, 255, 65535, 2**31 - 1, 2**32 - 1)),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content, changes):
    """The bytes of a file after some changes; most of them near the start, where the headers are."""
    content = bytearray(content)
    for kind, where, value in changes:
        at = int(where**3 * max(0, len(content) - 5))
        if kind == "byte":
            content[at : at + 1] = bytes([value % 256])
        elif kind == "number":
            content[at : at + 4] = struct.pack(">I", value)
        elif kind == "cut":
            del content[at + 4 :]
        elif kind == "double":
            content[at:at] = content[at : at + 16]
        else:
            del content[at : at + 3]
    return bytes(content)


IMAGES = np.linspace(0, 1, 2 * 16 * 16 * 3, dtype="float32").reshape(2, 16, 16, 3)
METHODS = {"mean": ik.baselines.mean_color}


def _png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


PHOTO = _png(np.uint8(IMAGES[0] * 255))
MASK = _png(np.uint8(255 * (np.indices((16, 16))[0] > 9)))


def _two(name, content):
    """Writes the file that will be damaged, and one beside it that stays whole."""
    Path(name).write_bytes(content)
    Path(f"whole_{name}").write_bytes(content)


def _npz():
    np.savez("x.npz", train=np.uint8(IMAGES * 255), val=np.uint8(IMAGES * 255))


def _zip():
    with zipfile.ZipFile("x.zip", "w") as file:
        for name in ("train/a.png", "train/b.png"):
            file.writestr(name, PHOTO)


def _video():
    video = cv2.VideoWriter("x.avi", cv2.VideoWriter_fourcc(*"FFV1"), 5, (16, 16))
    for frame in np.uint8(IMAGES * 255):
        video.write(frame)
    video.release()


def _network():
    from fuzz_cases import network

    network().save("x.keras")


def _onnx():
    from onnx_files import F, Graph

    graph = Graph()
    filled = graph.filled("image", graph.known("mask"))
    graph.save("x.onnx", [("image", F, ("b", 3, "h", "w")), ("mask", F, ("b", 1, "h", "w"))], filled)


def _read_onnx():
    settings = {"hole_value": 1, "image_range": 1, "output_range": 1, "multiple": 1}
    return ik.inpainting.OnnxModel("x.onnx", **settings)(
        IMAGES[:1], np.float32(np.indices((1, 16, 16, 1))[1] > 3)
    )


def _comparison(file):
    def write():
        ik.evaluation.score_images(METHODS, IMAGES, "center", folder="run")
        found = next(Path("run").rglob(file))
        Path("x").write_bytes(found.read_bytes())
        Path("place").write_text(str(found))

    def read():
        Path(Path("place").read_text()).write_bytes(Path("x").read_bytes())
        return ik.evaluation.score_images(METHODS, IMAGES, "center", folder="run").psnr

    return write, read


class _Context:
    info_name = "train"

    def get_parameter_source(self, name):
        return type("Source", (), {"name": "DEFAULT"})


SETTINGS = {"source": "photos", "epochs": 20, "learning_rate": 1e-3, "minutes": None, "masks": "lines"}


def _shipped(ending):
    """Reads weights, or their card, from a folder in which one of both is damaged."""

    def write():
        Path(f"cifar10{ending}").write_bytes((loading.FOLDER / f"cifar10{ending}").read_bytes())

    def read():
        own, loading.FOLDER = loading.FOLDER, Path()
        try:
            other = {".npz": ".json", ".json": ".npz"}[ending]
            if not Path(f"cifar10{other}").exists():
                Path(f"cifar10{other}").symlink_to(own / f"cifar10{other}")
            return ik.pretrained.load("cifar10").count_params()
        finally:
            loading.FOLDER = own

    return write, read


def _upload(read):
    def refused():
        try:
            return read(Path("x").read_bytes())
        except Refused as error:
            raise ValueError(str(error)) from error

    return refused


READERS = {  # {reader: (file, how it is written, how it is read)}
    "masks.FromFolder": (
        "m.png",
        lambda: _two("m.png", MASK),
        lambda: ik.masks.FromFolder(".").sample(1, 16, 16),
    ),
    "data.images of a folder": (
        "a.png",
        lambda: _two("a.png", PHOTO),
        lambda: ik.data.images(Path("."), "train", 16)[0],
    ),
    "data.images of an .npz": ("x.npz", _npz, lambda: ik.data.images("x.npz", "train", 16)[0]),
    "data.images of a zip": ("x.zip", _zip, lambda: ik.data.images("x.zip", "train", 16)[0]),
    "inpaint_video": (
        "x.avi",
        _video,
        lambda: ik.inpainting.inpaint_video(
            "x.avi", "y.avi", np.float32(np.indices((16, 16))[0] > 3), "heat"
        )["frames"],
    ),
    "load_model": ("x.keras", _network, lambda: ik.load_model("x.keras").count_params()),
    "OnnxModel": ("x.onnx", _onnx, _read_onnx),
    "manifest.json of a comparison": ("x", *_comparison("manifest.json")),
    "scores of a comparison": ("x", *_comparison("*.npz")),
    "settings.json of a run": (
        "settings.json",
        lambda: Path("settings.json").write_text(json.dumps({"command": "train", **SETTINGS})),
        lambda: len(resumed_settings(Path("."), _Context(), SETTINGS)),
    ),
    "exercises.json": (
        state.FILE,
        lambda: state.update_state("09.1", tries=1),
        lambda: ik.exercises.report(),
    ),
    "weights that ship": ("cifar10.npz", *_shipped(".npz")),
    "card of weights": ("cifar10.json", *_shipped(".json")),
    "upload: header": (
        "x",
        lambda: Path("x").write_bytes(PHOTO),
        _upload(lambda data: check_upload(data, "image")),
    ),
    "upload: image": (
        "x",
        lambda: Path("x").write_bytes(PHOTO),
        _upload(lambda data: preview(data, None)[1]),
    ),
    "upload: mask": (
        "x",
        lambda: Path("x").write_bytes(MASK),
        _upload(lambda data: len(read_hole(data, (16, 16), None))),
    ),
}


def read_quietly(name):
    """Reads the file in the working folder: its result is finite, or a ValueError says what is wrong."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            result = READERS[name][2]()
        except ValueError as error:
            assert str(error)
            return False
    assert result is None or np.isfinite(np.asarray(result, "float64")).all()
    return True
