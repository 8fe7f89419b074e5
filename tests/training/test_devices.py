"""One training on two devices: the same numbers as on one."""

import functools
import importlib.util
import json
import os
import re
import socket
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
import numpy as np
import inpaintkit as ik

images = ik.data.images("photos", "train", 16, count=48).array.copy()
images[:, 0, 0, 0] = np.arange(48)  # by this pixel, `Seen` knows an image

class Seen(keras.metrics.Metric):
    \"\"\"How often an epoch has used the image that it used least, and the one that it used most.\"\"\"

    def __init__(self):
        super().__init__(name="seen")
        self.counts = self.add_variable((48,), "zeros", name="counts")

    def update_state(self, y_true, y_pred, sample_weight=None):
        number = keras.ops.cast(keras.ops.round(255 * y_true[:, 0, 0, 0]), "int32")
        self.counts.assign(self.counts + keras.ops.sum(keras.ops.one_hot(number, 48), axis=0))

    def result(self):
        return {"seen_least": keras.ops.min(self.counts), "seen_most": keras.ops.max(self.counts)}

def curve(devices):
    with ik.training.data_parallel(devices) as count:
        keras.utils.set_random_seed(0)
        model = ik.Inpainter(ik.models.unet(filters=(4, 8), normalization=None))
        metrics = [ik.metrics.PSNR("hole_psnr"), Seen()]
        model.compile(keras.optimizers.Adam(0.01), ik.losses.HoleValidLoss(), weighted_metrics=metrics)
        train = ik.data.pairs(images, ik.masks.Lines(hole_ratio=(0.1, 0.3)), 16)
        val = ik.data.pairs(images, ik.masks.Lines(thickness=3), 16, shuffle=False)
        callbacks = ik.training.standard_callbacks(f"{sys.argv[1]}/{devices}")
        history = model.fit(train, validation_data=val, epochs=3, verbose=0, callbacks=callbacks).history
        history["hole PSNR by hand"] = [ik.evaluation.hole_psnr(model, val)]
        model.save(f"{sys.argv[1]}/{devices}/model.keras")
    return count, history

print(json.dumps([curve(1), curve(None)], default=float))
"""
COMMAND = "from inpaintkit.cli import main; sys.argv[0] = 'inpaintkit'; main()"


TWO_PROCESSES = SAME_TRAINING.replace("[curve(1), curve(None)]", "curve(None)")
TRAIN_BY_COMMAND = """
if "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ:
    words = "train --devices all --image-size 16 --epochs 1 --model unet --runs"
    sys.argv[:] = ["inpaintkit", *words.split(), sys.argv[1] + "/../runs"]
    ik.models.unet = lambda shape, large=ik.models.unet: large(shape, filters=(4, 8))  # compiled in less time
    from inpaintkit.cli import main
    main()
"""


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
    # The input is divided among the devices: an epoch uses each image once, whichever device has it.
    assert all(shared[name] == [1, 1, 1] for name in ("seen_least", "seen_most", "val_seen_most"))
    for name in alone:
        np.testing.assert_allclose(shared[name], alone[name], rtol=1e-4, err_msg=name)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.mark.slow
@pytest.mark.backends
def test_two_processes_have_the_curve_of_one_and_only_the_first_writes(tmp_path):
    """As on two machines, under JAX: each process reads its part of every batch."""
    pytest.importorskip("jax")
    environment = os.environ | {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    joined = {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": ",".join(f"127.0.0.1:{port}" for port in free_ports(2)),
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
        "JAX_CPU_COLLECTIVES_IMPLEMENTATION": "gloo",
    }
    settings = [{}, *(joined | {"KERAS_DISTRIBUTION_PROCESS_ID": str(number)} for number in range(2))]
    code = "import json, os, sys\nimport keras\n" + TWO_PROCESSES + TRAIN_BY_COMMAND
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    runs = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / str(i)], env=environment | own, **pipes)
        for i, own in enumerate(settings)
    ]
    try:
        outputs = [run.communicate(timeout=900) for run in runs]
    finally:
        for run in runs:
            run.kill()  # one that waits for the other would wait forever
            run.communicate()
    assert [run.returncode for run in runs] == [0, 0, 0], [error[-2000:] for _, error in outputs]
    curves = [re.search(r"^\[[12], \{.*$", out, re.MULTILINE) for out, _ in outputs]
    (one, alone), *two = (json.loads(curve[0]) for curve in curves)
    assert [one, *(count for count, _ in two)] == [1, 2, 2] and alone["loss"][-1] < alone["loss"][0]
    for _, shared in two:
        assert all(shared[name] == [1, 1, 1] for name in ("seen_least", "seen_most", "val_seen_most"))
        for name in shared:
            np.testing.assert_allclose(shared[name], alone[name], rtol=1e-4, err_msg=name)
    weights = [
        ik.load_model(tmp_path / str(i) / "None" / "model.keras", compile=False).get_weights() for i in (1, 2)
    ]
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)
    first, second = (curve.string[curve.end() :].strip() for curve in curves[1:])
    assert "each batch is shared among 2 devices" in first and not second  # only the first prints
    (folder,) = (tmp_path / "runs").iterdir()
    assert len((folder / "history.csv").read_text().splitlines()) == 2 and (folder / "model.keras").exists()


def test_several_tensorflow_workers_are_refused_before_training(monkeypatch):
    """Keras 3 cannot train so: docs/robustness.md has its error. Nothing waits for the other worker."""
    pytest.importorskip("tensorflow")
    cluster = {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}}))
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(ValueError, match=r"2 workers.*KERAS_BACKEND=jax"), ik.training.data_parallel():
        pass


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
