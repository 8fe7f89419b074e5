"""What the tabs of browsers work on, kept between their requests."""

import collections
import io
import tempfile
import weakref

import cv2
import numpy as np
from PIL import Image

COLOR = (255, 0, 200)  # of the mask in the editor
MAX_RESULTS = 6  # that are kept to compare with
MAX_SESSIONS = 16  # whose images are kept in memory: up to 75 MB each
ORIGINAL = "Compare with the original"


class Session:
    """What one browser tab works on: an image file, its copy for the display, a mask file, results."""

    def __init__(self, image, preview, size):
        self.image, self.size, self.shown = image, size, np.asarray(open_png(preview))
        self.file_hole = self.file_shown = None
        self.results, self.folder, self.seed = {ORIGINAL: preview}, tempfile.TemporaryDirectory(), 0

    def close(self):
        """Forgets everything: memory, and the result on disk."""
        self.image = self.shown = self.file_hole = self.file_shown = self.last = None
        self.results = {}
        self.folder.cleanup()

    def set_hole(self, hole=None, full_hole=None):
        """Keeps the hole of a mask file at full size; returns what the editor shows."""
        self.file_hole, self.file_shown = full_hole, hole
        layers = []
        if hole is not None:
            layers = [np.dstack([np.full((*hole.shape, 3), COLOR, "uint8"), np.uint8(hole) * 255])]
        return {"background": self.shown, "layers": layers, "composite": None}

    def full_mask(self, drawing):
        """The mask as a PNG of the image's size, white in the hole.

        What was drawn is enlarged. Where a mask from a file is unchanged, its own pixels count.
        """
        height, width = self.shown.shape[:2]
        hole = np.zeros((height, width), bool)
        for layer in (drawing or {}).get("layers") or []:
            hole |= cv2.resize(layer[..., 3], (width, height), interpolation=cv2.INTER_NEAREST) > 0
        full = self._enlarge(hole)
        if self.file_hole is not None:
            full = np.where(self._enlarge(hole == self.file_shown), self.file_hole, full)
        file = io.BytesIO()
        Image.fromarray(full).save(file, "PNG", compress_level=1)
        return file.getvalue()

    def keep(self, name, result):
        """Keeps a result to compare the next ones with; returns the names of the earlier ones."""
        earlier = [key for key in self.results if key != name]
        for key in earlier[1 : 1 - MAX_RESULTS]:
            del self.results[key]
        self.results[name] = self.last = result
        return [key for key in self.results if key != name]

    def _enlarge(self, hole):
        return cv2.resize(np.uint8(hole), self.size, interpolation=cv2.INTER_NEAREST) > 0


class Sessions:
    """Closes the oldest sessions when there are more than `MAX_SESSIONS`."""

    def __init__(self):
        self._newest = collections.deque()

    def add(self, session):
        self._newest.append(weakref.ref(session))
        while len(self._newest) > MAX_SESSIONS:
            if oldest := self._newest.popleft()():
                oldest.close()


def open_png(data):
    """An image from the bytes of its file."""
    return Image.open(io.BytesIO(data))
