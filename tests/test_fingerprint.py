"""Fingerprints: settings that differ have different hashes, equal ones the same in every process."""

import functools
import types

import keras

from inpaintkit import fingerprint, losses


def fading(strength):
    return lambda images, rng: (images * strength).astype("uint8")


def test_settings_within_functions_and_losses_are_part_of_the_experiment():
    def scaled(weight):
        return lambda y, x: weight * keras.ops.mean(keras.ops.abs(y - x), axis=(1, 2, 3))

    class Own(keras.losses.Loss):
        def __init__(self, weights):
            super().__init__()
            self.weights = weights

        def fade(self, images, rng):
            return images

    for make in (
        fading,
        scaled,
        lambda w: losses.WeightedSum({"a": (1, scaled(w))}),
        lambda w: Own([w]),
        lambda w: Own([w]).fade,
        lambda w: functools.partial(scaled, weight=w),
    ):
        assert fingerprint.entry(make(1)) == fingerprint.entry(make(1))
        assert fingerprint.entry(make(1))[1] != fingerprint.entry(make(2))[1]


def test_the_same_code_is_the_same_in_every_process_and_on_every_line():
    words = [compile(f"x in {w}", "", "eval") for w in ("{'a', 'b', 'c'}", "{'c', 'b', 'a'}")]
    assert fingerprint.code_hash(words[0]) == fingerprint.code_hash(words[1])
    below = [eval("\n" * lines + "lambda y, x: y - x") for lines in (0, 5)]
    one, two = (fingerprint.entry(losses.WeightedSum({"a": (1, f)})) for f in below)
    assert one == two


def test_the_order_in_which_attributes_were_set_does_not_matter():
    """Python 3.13 does not always list the attributes of an object in the order in which they were set."""

    class Own(keras.losses.Loss):
        def __init__(self, **attributes):
            super().__init__()
            vars(self).update(attributes)

    for make in (types.SimpleNamespace, Own):
        assert fingerprint.entry(make(a=1, b=2)) == fingerprint.entry(make(b=2, a=1))
