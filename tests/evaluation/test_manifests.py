"""A comparison is identified by its images, masks, methods and settings, and can be resumed."""

import functools
import hashlib
import json

import keras
import numpy as np
import pandas as pd
import pytest
from samples import RATIOS, prefilled

from inpaintkit import baselines, evaluation
from inpaintkit.evaluation import manifests, scoring


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
        with pytest.raises(ValueError, match=r"another comparison.*'noisy'"):
            evaluation.score_images({"noisy": other}, **given)
    network = {"kind": "network", "weights_sha256": "a", "fill_of_noise_sha256": "b"}
    about = {"methods": {"net": network}, "seed": 0}
    with pytest.warns(UserWarning, match="'net' .* differently"):  # another device
        manifests.check_same(
            about, {**about, "methods": {"net": network | {"fill_of_noise_sha256": "c"}}}, ""
        )
    both = {fill: dict.fromkeys(("net", "two"), network | {"fill_of_noise_sha256": fill}) for fill in "bc"}
    with pytest.warns(UserWarning, match="differently") as caught:
        manifests.check_same({"methods": both["b"]}, {"methods": both["c"]}, "")
    assert len(caught) == 2
    with pytest.raises(ValueError, match=r"another comparison.*'net'"):
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
        about = evaluation.validate_comparison({"m": method}, *batch)["methods"]["m"]
        return {key: value for key, value in about.items() if key != "fill_of_noise_sha256"}

    for make in (lambda s: Sampler(s).fill, lambda s: functools.partial(Sampler(1).fill, low=s)):
        assert identity(make(0.1)) == identity(make(0.1)) != identity(make(0.2))
    assert identity(Bare())["random"]


def test_a_network_built_again_with_the_same_weights_is_the_same(batch, tmp_path):
    first, again = prefilled(bias=0.1), prefilled(bias=0.1)  # with other names of layers
    again.set_weights(first.get_weights())
    for network in (first, again):
        evaluation.score_images({"net": network}, *batch, folder=tmp_path, untrained=False)


def test_an_edited_function_is_another_method(batch):
    def identity(method):
        return evaluation.validate_comparison({"m": method}, *batch)["methods"]["m"]

    # Both do the same to noise; they differ only for a bright image.
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


def test_an_interrupted_comparison_resumes(images, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "SAVE_SECONDS", 0)
    shown, kill_at = [], [4]  # two trials, the compiling call and a batch

    def method(images, masks):
        if len(shown) in kill_at:
            raise KeyboardInterrupt
        shown.append(len(images))
        return baselines.telea(images, masks)

    given = {"images": images, "masks": RATIOS, "batch_size": 8, "folder": tmp_path / "saved"}
    with pytest.raises(KeyboardInterrupt):
        evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    shown.clear()
    kill_at.clear()
    scores = evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    assert shown == [1, 1, 8, 8, 8]  # two trials, the compiling call, and the two missing batches
    whole = evaluation.score_images({"Telea": baselines.telea, "mine": method}, images, RATIOS, 8)
    pd.testing.assert_frame_equal(scores.drop(columns="ms"), whole.drop(columns="ms"))
    shown.clear()
    evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    assert shown == [1, 1]  # only the trials
    turned = evaluation.score_images({"mine": method, "Telea": baselines.telea}, **given)
    by_method = [frame.groupby("method").psnr.mean().to_dict() for frame in (turned, whole)]
    assert by_method[0] == pytest.approx(by_method[1])  # in any order
    with pytest.raises(ValueError, match=r"another comparison.*'mine'"):
        evaluation.score_images({"Telea": baselines.telea, "mine": lambda x, m: x}, **given)
    with pytest.raises(ValueError, match=r"another comparison.*holes, seed"):
        evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given, seed=1)
    next((tmp_path / "saved/scores").iterdir()).write_bytes(b"PK, cut off")
    with pytest.raises(ValueError, match="delete the file"):
        evaluation.score_images({"Telea": baselines.telea, "mine": method}, **given)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot keep scores there"):
        evaluation.score_images({"Telea": baselines.telea}, **{**given, "folder": tmp_path / "file"})


def test_the_manifest_tells_networks_apart_by_their_weights(images):
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    model = keras.Model(inputs, keras.layers.Conv2D(3, 1, activation="sigmoid")(inputs[0] * inputs[1]))
    methods = {"net": model, "Telea": baselines.telea}
    about = [evaluation.validate_comparison(methods, images, RATIOS, "tf", 0) for _ in range(2)]
    assert about[0] == about[1] == json.loads(json.dumps(about[0]))
    model.set_weights([w + 1 for w in model.get_weights()])
    changed = evaluation.validate_comparison(methods, images, RATIOS, "tf", 0)
    assert changed["methods"]["net"] != about[0]["methods"]["net"]
    assert changed["methods"]["Telea"] == about[0]["methods"]["Telea"]
    assert about[0]["images"]["names"][:2] == list(images.names[:2])
    assert about[0]["holes"]["kind"] == repr(RATIOS) and "numpy" in about[0]["versions"]


def test_evaluation_masks_are_the_same_everywhere():
    masks = evaluation.evaluation_masks("lines", seed=5, count=8, image_size=(48, 32))
    assert masks.shape == (8, 48, 32, 1)
    digest = hashlib.sha256(np.packbits(masks.astype(bool)).tobytes()).hexdigest()
    assert digest[:16] == "4d1357d88ba4e072"
    assert (masks != evaluation.evaluation_masks("lines", seed=6, count=8, image_size=(48, 32))).any()
