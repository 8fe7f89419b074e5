"""The whole flow in real Chromium: what a user does with one photograph.

With INPAINTKIT_SCREENSHOTS=images, the screenshots of README are written there.
"""

import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from serving_helpers import WAITS, png

pytestmark = pytest.mark.slow
RADIUS = 20  # of the brush, in pixels of the copy that is drawn on


class Page:
    """A tab with the page, in which an image has been chosen."""

    def __init__(self, browser, server, image, **options):
        self.requests, self.errors = [], []
        self.tab = tab = browser.new_page(**options)
        tab.set_default_timeout(WAITS * 1000)
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("pageerror", lambda error: self.errors.append(str(error)))
        tab.goto(server.url)
        self.choose(image)

    def choose(self, image):
        self.tab.set_input_files("#photo input[type=file]", image)
        self.tab.locator("#editor canvas").first.wait_for()
        self.tab.get_by_label("Brush", exact=True).wait_for()
        self.tab.wait_for_timeout(3000)  # until the image is drawn

    def stroke(self, *points):
        """Draws a line with the mouse; points in pixels from the centre of the image, on the screen."""
        box = self.tab.locator("#editor canvas").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.tab.mouse.move(x + points[0][0], y + points[0][1])
        self.tab.mouse.down()
        for dx, dy in points[1:]:
            self.tab.mouse.move(x + dx, y + dy, steps=10)
        self.tab.mouse.up()
        self.tab.wait_for_timeout(500)

    def scale(self):
        """Pixels on the screen per pixel of the copy that is drawn on."""
        return int(self.tab.locator("#editor").get_by_text(re.compile(r"^\d+%$")).inner_text()[:-1]) / 100

    def click(self, name):
        self.tab.get_by_role("button", name=name, exact=True).click()

    def upload_mask(self, path):
        with self.tab.expect_file_chooser() as chooser:
            self.click("Mask from a file")
        chooser.value.set_files(path)

    def fill(self, method):
        """Chooses a method and applies it; the line that reports."""
        self.tab.locator("#method input").click()
        self.tab.get_by_role("option", name=method, exact=True).click()
        self.click("Fill the hole")
        self.tab.locator("#text").get_by_text(f"{method} filled").wait_for()
        return self.tab.locator("#text").inner_text()

    def download(self, path):
        with self.tab.expect_download() as download:
            self.tab.locator("#download").click()
        assert download.value.suggested_filename == "inpainted.png"
        download.value.save_as(path)
        return np.asarray(Image.open(path))

    def screenshot(self, name, folder):
        self.tab.get_by_text("pixels of the hole").wait_for(state="hidden")
        self.tab.wait_for_timeout(1500)
        path = Path(os.environ.get("INPAINTKIT_SCREENSHOTS", folder), name)
        self.tab.screenshot(path=path)
        Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
        assert path.stat().st_size < 300_000


def ratio_in(report):
    """The hole ratio that the page reports, in [0, 1]."""
    return float(re.search(r"filled ([\d.]+)%", report)[1]) / 100


def near(shape, scale, start, end, distance):
    """Pixels of the image at most `distance` from a stroke; bool (H, W)."""
    (x0, y0), (x1, _) = start, end  # horizontal strokes
    rows, columns = np.indices(shape[:2], "float64")
    x, y = (columns + 0.5 - shape[1] / 2) * scale, (rows + 0.5 - shape[0] / 2) * scale
    return np.hypot(x - x.clip(x0, x1), y - y0) <= distance * scale


def test_the_whole_flow(browser, server, photograph, tmp_path):
    (tmp_path / "photograph.png").write_bytes(png(photograph))
    page = Page(browser, server, tmp_path / "photograph.png", viewport={"width": 1280, "height": 800})
    kept, undone = ((24, 83), (56, 83)), ((-60, -150), (60, -150))  # over the name tag; above the face
    page.stroke(*kept)
    page.stroke(*undone)
    page.click("Undo")
    report = page.fill("Telea")
    telea = page.download(tmp_path / "telea.png")
    assert "512×512" in report

    page.fill("photos (network)")
    learned = page.download(tmp_path / "photos.png")
    outside = ~near(photograph.shape, page.scale(), *kept, RADIUS + 4)
    inside = near(photograph.shape, page.scale(), *kept, RADIUS - 4)
    for filled in (telea, learned):
        assert filled.shape == photograph.shape and filled.dtype == photograph.dtype
        np.testing.assert_array_equal(filled[outside], photograph[outside])  # the undone stroke, too
        assert (filled[inside] != photograph[inside]).any(axis=-1).mean() > 0.5
    assert (telea != learned).any()
    assert inside.mean() <= ratio_in(report) <= 1 - outside.mean()

    page.screenshot("app.png", tmp_path)
    page.tab.locator("#before input").click()  # the earlier result on the left of the slider
    page.tab.get_by_role("option", name="Compare with Telea").click()
    for tab in ("Side by side", "Difference", "Slider"):
        page.tab.get_by_role("tab", name=tab).click()
    page.click("Start over")
    page.tab.locator("#photo input[type=file]").wait_for(state="attached")
    assert not page.tab.locator("#editor canvas").first.is_visible()
    outside_requests = [url for url in page.requests if not url.startswith((server.url, "data:", "blob:"))]
    assert not outside_requests and not page.errors


def test_masks_from_generators_and_files_at_full_size(browser, server, photograph, tmp_path):
    """On a phone. A mask file keeps its own pixels, though the copy that is drawn on is smaller."""
    image = cv2.resize(photograph, (1800, 2048), interpolation=cv2.INTER_CUBIC)  # twice the copy's size
    mask = np.zeros(image.shape[:2], "uint8")
    mask[301:304, 401:1102] = 255  # a line that begins and ends between the pixels of the copy
    for name, array in (("image.png", image), ("mask.png", mask), ("small.png", mask[:50, :50])):
        (tmp_path / name).write_bytes(png(array))
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = Page(browser, server, tmp_path / "image.png", **phone)
    page.upload_mask(tmp_path / "small.png")
    page.tab.get_by_text("send a mask of the image's size").wait_for()

    page.upload_mask(tmp_path / "mask.png")
    page.tab.wait_for_timeout(5000)
    report = page.fill("mean colour")
    filled = page.download(tmp_path / "filled.png")
    np.testing.assert_array_equal(filled[mask == 0], image[mask == 0])
    assert (filled[mask > 0] != image[mask > 0]).any(axis=-1).mean() > 0.9 and "1,800×2,048" in report

    page.click("Random mask")
    page.tab.wait_for_timeout(5000)
    page.tab.get_by_text("Show the mask").click()
    assert not page.tab.locator("#editor canvas").first.is_visible()
    page.tab.get_by_text("Show the mask").click()
    report = page.fill("mean colour")
    changed = (page.download(tmp_path / "random.png") != image).any(axis=-1).mean()
    assert 0.04 < changed < 0.16
    assert ratio_in(report) == pytest.approx(changed, abs=0.01)
    page.tab.evaluate("window.scrollTo(0, 0)")
    page.screenshot("app_phone.png", tmp_path)
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= 390

    page.click("Clear canvas")  # the editor's own button, which would throw the image away, too
    page.tab.wait_for_timeout(3000)
    page.click("Fill the hole")
    page.tab.get_by_text("the mask has no hole").wait_for()
    assert not page.errors
