"""The quick tests and the examples of all that computes with Keras once more, under JAX and PyTorch.

Each back end needs another process, so these tests run pytest, two tests at a time. `.ci/run` installs both
back ends, for the CPU: `pip install jax torch`.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = (
    "layers",
    "losses",
    "models",
    "metrics/test_metrics.py",
    "training",
    "test_features.py",
    "test_environment.py",
)
EXAMPLES = ("layers", "losses", "models", "metrics", "training", "environment.py")


@pytest.mark.slow
@pytest.mark.backends
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_quick_tests_pass_under(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; pip install {backend}, and this test runs")
    files = [str(ROOT / "tests" / name) for name in TESTS]
    files += [str(ROOT / "inpaintkit" / name) for name in EXAMPLES]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]
    command += ["-m", "not slow", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    print(f"{backend}: {run.stdout.strip().splitlines()[-1]}")
    assert run.returncode == 0, run.stdout[-5000:]
