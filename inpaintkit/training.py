"""Teaching a network: `fit` as every Keras user knows it, with the mask where the loss needs it.

    network = ik.models.unet(prefill=True)
    teacher = ik.Inpainter(network.inputs, network.output)
    teacher.compile("adam", ik.losses.HoleValidLoss(), weighted_metrics=[ik.metrics.PSNR("hole_psnr")])
    teacher.fit(train, validation_data=val, epochs=20, callbacks=ik.training.standard_callbacks("runs/a"))

Two rules decide who sees the mask, both in `Inpainter`: a `MaskLoss` gets it as the fourth channel of
its target, and `weighted_metrics` get the hole as their sample weight. All else is plain Keras.
"""

import importlib.util
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from inpaintkit import layers  # noqa: F401 (with this module, all that a saved network names is known)
from inpaintkit.callbacks import Anneal, LearningRates, Progress, Resume, Snapshots
from inpaintkit.data import at_epoch, check_stages
from inpaintkit.games import NonSaturating
from inpaintkit.images import check_binary
from inpaintkit.losses import MaskLoss
from inpaintkit.metrics import package


class _KnowsHole:
    """Who sees the mask, for both teachers below: mask losses and weighted metrics."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
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
        losses = keras.tree.flatten(getattr(self, "loss", None))
        trackers = {name: t for loss in losses for name, t in getattr(loss, "trackers", {}).items()}
        return [*super().metrics, *trackers.values()]

    def fit(self, x=None, *args, **settings):
        _check_mask(x)
        return super().fit(x, *args, **settings)

    def evaluate(self, x=None, *args, **settings):
        _check_mask(x)
        return super().evaluate(x, *args, **settings)

    def predict(self, x, *args, **settings):
        _check_mask(x)
        return super().predict(x, *args, **settings)


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
        ValueError: in `fit`, `evaluate` and `predict`, an array of masks that are not of 0 and 1.
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


def _takes_mask(loss):
    return issubclass(loss if isinstance(loss, type) else type(loss), MaskLoss)


def _mask_of(x):
    """The mask of a network's inputs, [image, mask] or by their names."""
    return x["mask"] if isinstance(x, dict) else x[1]


def _check_mask(x):
    """Arrays are looked at; data sets check their own."""
    if isinstance(x, (dict, list, tuple)) and len(x) == 2 and isinstance(_mask_of(x), np.ndarray):
        check_binary(_mask_of(x))


def _final(y_pred):
    """The picture that counts: the first of several outputs."""
    return y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred


def standard_callbacks(
    run_dir, monitor="val_hole_psnr", patience=10, minutes=None, train=None, pictures=None
):
    """What a careful training run needs, in the order it should happen.

    EarlyStopping (best weights restored), ReduceLROnPlateau (halved after a third of that patience),
    Anneal (the rate falls to 1 % by the end of epochs or minutes), the best model as
    `run_dir/best.keras`, `history.csv`, TensorBoard with pictures where it is installed, an end at NaN, and
    a progress line that names loss, hole PSNR and time left.

    A run that is killed goes on after its last whole epoch when the same code is run again with the same
    run_dir (see `Resume`); the time up to that epoch counts against the minutes. One whose `fit` came to
    its end, early or not, begins anew: `history.csv` is written over at once, `best.keras` after the first
    epoch. So a script of two phases wants a run_dir for each, and a look whether the first is done.

    Args:
        run_dir: folder for all files; made when missing.
        monitor: what must improve; a name that holds "psnr" or "ssim" counts upwards, any other down.
        patience: epochs without improvement before the end.
        minutes: None, or the most wall time to train for.
        train: the training `Pairs`. Without it a run that goes on sees the first epochs' holes once more.
        pictures: validation `Pairs`, or a batch ((holed image, mask), image): the first four are shown in
            TensorBoard after every epoch, as marked input, raw output, composite and truth.

    Returns:
        list of `keras.callbacks.Callback`.

    Raises:
        ValueError: minutes that are not more than 0; in `fit`, a backup that does not fit.
    """
    run_dir = Path(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    best = {"monitor": monitor, "mode": "max" if "psnr" in monitor or "ssim" in monitor else "min"}
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True, **best),
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=max(1, patience // 3), **best),
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
    return [Resume(run_dir, callbacks, train)] + callbacks


def learning_rates(rates):
    """A learning rate by steps: `learning_rates({0: 1e-3, 8: 1e-4})` is 1e-3 for eight epochs, then 1e-4.

    In `fit` it comes after the standard callbacks; then Anneal and ReduceLROnPlateau have no say.

    Args:
        rates: {first epoch, from 0: rate}.

    Returns:
        `keras.callbacks.LearningRateScheduler`, which leaves its last rate behind.

    Raises:
        ValueError: no rate for epoch 0, epochs that are not whole numbers, or rates not more than 0.
    """
    check_stages(rates, "rates")
    if not all(rate > 0 for rate in rates.values()):
        raise ValueError(f"rates={rates}: expected more than 0")
    return LearningRates(lambda epoch, rate: float(at_epoch(rates, epoch)))


def second_phase(model, learning_rate=5e-5):
    """Makes a network ready for its second phase: the encoder's batch normalisation is frozen.

    Holes spoil the statistics of a batch, so the first phase learns with noisy ones; the second keeps what
    the encoder has gathered, and fine-tunes at a lower rate (the paper: 2e-4, then 5e-5). It may end below
    the first one's best: the callbacks of a new run_dir do not know that.

    Args:
        model: compiled, and trained. Its `BatchNormalization` layers whose name begins with "encoder" stop
            learning; then it is compiled again, with the same loss and metrics and a fresh optimizer.
        learning_rate: of the same optimizer, its past forgotten.

    Raises:
        ValueError: a model that is not compiled, or has no such layer.

    Source: Liu et al. 2018, section 4.1, "Initial training and fine-tuning".
    """
    _needs_compiling(model)
    norms = [layer for layer in _all_layers(model) if isinstance(layer, keras.layers.BatchNormalization)]
    frozen = [layer for layer in norms if layer.name.startswith("encoder")]
    if not frozen:
        names = ", ".join(layer.name for layer in norms) or "none at all"
        raise ValueError(
            f"network {model.name!r} has no BatchNormalization whose name begins with 'encoder': {names}"
        )
    for layer in frozen:
        layer.trainable = False
    model.compile_from_config(model.get_compile_config())
    model.optimizer.learning_rate = learning_rate


def _all_layers(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)


def find_learning_rate(model, pairs, low=1e-6, high=1.0, steps=100):
    """The learning-rate range test: trains with a rate that grows each step until the loss explodes.

    Args:
        model: compiled. Its weights and its optimizer come back as they were.
        pairs: batches by index, such as `ik.data.pairs(…)`.
        low, high: first and last rate; between them they grow evenly in the logarithm.
        steps: batches.

    Returns:
        dict: "rates" and "losses", arrays (n,), n ≤ steps, the losses smoothed over about ten steps; and
        "suggestion", a tenth of the rate with the lowest loss.

    Raises:
        ValueError: not 0 < low < high, fewer than 10 steps, a model that is not compiled, or a loss that is
            never finite.

    Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks".
    """
    if not 0 < low < high or steps < 10:
        raise ValueError(
            f"low={low}, high={high}, steps={steps}: expected 0 < low < high and at least 10 steps"
        )
    _needs_compiling(model)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [ops.convert_to_numpy(variable) for variable in variables]
    rates, losses, smooth = np.geomspace(low, high, steps), [], None
    try:
        for i, rate in enumerate(rates):
            model.optimizer.learning_rate = rate
            loss = _train_on_batch(model, pairs[i % len(pairs)])
            smooth = loss if smooth is None else 0.9 * smooth + 0.1 * loss
            if not np.isfinite(smooth) or (losses and smooth > 4 * min(losses)):
                break
            losses.append(smooth)
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
    if not losses:
        raise ValueError(
            f"the loss is {loss} at the first step: look at the data and the loss before the rate"
        )
    rates = rates[: len(losses)]
    return {"rates": rates, "losses": np.array(losses), "suggestion": float(rates[np.argmin(losses)] / 10)}


def overfit_one_batch(model, batch, steps=300):
    """Trains on one batch again and again: a network that cannot learn that by heart is broken.

    Args:
        model: compiled; its weights change.
        batch: ((holed image, mask), image), such as `ik.data.pairs(…)[0]`.
        steps: training steps.

    Returns:
        array (steps,): the loss of each step; of a GAN, its reconstruction loss.

    Raises:
        ValueError: a model that is not compiled, or a loss that starts at 0 or below, such as `psnr_loss`:
            it has no tenth.

    Warns:
        UserWarning: when the loss does not fall to a tenth of the first.
    """
    _needs_compiling(model)
    losses = np.array([_train_on_batch(model, batch) for _ in range(steps)])
    if losses[0] <= 0:
        raise ValueError(
            f"the loss starts at {losses[0]:.4g}: expected one that falls towards 0, such as 'mae'"
        )
    if not losses[-1] <= losses[0] / 10:
        warnings.warn(
            f"overfitting one batch took the loss from {losses[0]:.4g} to {losses[-1]:.4g} in {steps} steps, "
            "not to a tenth: try more steps or another learning rate; if that does not help, look for a "
            "fault in the network or the loss",
            stacklevel=2,
        )
    return losses


def _needs_compiling(model):
    if not model.compiled:
        raise ValueError(f"network {model.name!r} is not compiled: call its compile(optimizer, loss) first")


def _train_on_batch(model, batch):
    """The loss of this one step; Keras would report the mean of all since the last reset."""
    model.reset_metrics()
    logs = model.train_on_batch(*batch, return_dict=True)
    return float(logs.get("reconstruction_loss", logs["loss"]))
