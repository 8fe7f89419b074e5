import pytest

from inpaintkit.images import write_mask
from inpaintkit.masks import FromFolder, Lines, MaskBank, Mixture, Strokes, Text, Thick


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four white-hole masks of 60×80, two per range of ratios, in folders named like NVIDIA's."""
    folder = tmp_path_factory.mktemp("masks")
    for name, ratio in (("0.1-0.2_border", (0.12, 0.18)), ("0.3-0.4_noborder", (0.32, 0.38))):
        (folder / name).mkdir()
        for i, mask in enumerate(Strokes(hole_ratio=ratio).sample(2, 60, 80, seed=1)):
            write_mask(folder / name / f"{i}.png", mask)
    (folder / "readme.txt").write_text("not a mask")
    return folder


@pytest.fixture
def make(folder):
    """A function that makes a generator of a class with its defaults, and what it cannot do without."""
    needs = {
        Mixture: {"generators": [Lines(), Text()]},
        MaskBank: {"generator": Thick(), "size": 50},
        FromFolder: {"path": folder},
    }
    return lambda generator: generator(**needs.get(generator, {}))
