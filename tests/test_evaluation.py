import keras
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import baselines, evaluation, metrics, models, plots
from inpaintkit.inpainting import as_method, composite


@pytest.fixture
def table(batch):
    network = models.unet(prefill=True, name="fresh")
    methods = {"masked input": baselines.masked_input, "Telea": baselines.telea, "network": network}
    methods["mean colour"] = baselines.mean_color
    return evaluation.compare(methods, *(np.concatenate([x] * 3) for x in batch))  # enough for an interval


def test_the_best_classical_method_comes_first_then_all_by_hole_psnr(table):
    composites = table[(table.output == "composite") & (table.region == "hole")]
    assert composites.classical.iloc[0]
    assert composites.psnr.iloc[0] == composites.psnr[composites.classical].max()
    assert composites.psnr.iloc[1:].is_monotonic_decreasing
    assert composites.method.iloc[-1] == "masked input"


def test_every_number_is_the_metric_it_says(batch):
    images, masks = batch
    blur = np.clip(images * 0.9 + 0.03, 0, 1)
    methods = {"blur": lambda x, m: blur[: len(x)], "Telea": baselines.telea}
    table = evaluation.compare(methods, images, masks)
    rows = table[table.method == "blur"].set_index(["output", "region"])
    assert set(rows.index) == {(o, r) for o in ("raw", "composite") for r in ("image", "hole")}
    kept = np.where(masks > 0, images, blur)
    for output, picture in (("raw", blur), ("composite", kept)):
        assert rows.psnr[output, "image"] == pytest.approx(np.mean(to_numpy(metrics.psnr(images, picture))))
        assert rows.ssim[output, "image"] == pytest.approx(np.mean(to_numpy(metrics.ssim(images, picture))))
        assert rows.dice[output, "image"] == pytest.approx(np.mean(to_numpy(metrics.dice(images, picture))))
        assert rows.mae[output, "hole"] == pytest.approx(
            np.mean(to_numpy(metrics.mae(images, picture, 1 - masks)))
        )
        assert np.isnan(rows.dice[output, "hole"])
    assert (rows.n == 4).all() and rows.psnr_low.isna().all()  # too few for an interval
    telea = table[table.method == "Telea"].set_index(["output", "region"])
    assert set(telea.index) == {("composite", "image"), ("composite", "hole")}  # it repaints nothing known
    difference = rows.psnr["composite", "hole"] - telea.psnr["composite", "hole"]
    assert rows.delta_psnr["composite", "hole"] == pytest.approx(difference)


def test_the_interval_covers_the_mean_of_the_population_as_often_as_it_says():
    rng = np.random.default_rng(0)
    draws = [evaluation._bootstrap(rng.normal(25, 3, 40), seed=0) for _ in range(300)]
    covered = np.mean([low <= 25 <= high for low, high in draws])
    assert 0.90 <= covered <= 0.98


def test_summary_and_verdict_say_it_in_words(table, batch):
    text = evaluation.summary(table)
    assert list(text.columns[:3]) == ["method", "output", "PSNR dB"]
    assert text.method.iloc[0] == table.method.iloc[0] and "[" in text["hole PSNR dB"].iloc[0]
    assert f"Best classical method: {table.method.iloc[0]}" in evaluation.verdict(table)
    assert "network" in evaluation.verdict(table)
    assert (table.psnr_low <= table.psnr).all() and (table.psnr <= table.psnr_high).all()
    few = evaluation.compare({"a": baselines.telea, "b": lambda x, m: x}, *batch)
    assert "too few" in evaluation.verdict(few) and "[" not in evaluation.summary(few).to_string()
    alone = evaluation.compare({"b": lambda x, m: x}, *batch)
    assert "nan" not in evaluation.summary(alone).to_string() and "No classical" in evaluation.verdict(alone)
    two = table.assign(delta_low=-1.0, delta_high=1.0)
    assert "cannot be told from it" in evaluation.verdict(two)
    assert isinstance(table, pd.DataFrame) and list(table.columns) == evaluation.COLUMNS


def test_a_method_that_works_in_place_spoils_nothing(batch):
    images, masks = batch

    def rude(holed, masks):
        holed[:] = 0.5
        masks[:] = 1
        return holed

    kept = masks.copy()
    table = evaluation.compare({"rude": rude, "Telea": baselines.telea}, images, masks).set_index("method")
    alone = evaluation.compare({"Telea": baselines.telea}, images, masks)
    assert set(table.psnr["Telea"]) == set(alone.psnr)
    np.testing.assert_array_equal(masks, kept)


def test_a_method_is_never_shown_the_hole(batch):
    images, masks = batch
    seen = []

    def spy(holed, masks):
        seen.append(holed)
        return holed

    evaluation.compare({"spy": spy}, images, masks)
    assert len(seen) > 1
    for holed in seen:
        assert (holed[np.broadcast_to(masks[: len(holed)] == 0, holed.shape)] == 0).all()


def test_keras_models_become_methods_and_methods_stay_what_they_are(batch):
    images, masks = batch
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    bright = keras.layers.Multiply()([keras.layers.Rescaling(2.0)(inputs[0]), inputs[1]])
    model = keras.Model(inputs, bright, name="bright")
    method = as_method(model, batch_size=3)
    np.testing.assert_allclose(method(images, masks), np.clip(2 * images * masks, 0, 1), atol=1e-6)
    assert method.__name__ == "bright" and as_method(baselines.telea) is baselines.telea
    kept = composite(method(images, masks), images, masks)
    np.testing.assert_array_equal(
        kept[np.broadcast_to(masks > 0, kept.shape)], images[np.broadcast_to(masks > 0, kept.shape)]
    )


def test_bad_methods_and_masks_are_explained(batch):
    images, masks = batch
    for methods, words in (
        ({}, "at least one"),
        ({"half": lambda x, m: x[:, ::2]}, "'half' returned shape"),
        ({"loud": lambda x, m: x * 2 + 0.5}, "'loud' returned"),
        ({"lost": lambda x, m: x * np.nan}, "'lost' returned"),
    ):
        with pytest.raises(ValueError, match=words):
            evaluation.compare(methods, images, masks)
    with pytest.raises(ValueError, match="without a hole"):
        evaluation.compare({"Telea": baselines.telea}, images, np.ones_like(masks))


def test_figures_have_every_column_and_curve(batch, tmp_path):
    images, masks = batch
    figure = plots.gallery(images, masks, {"Telea": baselines.telea(images, masks), "truth": images})
    titles = [axis.get_title() for axis in figure.axes[:5]]
    assert titles == ["input", "mask", "Telea", "truth", "original"] and len(figure.axes) == 20
    assert figure.axes[3].xaxis.label.get_weight() == "bold"  # the better of the row
    figure.savefig(tmp_path / "gallery.png")
    marked = plots.mark(images, masks)
    assert np.allclose(marked[np.broadcast_to(masks == 0, marked.shape)].reshape(-1, 3), plots.MARK)
    history = {"loss": [2, 1], "val_loss": [2, 1.5], "learning_rate": [1, 1], "hole_psnr": [20, 21]}
    figure = plots.curves(history, {"hole_psnr": {"biharmonic": 22}})
    assert [axis.get_title() for axis in figure.axes] == ["loss", "hole PSNR, dB"]
    assert len(figure.axes[0].lines) == 2 and len(figure.axes[1].lines) == 2
