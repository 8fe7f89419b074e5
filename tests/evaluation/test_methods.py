"""Networks become methods; no method gets the content of the hole."""

import keras
import numpy as np
import pytest
from samples import RATIOS, prefilled

import inpaintkit as ik
from inpaintkit import baselines, evaluation
from inpaintkit.evaluation import as_method
from inpaintkit.images import composite


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
    assert seen == [4] and whole.dtype == np.float32  # one batch, so memory stays small
    np.testing.assert_allclose(as_method(network, batch_size=3)(images, masks), whole, atol=1e-6)
    assert seen == [4, 3, 1]
    seen.clear()
    evaluation.score_images({"net": network}, images, masks, batch_size=3, untrained=False)
    assert seen == [1, 3, 1, 3, 1]  # a trial; each size of batch once, not timed; then timed


def test_of_several_outputs_the_first_is_the_fill(batch):
    images, masks = batch
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    known = inputs[0] * inputs[1]
    fill, other = keras.layers.Rescaling(0.5)(known), keras.layers.Rescaling(0.25)(known)
    for outputs in ([fill, other], (fill, other), {"z": fill, "a": other}):
        filled = as_method(keras.Model(inputs, outputs))(images, masks)
        np.testing.assert_allclose(filled, images * masks / 2, atol=1e-6)

    class Own(keras.Model):
        def call(self, x):
            return x[0]

    with pytest.raises(ValueError, match=r"has 0 inputs: expected \[image, mask\]"):
        as_method(Own())


def test_no_method_gets_the_content_of_the_hole(batch):
    images, masks = batch
    seen = []

    def spy(holed, masks):
        seen.append((holed, masks))
        return holed

    evaluation.compare({"spy": spy}, images, masks)
    assert len(seen) > 1
    for holed, known in seen:
        assert (holed[np.broadcast_to(known == 0, holed.shape)] == 0).all()


def test_a_method_that_writes_into_its_inputs_changes_no_other_score(batch):
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


def test_a_method_that_raises_is_named(batch):
    def broken(images, masks):
        if len(images) > 1:
            raise KeyError("gone")
        return images

    with pytest.raises(KeyError) as caught:
        evaluation.compare({"broken": broken}, *batch, batch_size=3)
    assert "in method 'broken', images 0 to 2" not in str(caught.value)
    steady = iter([True] * 3)  # two trials and the first call, which is not timed

    def late(images, masks):
        if not next(steady, False):
            raise KeyError("gone")
        return images

    with pytest.raises(KeyError) as caught:
        evaluation.compare({"late": late}, *batch)
    assert caught.value.__notes__ == ["in method 'late', images 0 to 3"]


def test_hole_psnr_refuses_a_fill_of_another_shape():
    pairs = ik.data.pairs(ik.data.images("photos", "val", 32, count=4), RATIOS, shuffle=False)
    assert evaluation.hole_psnr(lambda x, m: x, pairs) < 20
    with pytest.raises(ValueError, match=r"returned shape \(4, 32, 32, 1\)"):
        evaluation.hole_psnr(lambda x, m: x[..., :1], pairs)
