"""Means, intervals and reports."""

import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy as to_numpy
from samples import RATIOS, prefilled

import inpaintkit as ik
from inpaintkit import baselines, evaluation, metrics
from inpaintkit.evaluation.tables import intervals


@pytest.fixture
def table(batch):
    network = prefilled("fresh", bias=0.02)
    methods = {"masked input": baselines.masked_input, "Telea": baselines.telea, "network": network}
    methods["mean colour"] = baselines.mean_color
    return evaluation.compare(methods, *(np.concatenate([x] * 3) for x in batch))  # enough for an interval


def test_the_best_classical_method_comes_first_then_all_by_hole_psnr(table):
    composites = table[(table.output == "composite") & (table.region == "hole") & (table.bucket == "all")]
    assert composites.classical.iloc[0]
    assert composites.psnr.iloc[0] == composites.psnr[composites.classical].max()
    assert composites.psnr.iloc[1:].is_monotonic_decreasing
    assert composites.method.iloc[-1] == "masked input"


def test_every_number_is_its_metric(batch):
    images, masks = batch
    blur = np.clip(images * 0.9 + 0.03, 0, 1)
    methods = {"blur": lambda x, m: blur[: len(x)], "Telea": baselines.telea}
    table = evaluation.compare(methods, images, masks)
    table = table[table.bucket == "all"]
    rows = table[table.method == "blur"].set_index(["output", "region"])
    assert set(rows.index) == {(o, r) for o in ("raw", "composite") for r in ("image", "hole")}
    kept = np.where(masks > 0, images, blur)
    for output, image in (("raw", blur), ("composite", kept)):
        assert rows.psnr[output, "image"] == pytest.approx(np.mean(to_numpy(metrics.psnr(images, image))))
        assert rows.ssim[output, "image"] == pytest.approx(np.mean(to_numpy(metrics.ssim(images, image))))
        assert rows.dice[output, "image"] == pytest.approx(np.mean(to_numpy(metrics.dice(images, image))))
        assert rows.mae[output, "hole"] == pytest.approx(
            np.mean(to_numpy(metrics.mae(images, image, 1 - masks)))
        )
        assert np.isnan(rows.dice[output, "hole"])
    assert (rows.n == 4).all() and rows.psnr_low.isna().all()  # too few for an interval
    telea = table[table.method == "Telea"].set_index(["output", "region"])
    assert set(telea.index) == {
        ("composite", "image"),
        ("composite", "hole"),
    }  # known pixels stay
    difference = rows.psnr["composite", "hole"] - telea.psnr["composite", "hole"]
    assert rows.delta_psnr["composite", "hole"] == pytest.approx(difference)


def test_the_interval_covers_the_mean_of_the_population_as_often_as_it_says():
    rng = np.random.default_rng(0)
    low, high = intervals(rng.normal(25, 3, (40, 300)), seed=0)
    assert 0.90 <= np.mean((low <= 25) & (high >= 25)) <= 0.98
    holey = np.where(np.arange(40)[:, None] < [[40, 12, 9]], 1.0, np.nan)
    np.testing.assert_array_equal(intervals(holey, seed=0), [[1, 1, np.nan]] * 2)


def test_summary_and_verdict_describe_the_table(table, batch):
    text = evaluation.summary(table)
    assert list(text.columns[:3]) == ["method", "output", "PSNR dB"]
    assert text.method.iloc[0] == table.method.iloc[0] and "[" in text["hole PSNR dB"].iloc[0]
    assert f"Best classical method: {table.method.iloc[0]}" in evaluation.verdict(table)
    assert "network" in evaluation.verdict(table)
    known = table.dropna(subset="psnr_low")
    assert len(known) and ((known.psnr_low <= known.psnr) & (known.psnr <= known.psnr_high)).all()
    few = evaluation.compare({"a": baselines.telea, "b": lambda x, m: x}, *batch)
    assert "too few" in evaluation.verdict(few) and "[" not in evaluation.summary(few).to_string()
    alone = evaluation.compare({"b": lambda x, m: x}, *batch)
    assert "nan" not in evaluation.summary(alone).to_string() and "No classical" in evaluation.verdict(alone)
    two = table.assign(delta_low=-1.0, delta_high=1.0)
    assert "cannot be distinguished from it" in evaluation.verdict(two)
    assert isinstance(table, pd.DataFrame) and list(table.columns) == evaluation.COLUMNS


def test_scores_of_several_comparisons_are_not_paired(batch):
    images, masks = batch
    one, two = (
        evaluation.score_images({name: baselines.mean_color}, images, m)
        for name, m in (("one", masks), ("two", masks[::-1]))
    )
    with pytest.raises(ValueError, match="'two' has other images or holes than 'one'"):
        evaluation.tabulate(pd.concat([one, two]))
    with pytest.raises(ValueError, match="without a name"):
        evaluation.tabulate(one.assign(method=np.nan))


def test_buckets_hold_the_images_of_their_ratios_and_empty_ones_say_so(images):
    methods = {"Telea": baselines.telea, "mean colour": baselines.mean_color}
    scores = evaluation.score_images(methods, images, RATIOS, seed=3)
    table = evaluation.tabulate(scores)
    holes = table[(table.region == "hole") & (table.method == "Telea")].set_index("bucket")
    assert list(holes.index) == ["all", *(f"({a:g}, {b:g}]" for a, b in evaluation.BUCKETS)]
    masks = evaluation.evaluation_masks(RATIOS, seed=3, count=24, image_size=32)
    psnr = to_numpy(metrics.psnr(images.as_float(), baselines.telea(images.as_float(), masks), 1 - masks))
    ratio = ik.masks.hole_ratio(masks)
    for low, high in evaluation.BUCKETS:
        row, inside = holes.loc[f"({low:g}, {high:g}]"], (low < ratio) & (ratio <= high)
        assert row.n == inside.sum()
        if row.n:
            assert row.psnr == pytest.approx(psnr[inside].mean())
    empty = holes.loc["(0.5, 0.6]"]
    assert empty.n == 0 and empty[["psnr", "ms", "delta_psnr"]].isna().all()
    text = evaluation.by_bucket(table)
    assert text.columns[-1] == "(0.5, 0.6], n = 0" and set(text.iloc[:, -1]) == {"–"}
    assert text.iloc[0, 2].endswith("*")
    worst = evaluation.worst_images(scores, "Telea", 3)
    assert worst == np.argsort(psnr)[:3].tolist()
    with pytest.raises(ValueError, match=r"'Tela'.*'Telea'"):
        evaluation.worst_images(scores, "Tela")


def test_the_edges_of_buckets_belong_to_the_bucket_below():
    images = ik.data.images("photos", "test", 20, count=7).as_float()
    masks = np.ones((7, 400, 1), "float32")
    for mask, missing in zip(masks, (4, 40, 80, 120, 160, 200, 240), strict=True):
        mask[:missing] = 0
    table = evaluation.compare({"Telea": baselines.telea}, images, masks.reshape(7, 20, 20, 1))
    holes = table[table.region == "hole"]
    assert list(holes.bucket) == ["all", *(f"({a:g}, {b:g}]" for a, b in evaluation.BUCKETS), "elsewhere"]
    assert holes.n.tolist() == [7, 1, 1, 1, 1, 1, 1, 1]  # 1 % itself is below them all


def test_differences_are_paired(images):
    """Images differ by many decibels, two methods by tenths: only a paired interval tells them apart."""
    worse = {
        "Telea": baselines.telea,
        "worse": lambda x, m: np.clip(baselines.telea(x, m) + 0.03 * (1 - m), 0, 1),
    }
    table = evaluation.compare(worse, images, RATIOS)
    row = table[(table.bucket == "all") & (table.region == "hole") & (table.method == "worse")].iloc[0]
    assert row.delta_high < 0 and row.delta_high - row.delta_low < (row.psnr_high - row.psnr_low) / 3
    assert row.against == "Telea"


class MeanColours(ik.metrics.PerceptualMetrics):
    """In place of `ik.metrics.PerceptualMetrics`, without weights: compares mean colours."""

    def __init__(self, sharp=1.0):
        self.sharp, self.missing, self.descriptions = (
            sharp,
            {"lpips": "no such package"},
            {"kid": "mean colours"},
        )

    def per_image(self, images, filled):
        return {"feature_distance": np.abs(images - filled).mean(axis=(1, 2, 3)) * self.sharp}

    def embeddings(self, images):
        return images.mean(axis=(1, 2)) * self.sharp

    def set_distances(self, real, fake):
        return {"kid": float(np.square(real - fake).mean()), "kid_error": 0.5}


def test_perceptual_measures_go_with_the_table(images, tmp_path):
    methods = {"Telea": baselines.telea, "bright": lambda x, m: np.clip(x + 0.2, 0, 1)}
    given = {"images": images, "masks": RATIOS, "folder": tmp_path}
    scores = evaluation.score_images(methods, perceptual=MeanColours(), **given)
    table = evaluation.tabulate(scores)
    rows = table[(table.bucket == "all") & (table.region == "image")].set_index(["method", "output"])
    originals = images.as_float()
    masks = evaluation.evaluation_masks(RATIOS, 0, 24, 32)
    fills = np.clip(originals * masks + 0.2, 0, 1)
    expected = np.square(originals.mean(axis=(1, 2)) - fills.mean(axis=(1, 2))).mean()
    assert rows.kid["bright", "raw"] == pytest.approx(expected, rel=1e-4)
    assert rows.feature_distance["bright", "raw"] == pytest.approx(rows.mae["bright", "raw"], rel=1e-4)
    assert table.kid[table.bucket != "all"].isna().all() and table.kid[table.region == "hole"].isna().all()
    assert "± 0.5" in evaluation.summary(table).kid[0]
    words = evaluation.describe(table)
    assert "kid: mean colours" in words and "lpips: not available: no such package" in words
    again = evaluation.tabulate(evaluation.score_images(methods, perceptual=MeanColours(), **given))
    pd.testing.assert_frame_equal(again, table)
    with pytest.raises(ValueError, match=r"another comparison.*perceptual"):
        evaluation.score_images(methods, perceptual=MeanColours(sharp=2.0), **given)


def test_a_perfect_image_is_capped_and_a_single_one_has_no_interval(batch):
    images, masks = (x[:1] for x in batch)
    table = evaluation.compare({"truth": images, "Telea": baselines.telea}, images, masks)
    row = table[(table.method == "truth") & (table.bucket == "all")].iloc[0]
    assert row.psnr == pytest.approx(metrics.MAX_PSNR) and row.n == 1 and np.isnan(row.psnr_low)
    assert "so no intervals" in evaluation.describe(table) and "too few" in evaluation.verdict(table)
