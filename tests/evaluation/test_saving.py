"""Saved comparisons."""

import numpy as np
import pandas as pd
import pytest
from samples import RATIOS, prefilled

import inpaintkit as ik
from inpaintkit import baselines, evaluation, plots


def test_only_what_was_scored_can_be_saved(batch, tmp_path):
    images, masks = batch
    network = prefilled(bias=0.1)
    methods = {"net": network, "mean colour": baselines.mean_color}
    scores = evaluation.score_images(methods, images, masks, metrics="scikit-image")
    for other in ({"images": images[::-1]}, {"masks": masks[::-1]}, {"methods": {"net": network}}):
        with pytest.raises(ValueError, match="not those of the scores"):
            evaluation.save_comparison(
                tmp_path, scores, **{"methods": methods, "images": images, "masks": masks} | other
            )
    network.get_layer("residual").bias.assign([0.3] * 3)  # trained further
    with pytest.raises(ValueError, match="'net' fills otherwise"):
        evaluation.save_comparison(tmp_path, scores, methods, images, masks)


@pytest.mark.slow
def test_galleries_show_the_numbers_of_their_metric_definition(batch, tmp_path, monkeypatch):
    # 64×64 pixels, for a window of 51
    images, masks = (np.repeat(np.repeat(x, 2, axis=1), 2, axis=2) for x in batch)
    methods = {"Telea": baselines.telea, "mean colour": baselines.mean_color}
    shown, gallery = [], plots.gallery
    scores = evaluation.score_images(methods, images, masks, metrics="edgeconnect")
    monkeypatch.setattr(plots, "gallery", lambda *x, **y: shown.append(gallery(*x, **y)) or shown[-1])
    evaluation.save_comparison(tmp_path, scores, methods, images, masks)
    hole = scores[(scores.region == "hole") & (scores.output == "composite") & (scores.method == "Telea")]
    labels = [axis.get_xlabel() for axis in shown[0].axes[2::5]]
    assert labels == [f"hole {value:.1f} dB" for value in hole.psnr]
    small = [batch[0][:, :10, :10], np.ones((4, 10, 10, 1))]  # too small for the window of another definition
    small[1][:, 4:6] = 0
    scores = evaluation.score_images(methods, *small, metrics="scikit-image")
    evaluation.save_comparison(tmp_path / "small", scores, methods, *small)


@pytest.mark.slow
def test_the_gallery_of_the_worst_images_is_of_a_trained_network(batch, tmp_path, monkeypatch):
    images, masks = batch
    given = ({"worse": prefilled(bias=0.5)}, images, masks)  # worse than before training
    seen = []
    gallery = plots.gallery
    monkeypatch.setattr(plots, "gallery", lambda *x, **y: seen.append(gallery(*x, **y)) or seen[-1])
    scores = evaluation.score_images(*given, folder=tmp_path)
    evaluation.save_comparison(tmp_path, scores, *given)
    assert [axis.get_title() for axis in seen[0].axes[2:4]] == ["worse", "worse,\nuntrained"]
    assert "worse fails" in seen[1].get_suptitle()
    assert len(list((tmp_path / "scores").iterdir())) == 2
    again = evaluation.score_images(*given, folder=tmp_path)  # nothing is measured again
    pd.testing.assert_frame_equal(again, scores)


def test_everything_is_saved(images, tmp_path):
    given = ({"Telea": baselines.telea, "mean colour": baselines.mean_color}, images, RATIOS)
    scores = evaluation.score_images(*given, folder=tmp_path)
    text = evaluation.save_comparison(tmp_path, scores, *given)
    names = {"gallery.png", "worst.png", "buckets.png", "time.png", "table.csv", "table.md", "images.csv"}
    assert {p.name for p in tmp_path.iterdir()} == names | {"manifest.json", "scores"}
    assert "Protocol: " in text and "n = 0" in text
    assert (tmp_path / "table.md").read_text().startswith("| method")
    table = pd.read_csv(tmp_path / "table.csv")
    again = evaluation.tabulate(pd.read_csv(tmp_path / "images.csv"))
    np.testing.assert_allclose(again.psnr, table.psnr)
    with pytest.raises(ValueError, match="no manifest"):
        evaluation.describe(again)
    with pytest.raises(ValueError, match="not those of the scores"):
        evaluation.save_comparison(tmp_path, scores, *given, seed=1)


def test_the_sanity_panel_shows_which_metric_can_be_fooled():
    # Giminosk's soft Dice scores an all-white image above the truth on bright images.
    bright = ik.data.images("photos", "test", 32, count=6).as_float() * 0.3 + 0.6
    panel = evaluation.sanity_panel(bright, RATIOS)
    assert list(panel.index) == ["the truth", "white", "grey", "masked input"]
    assert panel.dice["white"] > panel.dice["the truth"]
    assert panel.dice_squared.idxmax() == panel.ssim.idxmax() == panel.psnr.idxmax() == "the truth"
    assert panel.psnr["the truth"] == pytest.approx(100) and panel.mae["the truth"] == 0
