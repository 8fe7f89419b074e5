"""Networks compared with themselves before training."""

import random

import keras
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy as to_numpy
from samples import RATIOS, prefilled, random_start, unclonable

import inpaintkit as ik
from inpaintkit import baselines, evaluation, plots
from inpaintkit.evaluation import as_method


def test_an_untrained_network_is_the_fill_it_starts_from_and_the_same_every_time(batch):
    images, masks = batch
    network = prefilled(bias=0.1)
    before = evaluation.untrained(network)
    fill = network.get_layer("fill")([images * masks, masks])
    np.testing.assert_array_equal(as_method(before)(images, masks), np.clip(to_numpy(fill), 0, 1))
    assert np.abs(as_method(network)(images, masks) - as_method(before)(images, masks)).max() > 0.05
    assert network.get_layer("residual").bias[0] == np.float32(0.1)  # the network itself does not change
    network = random_start()
    state = random.getstate(), np.random.default_rng(0).bit_generator.state
    one, two, other = (evaluation.untrained(network, seed) for seed in (0, 0, 1))
    assert random.getstate() == state[0]
    for a, b, c in zip(*(net.get_weights() for net in (one, two, other)), strict=True):
        np.testing.assert_array_equal(a, b)
        assert not a.any() or (a != c).any()  # a bias starts at zero
    assert type(evaluation.untrained(ik.Inpainter(network))) is ik.Inpainter
    critic = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    for method in (as_method(network), ik.InpaintingGAN(network, critic)):
        np.testing.assert_array_equal(evaluation.untrained(method).get_weights()[0], one.get_weights()[0])
    with pytest.raises(ValueError, match="not a network: expected a keras"):
        evaluation.untrained(baselines.telea)
    with pytest.raises(ValueError, match="'closed' cannot be rebuilt from its config"):
        evaluation.untrained(unclonable())


@pytest.fixture(scope="module")
def added():
    """Scores and table of networks with their untrained rows, and of methods without one."""
    methods = {"Telea": baselines.telea, "better": prefilled(bias=0.02), "same": as_method(prefilled())}
    methods |= {"closed": unclonable(), "plain": lambda x, m: np.clip(x + 0.1, 0, 1)}
    images = ik.data.images("photos", "test", 32, count=24)
    scores = evaluation.score_images(methods | {"fills": images.as_float()}, images, RATIOS)
    return scores, evaluation.tabulate(scores)


def test_a_network_is_compared_with_itself_before_training(added):
    scores, table = added
    networks = {"better", "better, untrained", "same", "same, untrained", "closed"}
    assert set(table.method) == {"Telea", "plain", "fills"} | networks
    assert not table.classical[table.method.str.contains("untrained")].any()
    hole = scores[(scores.region == "hole") & (scores.output == "composite")].pivot(
        index="image", columns="method", values="psnr"
    )
    pd.testing.assert_series_equal(hole["same"], hole["same, untrained"], check_names=False, check_exact=True)
    every = table[(table.bucket == "all") & (table.region == "hole")].set_index(["method", "output"])
    difference = hole["better"] - hole["better, untrained"]
    for output in ("raw", "composite"):  # the fill does not change known pixels: its raw row is its composite
        row = every.loc["better", output]
        assert row.added_psnr == pytest.approx(difference.mean())
        assert row.added_low < row.added_psnr < row.added_high
        assert row.added_high - row.added_low < (row.psnr_high - row.psnr_low) / 3  # paired
    assert (every.loc["same", "composite"][["added_psnr", "added_low", "added_high"]] == 0).all()
    for name in ("Telea", "plain", "fills", "closed", "better, untrained"):
        rows = table[table.method == name]
        assert rows[["added_psnr", "added_low", "added_high"]].isna().all(axis=None), name
    raw = table[(table.method == "better") & (table.bucket == "all") & (table.region == "image")]
    whole = scores[(scores.region == "image")].set_index(["method", "output"]).psnr
    expected = whole["better", "raw"].mean() - whole["better, untrained", "composite"].mean()
    assert raw.added_psnr[raw.output == "raw"].item() == pytest.approx(expected)


def test_a_report_says_what_training_added(added, tmp_path):
    scores, table = added
    words = evaluation.verdict(table)
    row = table[(table.method == "better") & (table.bucket == "all") & (table.region == "hole")].iloc[0]
    by = f"Training added {row.added_psnr:+.2f} [{row.added_low:+.2f}, {row.added_high:+.2f}] dB"
    assert by in words and "Training added +0.00 [+0.00, +0.00] dB, an interval that contains zero" in words
    assert "not known: network 'closed' cannot be rebuilt" in words and "better, untrained" not in words
    text = evaluation.summary(table).set_index(["method", "output"])
    column = next(name for name in text if "training added" in name)
    assert f"{row.added_psnr:+.2f} [" in text[column]["better", "composite"]
    assert text[column]["Telea", "composite"] == text[column]["same, untrained", "composite"] == "–"
    alone = table[~table.classical].copy()
    alone.attrs = table.attrs
    assert "No classical" in evaluation.verdict(alone) and by in evaluation.verdict(alone)
    scores.drop(columns="ms").to_csv(tmp_path / "images.csv", index=False)
    again = evaluation.tabulate(pd.read_csv(tmp_path / "images.csv").assign(ms=1.0))
    np.testing.assert_allclose(again.added_low, table.added_low)
    for figure in (plots.buckets(table), plots.psnr_and_time(table)):
        drawn = {bars.get_label(): bars.lines[0] for bars in figure.axes[0].containers}
        before, after = drawn["better, untrained"], drawn["better"]
        assert before.get_color() == after.get_color() and before.get_markerfacecolor() == "none"


def test_untrained_rows_are_added_once_and_only_where_they_are_asked_for(batch):
    images, masks = batch
    methods = {"net": prefilled(bias=0.1), "net, untrained": random_start(), "fill, untrained": prefilled()}
    every, missing = evaluation.with_untrained(methods)
    assert list(every) == ["net", "net, untrained", "fill, untrained", "fill, untrained, untrained"]
    assert every["net, untrained"] is methods["net, untrained"] and not missing  # the given one is kept
    assert list(evaluation.with_untrained(every)[0]) == list(every)
    assert set(evaluation.compare({"net": methods["net"]}, images, masks, untrained=False).method) == {"net"}
    about = evaluation.validate_comparison({"net": methods["net"]}, images, masks)
    scores = evaluation.score_images({"net": methods["net"]}, images, masks)
    assert about == scores.attrs["manifest"] and list(about["methods"]) == ["net", "net, untrained"]
