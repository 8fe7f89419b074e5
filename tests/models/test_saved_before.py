"""Files that were saved before classes and settings were renamed still load.

`saved_by_4c401c1.json` was written by the code of that commit under Keras 3.10, the oldest one that the kit
allows (each version of Keras reads what older ones saved): a network of `EmptyHole`, `PadTo` and
`PushPull(levels=3, sweeps=2, bends=1)`, and the losses `Sum`, `NonSaturating(0.8)` and `Hinge`.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import losses
from inpaintkit.layers import CropLike, MaskImage, PadToMultiple, PushPull

SAVED = json.loads(Path(__file__).with_name("saved_by_4c401c1.json").read_text("utf-8"))


def test_a_network_of_renamed_layers_loads(batch):
    images, masks = batch
    network = keras.saving.deserialize_keras_object(SAVED["network"])
    layers = {type(layer): layer for layer in network.layers}
    assert {MaskImage, PadToMultiple, PushPull, CropLike} <= set(layers)
    fill = layers[PushPull]
    assert (fill.levels, fill.smoothing_steps, fill.biharmonic_steps) == (3, 2, 1)
    expected = to_numpy(PushPull(3, 2, 1)([images, masks]))  # no padding: 32 is a multiple of 8
    np.testing.assert_allclose(to_numpy(network([images, masks])), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sum", losses.WeightedSum({"l1": (1, "mae"), "smooth": (0.1, losses.TotalVariationLoss())})),
        ("non_saturating", losses.NonSaturatingGANLoss(0.8)),
        ("hinge", losses.HingeGANLoss()),
    ],
)
def test_renamed_losses_load(name, expected):
    loss = keras.saving.deserialize_keras_object(SAVED[name])
    assert type(loss) is type(expected)
    assert keras.saving.serialize_keras_object(loss) == keras.saving.serialize_keras_object(expected)
