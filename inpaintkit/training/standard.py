"""What a careful training run needs, in one list of callbacks."""

import importlib.util
from pathlib import Path

import keras

from inpaintkit.data import at_epoch, check_stages
from inpaintkit.training.callbacks import (
    CosineAnnealing,
    ImageLogger,
    PiecewiseLearningRate,
    Plateau,
    ProgressLine,
)
from inpaintkit.training.rates import counts_up
from inpaintkit.training.resume import Resume


def standard_callbacks(
    run_dir,
    monitor="val_hole_psnr",
    patience=10,
    minutes=None,
    train=None,
    images=None,
    on_change="refuse",
):
    """What a careful training run needs, in the order it should happen.

    EarlyStopping (best weights restored), ReduceLROnPlateau (halved after a third of that patience),
    CosineAnnealing (the rate falls to 1 % by the end of epochs or minutes), the best model as
    `run_dir/best.keras`, `history.csv`, TensorBoard with images where it is installed, an end at NaN, and
    a progress line that names loss, hole PSNR and time left.

    A run that is killed goes on after its last whole epoch when the same code is run again with the same
    run_dir (see `Resume`); the time up to that epoch counts against the minutes. More epochs or minutes may
    be asked for; but a run_dir is for one experiment: with another network, loss, optimizer, learning rate
    or data, the backup is not used, and `on_change` says what happens. A run whose `fit` came to its end,
    early or not, begins anew: `best.keras`, `history.csv` and `tensorboard` of before are removed at once.
    So use one run_dir per phase, and look whether the first phase is done.

    An optimizer with a `LearningRateSchedule` keeps it: CosineAnnealing and ReduceLROnPlateau then change nothing.

    Args:
        run_dir: folder for all files; made when missing.
        monitor: what must improve; a name that holds "psnr" or "ssim" counts upwards, any other down.
        patience: epochs without improvement before the end.
        minutes: None, or the most wall time to train for.
        train: the training `Pairs`; needed only with a plain Keras model. `fit` of an `Inpainter` or an
            `InpaintingGAN` tells the callbacks its data. Without it the holes of a run that goes on are those
            of the first epochs once more, and other data is not noticed as another experiment.
        images: validation `Pairs`, or a batch ((holed image, mask), image): the first four are shown in
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
        CosineAnnealing(minutes),
        keras.callbacks.ModelCheckpoint(run_dir / "best.keras", save_best_only=True, **best),
        keras.callbacks.CSVLogger(run_dir / "history.csv", append=True),
        ProgressLine(minutes),
    ]
    # Keras writes TensorBoard's files through TensorFlow, under every back end.
    if importlib.util.find_spec("tensorflow") and importlib.util.find_spec("tensorboard"):
        tensorboard = keras.callbacks.TensorBoard(run_dir / "tensorboard", write_graph=False)
        callbacks.append(tensorboard)
        if images is not None:
            callbacks.append(ImageLogger(tensorboard, images))
    return [Resume(run_dir, callbacks, train, monitor, on_change)] + callbacks


def step_schedule(rates):
    """A learning rate by steps: `step_schedule({0: 1e-3, 8: 1e-4})` is 1e-3 for eight epochs, then 1e-4.

    In `fit` it comes after the standard callbacks; then CosineAnnealing and ReduceLROnPlateau have no say.

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
    return PiecewiseLearningRate(lambda epoch, rate: float(at_epoch(rates, epoch)))
