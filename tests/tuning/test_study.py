"""The committed search, and what is read from a search: simple fills beside it, differences within a seed."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

import inpaintkit as ik
from tuning import baselines, differences, runs, search
from tuning.tuner import Search

STUDIED = search.RESULTS / "studied-skip_autoencoder"


def test_the_committed_search_is_complete_long_enough_and_small():
    done = runs.load(STUDIED)
    grid = set(itertools.product((0.1, 0.2, 0.3, 0.4), ("adam", "sgd", "adagrad"), range(3)))
    assert {(*run["values"].values(), run["seed"]) for run in done} == grid and len(done) == len(grid)
    settings = json.loads((STUDIED / "search.json").read_text("utf-8"))["settings"]
    steps = settings["epochs"] * settings["count"] / settings["batch_size"]
    assert steps >= 600 and all(len(run["history"]["loss"]) == settings["epochs"] for run in done)
    table = pd.read_csv(STUDIED / "table.csv").drop(columns="reason")
    again = runs.table(done, "val_loss").drop(columns="reason")
    pd.testing.assert_frame_equal(table, again, check_dtype=False)
    assert sum(file.stat().st_size for file in search.RESULTS.rglob("*") if file.is_file()) < 3e6


def test_the_best_committed_configuration_beats_the_simple_fills_by_far():
    best = runs.table(runs.load(STUDIED), "val_loss").iloc[0]
    simple = baselines.load(STUDIED).loc[["masked input", "mean colour", "grey"]]
    assert best["val_ssim"] > simple["val_ssim"].max() + 0.1
    assert best["val_hole_psnr"] > simple["val_hole_psnr"].max() + 3


def test_baselines_are_measured_on_the_validation_images_of_a_search(tmp_path):
    one = Search("pconv_unet", image_size=16, count=8, masks="Lines(hole_ratio=(0.1, 0.3))")
    one.reserve_folder(tmp_path / "a")
    scores = baselines.scores(one)
    assert set(scores.index) == {"grey", *ik.baselines.CLASSICAL}
    assert scores["val_ssim"].is_monotonic_increasing
    wanted = ik.evaluation.hole_psnr(ik.baselines.telea, one.validation())
    assert scores["val_hole_psnr"]["Telea"] == pytest.approx(wanted, abs=1e-4)
    assert scores["val_ssim"]["grey"] < scores["val_ssim"]["masked input"] < scores["val_ssim"]["biharmonic"]
    baselines.write(tmp_path / "a")
    pd.testing.assert_frame_equal(baselines.load(tmp_path / "a"), scores, atol=1e-5, check_dtype=False)
    lines = baselines.lines(tmp_path / "a")
    assert list(lines) == ["masked input", "mean colour", scores.index[-1]]
    assert max(lines.values()) == pytest.approx(scores["val_ssim"].max(), abs=1e-5)


def test_paired_differences_compare_within_a_seed():
    noise = {0.1: [0.003, 0.001, 0.002], 0.2: [0.001, 0.002, 0.004], 0.4: [0, 0, 0.003]}
    done = [
        {
            "values": {"dropout": rate, "optimizer": name},
            "seed": seed,
            "best": {"val_ssim": seed / 10 + values[seed]},
        }
        for rate, values in noise.items()
        for name in ("adam", "sgd")
        for seed in range(3)
    ]
    done[-1]["best"] = None  # dropout 0.4, sgd, seed 2 failed
    table = differences.paired(done, "dropout", 0.1).set_index(["optimizer", "dropout"])
    assert table["seeds"].to_dict() == {
        ("adam", 0.2): 3, ("adam", 0.4): 3, ("sgd", 0.2): 3, ("sgd", 0.4): 2
    }  # fmt: skip
    for rate in (0.2, 0.4):
        row, change = table.loc["adam", rate], np.subtract(noise[rate], noise[0.1])
        interval = ttest_rel(noise[rate], noise[0.1]).confidence_interval(0.95)
        assert row["difference"] == pytest.approx(change.mean()) and row["higher in"] == (change > 0).sum()
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    by_optimizer = differences.paired(done, "optimizer", "adam")
    assert by_optimizer["optimizer"].tolist() == ["sgd"] * 3 and not by_optimizer["difference"].any()
    with pytest.raises(ValueError, match=r"reference=0\.3: expected one of the values of dropout"):
        differences.paired(done, "dropout", 0.3)
