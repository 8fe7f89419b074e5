import functools
import hashlib
import json
import random
import re
import unicodedata

import keras
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy as to_numpy
from PIL import Image

import inpaintkit as ik
from inpaintkit import baselines, evaluation, metrics, models, plots
from inpaintkit.evaluation import as_method, manifests, scoring
from inpaintkit.images import composite


@pytest.fixture
def table(batch):
    network = models.unet(prefill=True, name="fresh")
    methods = {"masked input": baselines.masked_input, "Telea": baselines.telea, "network": network}
    methods["mean colour"] = baselines.mean_color
    return evaluation.compare(methods, *(np.concatenate([x] * 3) for x in batch))  # enough for an interval


def test_the_best_classical_method_comes_first_then_all_by_hole_psnr(table):
    composites = table[(table.output == "composite") & (table.region == "hole") & (table.bucket == "all")]
    assert composites.classical.iloc[0]
    assert composites.psnr.iloc[0] == composites.psnr[composites.classical].max()
    assert composites.psnr.iloc[1:].is_monotonic_decreasing
    assert composites.method.iloc[-1] == "masked input"


def test_every_number_is_the_metric_it_says(batch):
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
    assert set(telea.index) == {("composite", "image"), ("composite", "hole")}  # it repaints nothing known
    difference = rows.psnr["composite", "hole"] - telea.psnr["composite", "hole"]
    assert rows.delta_psnr["composite", "hole"] == pytest.approx(difference)


def test_the_interval_covers_the_mean_of_the_population_as_often_as_it_says():
    rng = np.random.default_rng(0)
    low, high = evaluation.comparison._intervals(rng.normal(25, 3, (40, 300)), seed=0)
    assert 0.90 <= np.mean((low <= 25) & (high >= 25)) <= 0.98
    holey = np.where(np.arange(40)[:, None] < [[40, 12, 9]], 1.0, np.nan)
    np.testing.assert_array_equal(evaluation.comparison._intervals(holey, seed=0), [[1, 1, np.nan]] * 2)


def test_summary_and_verdict_say_it_in_words(table, batch):
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
    assert set(table.psnr["Telea"].dropna()) == set(alone.psnr.dropna())
    np.testing.assert_array_equal(masks, kept)


def test_a_method_is_never_shown_the_hole(batch):
    images, masks = batch
    seen = []

    def spy(holed, masks):
        seen.append((holed, masks))
        return holed

    evaluation.compare({"spy": spy}, images, masks)
    assert len(seen) > 1
    for holed, known in seen:
        assert (holed[np.broadcast_to(known == 0, holed.shape)] == 0).all()


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


def test_a_network_is_run_without_the_machinery_of_predict(batch, monkeypatch):
    images, masks = batch
    network, seen = prefilled(), []
    run = keras.Model.predict_on_batch
    monkeypatch.setattr(network, "predict", lambda *_, **__: pytest.fail("a data pipeline at each call"))
    monkeypatch.setattr(keras.Model, "predict_on_batch", lambda net, x: seen.append(len(x[0])) or run(net, x))
    whole = as_method(network)(images, masks)
    assert seen == [4] and whole.dtype == np.float32  # memory is that of a batch
    np.testing.assert_allclose(as_method(network, batch_size=3)(images, masks), whole, atol=1e-6)
    assert seen == [4, 3, 1]
    seen.clear()
    evaluation.score_images({"net": network}, images, masks, batch_size=3, untrained=False)
    assert seen == [1, 1, 3, 1, 3, 1]  # two trials; each size of batch outside the clock; then by the clock


def test_of_several_outputs_the_first_is_the_fill(batch):
    images, masks = batch
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    fill, other = keras.layers.Rescaling(0.5)(inputs[0]), keras.layers.Rescaling(0.25)(inputs[0])
    for outputs in ([fill, other], (fill, other), {"z": fill, "a": other}):
        filled = as_method(keras.Model(inputs, outputs))(images, masks)
        np.testing.assert_allclose(filled, images * masks / 2, atol=1e-6)

    class Own(keras.Model):
        def call(self, x):
            return x[0]

    with pytest.raises(ValueError, match=r"has 0 inputs: expected \[image, mask\]"):
        as_method(Own())


def test_bad_methods_and_masks_are_explained(batch):
    images, masks = batch
    for methods, words in (
        ({}, "at least one"),
        ({"half": lambda x, m: x[:, ::2]}, "'half' returned shape"),
        ({"loud": lambda x, m: x * 2 + 0.5}, "'loud' returned"),
        ({"lost": lambda x, m: x * np.nan}, "'lost' returned NaN"),
        ({"cut": images[:2]}, "'cut' returned shape"),
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


def prefilled(name="tiny", bias=0.0):
    """A network that starts from a fill, as `unet(prefill=True)` does; `bias` is what training added."""
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    fill = ik.layers.PushPull(name="fill")([image, mask])
    residual = keras.layers.Conv2D(3, 1, kernel_initializer="zeros", name="residual")(fill)
    network = keras.Model([image, mask], keras.layers.Add()([fill, residual]), name=name)
    network.get_layer("residual").bias.assign([bias] * 3)
    return network


def random_start():
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    hidden = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    return keras.Model([image, mask], keras.layers.Conv2D(3, 1, activation="sigmoid")(hidden), name="start")


class Unclonable(keras.layers.Layer):
    def __init__(self, secret):
        super().__init__()

    def call(self, x):
        return x


def unclonable():
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    return keras.Model([image, mask], Unclonable(object())(image), name="closed")


def test_an_untrained_network_is_the_fill_it_starts_from_and_the_same_every_time(batch):
    images, masks = batch
    network = prefilled(bias=0.1)
    before = evaluation.untrained(network)
    fill = network.get_layer("fill")([images * masks, masks])
    np.testing.assert_array_equal(as_method(before)(images, masks), np.clip(to_numpy(fill), 0, 1))
    assert np.abs(as_method(network)(images, masks) - as_method(before)(images, masks)).max() > 0.05
    assert network.get_layer("residual").bias[0] == np.float32(0.1)  # the network itself stays trained
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
    """Scores and table of networks beside themselves before training, and of what has no such row."""
    methods = {"Telea": baselines.telea, "better": prefilled(bias=0.02), "same": as_method(prefilled())}
    methods |= {"closed": unclonable(), "plain": lambda x, m: np.clip(x + 0.1, 0, 1)}
    images = ik.data.images("photos", "test", 32, count=24)
    scores = evaluation.score_images(methods | {"fills": images.as_float()}, images, RATIOS)
    return scores, evaluation.tabulate(scores)


def test_a_network_stands_beside_itself_before_training(added):
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
    for output in ("raw", "composite"):  # the fill leaves known pixels alone: its raw row is its composite
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
    assert by in words and "Training added +0.00 [+0.00, +0.00] dB, which cannot be told" in words
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
    assert every["net, untrained"] is methods["net, untrained"] and not missing  # one's own goes first
    assert list(evaluation.with_untrained(every)[0]) == list(every)
    assert set(evaluation.compare({"net": methods["net"]}, images, masks, untrained=False).method) == {"net"}
    about = evaluation.manifest({"net": methods["net"]}, images, masks)
    scores = evaluation.score_images({"net": methods["net"]}, images, masks)
    assert about == scores.attrs["manifest"] and list(about["methods"]) == ["net", "net, untrained"]


def test_the_untrained_network_is_no_hero_and_is_kept(batch, tmp_path, monkeypatch):
    images, masks = batch
    given = ({"spoilt": prefilled(bias=0.5)}, images, masks)  # worse than before training
    seen = []
    gallery = plots.gallery
    monkeypatch.setattr(plots, "gallery", lambda *x, **y: seen.append(gallery(*x, **y)) or seen[-1])
    scores = evaluation.score_images(*given, folder=tmp_path)
    evaluation.save_comparison(tmp_path, scores, *given)
    assert [axis.get_title() for axis in seen[0].axes[2:4]] == ["spoilt", "spoilt,\nuntrained"]
    assert "spoilt fails" in seen[1].get_suptitle()
    assert len(list((tmp_path / "scores").iterdir())) == 2
    again = evaluation.score_images(*given, folder=tmp_path)  # nothing is made anew: the times are those kept
    pd.testing.assert_frame_equal(again, scores)


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
        (bare, originals, f"none has the name of the original '{first}'"),
        (renamed(bare, order=slice(20)), originals, first),
        (renamed(originals, order=slice(19)), originals, "19 for 20 originals"),
        (photos, originals, first),
        (renamed(photos, order=slice(None, None, -1)), photos, "several of the same name"),
        (renamed(twice, [n.replace("x.", "x.b") for n in twice.names]), twice, "several of the same name"),
    ):
        for call in (evaluation.compare, evaluation.validate_comparison, evaluation.manifest):
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
        with pytest.raises(ValueError, match=r"method 'theirs' is a (list|dict) of .*an array"):
            evaluation.compare({"theirs": fills}, originals, masks)


def test_a_random_method_can_be_resumed_and_an_edited_one_cannot(batch, tmp_path):
    images, masks = batch

    def noisy(strength, more=0):
        rng = np.random.default_rng()

        def fill(x, m):
            return np.clip(baselines.mean_color(x, m) + (strength + more) * rng.random(x.shape), 0, 1)

        return fill

    given = {"images": images, "masks": masks, "folder": tmp_path}
    scores = evaluation.score_images({"noisy": noisy(0.1)}, **given)
    with pytest.warns(UserWarning, match="'noisy' .* fills noise differently"):
        again = evaluation.score_images({"noisy": noisy(0.1)}, **given)
    pd.testing.assert_frame_equal(again, scores)
    for other in (noisy(0.2), lambda x, m: noisy(0.1)(x, m), functools.partial(noisy(0.1))):
        with pytest.raises(ValueError, match="its methods differ; the methods: noisy"):
            evaluation.score_images({"noisy": other}, **given)
    network = {"kind": "network", "weights_sha256": "a", "fill_of_noise_sha256": "b"}
    about = {"methods": {"net": network}, "seed": 0}
    with pytest.warns(UserWarning, match="'net' .* fills noise differently"):  # as on another device
        manifests.check_same(
            about, {**about, "methods": {"net": network | {"fill_of_noise_sha256": "c"}}}, ""
        )
    with pytest.raises(ValueError, match="its methods differ; the methods: net"):
        manifests.check_same(about, {**about, "methods": {"net": network | {"weights_sha256": "c"}}}, "")


class Sampler:
    """Random, with settings of its own."""

    def __init__(self, steps):
        self.steps = steps

    def fill(self, x, m, low=0.0):
        return np.clip(x * m + low + np.random.default_rng().random(x.shape) * (1 - m), 0, 1)


class Bare:
    __slots__ = ()

    def __call__(self, x, m):
        return Sampler(1).fill(x, m)


def test_the_settings_of_a_random_method_are_part_of_it(batch):
    def identity(method):
        about = evaluation.manifest({"m": method}, *batch)["methods"]["m"]
        return {key: value for key, value in about.items() if key != "fill_of_noise_sha256"}

    for make in (lambda s: Sampler(s).fill, lambda s: functools.partial(Sampler(1).fill, low=s)):
        assert identity(make(0.1)) == identity(make(0.1)) != identity(make(0.2))
    assert identity(Bare())["random"]


def test_a_network_built_again_with_the_same_weights_is_the_same(batch, tmp_path):
    images, masks = batch
    first, again = prefilled(bias=0.1), prefilled(bias=0.1)  # Keras names the second's layers otherwise
    again.set_weights(first.get_weights())
    for network in (first, again):
        evaluation.score_images({"net": network}, images, masks, folder=tmp_path / "scores")


def test_a_function_that_was_edited_is_told_apart(batch):
    def identity(method):
        return evaluation.manifest({"m": method}, *batch)["methods"]["m"]

    # Both do the same to noise; only in a bright image do they differ.
    one, two = (eval(f"lambda x, m: x if x.min() < {low} else x * 0 + 0.5") for low in (0.5, 0.6))
    assert identity(one) != identity(two) and identity(one) == identity(one)
    one.classical = two.classical = True
    assert identity(one) != identity(two)
    radii = [functools.partial(baselines.telea, radius=radius) for radius in (3, 9)]
    assert identity(radii[0]) != identity(radii[1])
    spellings = [
        eval(f"lambda x, m: x if x.sum() in {words} else x") for words in ("{'a', 'b'}", "{'b', 'a'}")
    ]
    assert identity(spellings[0]) == identity(spellings[1])


def test_what_is_written_down_must_be_what_was_scored(batch, tmp_path):
    images, masks = batch
    network = prefilled(bias=0.1)
    methods = {"net": network, "mean colour": baselines.mean_color}
    scores = evaluation.score_images(methods, images, masks, metrics="scikit-image")
    for other in ({"images": images[::-1]}, {"masks": masks[::-1]}, {"methods": {"net": network}}):
        with pytest.raises(ValueError, match="not those of the scores"):
            evaluation.save_comparison(
                tmp_path, scores, **{"methods": methods, "images": images, "masks": masks} | other
            )
    network.get_layer("residual").bias.assign([0.3] * 3)  # trained on
    with pytest.raises(ValueError, match="the methods: net"):
        evaluation.save_comparison(tmp_path, scores, methods, images, masks)


def test_galleries_show_the_numbers_of_their_metric_definition(batch, tmp_path, monkeypatch):
    images, masks = (
        np.repeat(np.repeat(x, 2, axis=1), 2, axis=2) for x in batch
    )  # 64×64, for a window of 51
    methods, shown, gallery = (
        {"Telea": baselines.telea, "mean colour": baselines.mean_color},
        [],
        plots.gallery,
    )
    scores = evaluation.score_images(methods, images, masks, metrics="edgeconnect")
    monkeypatch.setattr(plots, "gallery", lambda *x, **y: shown.append(gallery(*x, **y)) or shown[-1])
    evaluation.save_comparison(tmp_path, scores, methods, images, masks)
    hole = scores[(scores.region == "hole") & (scores.output == "composite") & (scores.method == "Telea")]
    labels = [axis.get_xlabel() for axis in shown[0].axes[2::5]]
    assert labels == [f"{value:.1f} dB" for value in hole.psnr]
    small = [batch[0][:, :10, :10], np.ones((4, 10, 10, 1))]  # too small for the window of another definition
    small[1][:, 4:6] = 0
    scores = evaluation.score_images(methods, *small, metrics="scikit-image")
    evaluation.save_comparison(tmp_path / "small", scores, methods, *small)


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


def test_hole_psnr_refuses_a_fill_of_another_shape():
    pairs = ik.data.pairs(ik.data.images("photos", "val", 32, count=4), RATIOS, shuffle=False)
    assert evaluation.hole_psnr(lambda x, m: x, pairs) < 20
    with pytest.raises(ValueError, match=r"returned shape \(4, 32, 32, 1\)"):
        evaluation.hole_psnr(lambda x, m: x[..., :1], pairs)


RATIOS = ik.masks.Lines(thickness=3, hole_ratio=(0.05, 0.35))


@pytest.fixture(scope="module")
def images():
    return ik.data.images("photos", "test", 32, count=24)


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
    with pytest.raises(ValueError, match="expected one of"):
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
        "worse": lambda x, m: np.clip(baselines.telea(x, m) + 0.01 * (1 - m), 0, 1),
    }
    table = evaluation.compare(worse, images, RATIOS)
    row = table[(table.bucket == "all") & (table.region == "hole") & (table.method == "worse")].iloc[0]
    assert row.delta_high < 0 and row.delta_high - row.delta_low < (row.psnr_high - row.psnr_low) / 3
    assert row.against == "Telea"


class Eyes:
    """In place of `ik.metrics.PerceptualMetrics`, without weights: sees the mean colour."""

    def __init__(self, sharp=1.0):
        self.sharp, self.missing, self.descriptions = (
            sharp,
            {"lpips": "no such package"},
            {"kid": "mean colours"},
        )

    def per_image(self, images, filled):
        return {"feature_distance": np.abs(images - filled).mean(axis=(1, 2, 3)) * self.sharp}

    def embed(self, images):
        return images.mean(axis=(1, 2)) * self.sharp

    def distances(self, real, fake):
        return {"kid": float(np.square(real - fake).mean()), "kid_error": 0.5}


def test_perceptual_measures_go_with_the_table(images, tmp_path):
    methods = {"Telea": baselines.telea, "bright": lambda x, m: np.clip(x + 0.2, 0, 1)}
    given = {"images": images, "masks": RATIOS, "folder": tmp_path}
    scores = evaluation.score_images(methods, perceptual=Eyes(), **given)
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
    again = evaluation.tabulate(evaluation.score_images(methods, perceptual=Eyes(), **given))
    pd.testing.assert_frame_equal(again, table)
    with pytest.raises(ValueError, match="its perceptual differ"):
        evaluation.score_images(methods, perceptual=Eyes(sharp=2.0), **given)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"methods": [baselines.telea]}, "expected .name: method."),
        ({"methods": {"a": "telea"}}, "method 'a' is 'telea'"),
        ({"masks": ik.masks.Lines}, r"expected a kind of hole, Lines\(…\)"),
        ({"masks": "blobs"}, "expected one of lines"),
        ({"batch_size": 0}, "batch_size=0: expected a whole number, 1 or more"),
        ({"seed": None}, "seed=None"),
        ({"images": np.full((4, 32, 32, 3), 200, "uint8")}, "divide 8-bit images by 255"),
        ({"images": np.full((4, 32, 32, 3), np.nan, "float32")}, "under the hole too"),
        ({"images": np.zeros((4, 32, 32), "float32")}, "expected .images, height, width, 3."),
        ({"images": np.zeros((0, 32, 32, 3), "float32")}, "0 images"),
        ({"metrics": "edgeconnect"}, "51×51"),
    ],
)
def test_bad_input_is_explained(batch, changed, words):
    given = {"methods": {"Telea": baselines.telea}, "images": batch[0], "masks": batch[1]}
    with pytest.raises(ValueError, match=words):
        evaluation.compare(**given | changed)


def test_a_method_that_raises_is_named(batch):
    def broken(images, masks):
        if len(images) > 1:
            raise KeyError("gone")
        return images

    with pytest.raises(KeyError) as caught:
        evaluation.compare({"broken": broken}, *batch, batch_size=3)
    assert "in method 'broken', images 0 to 2" not in str(caught.value)  # compiled outside the clock
    steady = iter([True] * 4)

    def late(images, masks):
        if not next(steady, False):
            raise KeyError("gone")
        return images

    with pytest.raises(KeyError) as caught:
        evaluation.compare({"late": late}, *batch)
    assert caught.value.__notes__ == ["in method 'late', images 0 to 3"]


def test_evaluation_masks_are_the_same_everywhere():
    masks = evaluation.evaluation_masks("lines", seed=5, count=8, image_size=(48, 32))
    assert masks.shape == (8, 48, 32, 1)
    digest = hashlib.sha256(np.packbits(masks.astype(bool)).tobytes()).hexdigest()
    assert digest[:16] == "8daed58a5457172e"
    assert (masks != evaluation.evaluation_masks("lines", seed=6, count=8, image_size=(48, 32))).any()


def test_fills_of_other_programs_are_measured_like_a_method(batch):
    images, masks = batch
    fills = baselines.telea(images, masks)
    both = evaluation.compare({"ours": baselines.telea, "theirs": fills}, images, masks)
    ours, theirs = (both[both.method == name].reset_index(drop=True) for name in ("ours", "theirs"))
    pd.testing.assert_series_equal(ours.psnr, theirs.psnr)
    assert theirs.ms.isna().all() and ours.ms.notna().any()
    assert "–" in set(evaluation.summary(both).ms)


def test_a_perfect_image_is_capped_and_a_single_one_has_no_interval(batch):
    images, masks = (x[:1] for x in batch)
    table = evaluation.compare({"truth": images, "Telea": baselines.telea}, images, masks)
    row = table[(table.method == "truth") & (table.bucket == "all")].iloc[0]
    assert row.psnr == pytest.approx(metrics.MAX_PSNR) and row.n == 1 and np.isnan(row.psnr_low)
    assert "so no intervals" in evaluation.describe(table) and "too few" in evaluation.verdict(table)


def test_it_goes_on_where_it_was_cut_off(images, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "_SAVE_EVERY", 0)
    shown, kill_at = [], [5]  # three trials, the compiling call and a batch

    def method(images, masks):
        if len(shown) in kill_at:
            raise KeyboardInterrupt
        shown.append(len(images))
        return baselines.telea(images, masks)

    given = {"images": images, "masks": RATIOS, "batch_size": 8, "folder": tmp_path / "kept"}
    with pytest.raises(KeyboardInterrupt):
        evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    shown.clear()
    kill_at.clear()
    scores = evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    assert shown == [
        1,
        1,
        1,
        8,
        8,
        8,
    ]  # three trials, the compiling call, and the two batches that were missing
    whole = evaluation.score_images({"Telea": baselines.telea, "mine": method}, images, RATIOS, 8)
    pd.testing.assert_frame_equal(scores.drop(columns="ms"), whole.drop(columns="ms"))
    shown.clear()
    evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    assert shown == [1, 1, 1]  # all is there
    turned = evaluation.score_images({"mine": method, "Telea": baselines.telea}, **given)
    by_method = [frame.groupby("method").psnr.mean().to_dict() for frame in (turned, whole)]
    assert by_method[0] == pytest.approx(by_method[1])  # whatever their order
    with pytest.raises(ValueError, match=r"another comparison \(its methods differ"):
        evaluation.score_images({"Telea": baselines.telea, "mine": lambda x, m: x}, **given)
    with pytest.raises(ValueError, match=r"another comparison \(its holes, seed"):
        evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given, seed=1)
    next((tmp_path / "kept/scores").iterdir()).write_bytes(b"PK, cut off")
    with pytest.raises(ValueError, match="delete the file"):
        evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot keep scores there"):
        evaluation.score_images({"Telea": baselines.telea}, **{**given, "folder": tmp_path / "file"})


def test_the_manifest_tells_networks_apart_by_their_weights(images):
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    model = keras.Model(inputs, keras.layers.Conv2D(3, 1, activation="sigmoid")(inputs[0]))
    about = [
        evaluation.manifest({"net": model, "Telea": baselines.telea}, images, RATIOS, "tf", 0)
        for _ in range(2)
    ]
    assert about[0] == about[1] == json.loads(json.dumps(about[0]))
    model.set_weights([w + 1 for w in model.get_weights()])
    changed = evaluation.manifest({"net": model, "Telea": baselines.telea}, images, RATIOS, "tf", 0)
    assert changed["methods"]["net"] != about[0]["methods"]["net"]
    assert changed["methods"]["Telea"] == about[0]["methods"]["Telea"]
    assert about[0]["images"]["names"][:2] == list(images.names[:2])
    assert about[0]["holes"]["kind"] == repr(RATIOS) and "numpy" in about[0]["versions"]


def test_the_sanity_panel_shows_which_metric_can_be_fooled():
    # Giminosk's soft Dice scores an all-white image above the truth on bright images.
    bright = ik.data.images("photos", "test", 32, count=6).as_float() * 0.3 + 0.6
    panel = evaluation.sanity_panel(bright, RATIOS)
    assert list(panel.index) == ["the truth", "white", "grey", "masked input"]
    assert panel.dice["white"] > panel.dice["the truth"]
    assert panel.dice_squared.idxmax() == panel.ssim.idxmax() == panel.psnr.idxmax() == "the truth"
    assert panel.psnr["the truth"] == pytest.approx(100) and panel.mae["the truth"] == 0


def test_everything_is_written_down(images, tmp_path):
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
    with pytest.raises(ValueError, match="lost how it was made"):
        evaluation.describe(again)
    with pytest.raises(ValueError, match="not those of the scores"):
        evaluation.save_comparison(tmp_path, scores, *given, seed=1)
