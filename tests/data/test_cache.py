"""The cache: images are decoded once into a file, by one process, and an interruption costs little."""

import errno
import gc
import multiprocessing
import os
import threading
import time
import types
import weakref
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

import inpaintkit as ik
from inpaintkit import data
from inpaintkit.data import cache as cache_files
from inpaintkit.data import loading
from inpaintkit.images import read_uint8


@pytest.fixture(autouse=True)
def own_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("INPAINTKIT_CACHE", str(tmp_path / "inpaintkit_cache"))


def save(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("RGB", (24, 20), (number, 50, 100)).save(folder / name)
    return folder


@pytest.fixture
def folder(tmp_path):
    """Twenty images, two of them broken."""
    folder = save(tmp_path / "images" / "train", [f"{i:02}.png" for i in range(20)])
    for name in ("03.png", "11.png"):
        (folder / name).write_bytes(b"")
    return folder


@pytest.fixture
def counted(monkeypatch):
    """Counts the decoded files; `stop_at` interrupts the decoding at that file."""
    seen = types.SimpleNamespace(files=[], stop_at=None)

    def read(file, size):
        seen.files.append(Path(file).name)
        if len(seen.files) == seen.stop_at:
            raise KeyboardInterrupt
        return read_uint8(file, size)

    monkeypatch.setattr(cache_files, "read_uint8", read)
    monkeypatch.setattr(cache_files, "_SAVE_EVERY", 4)
    return seen


@pytest.mark.filterwarnings("ignore:.*left out 2 unreadable")
def test_more_than_fits_into_memory_is_decoded_once_into_a_file(
    folder, counted, monkeypatch, tmp_path, capsys
):
    in_memory = data.images(folder, "train", 16)
    assert not isinstance(in_memory.array, np.memmap) and not capsys.readouterr().out
    monkeypatch.setattr(loading, "IN_MEMORY", 20 * 16 * 16 * 3 - 1)
    counted.files.clear()
    for _ in range(2):
        mapped = data.images(folder, "train", 16)
        assert isinstance(mapped.array, np.memmap) and mapped.names == in_memory.names and len(mapped) == 18
        np.testing.assert_array_equal(mapped.array, in_memory.array)
    assert len(counted.files) == 20
    assert "20 of 20 images decoded" in capsys.readouterr().out
    assert list((tmp_path / "inpaintkit_cache").glob("*images-train-train-16x16-*.npy"))
    (masked, _), image = data.pairs(mapped, ik.masks.Lines(), 4)[0]
    assert type(image) is np.ndarray is type(masked) and image.shape == (4, 16, 16, 3)
    for name in ("03.png", "11.png"):
        save(folder, [name])  # repaired: the cached file is out of date
    assert len(data.images(folder, "train", 16)) == 20


@pytest.mark.filterwarnings("ignore:.*left out 2 unreadable")
@pytest.mark.parametrize("stop_at", [1, 4, 7, 15, 20])
def test_interrupted_decoding_continues_and_never_leaves_half_a_cache(folder, counted, tmp_path, stop_at):
    counted.stop_at = stop_at
    with pytest.raises(KeyboardInterrupt):
        data.images(folder, "train", 16, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.npy"))
    counted.stop_at = None
    counted.files.clear()
    mapped = data.images(folder, "train", 16, cache=tmp_path / "cache")
    assert len(counted.files) == 20 - (stop_at - 1) // 4 * 4
    np.testing.assert_array_equal(mapped.array, data.images(folder, "train", 16).array)
    assert {file.suffix for file in (tmp_path / "cache").iterdir()} - {".lock"} == {".npy", ".json"}


@pytest.mark.filterwarnings("ignore:.*left out 2 unreadable")
def test_two_threads_decode_only_once(folder, counted, tmp_path):
    results = []

    def load():
        results.append(data.images(folder, "train", 16, cache=tmp_path / "cache"))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted.files) == 20
    np.testing.assert_array_equal(results[0].array, results[1].array)


def test_a_disk_that_is_too_small_is_reported_before_decoding(folder, monkeypatch, tmp_path):
    full = types.SimpleNamespace(free=100)
    monkeypatch.setattr(cache_files.shutil, "disk_usage", lambda path: full)
    with pytest.raises(ValueError, match=r"20 images of 16×16.* 0\.0 GB.*cache="):
        data.images(folder, "train", 16, cache=tmp_path / "cache")


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="Linux has it")
def test_a_disk_that_has_less_space_than_it_says_is_an_error_before_decoding(
    folder, counted, monkeypatch, tmp_path
):
    """As a network drive with a quota: a mapped file would end the process with SIGBUS."""

    def full(file, offset, size):
        assert size > 20 * 16 * 16 * 3
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        with pytest.raises(OSError, match="No space left"):
            data.images(folder, "train", 16, cache=tmp_path / "cache")
    assert not counted.files


def test_all_broken_is_an_error_with_a_cache_too(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "x.png").write_bytes(b"")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"'train': .*x\.png"):
            data.images(tmp_path, "train", 16, cache=tmp_path / "cache")


# -- sources larger than memory


class CountedRows(np.ndarray):
    """An array that notes how many of its images are read at once."""

    read = ()

    def __getitem__(self, index):
        rows = super().__getitem__(index)
        CountedRows.read += (rows.shape[0],)
        return rows.view(np.ndarray)


def test_a_folder_of_many_images_needs_memory_for_their_names_only(tmp_path, monkeypatch):
    """While it is decoded, one image, and one path for each file; afterwards only names and a mapped file."""
    folder = save(tmp_path / "train", [f"{i}.png" for i in range(60)])
    decoded, alive, paths = [], [], []

    def read(file, size):
        image = read_uint8(file, size)
        decoded.append(weakref.ref(image))
        alive.append(sum(image() is not None for image in decoded))
        if len(decoded) == 30:
            paths.append(count_paths() - before)
        return image

    def count_paths():
        gc.collect()
        return sum(isinstance(thing, PurePath) for thing in gc.get_objects())

    before = count_paths()
    monkeypatch.setattr(cache_files, "read_uint8", read)
    images = data.images(folder, "train", 16, cache=tmp_path / "cache")
    assert len(alive) == 60 and max(alive) == 1
    assert 60 <= paths[0] < 80 and count_paths() - before < 20
    assert isinstance(images.array, np.memmap) and not images.array.flags.writeable

    CountedRows.read = ()
    batches = data.pairs(images, ik.masks.Lines(thickness=2), 8)
    batches.array = images.array.view(CountedRows)
    for _ in range(2):
        batches.on_epoch_end()
        for k in range(len(batches)):
            batches[k]
    assert CountedRows.read == (8,) * 14  # seven batches in each epoch, and nothing else


# -- several processes


def decode_slowly(folder, log, seconds):
    """Run in a child process: notes each decoded image in `log`, then the sum of all pixels in a file."""

    def read(file, size):
        with log.open("a") as opened:
            opened.write("x")
        time.sleep(seconds)
        return read_uint8(file, size)

    cache_files.read_uint8 = read
    images = data.images(folder, "train", 16, cache=folder.parent / "cache")
    (folder.parent / f"sum of {os.getpid()}").write_text(str(images.array.sum()))


@pytest.fixture
def start(tmp_path):
    """Starts a child process that decodes ten images."""
    folder = save(tmp_path / "train", [f"{i}.png" for i in range(10)])
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("Windows cannot fork, and a new process would import TensorFlow")

    def start(seconds):
        fork = multiprocessing.get_context("fork")
        run = fork.Process(target=decode_slowly, args=(folder, tmp_path / "log", seconds))
        run.start()
        return run

    return start


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12, if there are threads
def test_a_second_process_waits_and_reuses_the_decoded_cache(start, tmp_path):
    runs = [start(0.02), start(0.02)]
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    assert (tmp_path / "log").read_text() == 10 * "x"  # each image was decoded once
    sums = [file.read_text() for file in tmp_path.glob("sum of *")]
    assert len(sums) == 2 and sums[0] == sums[1] != "0"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12, if there are threads
def test_the_lock_of_a_killed_process_is_released(start, tmp_path):
    run = start(1000)
    while not (tmp_path / "log").exists():
        assert run.is_alive()
        time.sleep(0.01)
    run.kill()
    run.join(60)
    assert len(data.images(tmp_path / "train", "train", 16, cache=tmp_path / "cache")) == 10
