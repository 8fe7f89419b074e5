"""One training on two devices: the same numbers as on one."""

import functools
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from small_training import small_model, small_pairs

import inpaintkit as ik

ROOT = Path(__file__).parents[2]
TWO_DEVICES = """
import json, os, sys
import keras
if keras.backend.backend() == "tensorflow":
    from tensorflow import config
    cpu = config.list_physical_devices("CPU")[0]
    config.set_logical_device_configuration(cpu, [config.LogicalDeviceConfiguration()] * 2)
"""
SAME_TRAINING = """
import inpaintkit as ik

def curve(devices):
    with ik.training.data_parallel(devices) as count:
        keras.utils.set_random_seed(0)
        model = ik.Inpainter(ik.models.unet(filters=(4, 8), normalization=None))
        model.compile(keras.optimizers.Adam(0.01), ik.losses.HoleValidLoss())
        images = ik.data.images("photos", "train", 16, count=48)
        train = ik.data.pairs(images, ik.masks.Lines(hole_ratio=(0.1, 0.3)), 16)
        val = ik.data.pairs(images, ik.masks.Lines(thickness=3), 16, shuffle=False)
        callbacks = ik.training.standard_callbacks(f"{sys.argv[1]}/{devices}")
        history = model.fit(train, validation_data=val, epochs=3, verbose=0, callbacks=callbacks).history
        history["hole PSNR by hand"] = [ik.evaluation.hole_psnr(model, val)]
    return count, history

print(json.dumps([curve(1), curve(None)], default=float))
"""
COMMAND = "from inpaintkit.cli import main; sys.argv[0] = 'inpaintkit'; main()"


def run_with_two_devices(backend, code, *arguments):
    """Runs Python code in a process whose CPU is two devices; returns the ended process."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TWO_DEVICES + code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture(params=["tensorflow", pytest.param("jax", marks=pytest.mark.backends)])
def backend(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed; pip install {request.param}, and this test runs")
    return request.param


@pytest.mark.slow
def test_two_devices_have_the_curve_of_one(backend, tmp_path):
    done = run_with_two_devices(backend, SAME_TRAINING, tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    (one, alone), (two, shared) = json.loads(done.stdout.splitlines()[-1])
    assert (one, two) == (1, 2) and alone["loss"][-1] < alone["loss"][0]
    for name in alone:
        np.testing.assert_allclose(shared[name], alone[name], rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_the_command_trains_on_all_devices_and_writes_each_file_once(backend, tmp_path):
    arguments = ["train", "--devices", "all", "--image-size", "16", "--epochs", "1", "--model", "unet"]
    done = run_with_two_devices(backend, COMMAND, *arguments, "--runs", tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "each batch is shared among 2 devices" in done.stdout
    (folder,) = tmp_path.iterdir()
    assert len((folder / "history.csv").read_text().splitlines()) == 2
    assert ik.load_model(folder / "model.keras").count_params() == ik.models.unet().count_params()


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_refused(backend, tmp_path):
    arguments = ["train", "--devices", "2", "--batch-size", "15", "--image-size", "16", "--runs", tmp_path]
    done = run_with_two_devices(backend, COMMAND, *arguments)
    assert done.returncode == 2 and "such as 16" in done.stderr and not list(tmp_path.iterdir())


def test_more_devices_than_there_are_and_no_number():
    for devices, message in (
        (99, "tensorflow or jax|this machine has"),
        (0, "at least 1"),
        (1.5, "at least 1"),
    ):
        with pytest.raises(ValueError, match=message), ik.training.data_parallel(devices):
            pass


def test_fit_does_not_shuffle_the_batches_of_pairs(monkeypatch):
    """Keras would shuffle them once more, on each device of a MirroredStrategy in another order."""
    seen = []

    @functools.wraps(keras.Model.fit)
    def recorded(self, *arguments, **settings):
        seen.append(settings.get("shuffle", "as Keras does"))

    monkeypatch.setattr(keras.Model, "fit", recorded)
    model, train = small_model(), small_pairs()
    model.fit(train)
    model.fit(train, shuffle=True)
    (masked, mask), image = train[0]
    model.fit([masked, mask], image)
    assert seen == [False, True, "as Keras does"]
