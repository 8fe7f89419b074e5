"""The benchmark of the published images of a CelebA study."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT.parent / "shared/data/reference_giminosk"


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published images are not part of the project")
def test_the_published_images_score_what_the_docs_say():
    """The numbers agree with an independent measurement, by other code, in every printed digit."""
    table = script("giminosk").short_table(script("giminosk").measure(PUBLISHED))
    rows = {line.split(" | ")[0].strip("| "): line for line in table.splitlines()}
    for method, numbers in (
        ("GAN", "| 20.09 / 0.744 | 23.06 / 0.831 | 16.42 |"),
        ("autoencoder", "| 23.20 / 0.814 | 28.07 / 0.913 | 21.43 |"),
        ("skip autoencoder", "| 27.26 / 0.915 | 28.57 / 0.921 | 21.93 |"),
        (
            "PConv (500 training images; may have seen the test)",
            "| 30.72 / 0.966 | 31.46 / 0.958 | 24.82 |",
        ),
        ("Telea", "| – | 26.79 / 0.896 |"),
        ("Navier–Stokes", "| – | 26.91 / 0.900 |"),
        ("biharmonic", "| – | 28.37 / 0.921 |"),
        ("masked input, as published", "| – | 11.35 / 0.583 |"),
    ):
        assert numbers in rows[method]
    assert table in (ROOT / "docs/giminosk.md").read_text("utf-8")


def test_a_folder_without_the_published_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=re.escape(str(tmp_path))):
        script("giminosk").measure(tmp_path)
