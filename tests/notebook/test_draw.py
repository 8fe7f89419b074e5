"""`ik.draw`: strokes as masks; the canvas in real Chromium, as Colab shows it and as Jupyter does."""

import json
import re
import sys
import threading
import types
import urllib.error
import urllib.request

import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit.notebook import drawing

STROKES = [(30, [(100, 100), (300, 100)]), (50, [(200, 250)])]  # a line and a dot


@pytest.fixture
def colab(monkeypatch):
    """A stand-in for google.colab: a dict with the page that was shown and the answer of `eval_js`."""
    state = {}
    module = types.ModuleType("google.colab")
    module.output = types.SimpleNamespace(eval_js=lambda script: state["answer"](script))
    for name, each in (("google", types.ModuleType("google")), ("google.colab", module)):
        monkeypatch.setitem(sys.modules, name, each)
    monkeypatch.setattr("IPython.display.display", lambda html: state.update(page=html.data))
    return state


def distances(points, shape):
    """The distance of each pixel from a point, or from a horizontal line."""
    (x0, y), (x1, _) = points[0], points[-1]
    rows, columns = np.indices(shape)
    return np.hypot(columns - columns.clip(x0, x1), rows - y)


def assert_strokes(mask, strokes=STROKES, scale=1, tolerance=2.5):
    """The hole is what lies within half a width of a stroke; a pixel or two of the rim may differ."""
    assert mask.dtype == "float32" and mask.shape[2] == 1 and set(np.unique(mask)) == {0, 1}
    inside = outside = False
    for width, points in strokes:
        distance = distances(scale * np.array(points), mask.shape[:2])
        inside |= distance < scale * width / 2 - tolerance
        outside |= distance < scale * width / 2 + tolerance
    assert inside.any() and not mask[inside].any() and mask[~outside].all()


def test_strokes_are_the_hole():
    for image in (np.zeros((400, 500, 3)), np.zeros((400, 500), "uint8")):
        assert_strokes(ik.draw(image, STROKES))
    thin = ik.draw(np.zeros((40, 50)), [(1, [(10, 20), (19, 20)])])
    assert np.argwhere(thin[..., 0] == 0).tolist() == [[20, x] for x in range(10, 20)]
    assert (ik.draw(np.zeros((40, 50)), [(3, [(-1e12, 20), (1e12, 20)])])[20] == 0).all()  # clipped


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "nothing was painted"),
        ([(5, [(-90, -90)])], "nothing was painted"),
        ([(900, [(20, 20)])], "everything is painted"),
        ([(0, [(1, 1)])], r"stroke \(0, .*expected \(width"),
        ([(2.5, [(1, 1)])], "expected"),
        ([(5, [(1, 1, 1)])], "expected"),
        ([(5, [])], "expected"),
        ([(5, [(1, float("nan"))])], "expected"),
        ([(5, 7)], "expected"),
        ([5], "stroke 5: expected"),
    ],
)
def test_wrong_strokes_get_a_sentence(strokes, message):
    with pytest.raises(ValueError, match=message):
        ik.draw(np.zeros((40, 50, 3)), strokes)


@pytest.mark.parametrize("shape", [(4, 40, 50, 3), (40, 50, 4), (0, 50, 3), (50,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="image of shape"):
        ik.draw(np.zeros(shape), STROKES)


def test_in_colab_the_answer_of_the_canvas_is_drawn_at_full_size(colab):
    def answer(script):
        assert script == "window.inpaintkitStrokes"
        assert re.search(r'<canvas width="1024" height="512"', colab["page"])
        return json.dumps(STROKES)

    colab["answer"] = answer
    assert_strokes(ik.draw(np.zeros((2048, 4096, 3), "uint8")), scale=4, tolerance=5)


@pytest.mark.parametrize("answer", ["[]", "", None])
def test_a_canvas_without_a_stroke_gets_a_sentence(colab, answer):
    colab["answer"] = lambda script: answer
    with pytest.raises(ValueError, match="nothing was painted: paint over"):
        ik.draw(np.zeros((40, 50, 3)))


@pytest.fixture
def served(monkeypatch):
    """Starts `draw` as outside Colab; a function that returns the page's address and how to get the mask."""

    def start(image):
        address, ready, result = [], threading.Event(), []
        monkeypatch.setattr(drawing, "_show", lambda url: (address.append(url), ready.set()))
        thread = threading.Thread(target=lambda: result.append(ik.draw(image)), daemon=True)
        thread.start()
        assert ready.wait(60)

        def mask():
            thread.join(60)
            assert not thread.is_alive()
            return result[0]

        return address[0], mask

    return start


def test_outside_colab_a_page_of_this_machine_asks(served):
    url, mask = served(np.full((400, 500, 3), 0.5))
    with urllib.request.urlopen(url) as page:
        assert "data:image/jpeg;base64," in page.read().decode()
    for wrong in (url.rpartition("/")[0] + "/", url + "x"):  # other pages of the browser cannot guess it
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(wrong)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(wrong, data=b"[[9, [[1, 1]]]]")
    urllib.request.urlopen(url, data=json.dumps(STROKES).encode()).close()
    assert_strokes(mask())


def test_it_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(drawing, "MINUTES", 0)
    with pytest.raises(ValueError, match="nothing was painted in 0 minutes"):
        ik.draw(np.zeros((40, 50, 3)))


def paint(tab):
    """What a reader does: three strokes, of which one is undone, and then *Use this mask*."""
    tab.locator("canvas").wait_for()
    box = tab.locator("canvas").bounding_box()
    scale = box["width"] / 500  # the page may be narrower than the image
    undone = (30, [(20, 380), (480, 380)])
    for width, points in (STROKES[0], undone, STROKES[1]):
        tab.get_by_label("Brush").fill(str(width))
        (x, y), *others = points
        tab.mouse.move(box["x"] + x * scale, box["y"] + y * scale)
        tab.mouse.down()
        for x, y in others:
            tab.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=10)
        tab.mouse.up()
        if points is undone[1]:
            tab.get_by_role("button", name="Undo").click()
    tab.get_by_role("button", name="Use this mask").click()
    tab.get_by_role("status").get_by_text("The notebook has the mask.").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_the_canvas_as_colab_shows_it(browser, colab, width):
    tab, errors = browser.new_page(viewport={"width": width, "height": 800}), []
    tab.on("pageerror", lambda error: errors.append(str(error)))

    def answer(script):
        tab.set_content(colab["page"])
        paint(tab)
        return tab.evaluate(script)  # waits for a promise, as Colab does

    colab["answer"] = answer
    assert_strokes(ik.draw(np.full((400, 500, 3), 0.5)), tolerance=2.5 if width == 1280 else 4)
    tab.mouse.move(5, 5)
    before = tab.evaluate("document.querySelector('canvas').toDataURL()")
    tab.get_by_role("button", name="Clear").click()  # too late: the notebook has the mask
    assert tab.evaluate("document.querySelector('canvas').toDataURL()") == before and not errors


@pytest.mark.slow
def test_the_canvas_as_jupyter_shows_it(browser, served):
    url, mask = served(np.full((400, 500, 3), 0.5))
    tab = browser.new_page()
    tab.goto(url)
    tab.locator("canvas").click()
    tab.get_by_role("button", name="Clear").click()
    paint(tab)
    assert_strokes(mask())


@pytest.mark.slow
def test_the_canvas_says_when_nothing_is_painted(browser, colab):
    tab = browser.new_page()

    def answer(script):
        tab.set_content(colab["page"])
        tab.get_by_role("button", name="Use this mask").click()
        tab.get_by_role("status").get_by_text("Nothing was painted.").wait_for()
        return tab.evaluate(script)

    colab["answer"] = answer
    with pytest.raises(ValueError, match="nothing was painted"):
        ik.draw(np.full((400, 500, 3), 0.5))
