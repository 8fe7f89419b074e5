"""The quick tests of layers, losses, networks and `fit` once more, under JAX and PyTorch.

Each back end needs a process of its own, so these tests run the others. `.ci/run` installs both, for the
CPU: `pip install jax torch`.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SUBSET = ("layers", "models", "metrics/test_metrics.py", "losses", "test_features.py", "training")


@pytest.mark.slow
@pytest.mark.backends
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_contract_holds_under(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; pip install {backend}, and this runs")
    tests = Path(__file__).parent
    files = [str(tests / name) for name in SUBSET]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run(command, env=environment, cwd=tests.parent, capture_output=True, text=True)
    print(f"{backend}: {run.stdout.strip().splitlines()[-1]}")
    assert run.returncode == 0, run.stdout[-5000:]
