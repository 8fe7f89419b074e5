"""Searches whose process is killed during a trial: a single process, and one of two workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tuning import runs
from tuning.tuner import Search

# Keras Tuner asks threads for their names as Python did before 3.10.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")]

RATES = [0.001, 0.002, 0.004, 0.008]
SPACE = {"filters": ["4-4"], "optimizer": ["adam"], "loss": ["mae"], "learning_rate": RATES}
COMMAND = [sys.executable, "-m", "tuning.search", "--model", "pconv_unet", "--name", "a"]
COMMAND += ["--image-size", "16", "--count", "8", "--epochs", "3"]
COMMAND += [w for name, of in SPACE.items() for w in ("--set", f"{name}={','.join(map(str, of))}")]


def start(results, *words):
    command = [*COMMAND, "--results", str(results), *words]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    env = os.environ | {"PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], env=env, **streams)


def until(process, word):
    """The first line that the process prints with this word."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if word in line:
            return line
    raise AssertionError(f"no {word!r} in:\n{''.join(seen)}")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The table of a search that was not interrupted."""
    search = Search("pconv_unet", space=SPACE, image_size=16, count=8, epochs=3)
    return search.run(tmp_path_factory.mktemp("uninterrupted") / "a").drop(columns="seconds")


def table(results):
    return runs.table(runs.load(results / "a"), "val_hole_psnr").drop(columns="seconds")


def test_a_search_killed_during_a_trial_resumes(uninterrupted, tmp_path):
    with start(tmp_path) as first:
        until(first, "trial 1 of 4")
        time.sleep(0.5)  # now the second trial runs, which takes longer
        first.kill()
    (kept,) = tmp_path.rglob("run.json")
    before = kept.stat().st_mtime_ns, kept.read_bytes()
    with start(tmp_path) as second:
        printed = second.communicate()[0]
    assert second.returncode == 0, printed
    assert "finished runs: 1" in printed and "trial 1 of 4" not in printed and "trial 4 of 4" in printed
    assert (kept.stat().st_mtime_ns, kept.read_bytes()) == before
    pd.testing.assert_frame_equal(table(tmp_path), uninterrupted, rtol=1e-5)


def test_chief_and_workers_finish_if_a_worker_is_killed(uninterrupted, tmp_path):
    with start(tmp_path, "--workers", "2") as chief:
        worker = int(until(chief, "worker1: process").split()[-1])
        until(chief, "worker1  trial")
        time.sleep(0.5)  # now its next trial runs
        os.kill(worker, signal.SIGKILL)
        assert len(runs.load(tmp_path / "a")) < 4
        printed = chief.communicate()[0]
    assert chief.returncode == 0, printed
    assert "worker1: ended with code -9; starting it again" in printed
    pd.testing.assert_frame_equal(table(tmp_path), uninterrupted, rtol=1e-5)
