"""The HTTP interface of a running server: good requests, wrong ones, too many, and hostile ones."""

import base64
import concurrent.futures
import io
import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image, ImageOps
from serving_helpers import WAITS, png

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url, timeout=WAITS) as client:
        yield client


def refused(response, status, words):
    """Checks an answer that refuses: one sentence, without a traceback or a path."""
    assert response.status_code == status, response.text
    (detail,) = response.json().values()
    assert re.search(words, detail) and "Traceback" not in detail and not re.search(r"/\w+/|\.py", detail), (
        detail
    )


def read(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("method", ["telea", "photos"])
def test_files_give_a_png_with_the_same_known_pixels(client, files, photograph, method):
    answer = client.post("/api/inpaint", files=files, data={"method": method})
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png", answer.text
    filled, hole = read(answer.content), read(files["mask"]) > 0
    np.testing.assert_array_equal(filled[~hole], photograph[~hole])
    assert (filled[hole] != photograph[hole]).mean() > 0.5
    assert float(answer.headers["x-hole-ratio"]) == pytest.approx(hole.mean(), rel=1e-4)


def test_json_with_base64_gives_json_with_base64(client, files, photograph):
    sent = {name: base64.b64encode(data).decode() for name, data in files.items()}
    sent["image"] = f"data:image/png;base64,{sent['image']}"  # as a browser's FileReader gives it
    answer = client.post("/api/inpaint", json={**sent, "method": "heat", "hole": "white", "blend": "none"})
    about = answer.json()
    assert answer.status_code == 200 and (about["width"], about["height"]) == photograph.shape[1::-1]
    by_files = client.post("/api/inpaint", files=files, data={"method": "heat", "blend": "none"})
    assert base64.b64decode(about["image"]) == by_files.content


@pytest.mark.parametrize("kind", ["grey", "alpha", "16 bits", "turned"])
def test_what_the_file_holds_survives(client, files, photograph, kind):
    grey, rows = photograph[..., 0], np.arange(512, dtype="uint8") // 2
    image, expected, options = photograph, photograph, {}
    if kind == "grey":
        image = expected = grey
    elif kind == "16 bits":
        image = expected = grey.astype("uint16") * 257 + 1
    elif kind == "alpha":
        image = expected = np.dstack([photograph, np.broadcast_to(rows, (512, 512))])
    else:
        exif = Image.Exif()
        exif[0x0112] = 6  # shown turned by 90°
        expected, options = np.rot90(photograph, -1), {"exif": exif}
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", icc_profile=b"of a camera", **options)
    answer = client.post("/api/inpaint", files={**files, "image": file.getvalue()}, data={"method": "telea"})
    opened = Image.open(io.BytesIO(answer.content))
    filled, hole = np.asarray(ImageOps.exif_transpose(opened)), read(files["mask"]) > 0
    assert filled.dtype == expected.dtype and filled.shape == expected.shape
    np.testing.assert_array_equal(filled[~hole], expected[~hole])
    assert opened.info["icc_profile"] == b"of a camera"


def bomb(side):
    """A PNG of a few bytes whose header promises side × side pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_wrong_requests_are_refused_with_a_sentence(client, files):
    def post(changed=(), **fields):
        return client.post("/api/inpaint", files={**files, **dict(changed)}, data=fields)

    refused(client.post("/api/inpaint", files={"image": files["image"]}), 422, "mask is missing")
    text = ("photo.png", b"this is text", "image/png")
    refused(post({"image": text}), 415, "image is not an image: send a PNG")
    refused(post({"mask": text}), 415, "mask is not an image")
    for side in (10_000, 30_000, 2**31 - 1):  # 100 megapixels, and more than Pillow itself allows
        refused(post({"image": bomb(side)}), 413, "more than 40,000,000 pixels")
        refused(post({"mask": bomb(side)}), 413, "more than 40,000,000 pixels")
    refused(post({"image": bytes(21_000_000)}), 413, "20,000,000 bytes")
    refused(post({"image": files["image"][:5000]}), 400, "image: cannot read this image: .*truncated")
    mask = png(np.zeros((30, 40), "uint8"))
    refused(post({"mask": mask}), 422, r"mask is 40×30 and the image 512×512 .*: send a mask of")
    refused(post({"mask": png(np.zeros((512, 512), "uint8"))}), 422, "no hole")
    refused(post({"mask": png(np.full((512, 512), 255, "uint8"))}), 422, "nothing but hole")
    for method in ("../../etc/passwd", "/etc/passwd", "C:\\model.keras", "telea\0", "", "model.keras"):
        refused(post(method=method), 422, "method: expected one of mean_color, telea")
    refused(post(blend="lens"), 422, "'feather', 'poisson'")
    refused(post(hole="red"), 422, "'white', 'black'")
    refused(post(seed="-1"), 422, "whole number")
    refused(post(methd="telea"), 422, "unknown field 'methd'")
    refused(
        client.post("/api/inpaint", content=b"{", headers={"content-type": "application/json"}), 400, "JSON"
    )
    refused(client.post("/api/inpaint", json=[1]), 422, "JSON object")
    refused(client.post("/api/inpaint", json={"image": "?", "mask": "?"}), 422, "base64")
    refused(client.post("/api/inpaint", content=b"x"), 415, "multipart/form-data")
    refused(post(seed="9" * 5000), 422, "whole number")
    kind = {"content-type": "application/json"}
    refused(
        client.post("/api/inpaint", content=b"[" + b"[]," * 100 + b"[]]", headers=kind), 422, "nothing else"
    )
    refused(client.get("/api/health", headers={"host": "evil.example"}), 403, "http://localhost")
    refused(
        client.post("/api/inpaint", files=files, headers={"origin": "http://evil.example"}), 403, "own page"
    )
    endless, kind = (bytes(10**6) for _ in range(21)), {"content-type": "application/json"}
    refused(client.post("/api/inpaint", content=endless, headers=kind), 413, "20,000,000 bytes")


def test_methods_health_and_docs(client):
    methods = client.get("/api/methods").json()
    assert {"telea", "biharmonic", "photos", "faces"} <= set(methods["methods"]) and methods[
        "default"
    ] == "photos"
    assert client.get("/api/health").json()["status"] == "ok"
    page = client.get("/api/docs").text
    assert "POST /api/inpaint" in page and "multipart/form-data" in page
    assert not re.search(r"(src|href)=.?(https?:)?//", page)  # nothing from elsewhere
    assert client.get("/api/inpaint").status_code == 405 and client.get("/api/nothing").status_code == 404


def memory_of_children(pid):
    """Bytes of the processes that a process has started, and of theirs; what they share counts once."""
    total = 0
    children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children"))
    for child in children.split():
        about = Path(f"/proc/{child}/smaps_rollup").read_text()
        total += 1024 * int(re.search(r"^Pss:\s+(\d+)", about, re.MULTILINE)[1]) + memory_of_children(child)
    return total


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from Linux's /proc")
def test_thirty_requests_at_once(client, photograph):
    """Ten are taken (two workers, eight wait), the others refused; memory stays below 2 GB."""
    image = np.tile(photograph, (2, 3, 1))  # 1024×1536
    mask = np.zeros(image.shape[:2], "uint8")
    mask[500:900, 500:1000] = 255
    files = {"image": png(image), "mask": png(mask)}
    largest = 0
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        methods = ["telea", "photos", "heat"] * 10
        tasks = [pool.submit(client.post, "/api/inpaint", files=files, data={"method": m}) for m in methods]
        while not all(task.done() for task in tasks):
            largest = max(largest, memory_of_children(os.getpid()))
            concurrent.futures.wait(tasks, timeout=0.5)
    answers = [task.result() for task in tasks]
    good = [answer for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer not in good:
            refused(answer, 503, "busy: try again")
            assert answer.headers["retry-after"] == "60"
    assert 10 <= len(good) < 30
    np.testing.assert_array_equal(read(good[0].content)[mask == 0], image[mask == 0])
    print(f"{len(good)} of 30 taken, at most {largest / 1e9:.2f} GB")
    assert largest < 2e9
    assert client.get("/api/health").json() == {"status": "ok", "version": "0.1.0", "free_places": 10}


def test_fuzzing_from_the_schema(server):
    """Whatever is sent, the answer is one that the schema lists: no 500, and no hang."""
    run = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{server.url}/api/openapi.json",
        "--max-examples=40",
    ]
    # Bytes that fit the schema need not be an image; such requests may be refused.
    run += ["--exclude-checks=positive_data_acceptance", "--request-timeout=60", "--seed=1", "--no-color"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=WAITS)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
