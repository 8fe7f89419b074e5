import urllib.request

import numpy as np
import pytest
from serving_helpers import WAITS, png
from skimage import data

from inpaintkit import serving


@pytest.fixture(scope="session")
def photograph():
    return data.astronaut()


@pytest.fixture(scope="session")
def files(photograph):
    """An image and its mask, white in the hole, as files."""
    mask = np.zeros(photograph.shape[:2], "uint8")
    mask[100:130, 200:240] = 255
    return {"image": png(photograph), "mask": png(mask)}


@pytest.fixture(scope="session")
def server():
    """The server as a notebook starts it."""
    running = serving.app(workers=2, seconds=WAITS)
    yield running
    running.close()
    with pytest.raises(OSError):
        urllib.request.urlopen(running.url)
