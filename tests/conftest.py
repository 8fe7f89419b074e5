import os
import shutil
import socket

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import matplotlib
import numpy as np
import pytest

# They hold no examples, and two of them cannot be imported by one name.
collect_ignore_glob = ["*/conftest.py"]

matplotlib.use("Agg")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def batch():
    """Four real 32×32 crops and their masks, as float32."""
    import inpaintkit as ik

    images = ik.data.images("photos", "val", 32, count=4).as_float()
    return images, ik.masks.Lines(thickness=3, hole_ratio=(0.2, 0.3)).sample(4, 32, 32, seed=1)


@pytest.fixture
def images(batch):
    """The images of `batch` as float64, the same with noise, and their masks."""
    images, masks = batch
    noisy = np.clip(images + np.random.default_rng(1).normal(0, 0.1, images.shape), 0, 1)
    return images.astype("float64"), noisy, masks.astype("float64")


@pytest.fixture
def no_network(monkeypatch):
    """No host answers."""

    def refuse(*_, **__):
        raise OSError("the network is refused")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def browser():
    """Real Chromium, controlled by Playwright."""
    if not (chromium := shutil.which("chromium")):
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    flags = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
    flags += ("--disable-background-networking", "--disable-component-update")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()
