"""What is kept for tabs that nobody closes is limited."""

from pathlib import Path

import numpy as np
from serving_helpers import png

from inpaintkit.serving.sessions import MAX_SESSIONS, Session, Sessions


def test_the_oldest_session_is_closed_when_there_are_too_many():
    preview, sessions = png(np.zeros((8, 8, 3), "uint8")), Sessions()
    tabs = [Session(b"image", preview, (8, 8)) for _ in range(MAX_SESSIONS + 1)]
    for tab in tabs:
        Path(tab.folder.name, "inpainted.png").write_bytes(b"result")
        sessions.add(tab)
    assert tabs[0].image is None and not tabs[0].results and not Path(tabs[0].folder.name).exists()
    assert all(tab.image and Path(tab.folder.name).exists() for tab in tabs[1:])
    for tab in tabs:
        tab.close()
