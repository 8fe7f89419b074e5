"""`ik.hello()`: versions, device and, in Colab, how to get a GPU; it never raises."""

import sys
import types

import keras
import pytest

import inpaintkit as ik
from inpaintkit import environment


def test_hello_names_versions_and_device(capsys):
    ik.hello()
    first, second, third = capsys.readouterr().out.splitlines()
    assert (
        f"inpaintkit {ik.__version__}" in first
        and f"{sys.version_info.major}.{sys.version_info.minor}." in first
    )
    name = keras.backend.backend()
    assert f"Keras {keras.__version__}" in second and f"{name} {sys.modules[name].__version__}" in second
    assert third.startswith("Device: ") and len(third) > len("Device: ")


def with_gpus(*names):
    """Stand-ins for the three back ends, as far as they are asked for their GPUs."""
    found = types.SimpleNamespace
    details = found(get_device_details=lambda name: {"device_name": name})
    devices = [
        found(platform="cpu", device_kind="cpu"),
        *(found(platform="gpu", device_kind=n) for n in names),
    ]
    cuda = found(
        device_count=lambda: len(names),
        get_device_name=lambda i: names[i],
    )
    return {
        "tensorflow": found(config=found(list_physical_devices=lambda _: list(names), experimental=details)),
        "jax": found(devices=lambda: devices),
        "torch": found(cuda=cuda, backends=found(mps=found(is_available=lambda: False))),
    }


@pytest.mark.parametrize("name", ["tensorflow", "jax", "torch"])
def test_every_back_end_is_asked_for_its_gpus(name):
    assert environment._accelerators(name, with_gpus()[name]) == []
    assert environment._accelerators(name, with_gpus("Tesla T4", "A100")[name]) == ["Tesla T4", "A100"]


@pytest.mark.parametrize(("colab", "gpu"), [(True, False), (True, True), (False, False)])
def test_in_colab_without_a_gpu_hello_says_how_to_get_one(colab, gpu, capsys, monkeypatch):
    if colab:
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setattr(environment, "_accelerators", lambda *_: ["Tesla T4"] if gpu else [])
    ik.hello()
    printed = capsys.readouterr().out
    assert ("Tesla T4" in printed) == gpu and ("CPU, " in printed) == (not gpu)
    assert ("Change runtime type → T4 GPU" in printed) == (colab and not gpu)


def failing(error):
    def fail(*_):
        raise error

    return fail


def test_hello_never_raises(capsys, monkeypatch):
    monkeypatch.setattr(environment, "_accelerators", failing(RuntimeError("driver too old")))
    ik.hello()
    assert "driver too old" in capsys.readouterr().out
    monkeypatch.setattr(keras.ops, "zeros", failing(ModuleNotFoundError("no jax", name="jax")))
    ik.hello()
    printed = capsys.readouterr().out
    assert f"inpaintkit {ik.__version__}" in printed and "'jax' is not installed" in printed
