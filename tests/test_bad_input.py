"""Examples that fuzzing found (`benchmarks/fuzz.py`): each gets a ValueError that names the argument."""

import keras
import numpy as np
import pandas as pd
import pytest

import inpaintkit as ik

IMAGES, MASKS = np.full((1, 16, 16, 3), 0.5, "float32"), np.ones((1, 16, 16, 1), "float32")
MASKS[:, 4:6] = 0
BYTES = np.full((3, 16, 16, 3), 128, "uint8")
TARGET = np.concatenate([IMAGES, MASKS], -1)


def scores_without(column):
    """The scores of a comparison, but for one of their columns."""
    return ik.evaluation.score_images({"mean": ik.baselines.mean_color}, IMAGES, "center").drop(
        columns=column
    )


def fit_without_a_loss(make, loss=None):
    model = make(ik.models.pconv_unet(filters=(4, 8)))
    model.compile("sgd", loss)
    model.fit([IMAGES, MASKS], IMAGES, verbose=0)


def small_gan(network):
    return ik.InpaintingGAN(
        network, keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    )


WRONG = {
    "text as images": (lambda: ik.baselines.heat("a", MASKS), "images of type str"),
    "complex images": (lambda: ik.baselines.heat(IMAGES * 1j, MASKS), "images of dtype complex64: expected"),
    "ragged masks": (lambda: ik.baselines.heat(IMAGES, [[1], [1, 2]]), "masks of type list"),
    "no radius": (lambda: ik.baselines.telea(IMAGES, MASKS, radius=np.nan), "radius=nan: expected a number"),
    "steps as text": (lambda: ik.baselines.heat(IMAGES, MASKS, smoothing_steps=""), "smoothing_steps=''"),
    "edge 0": (lambda: ik.baselines.total_variation(IMAGES, MASKS, edge=0), "edge=0: expected"),
    "no function": (lambda: ik.baselines.exemplar(IMAGES, MASKS, callback=3), "callback of type int"),
    "half of nothing": (lambda: ik.baselines.half_size(IMAGES[0, :0], MASKS[0, :0, :, 0]), "not empty"),
    "seed": (lambda: ik.masks.Lines().sample(1, 16, 16, seed="a"), "seed='a': expected a whole number"),
    "infinite size": (lambda: ik.masks.Lines().sample(1, np.inf, 16), r"image_size=\(inf, 16\): expected"),
    "count as text": (lambda: ik.masks.Lines().sample("a", 16, 16), "count='a': expected"),
    "weights": (lambda: ik.masks.Mixture([ik.masks.Lines()], 5), "weights="),
    "sides": (lambda: ik.masks.Border(sides=({},)), "sides="),
    "NaN in a mask": (lambda: ik.masks.hole_ratio(MASKS * np.nan), "mask of shape"),
    "text in a mask": (lambda: ik.images.check_binary(["a"]), "masks of dtype <U1: expected"),
    "bool scratches": (lambda: ik.inpainting.scratch_mask(IMAGES[0] > 0), "image of dtype bool"),
    "NaN scratches": (lambda: ik.inpainting.scratch_mask(IMAGES[0] * np.nan), "image from nan"),
    "ragged image": (lambda: ik.inpaint([[1], [1, 2]], MASKS[0]), "image of type list"),
    "one number": (lambda: ik.outpaint(0.5, left=3), r"image of shape \(\)"),
    "no loss": (lambda: fit_without_a_loss(ik.Inpainter), "No loss to compute"),
    "no loss for a GAN": (lambda: fit_without_a_loss(small_gan), "No loss to compute"),
    "masks of a panel": (lambda: ik.evaluation.sanity_panel(IMAGES, MASKS[:, :9]), r"masks \(1, 9, 16, 1\)"),
    "paired": (lambda: ik.metrics.kernel_distance(np.eye(3), np.eye(3), paired="a"), "paired='a': expected"),
    "scale": (lambda: ik.layers.ContextualAttention(scale=1e300), r"scale=1e\+300"),
    "no losses": (lambda: fit_without_a_loss(ik.Inpainter, [None]), "No loss to compute"),
    "one number as images": (lambda: ik.evaluation.sanity_panel(np.uint8(255), "center"), "images of shape"),
    "cache": (lambda: ik.data.images("photos", "val", 16, cache=BYTES), "cache of type ndarray: expected"),
    "one number filled": (lambda: ik.images.composite(np.uint8(9), IMAGES, MASKS), r"filled \(\), images"),
    "memory": (lambda: ik.inpainting.TemporalBlend("a"), "memory='a'"),
    "frame": (lambda: ik.inpainting.TemporalBlend()(IMAGES[0], MASKS[0]), "filled float32"),
    "strokes": (lambda: ik.draw(IMAGES[0], 3 * 1.5), "strokes of type float"),
    "composite": (lambda: ik.images.composite(IMAGES, IMAGES, MASKS[:, :3]), r"masks \(1, 3, 16, 1\)"),
    "no output": (lambda: ik.images.final_output([]), "outputs is empty"),
    "float array": (lambda: ik.images.read_uint8(IMAGES[0]), "path, an array float32"),
    "no path": (lambda: ik.images.read_image(3), "path of type int: expected"),
    "NaN as bytes": (lambda: ik.images.to_uint8([np.nan]), "image holds NaN"),
    "orientation": (lambda: ik.images.ExactImage("x", "PNG", BYTES[0], 2**70), "orientation="),
    "text in a loss": (lambda: ik.losses.HoleValidLoss()("a", IMAGES), "y_true of type str"),
    "a loss's target": (lambda: ik.losses.HoleValidLoss()(IMAGES, IMAGES), "y_true, the target, of shape"),
    "a loss's weight": (lambda: ik.losses.HoleValidLoss(hole="a"), "hole='a'"),
    "logits": (lambda: ik.losses.NonSaturatingGANLoss().generator("a"), "fake of type str"),
    "text in a metric": (lambda: ik.metrics.psnr("a", IMAGES), "y_true of type str"),
    "lists of shapes": (lambda: ik.metrics.check_shapes([1], IMAGES), "y_true of type"),
    "name": (lambda: ik.metrics.PSNR(3), "name of type int"),
    "too large": (lambda: ik.metrics.frechet_distance(np.eye(3) * 1e300, np.eye(3)), "embeddings hold"),
    "NaN in one": (lambda: ik.metrics.kernel_distance(np.eye(3), np.eye(3) * np.nan), "embeddings hold NaN"),
    "another batch": (lambda: ik.PConv2D(2, 3)([IMAGES, MASKS[:0]]), r"mask \(0, 16, 16, 1\): expected"),
    "another mask": (lambda: ik.PConv2D(2, 3)([IMAGES, MASKS[:, :9]]), r"mask \(1, 9, 16, 1\): expected"),
    "two pixels": (lambda: ik.layers.ContextualAttention()([IMAGES[:, :2], MASKS[:, :2]]), "at least 4"),
    "multiple": (lambda: ik.layers.PadToMultiple(0), "multiple=0"),
    "levels": (lambda: ik.layers.PushPull(levels="a"), "levels='a'"),
    "dropout": (lambda: ik.models.autoencoder(filters=(2,), dropout="a"), "dropout='a'"),
    "stages": (lambda: ik.data.at_epoch({}, 3), "stages begin at epochs"),
    "not a dict": (lambda: ik.data.check_stages(3, "masks"), "masks of type int"),
    "rng": (lambda: ik.data.flips(BYTES, 3), "rng of type int"),
    "shrink": (lambda: ik.data.pairs(BYTES, ik.masks.Lines(), shrink="a"), "shrink='a'"),
    "names": (lambda: ik.data.Images(BYTES, ("a",), "x", "val"), "1 names: expected"),
    "method": (lambda: ik.as_method(3), "model of type int"),
    "originals": (lambda: ik.compare({}, 5, "center"), "images of shape"),
    "no table": (lambda: ik.evaluation.verdict(None), "table of type NoneType"),
    "no rows": (lambda: ik.plots.buckets(pd.DataFrame()), "table of type DataFrame: expected"),
    "window": (lambda: ik.evaluation.MetricDefinition("x", {"a": 1}), "ssim="),
    "result": (lambda: ik.exercises.reveal("09.a", []), "result of type list"),
    "student": (lambda: ik.exercises.report(IMAGES), "student of type ndarray"),
    "grids": (lambda: ik.plots.numbers(3), "grids: expected"),
    "history": (lambda: ik.plots.curves({"loss": 1}), "history of type dict"),
    "baselines": (lambda: ik.plots.curves({"loss": [1.0]}, (1, 2)), "baselines of type tuple: expected"),
    "array": (lambda: ik.plots.curves({"loss": [1.0]}, IMAGES), "baselines of type ndarray: expected"),
    "bucket": (lambda: ik.masks.FromFolder(".", bucket=((1, 1),)), "bucket of type tuple: expected"),
    "form": (lambda: ik.plots.numbers({"a": IMAGES[0, ..., 0]}, form="x.y"), "form='x.y': expected"),
    "scores": (lambda: ik.plots.gallery(IMAGES, MASKS, {}, scores=True), "scores of type bool: expected"),
    "missing column": (lambda: ik.evaluation.tabulate(scores_without("dice_squared")), "dice_squared"),
    "bytes": (lambda: ik.upload(b"x"), "path of type bytes: expected"),
    "minutes": (lambda: ik.training.ProgressLine("a"), "minutes=a"),
    "rates": (lambda: ik.training.step_schedule({0: "a"}), "rates="),
    "monitor": (lambda: ik.training.Plateau([]), "monitor of type list"),
    "no pairs": (lambda: ik.training.FollowEpochs(3), "pairs of type int"),
    "generator": (lambda: ik.InpaintingGAN(3, 4), "generator of type int"),
    "no model": (lambda: ik.training.overfit_one_batch(3, ()), "model of type int"),
    "preset": (lambda: ik.training.Preset((2,), 3, {}), "masks of type int"),
    "export": (lambda: ik.export_model(lambda x, m: x, "x"), "model of type NoneType"),
    "port": (lambda: ik.serving.serve(port="a"), "port='a'"),
    "no file": (lambda: ik.load_model("no.keras"), "no.keras: cannot be loaded"),
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_gets_a_sentence_that_names_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, words = WRONG[name]
    with pytest.raises(ValueError, match=words):
        call()


def test_a_huge_distance_or_patch_takes_neither_memory_nor_time():
    """A mask was dilated by a square of this side, and a patch was made smaller in steps of two pixels."""
    mask = np.ones((30, 30))
    mask[3:5, 4:7] = 0
    with pytest.raises(ValueError, match="fits nowhere else"):
        ik.masks.move_hole(mask, distance=10**6)
    same = ik.baselines.exemplar(IMAGES, MASKS, patch=10**9 + 1)
    assert np.array_equal(same, ik.baselines.exemplar(IMAGES, MASKS, patch=17))


def test_a_keras_file_that_is_no_zip_is_refused(tmp_path):
    (tmp_path / "x.keras").write_bytes(b"PK\3\4" + bytes(90))
    with pytest.raises(ValueError, match=r"x\.keras: cannot be loaded"):
        ik.load_model(tmp_path / "x.keras")


def test_an_array_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path, monkeypatch):
    from inpaintkit.data import arrays

    np.savez_compressed(tmp_path / "x.npz", train=np.zeros((20, 64, 64, 3), "uint8"))
    assert len(ik.data.images(tmp_path / "x.npz", "train", 64)) == 16
    monkeypatch.setattr(arrays, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match=r"would unpack to 245,\d+ bytes"):
        ik.data.images(tmp_path / "x.npz", "train", 64)


def test_right_input_of_other_types_stays_right():
    """Lists, tensors, bool masks, floats of 64 or 128 bits: what is a batch of numbers is taken."""
    filled = ik.baselines.heat(IMAGES, MASKS)
    long = IMAGES.astype("longdouble")
    assert np.allclose(ik.metrics.psnr(long, 0.9 * long), ik.metrics.psnr(IMAGES, 0.9 * IMAGES))
    for images, masks in ((IMAGES.tolist(), MASKS.tolist()), (IMAGES.astype("float64"), MASKS > 0)):
        assert np.array_equal(ik.baselines.heat(images, masks), filled)
    small = {"tile": np.uint8(200), "margin": np.uint8(130)}  # their sums do not fit into 8 bits
    with pytest.raises(ValueError, match="tile=np"):
        ik.inpaint(IMAGES[0], MASKS[0], "heat", **small)
    assert len(ik.data.pairs(np.concatenate([BYTES] * 100), ik.masks.Center(), np.uint8(100))) == 3
    assert np.array_equal(ik.baselines.heat(keras.ops.convert_to_tensor(IMAGES), MASKS), filled)


def test_files_below_takes_no_rank(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/a.png").write_bytes(b"")
    assert [file.name for file in ik.images.files_below(tmp_path, None)] == ["a.png"]


@pytest.mark.parametrize("images", [np.uint8(255), IMAGES.astype(object)])
def test_save_comparison_refuses_images_that_were_not_scored(images, tmp_path):
    methods = {"mean": ik.baselines.mean_color}
    scores = ik.evaluation.score_images(methods, IMAGES, "center")
    with pytest.raises(ValueError, match="images"):
        ik.evaluation.save_comparison(tmp_path, scores, methods, images, "center")
