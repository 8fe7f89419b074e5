"""Backups that are damaged, files that cannot be written, and a folder that vanishes during training."""

import errno
import random
import shutil
from pathlib import Path

import keras
import pandas as pd
import pytest
from resumable import interrupt_in, resume_in
from small_training import fit_small, small_model

from inpaintkit import training


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The history of a training that nothing stopped."""
    keras.utils.set_random_seed(3)
    fit = resume_in(tmp_path_factory.mktemp("whole"), small_model())
    return pd.DataFrame(fit.history)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run folder whose run, of the same training, was stopped after three epochs: two backups."""
    run = tmp_path_factory.mktemp("stopped") / "run"
    keras.utils.set_random_seed(3)
    interrupt_in(run, epoch=3)
    return run


@pytest.fixture
def run(stopped, tmp_path):
    return shutil.copytree(stopped, tmp_path / "run")


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file):
    file.write_bytes(b"")


def fill_with_garbage(file):
    file.write_bytes(b"\xff\x00garbage" * 100)


def assert_is_whole(run, whole):
    """The history is that of the training that nothing stopped, and the best network can be loaded."""
    rows = pd.read_csv(run / "history.csv")
    assert list(rows.pop("epoch")) == list(range(len(whole)))
    pd.testing.assert_frame_equal(rows[sorted(rows)], whole[sorted(rows)], rtol=1e-5)
    keras.saving.load_model(run / "best.keras")
    assert not (run / "backup").exists() and not list(run.rglob("*.part*"))


@pytest.mark.parametrize("damage", [cut, empty, fill_with_garbage])
@pytest.mark.parametrize("name", ["latest.weights.h5", "state.json", "best.keras", "history.csv"])
def test_of_two_backups_the_one_before_is_used_where_the_newest_is_damaged(name, damage, run, whole, capsys):
    newest = max((run / "backup").iterdir())
    damage(newest / name)
    damage(run / "history.csv")  # these two are also outside of the backup
    damage(run / "best.keras")
    resume_in(run, small_model())
    printed = capsys.readouterr().out
    assert f"{newest}: this backup is damaged" in printed and "resuming after epoch 2" in printed
    assert_is_whole(run, whole)


def test_a_backup_without_one_of_its_files_is_damaged(run, whole, capsys):
    (run / "backup" / "000003" / "best.keras").unlink()
    resume_in(run, small_model())
    assert "resuming after epoch 2" in capsys.readouterr().out
    assert_is_whole(run, whole)


def test_without_a_whole_backup_a_sentence_says_what_is_lost(run):
    before = sorted(run.rglob("*"))
    for file in run.glob("backup/*/latest.weights.h5"):
        cut(file)
    with pytest.raises(ValueError, match=r"000003: .* \(latest.weights.h5 was cut off .*remove .*backup"):
        resume_in(run)
    with pytest.raises(ValueError, match=r"best network until then is .*best.keras: copy it first"):
        resume_in(run)
    assert sorted(run.rglob("*")) == before


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


class FullDisk(keras.callbacks.Callback):
    """From some epoch on, weights are cut off while they are written."""

    def __init__(self, epoch, monkeypatch):
        super().__init__()
        self.epoch, self.monkeypatch = epoch, monkeypatch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch != self.epoch:
            return
        for name in ("save", "save_weights"):

            def half(model, filepath, **_):
                Path(filepath).write_bytes(b"half")
                full_disk()

            self.monkeypatch.setattr(keras.Model, name, half)


def test_a_full_disk_stops_the_training_and_leaves_whole_files_only(tmp_path, whole, monkeypatch):
    keras.utils.set_random_seed(3)
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        callbacks = [*training.standard_callbacks(run), FullDisk(2, patched)]
        with pytest.raises(OSError, match="No space left"):
            fit_small(small_model(), callbacks=callbacks)
    assert not list(run.rglob("*.part*")) and keras.saving.load_model(run / "best.keras")
    assert sorted(file.parent.name for file in run.glob("backup/*/*.h5")) == ["000001", "000002"]
    resume_in(run, small_model())
    assert_is_whole(run, whole)


def test_a_full_disk_does_not_leave_half_a_backup(tmp_path, monkeypatch):
    run = tmp_path / "run"
    interrupt_in(run, epoch=2)
    monkeypatch.setattr(random, "getstate", full_disk)  # after the weights, before state.json
    with pytest.raises(OSError, match="No space left"):
        resume_in(run, epochs=5)
    assert [folder.name for folder in (run / "backup").iterdir()] == ["000002"]


class Vanish(keras.callbacks.Callback):
    """Moves a folder away in the middle of an epoch."""

    def __init__(self, epoch, run, elsewhere):
        super().__init__()
        self.epoch, self.run, self.elsewhere = epoch, run, elsewhere

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.run.rename(self.elsewhere)


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_folder_that_vanishes_is_not_made_again_and_continues_when_it_is_back(epoch, tmp_path, whole):
    """As a drive does whose connection is lost: an empty folder in its place would hinder its return."""
    keras.utils.set_random_seed(3)
    run, elsewhere = tmp_path / "drive" / "run", tmp_path / "elsewhere"
    callbacks = [*training.standard_callbacks(run), Vanish(epoch, run, elsewhere)]
    model = small_model()
    with pytest.raises(FileNotFoundError, match=r"run: this folder was removed.*run the same"):
        fit_small(model, callbacks=callbacks)
    if epoch == 0:  # then TensorBoard has not opened its files, and makes their folder
        assert [path.name for path in run.iterdir()] == ["tensorboard"]
        shutil.rmtree(run)
    assert not run.exists()
    elsewhere.rename(run)
    keras.utils.set_random_seed(3)
    resume_in(run, small_model())
    assert_is_whole(run, whole)


def test_a_kill_while_the_best_network_is_written_leaves_the_one_before(tmp_path, monkeypatch):
    run = tmp_path / "run"
    interrupt_in(run, epoch=1)
    before = (run / "best.keras").read_bytes()

    def killed(model, filepath, **_):
        Path(filepath).write_bytes(b"half")
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # nothing is tidied up after SIGKILL
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            resume_in(run)
    monkeypatch.undo()
    assert (run / "best.keras").read_bytes() == before and len(list(run.glob("best.part*"))) == 1
    resume_in(run)
    assert not list(run.glob("*.part*"))


def test_a_backup_may_be_kept_until_the_end_is_saved(tmp_path, capsys):
    callbacks = training.standard_callbacks(tmp_path)
    callbacks[0].keep_backup = True
    fit_small(epochs=3, callbacks=callbacks)
    assert [folder.name for folder in sorted((tmp_path / "backup").iterdir())] == ["000001", "000002"]
    assert len(resume_in(tmp_path, epochs=3).epoch) == 1  # only the last epoch, as it is not in the backup
    assert "resuming after epoch 2" in capsys.readouterr().out and not (tmp_path / "backup").exists()


def test_history_continues_with_columns_that_come_later(tmp_path):
    """Such as those of a validation that runs every second epoch."""
    for first in (0, 2):
        history = training.callbacks.HistoryFile(tmp_path / "history.csv")
        history.on_train_begin()
        history.on_epoch_end(first, {"loss": 0.5})
        history.on_epoch_end(first + 1, {"loss": 0.25, "val_loss": 1 / 3})
    lines = (tmp_path / "history.csv").read_text("utf-8").splitlines()
    assert lines[0] == "epoch,loss,val_loss"
    assert lines[1:] == ["0,0.5,", f"1,0.25,{1 / 3!r}", "2,0.5,", f"3,0.25,{1 / 3!r}"]
