"""The benchmark of the published images of a CelebA study, and that of every network with one budget."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT.parent / "shared/data/reference_giminosk"


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def networks(monkeypatch):
    """The script with the tables, and the one that trains."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return script("networks"), importlib.import_module("train_networks")


@pytest.fixture
def photos(tmp_path, rng):
    """A source of images: an .npz file of noise."""
    np.savez(tmp_path / "data.npz", rng.integers(0, 256, (40, 64, 64, 3), "uint8"))
    return tmp_path / "data.npz"


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published images are not part of the project")
def test_the_published_images_score_what_the_docs_say():
    """The numbers agree with an independent measurement, by other code, in every printed digit."""
    table = script("giminosk").short_table(script("giminosk").measure(PUBLISHED))
    rows = {line.split(" | ")[0].strip("| "): line for line in table.splitlines()}
    for method, numbers in (
        ("GAN", "| 20.09 / 0.744 | 23.06 / 0.831 | 16.42 |"),
        ("autoencoder", "| 23.20 / 0.814 | 28.07 / 0.913 | 21.43 |"),
        ("skip autoencoder", "| 27.26 / 0.915 | 28.57 / 0.921 | 21.93 |"),
        (
            "PConv (500 training images; may have seen the test)",
            "| 30.72 / 0.966 | 31.46 / 0.958 | 24.82 |",
        ),
        ("Telea", "| – | 26.79 / 0.896 |"),
        ("Navier–Stokes", "| – | 26.91 / 0.900 |"),
        ("biharmonic", "| – | 28.37 / 0.921 |"),
        ("masked input, as published", "| – | 11.35 / 0.583 |"),
    ):
        assert numbers in rows[method]
    page = (ROOT / "docs/giminosk.md").read_text("utf-8")
    assert table in page and script("giminosk").skip_gain(PUBLISHED) in page


def test_a_folder_without_the_published_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=re.escape(str(tmp_path))):
        script("giminosk").measure(tmp_path)


def test_every_network_trains_with_two_losses_and_two_seeds_one_seed_after_the_other(networks):
    runs = networks[1].plan()
    assert len(runs) == len(set(runs)) == 2 * (2 * 8 - 1)
    assert [seed for _, _, seed in runs] == [0] * 15 + [1] * 15
    assert {run for run in runs if run[0] == "GAN"} == {("GAN", "own", 0), ("GAN", "own", 1)}


def test_finished_runs_are_not_repeated(networks, photos, tmp_path, monkeypatch):
    trained, scores = [], {"holes": "", "psnr": [20.0], "ssim": [0.9]}

    def train(name, loss, seed, images, seconds):
        trained.append((name, loss, seed))
        return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), 3, 1.0

    monkeypatch.setattr(networks[1], "train", train)
    monkeypatch.setattr(networks[1], "measure", lambda method, test: scores)
    arguments = photos, tmp_path / "runs", 1.0, ("unet",), (0,), 2
    networks[1].run_all(*arguments)
    assert trained == [("unet", "log", 0), ("unet", "own", 0)]
    (tmp_path / "runs/unet-log-0.json").unlink()  # as after a kill before it was written
    networks[1].run_all(*arguments)
    assert trained[2:] == [("unet", "log", 0)]
    with pytest.raises(ValueError, match=r"trained for 1\.0 s, not 9\.0 s"):
        networks[1].run_all(photos, tmp_path / "runs", 9.0, ("unet",), (0,), 2)


def records(networks, rng):
    """Results of made-up runs: unet is 1 dB above heat with one seed, 2 dB with the other."""
    heat = rng.uniform(15, 25, 24).round(2)
    holes = networks[1].hash_arrays(networks[1].fixed_holes(24))[:16]
    common = {"holes": holes, "ssim": [0.5] * 24}
    own = {"network": "unet", "loss": "own", **common}
    return [
        {"method": "heat", "classical": True, "psnr": heat.tolist(), **common},
        *({**own, "seed": seed, "steps": 7 + seed, "psnr": (heat + 1 + seed).tolist()} for seed in (0, 1)),
        {**own, "loss": "log", "seed": 0, "steps": 9, "psnr": heat.tolist()},
    ]


def test_a_network_is_compared_by_the_mean_of_its_seeds(networks, rng):
    every = records(networks, rng)
    table = networks[0].compared(every, "own")
    text = networks[0].loss_table(every, table, "own")
    first, second = (np.mean(every[k]["psnr"]) for k in (1, 2))
    (row,) = [line for line in text.splitlines() if line.startswith("| unet")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:4] == ["7 / 8", f"{first:.2f} / {second:.2f}", f"{(first + second) / 2:.2f}"]
    assert cells[4:] == ["0.500", "+1.50 [+1.50, +1.50]", "–"]


def test_results_on_other_holes_are_refused(networks, rng, tmp_path):
    first, *_ = records(networks, rng)
    (tmp_path / "one.json").write_text(json.dumps(first), "utf-8")
    assert networks[0].read(tmp_path) == [first]
    (tmp_path / "two.json").write_text(json.dumps({**first, "holes": "0"}), "utf-8")
    with pytest.raises(ValueError, match=r"two\.json: measured on other holes"):
        networks[0].read(tmp_path)


def test_the_page_has_the_tables_of_the_saved_results(networks):
    assert networks[0].tables(networks[0].RESULTS) in networks[0].PAGE.read_text("utf-8")


@pytest.mark.slow
def test_a_killed_comparison_of_networks_goes_on(photos, tmp_path):
    """Two networks, two seconds each; killed when the first is done, started again."""
    folder = tmp_path / "runs"
    code = f"""
import train_networks
from pathlib import Path
names = "unet", "prefilled_unet"
train_networks.run_all({str(photos)!r}, Path({str(folder)!r}), 2.0, names, seeds=(0,), count=4)
"""
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "benchmarks"), str(ROOT)])}
    command = {"args": [sys.executable, "-c", code], "env": os.environ | paths, "cwd": tmp_path}
    with subprocess.Popen(**command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        first, end = folder / "unet-log-0.json", time.monotonic() + 900
        while not first.exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        process.kill()
    assert first.exists()
    written = first.stat().st_mtime_ns
    subprocess.run(**command, check=True, capture_output=True, timeout=900)
    assert first.stat().st_mtime_ns == written
    found = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*unet-*.json"))]
    assert [(r["network"], r["loss"]) for r in found] == [
        ("prefilled_unet", "log"), ("prefilled_unet", "own"), ("unet", "log"), ("unet", "own"),
    ]  # fmt: skip
    assert all(r["steps"] >= 1 and r["seconds"] >= 2 and len(r["psnr"]) == 4 for r in found)


def test_the_page_of_applications_has_the_commands_of_its_script():
    spec = importlib.util.spec_from_file_location("applications", ROOT / "images" / "applications.py")
    applications = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(applications)
    page = (ROOT / "docs" / "applications.md").read_text("utf-8")
    commands = [command for command, _ in applications.COMMANDS.values()]
    assert re.findall(r"```bash\n(.*)\n```", page) == commands


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="it packs what is committed")
def test_the_colab_replica_takes_itself_for_colab(tmp_path):
    """Its stand-ins: Drive is denied, and the uploads are none, a text file, another zip, then the course."""
    colab_replica = script("colab_replica")
    here = colab_replica.content(tmp_path)
    ask = """
import sys
assert "google.colab" in sys.modules
from google.colab import drive, files
try:
    drive.mount("/content/drive")
except RuntimeError as error:
    print(error)
print([list(files.upload()) for _ in range(4)])
"""
    environment = colab_replica.like_colab(tmp_path)
    printed = colab_replica.run(sys.executable, "-c", ask, cwd=here, env=environment).splitlines()
    assert printed == ["access was denied", "[[], ['notes.txt'], ['faces.zip'], ['inpaintkit-main.zip']]"]
    with zipfile.ZipFile(here / "inpaintkit-main.zip") as course:
        names = set(course.namelist())
    assert {"inpaintkit-main/requirements.txt", "inpaintkit-main/inpaintkit/__init__.py"} <= names
