"""`draw`: a mask, painted over an image in the browser, or given as strokes.

The page `canvas.html` shows a copy of the image of at most 1,024 pixels per side and answers with strokes,
not with pixels. So they are drawn at full size, and the canvas and a list of strokes give the same mask.
"""

import base64
import http.server
import io
import json
import secrets
import sys
import time
from collections.abc import Sequence
from importlib import resources

import cv2
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from inpaintkit.checks import check_type, is_count
from inpaintkit.images import check_pixels, to_uint8

SHOWN_SIDE = 1024  # pixels, at most, of the copy that is drawn on
MAX_BYTES = 10**7  # of an answer
MINUTES = 30  # to draw in


def draw(image: ArrayLike, strokes: Sequence[tuple[int, Sequence]] | None = None) -> np.ndarray:
    """A mask: what is painted over becomes the hole.

    Without strokes, the cell shows the image. Paint with the mouse, a pen or a finger, and press *Use this
    mask*; the cell waits for it. This works in Colab, in Jupyter on your own machine, and from a script,
    which prints an address to open. For a notebook on another machine give strokes, or paint the hole white
    in an image editor and read the file with `ik.images.read_mask`.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3); uint8 or float in [0, 1].
        strokes: None, or a list of (width, points): the width of the brush in pixels, and (x, y) in pixels
            from the left and from the top. One point gives a dot.

    Returns:
        float32 array (H, W, 1): 1 = known, 0 = hole.

    Raises:
        ValueError: an image of another shape; strokes of another form; nothing was painted, or everything.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image = np.zeros((40, 60, 3))
        >>> mask = ik.draw(image, strokes=[(4, [(10, 20), (50, 20)]), (9, [(30, 8)])])
        >>> mask.shape, int(mask[20, 30, 0]), int(mask[35, 30, 0])
        ((40, 60, 1), 0, 1)
    """
    image = check_pixels(image, (1, 3))
    scale = 1
    if strokes is None:
        strokes, scale = _ask(image)
    check_type("strokes", strokes, Sequence, "a list of (width, points)")
    hole = np.zeros(image.shape[:2], "uint8")
    for stroke in strokes:
        width, points = _check_stroke(stroke)
        points = np.rint(np.clip(points * scale, -(10**6), 10**6)).astype("int32")
        # twice the first one: a single point is a line of no length, with round ends
        cv2.polylines(hole, [np.concatenate([points[:1], points])], False, 1, max(1, round(width * scale)))
    if not hole.any():
        raise ValueError("nothing was painted: paint over what shall be filled, then press Use this mask")
    if hole.all():
        raise ValueError("everything is painted, so no pixel is known: use a smaller brush")
    return (hole == 0).astype("float32")[..., None]


def _check_stroke(stroke):
    """(width, points (N, 2) as floats), or a ValueError."""
    expected = "expected (width, [(x, y), ...]) in pixels, such as (20, [(10, 10), (90, 10)])"
    try:
        width, points = stroke
        points = np.asarray(points, "float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"stroke {stroke!r}: {expected}") from error
    if not (is_count(width) and points.shape[1:] == (2,) and np.isfinite(points).all()):
        raise ValueError(f"stroke {stroke!r}: {expected}")
    return min(int(width), 10_000), points


def _ask(image):
    """What is painted in the browser: a list of strokes, and how many image pixels a pixel of theirs is."""
    colors = image if image.dtype == "uint8" else to_uint8(image)
    shown = Image.fromarray(colors.reshape(colors.shape[:2]) if colors.shape[2:] == (1,) else colors)
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    file = io.BytesIO()
    shown.convert("RGB").save(file, "JPEG", quality=90)
    page = resources.files("inpaintkit.notebook").joinpath("canvas.html").read_text("utf-8")
    words = {"WIDTH": str(shown.width), "HEIGHT": str(shown.height)}
    words["IMAGE"] = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    page = page.partition("-->")[2]
    for word, value in words.items():
        page = page.replace(word, value)
    answer = _ask_in_colab(page) if "google.colab" in sys.modules else _ask_by_http(page)
    return json.loads(answer or "[]"), image.shape[1] / shown.width


def _ask_in_colab(page):
    from google.colab import output
    from IPython.display import HTML, display

    display(HTML(page))
    return output.eval_js("window.inpaintkitStrokes")  # Colab waits for a promise


def _ask_by_http(page):
    """Serves the page to this machine, at an address that nobody can guess, until the answer comes."""
    address, answers = f"/{secrets.token_urlsafe()}", []
    send = 'inpaintkitStrokes.then((strokes) => fetch("", {method: "POST", body: strokes}));'

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 30  # of a browser that connects and says nothing

        def do_GET(self):
            self.reply(200 if self.path == address else 404, f"{page}<script>{send}</script>")

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            good = self.path == address and length <= MAX_BYTES
            if good:
                answers.append(self.rfile.read(length))
            self.reply(200 if good else 404, "")

        def reply(self, status, text):
            data = text.encode() if status == 200 else b""
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Prints nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.timeout, end = 0.5, time.monotonic() + 60 * MINUTES
        _show(f"http://127.0.0.1:{server.server_port}{address}")
        while not answers:
            if time.monotonic() > end:
                raise ValueError(f"nothing was painted in {MINUTES} minutes: give strokes=[...], see help")
            server.handle_request()
    return answers[0]


def _show(url):
    """Shows a page inside a notebook; a script prints its address."""
    kernel = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if kernel is not None and hasattr(kernel, "kernel"):
        from IPython.display import IFrame, display

        display(IFrame(url, width="100%", height=800))
    print(f"If you see no image here, open {url} in a browser of this machine. To stop: interrupt the cell.")
