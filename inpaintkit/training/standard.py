"""What a careful training run needs, in one list of callbacks."""

from __future__ import annotations

import importlib.util
from os import PathLike
from pathlib import Path

import keras

from inpaintkit.data import Pairs
from inpaintkit.training.callbacks import HistoryFile, ImageLogger, ModelCheckpoint, ProgressLine
from inpaintkit.training.rates import CosineAnnealing, Plateau
from inpaintkit.training.resume import Resume, is_better_higher


def standard_callbacks(
    run_dir: str | PathLike,
    monitor: str = "val_hole_psnr",
    patience: int = 10,
    minutes: float | None = None,
    train: Pairs | None = None,
    images: Pairs | tuple | None = None,
    on_change: str = "refuse",
    warm_up: int = 0,
) -> list[keras.callbacks.Callback]:
    """What a careful training run needs, in the order it should happen.

    EarlyStopping (best weights restored), ReduceLROnPlateau (halved after a third of that patience),
    CosineAnnealing (the rate falls to 1 % by the end of epochs or minutes), the best model as
    `run_dir/best.keras`, `history.csv`, TensorBoard with images where it is installed, an end at NaN, and
    a progress line that names loss, hole PSNR and time left.

    A killed run resumes after its last complete epoch when the same code is run again with the same run_dir
    (see `Resume`); the time up to that epoch counts against the minutes. More epochs or minutes may be asked
    for. But a run_dir is for one experiment: with another network, loss, optimizer, learning rate or data,
    the backup is not used, and `on_change` says what happens. A finished run starts over: `best.keras`,
    `history.csv` and `tensorboard` of before are removed. So use one run_dir per phase.

    An optimizer with a `LearningRateSchedule` keeps it: CosineAnnealing and ReduceLROnPlateau then change
    nothing.

    Args:
        run_dir: folder for all files; made when missing.
        monitor: what must improve; a name that holds "psnr" or "ssim" counts upwards, any other down.
        patience: epochs without improvement before the end.
        minutes: None, or the longest time to train for.
        train: the training `Pairs`; needed only with a plain Keras model. `fit` of an `Inpainter` or an
            `InpaintingGAN` tells the callbacks its data. Without it a resumed run gets the holes of the
            first epochs again, and other data is not noticed as another experiment.
        images: validation `Pairs`, or a batch ((masked image, mask), image): the first four are shown in
            TensorBoard after every epoch, as marked input, raw output, composite and truth.
        on_change: when run_dir holds the backup of another experiment: "refuse" raises a ValueError that says
            what differs; "restart" prints it and starts over, as for a notebook cell with new settings.
        warm_up: of `CosineAnnealing`: steps in which the learning rate first rises.

    Returns:
        the callbacks for `fit`; the first is `Resume`.

    Raises:
        ValueError: minutes that are not more than 0, another on_change; in `fit`, a backup of another
            experiment or one that cannot be read, and a monitor that is not measured: before the first step,
            for a plain Keras model after the first epoch.

    Example:
        >>> import tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as run_dir:
        ...     callbacks = ik.training.standard_callbacks(run_dir, minutes=5)
        >>> [type(callback).__name__ for callback in callbacks[:4]]
        ['Resume', 'TerminateOnNaN', 'EarlyStopping', 'Plateau']
    """
    run_dir = Path(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    best = {"monitor": monitor, "mode": "max" if is_better_higher(monitor) else "min"}
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True, **best),
        Plateau(factor=0.5, patience=max(1, patience // 3), **best),
        CosineAnnealing(minutes, warm_up),
        HistoryFile(run_dir / "history.csv"),
        ModelCheckpoint(run_dir / "best.keras", save_best_only=True, **best),
        ProgressLine(minutes),
    ]
    # Keras writes TensorBoard's files through TensorFlow, under every back end.
    if importlib.util.find_spec("tensorflow") and importlib.util.find_spec("tensorboard"):
        tensorboard = keras.callbacks.TensorBoard(run_dir / "tensorboard", write_graph=False)
        callbacks.append(tensorboard)
        if images is not None:
            callbacks.append(ImageLogger(tensorboard, images))
    return [Resume(run_dir, callbacks, train, monitor, on_change), *callbacks]
