"""`compare` with networks of other people, and `export`, as a user types them."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inpaintkit.cli import app

sys.path.insert(0, str(Path(__file__).parents[1] / "inpainting"))
onnx_files = pytest.importorskip("onnx_files", reason='pip install -e ".[onnx]"')
pytest.importorskip("onnxruntime", reason='pip install -e ".[onnx]"')


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.mark.slow
def test_compare_takes_onnx_files_and_their_conventions(tmp_path):
    lama, runs = onnx_files.lama(tmp_path / "lama.onnx", 128), tmp_path / "runs"
    words = ["--count", 3, "--image-size", 32, "--classical", "telea", "--runs", runs, "--model", lama]
    result = run("compare", *words, "--hole-value", 1, "--image-range", 1, "--output-range", 255)
    assert "hole_value=1.0, image_range=1, output_range=255" in result.output
    (folder,) = runs.glob("compare-*")
    assert "lama" in (folder / "table.md").read_text("utf-8")
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    assert settings["output_range"] == 255
    result = run("compare", "--resume", folder)  # the conventions, too, come from the folder
    assert "output_range=255" in result.output


@pytest.mark.slow
def test_mistakes_with_onnx_options_are_explained(tmp_path):
    lama = onnx_files.lama(tmp_path / "lama.onnx", 64)
    words = ["compare", "--count", 3, "--image-size", 32, "--runs", tmp_path / "runs"]
    result = run(*words, "--image-range", -1, "--model", "cifar10", code=2)
    assert "image_range: options of .onnx files, and --model has none" in result.output
    result = run(*words, "--hole-value", 3, "--model", lama, code=2)
    assert "hole_value=3.0: expected one of 1, 0, 255, -0.5, 0.5" in result.output
    result = run("export", "nothing", code=2)
    assert "export nothing: cannot be loaded" in result.output and "weights that ship" in result.output
    result = run("export", "cifar10", "--format", "litert", "-o", tmp_path / "x.tflite", code=2)
    assert "say image_size (--image-size 256)" in result.output
    assert not (tmp_path / "runs").exists() and list(tmp_path.iterdir()) == [lama]


@pytest.mark.slow
def test_export_writes_a_shipped_network_and_says_what_was_checked(tmp_path):
    result = run("export", "cifar10", "--format", "tf", "--image-size", "32", "-o", tmp_path / "saved")
    assert "the same as the network up to" in result.output and "32×32" in result.output
    assert (tmp_path / "saved" / "saved_model.pb").exists()


@pytest.mark.slow
def test_inpaint_takes_an_onnx_file(tmp_path):
    import numpy as np

    from inpaintkit import data, images, masks

    lama = onnx_files.lama(tmp_path / "lama.onnx", 128)
    image = data.images("photos", "test", (90, 120), count=1).as_float()[0]
    known = masks.Lines(hole_ratio=(0.1, 0.2)).sample(1, 90, 120, seed=3)[0]
    images.write_image(tmp_path / "photo.png", image)
    images.write_mask(tmp_path / "mask.png", known)
    words = ["inpaint", tmp_path / "photo.png", "--mask", tmp_path / "mask.png", "--method", lama]
    words += ["-o", tmp_path / "out.png", "--blend", "none", "--overwrite"]
    run(*words)
    found = images.read_image(tmp_path / "out.png")
    run(*words, "--hole-value", 1, "--image-range", 1, "--output-range", 255)
    assert np.array_equal(images.read_image(tmp_path / "out.png"), found)  # the trial finds the same
    hole = known[..., 0] == 0
    assert np.array_equal(found[~hole], image[~hole])
    assert np.abs(found - image)[hole].mean() < np.abs(image)[hole].mean() / 2
    words = ["telea" if word == lama else word for word in words]
    result = run(*words, "--hole-value", 1, code=2)
    assert "hole_value: of .onnx files only, not of method='telea'" in result.output
