"""Workers: a job that takes too long is stopped, a dead process is replaced, places are counted."""

import struct
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from serving_helpers import png

from inpaintkit.serving.jobs import Jobs
from inpaintkit.serving.uploads import Refused, check_job


@pytest.fixture
def jobs():
    jobs = Jobs(workers=1, waiting=1, seconds=60)
    yield jobs
    jobs.close()


def job(photograph, method="telea", side=20):
    mask = np.zeros(photograph.shape[:2], "uint8")
    mask[100 : 100 + side, 100 : 100 + side] = 255
    return {
        "image": png(photograph),
        "mask": png(mask),
        "hole": "white",
        "method": method,
        "blend": None,
        "seed": 0,
    }


@pytest.mark.slow
def test_a_job_that_takes_too_long_is_stopped_and_the_next_one_works(jobs, photograph):
    jobs.run("fill", job(photograph))
    first, jobs.seconds = jobs._workers[0].process, 1
    start = time.monotonic()
    with pytest.raises(Refused, match="more than 1 seconds and was stopped: choose") as caught:
        jobs.run("fill", job(photograph, "exemplar", side=400))
    assert caught.value.status == 504 and time.monotonic() - start < 30
    assert first.poll() is not None  # the process has ended
    jobs.seconds = 60
    progress = []
    answer = jobs.run("fill", job(photograph), lambda done, total: progress.append((done, total)))
    assert answer["width"] == 512 and progress[-1] == (400, 400)  # pixels of the hole


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(jobs, photograph):
    jobs.run("preview", {"image": png(photograph)})
    thread = threading.Timer(0.5, lambda: jobs._workers[0].process.kill())
    thread.start()
    with pytest.raises(Refused, match="process that does the work ended") as caught:
        jobs.run("fill", job(photograph, "exemplar", side=400))
    assert caught.value.status == 500
    jobs._workers[0].process.kill()  # between two jobs
    jobs._workers[0].process.wait()
    assert jobs.run("preview", {"image": png(photograph)})[1] == [512, 512]


@pytest.mark.slow
def test_a_file_that_is_no_network_is_refused(jobs, tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"nothing")
    with pytest.raises(Refused, match=r"broken\.keras: cannot be loaded"):
        jobs.load(str(tmp_path / "broken.keras"))


def test_places_are_counted(jobs):
    with jobs.place(), jobs.place():
        with pytest.raises(Refused, match="busy") as caught, jobs.place():
            raise AssertionError("there is no third place")
        assert caught.value.status == 503
    assert jobs.free == 2


def test_a_closed_server_starts_no_process_again(jobs):
    jobs.close()
    jobs.warm_up("telea")
    with pytest.raises(Refused, match="ends"):
        jobs.load("telea")
    assert not any(worker.process for worker in jobs._workers)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited on Linux only")
def test_a_tiff_whose_tags_need_a_terabyte_is_refused(jobs, photograph):
    """65,535 tags, each of which says that its value is the same 16 MB."""
    tags = b"".join(struct.pack("<HHII", 300 + k, 4, 4_000_000, 8) for k in range(65_000))
    bomb = b"II*\0\x08\0\0\0" + struct.pack("<H", 65_000) + tags + bytes(16_000_000)
    assert check_job(bomb, bomb, "telea", {"telea": "telea"})["image"] == bomb  # the server does not open it
    for sent in ({"image": bomb}, {"mask": bomb}):
        with pytest.raises(Refused, match="more memory than there is") as caught:
            jobs.run("fill", job(photograph) | sent)
        assert caught.value.status == 413
    process = jobs._workers[0].process
    assert jobs.run("fill", job(photograph))["width"] == 512 and process is jobs._workers[0].process
