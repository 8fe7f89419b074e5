"""Fills that other programs made."""

import re
import unicodedata

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import inpaintkit as ik
from inpaintkit import baselines, evaluation


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Sixty originals as BMP, and the same as fills: by the same names, and by names without zeros."""
    root, rng = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    names = {
        "o/test": "{:03d}.bmp",
        "same/test": "{:03d}.png",
        "bare/test": "{}.png",
        "mixed/Testing": "{:03d}.tif",
    }
    for i in range(60):
        image = Image.fromarray(np.kron(rng.random((4, 4, 3)) * 255, np.ones((8, 8, 1))).astype("uint8"))
        for folder, name in names.items():
            (root / folder).mkdir(parents=True, exist_ok=True)
            image.save(root / folder / name.format(i))
    return root


def psnr_of(methods, images):
    table = evaluation.compare(methods, images, ik.masks.Lines(hole_ratio=(0.1, 0.3)))
    rows = table[(table.bucket == "all") & (table.region == "hole") & (table.output == "composite")]
    return dict(zip(rows.method, rows.psnr, strict=True))


def renamed(images, names=None, order=slice(None)):
    names = tuple(names or np.array(images.names)[order])
    return ik.data.Images(images.array[order], names, "theirs", "test")


def test_fills_go_with_the_originals_of_their_names(folders):
    originals = ik.data.images(folders / "o", "test", 32, count=20)
    all_fills = ik.data.images(folders / "same", "test", 32)
    fills = {"all": all_fills, "other folder": ik.data.images(folders / "mixed", "test", 32)}
    fills["other order"] = renamed(all_fills, order=np.random.default_rng(1).permutation(60))
    fills["no folder"] = renamed(all_fills, [name.split("/")[-1] for name in all_fills.names])
    fills["windows"] = renamed(all_fills, [name.replace("/", "\\") for name in all_fills.names])
    assert psnr_of(fills, originals) == pytest.approx(dict.fromkeys(fills, 100), abs=1e-3)
    accents = [unicodedata.normalize(["NFC", "NFD"][i % 2], f"é{i}.png") for i in range(20)]
    paired = {"accents": renamed(originals, [unicodedata.normalize("NFD", name) for name in accents])}
    assert psnr_of(paired, renamed(originals, accents))["accents"] == pytest.approx(100)
    photos = ik.data.images("photos", "test", 32, count=20)  # many crops of few photographs: by position
    assert psnr_of({"photos": renamed(photos)}, photos)["photos"] == pytest.approx(100)
    assert psnr_of({"array": photos.as_float()}, photos)["array"] == pytest.approx(100)


def test_fills_whose_names_do_not_pair_up_are_refused(folders):
    originals = ik.data.images(folders / "o", "test", 32, count=20)
    bare = ik.data.images(folders / "bare", "test", 32)
    photos = ik.data.images("photos", "test", 32, count=20)
    first = originals.names[0]
    twice = renamed(originals, ["a/x.png", "a/x.jpg", *originals.names[2:]])
    for fills, images, words in (
        (bare, originals, f"0 with the name of '{first}'"),
        (renamed(bare, order=slice(20)), originals, first),
        (renamed(originals, order=slice(19)), originals, "19 for 20 originals"),
        (photos, originals, first),
        (renamed(photos, order=slice(None, None, -1)), photos, f"with the name of '{photos.names[0]}'"),
        (
            renamed(twice, [n.replace("x.", "x.b") for n in twice.names]),
            twice,
            "2 with the name of 'a/x.png'",
        ),
    ):
        for call in (evaluation.compare, evaluation.validate_comparison):
            with pytest.raises(ValueError, match=re.escape(words)):
                call({"theirs": fills}, images, "lines")


def test_arrays_in_another_order_are_noticed(batch):
    images, masks = (np.concatenate([x, x[:, :, ::-1]]) for x in batch)
    fills = baselines.telea(images, masks)
    evaluation.compare({"theirs": fills, "grey": np.full_like(images, 0.5)}, images, masks)
    with pytest.warns(UserWarning, match=r"fills 'theirs': \d of 8 look like another .* another order"):
        evaluation.validate_comparison({"theirs": fills[::-1]}, images, masks)


def test_fills_of_another_size_or_number_are_refused(batch):
    images, masks = batch
    originals = ik.data.images("photos", "val", 32, count=4)
    for fills in (images[:3], images[:, :16], ik.data.images("photos", "val", 48, count=4)):
        with pytest.raises(ValueError, match=r"'theirs' returned shape .*: expected \(4, 32, 32, 3\)"):
            evaluation.compare({"theirs": fills}, originals, masks)
    for fills in (list(images), {"0": images[0]}):
        with pytest.raises(ValueError, match=r"'theirs' is a (list|dict): .*an array"):
            evaluation.compare({"theirs": fills}, originals, masks)


def test_fills_of_other_programs_are_measured_like_a_method(batch):
    images, masks = batch
    fills = baselines.telea(images, masks)
    both = evaluation.compare({"ours": baselines.telea, "theirs": fills}, images, masks)
    ours, theirs = (both[both.method == name].reset_index(drop=True) for name in ("ours", "theirs"))
    pd.testing.assert_series_equal(ours.psnr, theirs.psnr)
    assert theirs.ms.isna().all() and ours.ms.notna().any()
    assert "–" in set(evaluation.summary(both).ms)
