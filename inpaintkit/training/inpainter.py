"""`Inpainter`: a functional model over `[image, mask]` whose losses and metrics know the hole; loading it."""

import contextlib
import functools
import inspect
import warnings

import keras
from keras import ops

from inpaintkit import layers  # noqa: F401 (with this module, all that a saved network names is known)
from inpaintkit.data import Pairs
from inpaintkit.losses import MaskLoss, MultiTermLoss
from inpaintkit.metrics import PSNR
from inpaintkit.serialization import serializable
from inpaintkit.training.callbacks import FollowEpochs
from inpaintkit.training.checks import check_arrays
from inpaintkit.training.resume import Resume


class _KnowsHole:
    """Who sees the mask, for both inpainters below: mask losses and weighted metrics."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y = _as_float(y)
        with_mask = ops.concatenate([y, ops.cast(_mask_of(x), y.dtype)], axis=-1)
        targets = [with_mask if _takes_mask(loss) else y for loss in keras.tree.flatten(self.loss)]
        if isinstance(y_pred, (list, tuple)):  # a network of several stages: all have one truth
            y = targets * len(y_pred) if len(targets) == 1 else targets
        else:
            (y,) = targets
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        hole = 1 - _mask_of(x)[..., 0]
        return super().compute_metrics(x, y, _final(y_pred), sample_weight=hole)

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        **settings,
    ):
        """As Keras's `compile`; without `weighted_metrics` it measures the hole's PSNR, as "hole_psnr"."""
        if weighted_metrics is None:
            weighted_metrics = [PSNR("hole_psnr")]
        super().compile(optimizer, loss, loss_weights, metrics, weighted_metrics, **settings)

    def compile_from_config(self, config):  # Keras asks for it where `compile` is overridden
        settings = keras.saving.deserialize_keras_object(config)
        settings["weighted_metrics"] = settings.get("weighted_metrics") or []  # measured only what it saved
        self.compile(**settings)
        if self.optimizer and self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        metrics = super().metrics
        return [*metrics, *_named_trackers(self, metrics)]

    @functools.wraps(keras.Model.fit)
    def fit(self, *args, **settings):
        # All checks come before Keras sees anything.
        given = inspect.signature(super().fit).bind(*args, **settings).arguments
        x, validation = given.get("x"), given.get("validation_data")
        check_arrays(self, x, given.get("y"), "fit")
        if isinstance(validation, (list, tuple)):
            check_arrays(self, *_x_and_y(validation), "validation_data")
            validation = validation[0]
        _warn_of_shuffle(validation, "validation_data")
        callbacks = given.get("callbacks") or []
        is_list = isinstance(callbacks, keras.callbacks.CallbackList)
        listed = callbacks.callbacks if is_list else keras.tree.flatten(callbacks)
        for callback in listed:
            if isinstance(callback, Resume):
                callback.fit_settings = {name: value for name, value in given.items() if name != "callbacks"}
        if isinstance(x, Pairs) and is_list:
            callbacks.append(FollowEpochs(x))
        elif isinstance(x, Pairs):
            given["callbacks"] = [FollowEpochs(x), *listed]
        with _stays_usable(self):
            return super().fit(**given)

    @functools.wraps(keras.Model.evaluate)
    def evaluate(self, x=None, y=None, *args, **settings):
        if not settings.get("_use_cached_eval_dataset"):  # else it is fit's validation, checked there
            check_arrays(self, x, y, "evaluate")
            _warn_of_shuffle(x, "evaluate")
        with _stays_usable(self):
            return super().evaluate(x, y, *args, **settings)

    @functools.wraps(keras.Model.predict)
    def predict(self, x, *args, **settings):
        check_arrays(self, x, None, "predict", with_target=False)
        _warn_of_shuffle(x, "predict")
        return super().predict(x, *args, **settings)

    @functools.wraps(keras.Model.train_on_batch)
    def train_on_batch(self, x, y=None, *args, **settings):
        check_arrays(self, x, y, "train_on_batch")
        with _stays_usable(self):
            return super().train_on_batch(x, y, *args, **settings)

    @functools.wraps(keras.Model.test_on_batch)
    def test_on_batch(self, x, y=None, *args, **settings):
        check_arrays(self, x, y, "test_on_batch")
        with _stays_usable(self):
            return super().test_on_batch(x, y, *args, **settings)

    @functools.wraps(keras.Model.predict_on_batch)
    def predict_on_batch(self, x):
        check_arrays(self, x, None, "predict_on_batch", with_target=False)
        return super().predict_on_batch(x)


@serializable
class Inpainter(_KnowsHole, keras.Model):
    """A network over `[image, mask]` that trains with losses and metrics that know the hole.

    It shares its weights with the network. A `MaskLoss` gets the mask. `metrics` measure the whole raw
    output, `weighted_metrics` (`PSNR`, `SSIM`, `MAE`, or Keras's own classes) only the hole; by default they
    are `[PSNR("hole_psnr")]`. A sample weight given to `fit` weighs the loss, not these. The terms of a
    `MultiTermLoss`, such as `PConvLoss`, are reported by their names. Saved and loaded (`ik.load_model`), it
    comes back compiled.

    A network of several stages is trained at each of them: one loss for all, or a list with its
    `loss_weights`; metrics are of the first output. The stages are the network's outputs and those of its
    layers named "coarse", as `ik.models.coarse_to_fine` has one.

    Args:
        inputs: the network, a functional `keras.Model` over `[image, mask]`; or, as for every `keras.Model`,
            its inputs.
        outputs: only with inputs: the output, or a list with one per stage, the final one first.
        name: by default the network's.

    Raises:
        ValueError: a model that is not functional, or does not have two inputs; in `fit`, `evaluate`,
            `predict` and their `…_on_batch`, arrays of a wrong shape, masks of other values than 0 and 1,
            known pixels or target images outside [0, 1] or NaN. Masks may be of any type, such as bool.

    Warns:
        UserWarning: `evaluate`, `predict` or `validation_data` with a shuffled `Pairs`, which has other
            holes each time.
    """

    def __init__(self, inputs, outputs=None, name=None, **kwargs):  # Keras revives a saved one by these names
        if outputs is None:
            network = inputs
            if len(getattr(network, "inputs", None) or []) != 2:
                raise ValueError(
                    f"Inpainter({network!r}): expected a functional keras.Model over [image, mask]"
                )
            inputs, outputs, name = network.inputs, _stages(network), name or network.name
        super().__init__(inputs, outputs, name=name, **kwargs)


def _stages(network):
    """The output of a network; where it has several stages, a list of their outputs, the final one first."""
    coarse = [layer.output for layer in network.layers if layer.name == "coarse"]
    earlier = [output for output in coarse if not any(output is known for known in network.outputs)]
    return [*network.outputs, *earlier] if earlier else network.output


def load_model(path, compile=True):
    """Loads a saved network, as `keras.saving.load_model`, which knows this kit's classes only once asked.

    Args:
        path: a `.keras` file.
        compile: False to use a network without its loss, whose feature weights may not be on this machine.

    Returns:
        the `keras.Model`, compiled if it was.
    """
    network = keras.saving.load_model(path, compile=compile)
    if getattr(network, "inputs", None):
        network(network.inputs)  # computes nothing, but Keras exports to ONNX only what was called once
    return network


@contextlib.contextmanager
def _stays_usable(model):
    """Lets a call of Keras fail, in a loss, a metric or a size, and the right call after it still work.

    Keras keeps the function that it was compiling, half made, together with the optimizer's variables.
    """
    if model.compiled and model.optimizer and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    try:
        yield
    except BaseException:
        model.train_function = model.test_function = model.predict_function = None
        raise


def _takes_mask(loss):
    return issubclass(loss if isinstance(loss, type) else type(loss), MaskLoss)


def _mask_of(x):
    """The mask of a network's inputs, [image, mask] or by their names, as float32 whatever its type."""
    return ops.cast(x["mask"] if isinstance(x, dict) else x[1], "float32")


def _as_float(y):
    """A target as it is, or as float32 where it is of whole numbers."""
    return y if "float" in keras.backend.standardize_dtype(y.dtype) else ops.cast(y, "float32")


def _x_and_y(data):
    """x and y of a tuple (x, y) or (x, y, sample weight), as Keras takes them."""
    return (data[0], data[1]) if len(data) > 1 else (data[0], None)


def _warn_of_shuffle(x, where):
    if isinstance(x, Pairs) and x.shuffle:
        warnings.warn(
            f"{where}: a Pairs with shuffle=True, which has another order and other holes each time: "
            "expected shuffle=False, so that numbers can be compared",
            stacklevel=3,
        )


def _named_trackers(model, metrics):
    """The trackers of all multi-term losses, each once, under names that nothing else in `history` has.

    Plain names, such as "hole", where one such loss serves all; "coarse_hole" where outputs have their own.
    """
    loss, outputs = getattr(model, "loss", None), _output_names(model)
    if isinstance(loss, dict):
        outputs, losses = list(loss), list(loss.values())
    else:
        losses = keras.tree.flatten(loss)
    found = {
        id(part): (i, part)
        for i, part in reversed(list(enumerate(losses)))
        if isinstance(part, MultiTermLoss)
    }
    taken, trackers = {"loss"}, []
    for metric in metrics:
        taken |= {part.name for part in getattr(metric, "metrics", [metric])}
    for i, part in sorted(found.values(), key=lambda pair: pair[0]):
        several = outputs[i] if len(found) > 1 and i < len(outputs) else None
        for term, tracker in part.all_trackers().items():
            if any(tracker is other for other in trackers):  # of a loss that is a term of two others
                continue
            name = f"{several}_{term}" if several else term
            name = f"{part.name}_{name}" if name in taken else name
            while name in taken:
                name += "_term"
            taken.add(name)
            tracker.name = name
            trackers.append(tracker)
    return trackers


def _output_names(model):
    return list(getattr(getattr(model, "generator", model), "output_names", None) or [])


def _final(y_pred):
    """The image that counts: the first of several outputs."""
    return y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred
