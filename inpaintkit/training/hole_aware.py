"""What `Inpainter` and `InpaintingGAN` share: losses get the mask, metrics the hole; arrays are checked."""

import contextlib
import functools
import inspect

import keras
from keras import ops

from inpaintkit.data import Pairs
from inpaintkit.images import final_output
from inpaintkit.losses import MaskLoss
from inpaintkit.metrics import PSNR
from inpaintkit.training.callbacks import FollowEpochs
from inpaintkit.training.checks import check_arrays, warn_of_shuffle
from inpaintkit.training.devices import own_part
from inpaintkit.training.resume import Resume
from inpaintkit.training.terms import name_term_trackers


def checked(keras_method):
    """A method of `keras.Model` that first checks its arrays; where Keras fails, the model stays usable."""
    signature = inspect.signature(keras_method)

    @functools.wraps(keras_method)
    def method(self, *args, **settings):
        given = signature.bind(self, *args, **settings).arguments
        if "_use_cached_eval_dataset" not in given.get("kwargs", {}):  # else fit's validation, checked there
            where, has_target = keras_method.__name__, "y" in signature.parameters
            check_arrays(self, given.get("x"), given.get("y"), where, has_target)
            warn_of_shuffle(given.get("x"), where)
        with stays_usable(self), own_part(given.get("x")):
            return keras_method(self, *args, **settings)

    return method


@contextlib.contextmanager
def stays_usable(model):
    """Lets a call of Keras fail, in a loss, a metric or a size, and the next correct call still work.

    Keras keeps the function that it was compiling, half made, together with the optimizer's variables.
    """
    if model.compiled and model.optimizer and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    try:
        yield
    except BaseException:
        model.train_function = model.test_function = model.predict_function = None
        raise


class HoleAware:
    """Mixed into a `keras.Model` over `[image, mask]`: mask losses and weighted metrics see the mask."""

    evaluate = checked(keras.Model.evaluate)
    predict = checked(keras.Model.predict)
    train_on_batch = checked(keras.Model.train_on_batch)
    test_on_batch = checked(keras.Model.test_on_batch)
    predict_on_batch = checked(keras.Model.predict_on_batch)

    def compile(
        self, optimizer="rmsprop", loss=None, loss_weights=None, *, weighted_metrics=None, **settings
    ):
        """As Keras's `compile`; without `weighted_metrics` it measures the hole's PSNR, as "hole_psnr"."""
        if weighted_metrics is None:
            weighted_metrics = [PSNR("hole_psnr")]
        if all(part is None for part in keras.tree.flatten(loss)):
            loss = None
        super().compile(optimizer, loss, loss_weights, weighted_metrics=weighted_metrics, **settings)
        given = keras.tree.flatten([settings.get("metrics"), weighted_metrics])
        self.loss_weights = loss_weights
        self.metric_names = [getattr(m, "name", getattr(m, "__name__", m)) for m in given if m is not None]

    def compile_from_config(self, config):  # Keras asks for it where `compile` is overridden
        settings = keras.saving.deserialize_keras_object(config)
        settings["weighted_metrics"] = settings.get("weighted_metrics") or []  # only what the file has
        self.compile(**settings)
        if self.optimizer and self.built:
            self.optimizer.build(self.trainable_variables)

    @functools.wraps(keras.Model.fit)
    def fit(self, *args, **settings):
        given = inspect.signature(super().fit).bind(*args, **settings).arguments
        x, validation = given.get("x"), given.get("validation_data")
        check_arrays(self, x, given.get("y"), "fit")
        if isinstance(validation, (list, tuple)):
            val_x, val_y, *_ = validation
            check_arrays(self, val_x, val_y, "validation_data")
        else:
            warn_of_shuffle(validation, "validation_data")
        callbacks = keras.tree.flatten(given.pop("callbacks", None) or [])
        for callback in callbacks:
            if isinstance(callback, Resume):
                callback.fit_settings = given
        if isinstance(x, Pairs):
            callbacks.insert(0, FollowEpochs(x))
            # `Pairs` shuffles the images itself. Keras would also shuffle the batches, on each device of a
            # MirroredStrategy in another order.
            given.setdefault("shuffle", False)
        with stays_usable(self), own_part(x, validation):
            return super().fit(**given, callbacks=callbacks)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y = as_float(y)  # (B, H, W, 3)
        y_and_mask = ops.concatenate([y, ops.cast(mask_of(x), y.dtype)], axis=-1)  # (B, H, W, 4)
        losses = keras.tree.flatten(getattr(self, "loss", None))  # Keras says so if there is none
        kinds = [loss if isinstance(loss, type) else type(loss) for loss in losses]
        targets = [y_and_mask if issubclass(kind, MaskLoss) else y for kind in kinds]
        if not isinstance(y_pred, (list, tuple)):
            (targets,) = targets
        elif len(targets) == 1:  # one loss for all stages: they have the same target
            targets = targets * len(y_pred)
        return super().compute_loss(x, targets, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        hole = 1 - mask_of(x)[..., 0]  # (B, H, W)
        return super().compute_metrics(x, y, final_output(y_pred), sample_weight=hole)

    def get_metrics_result(self):
        """By their own names: Keras before 3.15 writes that of the first of several outputs before them."""
        first = f"{self._output_names()[0]}_" if self._output_names() else ""
        short = {f"{first}{name}": name for name in getattr(self, "metric_names", [])}
        return {short.get(name, name): value for name, value in super().get_metrics_result().items()}

    @property
    def metrics(self):
        metrics = super().metrics
        return [*metrics, *name_term_trackers(getattr(self, "loss", None), self._output_names(), metrics)]

    def _output_names(self):
        return getattr(getattr(self, "generator", self), "output_names", None) or []


def mask_of(x):
    """The mask among a network's inputs, [image, mask] or by name, as float32 (B, H, W, 1)."""
    return ops.cast(x["mask"] if isinstance(x, dict) else x[1], "float32")


def as_float(y):
    """A target as it is, or as float32 where it holds whole numbers."""
    return y if "float" in keras.backend.standardize_dtype(y.dtype) else ops.cast(y, "float32")
