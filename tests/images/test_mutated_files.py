"""Files that were damaged at random: every reader gives a right answer or a `ValueError`, nothing else."""

import io

import numpy as np
import pytest
from damaged_files import CHANGES, damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from inpaintkit import images

READERS = {
    "read_uint8": lambda file: images.read_uint8(file),
    "read_image": lambda file: images.read_image(file, (21, 17)),
    "read_mask": lambda file: images.read_mask(file, hole="white", warn=False),
    "read_exact": lambda file: images.read_exact(file).pixels,
}


def _files():
    """Small real files of all formats and modes, as bytes."""
    photograph = Image.fromarray(data.astronaut()[:40, :30])
    grey = photograph.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype("uint16") * 257)
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Pentax"
    versions = [
        *((photograph, name, {}) for name in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")),
        (photograph, "JPEG", {"exif": exif, "progressive": True}),
        (photograph, "TIFF", {"compression": "tiff_lzw", "exif": exif}),
        (photograph.convert("RGBA"), "PNG", {"exif": exif}),
        (photograph.convert("P"), "PNG", {"transparency": 0}),
        (photograph.convert("CMYK"), "TIFF", {}),
        (grey, "PNG", {}),
        (deep, "PNG", {}),
        (deep, "TIFF", {}),
        (grey.point(lambda value: 255 * (value > 99)).convert("1"), "PNG", {}),
    ]
    for image, name, options in versions:
        file = io.BytesIO()
        image.save(file, name, **options)
        yield file.getvalue()


FILES = list(_files())


def check_reader(name, content):
    file = io.BytesIO(content)
    file.name = "x.file"
    try:
        pixels = READERS[name](file)
    except ValueError as error:
        assert "x.file" in str(error)
    else:
        assert pixels.size and np.isfinite(pixels).all()
        return True


@pytest.mark.filterwarnings("ignore:x.file:UserWarning")  # a photograph is an odd mask
@pytest.mark.parametrize("name", READERS)
def test_whole_files_are_read(name):
    refused = sum(not check_reader(name, content) for content in FILES)
    assert refused == (name == "read_exact")  # CMYK


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, about a damaged part that it leaves out
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused(name):
    @settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(FILES), CHANGES)
    def check(content, changes):
        check_reader(name, damaged(content, changes))

    check()
