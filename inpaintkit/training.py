"""Teaching a network: `fit` as every Keras user knows it, with the mask where the loss needs it.

    network = ik.models.unet(prefill=True)
    teacher = ik.Inpainter(network.inputs, network.output)
    teacher.compile("adam", ik.losses.HoleValidLoss(), weighted_metrics=[ik.metrics.PSNR("hole_psnr")])
    teacher.fit(train, validation_data=val, epochs=20, callbacks=ik.training.standard_callbacks("runs/a"))

Two rules decide who sees the mask, both in `Inpainter`: a `MaskLoss` gets it as the fourth channel of
its target, and `weighted_metrics` get the hole as their sample weight. All else is plain Keras.
"""

import contextlib
import functools
import importlib.util
import inspect
import warnings
from pathlib import Path

import keras
from keras import ops

from inpaintkit import layers  # noqa: F401 (with this module, all that a saved network names is known)
from inpaintkit.callbacks import (
    Anneal,
    FollowEpochs,
    LearningRates,
    Plateau,
    Progress,
    Resume,
    Snapshots,
)
from inpaintkit.checks import check_arrays
from inpaintkit.data import Pairs, at_epoch, check_stages
from inpaintkit.games import NonSaturating
from inpaintkit.losses import MaskLoss, TermsLoss
from inpaintkit.metrics import package
from inpaintkit.rates import counts_up
from inpaintkit.tools import find_learning_rate, overfit_one_batch, second_phase  # noqa: F401 (found here too)


class _KnowsHole:
    """Who sees the mask, for both teachers below: mask losses and weighted metrics."""

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


@package
class Inpainter(_KnowsHole, keras.Model):
    """A functional model over `[image, mask]` that trains with losses and metrics that know the hole.

    Made from a network's ends, `Inpainter(network.inputs, network.output)`, it shares the network's
    weights. `metrics` measure the whole raw output; `weighted_metrics` (`PSNR`, `SSIM`, `MAE`, or Keras's
    own classes) measure the hole alone; a sample weight given to `fit` weighs the loss, not these. The terms
    of a `TermsLoss`, such as `PConvLoss`, are reported by their names. Saved and loaded (`ik.load_model`), it
    comes back compiled.

    A network of several stages may be taught at each, `Inpainter(network.inputs, [network.output, …])`:
    one loss for all, or a list with its `loss_weights`; metrics are of the first output.

    Raises:
        ValueError: in `fit`, `evaluate`, `predict` and their `…_on_batch`, arrays of a wrong shape, masks of
            other values than 0 and 1, known pixels or target images outside [0, 1] or NaN. Masks may be of
            any type, such as bool.

    Warns:
        UserWarning: `evaluate`, `predict` or `validation_data` with a shuffled `Pairs`, which has other
            holes each time.
    """


@package
class InpaintingGAN(_KnowsHole, keras.Model):
    """A generator over `[image, mask]`, taught by a loss and by a discriminator that it learns to fool.

        loss = the compiled loss
             + adversarial_weight · game.generator(D(fake)) + game.discriminator(D(truth), D(fake))

    where fake is the composite, so that D judges fills and nothing else. One backward pass teaches both:
    the generator's term sees D through frozen copies of its weights, and D's sees the fake as a constant.
    So `fit` is Keras's own. `history` has the three as `reconstruction_loss`, `adversarial_loss` (without its
    weight) and `discriminator_loss`.

    Args:
        generator: a network over `[image, mask]`, such as `ik.models.unet()`.
        discriminator: a network over a picture (B, H, W, 3) that gives logits of any shape.
        adversarial_weight: of the generator's adversarial term.
        game: `ik.losses.NonSaturating()` (the default) or `ik.losses.Hinge()`.

    After training, `gan.generator` is a network like any other, to be saved and exported by itself.
    """

    def __init__(self, generator, discriminator, adversarial_weight=0.01, game=None, **settings):
        super().__init__(**settings)
        self.generator, self.discriminator = generator, discriminator
        self.adversarial_weight, self.game = adversarial_weight, game or NonSaturating()
        names = ("reconstruction_loss", "adversarial_loss", "discriminator_loss")
        self.terms = {name: keras.metrics.Mean(name) for name in names}
        self.built = True  # both players are functional

    def call(self, inputs, training=None):
        return self.generator(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y = _as_float(y)
        fake = ops.where(_mask_of(x) > 0, y, _final(y_pred))
        # Both in one batch, for batch norms that treat them alike. D first: spectral normalisation
        # scales its kernels in place, and PyTorch forbids that once another pass has used them.
        real, caught = self._discriminate(y, ops.stop_gradient(fake), training)
        frozen = [ops.stop_gradient(v.value) for v in self.discriminator.trainable_variables]
        _, fooled = self._discriminate(y, fake, training, frozen)
        reconstruction = super().compute_loss(x, y, y_pred, sample_weight, training)
        adversarial, discrimination = self.game.generator(fooled), self.game.discriminator(real, caught)
        parts = (reconstruction, adversarial, discrimination)
        for tracker, value in zip(self.terms.values(), parts, strict=True):
            tracker.update_state(value)
        return reconstruction + self.adversarial_weight * adversarial + discrimination

    def _discriminate(self, real, fake, training, weights=None):
        """The discriminator's logits for real and fake pictures, (B, …) each, also with frozen weights."""
        pictures = ops.concatenate([real, fake], axis=0)
        if weights is None:
            logits = self.discriminator(pictures, training=training)
        else:
            state = [v.value for v in self.discriminator.non_trainable_variables]
            logits, _ = self.discriminator.stateless_call(weights, state, pictures, training=training)
        return ops.split(logits, 2, axis=0)

    def get_config(self):
        parts = {"generator": self.generator, "discriminator": self.discriminator, "game": self.game}
        saved = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {"name": self.name, "adversarial_weight": self.adversarial_weight, **saved}

    @classmethod
    def from_config(cls, config):
        parts = ("generator", "discriminator", "game")
        return cls(**config | {name: keras.saving.deserialize_keras_object(config[name]) for name in parts})


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
        id(part): (i, part) for i, part in reversed(list(enumerate(losses))) if isinstance(part, TermsLoss)
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
    """The picture that counts: the first of several outputs."""
    return y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred


def standard_callbacks(
    run_dir,
    monitor="val_hole_psnr",
    patience=10,
    minutes=None,
    train=None,
    pictures=None,
    on_change="refuse",
):
    """What a careful training run needs, in the order it should happen.

    EarlyStopping (best weights restored), ReduceLROnPlateau (halved after a third of that patience),
    Anneal (the rate falls to 1 % by the end of epochs or minutes), the best model as
    `run_dir/best.keras`, `history.csv`, TensorBoard with pictures where it is installed, an end at NaN, and
    a progress line that names loss, hole PSNR and time left.

    A run that is killed goes on after its last whole epoch when the same code is run again with the same
    run_dir (see `Resume`); the time up to that epoch counts against the minutes. More epochs or minutes may
    be asked for; but a run_dir is for one experiment: with another network, loss, optimizer, learning rate
    or data, the backup is not used, and `on_change` says what happens. A run whose `fit` came to its end,
    early or not, begins anew: `best.keras`, `history.csv` and `tensorboard` of before are removed at once.
    So use one run_dir per phase, and look whether the first phase is done.

    An optimizer with a `LearningRateSchedule` keeps it: Anneal and ReduceLROnPlateau then change nothing.

    Args:
        run_dir: folder for all files; made when missing.
        monitor: what must improve; a name that holds "psnr" or "ssim" counts upwards, any other down.
        patience: epochs without improvement before the end.
        minutes: None, or the most wall time to train for.
        train: the training `Pairs`; needed only with a plain Keras model. `fit` of an `Inpainter` or an
            `InpaintingGAN` tells the callbacks its data. Without it the holes of a run that goes on are those
            of the first epochs once more, and other data is not noticed as another experiment.
        pictures: validation `Pairs`, or a batch ((holed image, mask), image): the first four are shown in
            TensorBoard after every epoch, as marked input, raw output, composite and truth.
        on_change: when run_dir holds the backup of another experiment: "refuse" raises a ValueError that says
            what differs; "restart" prints it, and begins anew, as for a notebook's cell with new settings.

    Returns:
        list of `keras.callbacks.Callback`.

    Raises:
        ValueError: minutes that are not more than 0, another on_change; in `fit`, a backup of another
            experiment or one that cannot be read, and a monitor that is not measured: before the first step,
            for a plain Keras model after the first epoch.
    """
    run_dir = Path(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    best = {"monitor": monitor, "mode": "max" if counts_up(monitor) else "min"}
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True, **best),
        Plateau(factor=0.5, patience=max(1, patience // 3), **best),
        Anneal(minutes),
        keras.callbacks.ModelCheckpoint(run_dir / "best.keras", save_best_only=True, **best),
        keras.callbacks.CSVLogger(run_dir / "history.csv", append=True),
        Progress(minutes),
    ]
    # Keras writes TensorBoard's files through TensorFlow, under every back end.
    if importlib.util.find_spec("tensorflow") and importlib.util.find_spec("tensorboard"):
        tensorboard = keras.callbacks.TensorBoard(run_dir / "tensorboard", write_graph=False)
        callbacks.append(tensorboard)
        if pictures is not None:
            callbacks.append(Snapshots(tensorboard, pictures))
    return [Resume(run_dir, callbacks, train, monitor, on_change)] + callbacks


def learning_rates(rates):
    """A learning rate by steps: `learning_rates({0: 1e-3, 8: 1e-4})` is 1e-3 for eight epochs, then 1e-4.

    In `fit` it comes after the standard callbacks; then Anneal and ReduceLROnPlateau have no say.

    Args:
        rates: {first epoch, from 0: rate}.

    Returns:
        `keras.callbacks.LearningRateScheduler`, which leaves its last rate behind.

    Raises:
        ValueError: no rate for epoch 0, epochs that are not whole numbers, or rates not more than 0; in
            `fit`, an optimizer with a `LearningRateSchedule`.
    """
    check_stages(rates, "rates")
    if not all(rate > 0 for rate in rates.values()):
        raise ValueError(f"rates={rates}: expected more than 0")
    return LearningRates(lambda epoch, rate: float(at_epoch(rates, epoch)))
