"""Searches that can be interrupted: what they keep, what they refuse, what TensorBoard shows of them."""

import json
import math
import resource
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

import numpy as np
import pytest
from test_floors import PACKAGE, imports
from typer.testing import CliRunner

from inpaintkit.plots import method_color
from tuning import plots, runs, search, tensorboard_files
from tuning.tuner import ORACLES, Search

# Keras Tuner asks threads for their names as Python did before 3.10.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")

FIXED = {"filters": ["4-4"], "optimizer": ["adam"], "loss": ["mae"]}
STUDIED = search.RESULTS / "studied-skip_autoencoder"
RATES = [0.001, 1e6]  # the second diverges
TINY = ["--model", "pconv_unet", "--image-size", "16", "--count", "8", "--epochs", "2"]
TINY += [word for name, (value,) in FIXED.items() for word in ("--set", f"{name}={value}")]


def tiny(**settings):
    settings = {"space": {**FIXED, "learning_rate": RATES}, **settings}
    return Search("pconv_unet", **{"image_size": 16, "count": 8, "epochs": 2, **settings})


class Interrupted(BaseException):
    """Like a kill: nothing catches it."""


@pytest.fixture
def fake(monkeypatch):
    """Training that takes no time: calls are recorded, and after `left` more of them it is interrupted."""

    class Fake:
        calls, left, failing = [], math.inf, ()

    def train(self, hp, seed, epochs):
        rate = hp.values["learning_rate"]
        if not Fake.left:
            raise Interrupted
        Fake.left -= 1
        Fake.calls.append((rate, epochs, seed))
        if (rate, seed) in Fake.failing:
            return {"loss": [1.0, math.nan], "val_hole_psnr": [9.0, math.nan]}, None
        best = 20 + math.log10(rate) + seed / 10
        scores = [best - 1, best, best - 2]
        return dict.fromkeys(("loss", *runs.METRICS), scores), None

    Fake.calls = []
    monkeypatch.setattr(Search, "train", train)
    return Fake


@pytest.mark.parametrize("algorithm", ORACLES)
def test_an_interrupted_search_loses_and_repeats_nothing(algorithm, fake, tmp_path):
    rates = [0.001, 0.002, 0.004, 0.008] if algorithm == "grid" else [0.5**i for i in range(12)]
    space = {**FIXED, "learning_rate": rates}
    one = tiny(algorithm=algorithm, epochs=9 if algorithm == "hyperband" else 2, space=space)
    trials = None if algorithm in ("grid", "hyperband") else 5
    whole = one.run(tmp_path / "whole", 2, trials).drop(columns="seconds")
    uninterrupted, fake.calls = fake.calls, []
    assert len(uninterrupted) == whole.runs.sum() >= 8
    for fake.left in (1, 2, 0, 3):
        with pytest.raises(Interrupted):
            one.run(tmp_path / "interrupted", 2, trials)
        (tmp_path / "interrupted/.new-1").mkdir()  # what a kill leaves while a run is written
    fake.left = math.inf
    again = one.run(tmp_path / "interrupted", 2, trials).drop(columns="seconds")
    assert fake.calls == uninterrupted
    assert again.equals(whole) and not (tmp_path / "interrupted/.new-1").exists()
    one.run(tmp_path / "interrupted", 2, trials)
    assert fake.calls == uninterrupted, "a finished search trained again"


def test_a_later_call_may_ask_for_more_seeds_and_trials(fake, tmp_path):
    one = tiny(algorithm="random", space={**FIXED, "learning_rate": [0.5**i for i in range(20)]})
    assert one.run(tmp_path / "a", 1, 2).runs.tolist() == [1, 1]
    assert one.run(tmp_path / "a", 3, 4).runs.tolist() == [3] * 4
    assert len(fake.calls) == len(set(fake.calls)) == 12


def test_the_table_has_means_spreads_and_failures(fake, tmp_path, capsys):
    fake.failing = {(0.1, 1), (1.0, 0), (1.0, 1), (1.0, 2)}
    table = tiny(space={**FIXED, "learning_rate": [1.0, 0.1, 0.01]}).run(tmp_path / "a", 3)
    assert table.learning_rate.tolist() == [0.1, 0.01, 1.0]  # best first, failed last
    assert table.runs.tolist() == [3, 3, 3] and table.failed.tolist() == [1, 0, 3]
    np.testing.assert_allclose(table.val_hole_psnr, [19.1, 18.1, math.nan])
    np.testing.assert_allclose(table["val_hole_psnr std"], [np.std([19, 19.2], ddof=1), 0.1, math.nan])
    assert table["best epoch"].tolist()[:2] == [2, 2]
    text = (tmp_path / "a/table.md").read_text("utf-8")
    assert "18.10 ± 0.10" in text and "diverged: loss nan, val_hole_psnr nan in epoch 2" in text
    out = capsys.readouterr().out
    assert "trial 3 of 3  learning_rate=0.01,seed=2  val_hole_psnr 18.2 in epoch 2  best so far 19.1" in out
    assert "FAILED, diverged" in out and "0:00 h left" in out


def test_the_best_epoch_is_the_result_and_a_loss_that_is_not_finite_fails():
    history = {"loss": [3, 1, 2], "val_loss": [3, 1, 2], "val_hole_psnr": [7, 9, 8]}
    assert runs.result(history, "val_loss")["best"] == {"loss": 1, "val_loss": 1, "val_hole_psnr": 9}
    assert runs.result(history, "val_hole_psnr")["best_epoch"] == 2
    for bad in (math.nan, math.inf):
        assert "epoch 3" in runs.result({**history, "loss": [3, 1, bad]}, "val_hole_psnr")["failed"]
    assert runs.result({}, "val_loss", "OOM: too large") == {
        "failed": "OOM: too large",
        "best": None,
        "best_epoch": None,
    }


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A real search: one configuration learns, one diverges, two seeds each."""
    folder = tmp_path_factory.mktemp("real") / "search"
    return folder, tiny().run(folder, executions=2)


@pytest.mark.slow
def test_a_diverging_trial_is_reported_and_the_others_go_on(real):
    folder, table = real
    assert table.learning_rate.tolist() == RATES and table.failed.tolist() == [0, 2]
    assert "diverged" in table.reason[1] and table.val_hole_psnr[0] > 9
    first, second = runs.load(folder, "learning_rate=0.001,seed=?")
    assert first["history"] != second["history"], "both seeds gave the same"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of TensorBoard
@pytest.mark.parametrize("name", [pytest.param("real", marks=pytest.mark.slow), "studied", "two"])
def test_tensorboard_itself_reads_every_run_with_its_best_epoch(name, request, tmp_path):
    from tensorboard import program

    if name == "two":  # two searches with the same names of runs: one row per run all the same
        folder, folders = tmp_path, [tmp_path / "a", tmp_path / "b"]
        for copy in folders:
            shutil.copytree(STUDIED, copy)
            runs.write_tensorboard_files(copy)
    else:
        folder = request.getfixturevalue("real")[0] if name == "real" else STUDIED
        folders = [folder]
    server = program.TensorBoard()
    options = "--port 0 --load_fast false --reload_interval 0 --reload_task blocking"  # leaves no threads
    server.configure(argv=[None, "--logdir", str(folder), *options.split()])
    address = server.launch()

    def ask(path, **body):
        body = json.dumps(body).encode() if body else None
        header = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{address}data/plugin/{path}", body, header)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    done = {f"{of.name}/{run['name']}": run for of in folders for run in runs.load(of)}
    assert name != "two" or len(done) == 72
    experiment = ask("hparams/experiment", experimentName="")
    domains = {info["name"]: set(info["domainDiscrete"]) for info in experiment["hparamInfos"]}
    seen = [{**run["values"], "seed": run["seed"]} for run in done.values()]
    assert domains == {key: {values[key] for values in seen} for key in seen[0]}
    assert [info["name"]["tag"] for info in experiment["metricInfos"]] == tensorboard_files.BEST_TAGS

    wanted = {"allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE"], "startIndex": 0, "sliceSize": 999}
    columns = [{"metric": {"tag": tag}} for tag in tensorboard_files.BEST_TAGS]
    rows = ask("hparams/session_groups", **wanted, colParams=columns)["sessionGroups"]
    assert sorted(row["name"] for row in rows) == sorted(done)
    for row in rows:
        run, (session,) = done[row["name"]], row["sessions"]
        assert row["hparams"] == {**run["values"], "seed": run["seed"]}
        assert session["status"] == ("STATUS_FAILURE" if run["failed"] else "STATUS_SUCCESS")
        shown = {value["name"]["tag"]: value["value"] for value in session["metricValues"]}
        if run["failed"]:
            assert shown == {}
            continue
        best = run["best_epoch"]
        wanted = {f"best/{metric}": run["history"][metric][best - 1] for metric in runs.METRICS}
        assert shown == pytest.approx({**wanted, "best/epoch": best})
    run = next(run for run in done.values() if run["best"])
    place = (folders[0] / "trained" / run["name"]).relative_to(folder)
    query = urllib.parse.urlencode({"run": place, "tag": "epoch/val_loss"})
    curve = [value for _, _, value in ask(f"scalars/scalars?{query}")]
    assert curve == pytest.approx(run["history"]["val_loss"])


def test_files_for_tensorboard_need_no_tensorflow():
    run = runs.load(STUDIED)[0]
    code = (
        "import sys, json; sys.modules['tensorflow'] = None\n"
        "from tuning import tensorboard_files\n"
        "print(len(tensorboard_files.session(json.loads(sys.argv[1]), 'search')))"
    )
    command = [sys.executable, "-c", code, json.dumps(run)]
    printed = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True).stdout
    assert int(printed) == len(tensorboard_files.session(run, "search")) > 0


def cli(*words, results):
    return CliRunner().invoke(search.app, [*TINY, *map(str, words), "--results", str(results)])


def test_if_all_runs_fail_the_exit_code_is_1(fake, tmp_path):
    fake.failing = {(0.1, 0), (0.2, 0)}
    result = cli("--set", "learning_rate=0.1,0.2", results=tmp_path)
    assert result.exit_code == 1 and "all 2 runs failed; the first: diverged: loss nan" in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "resnet"], "'autoencoder', 'skip_autoencoder', "),
        (["--dataset", "imagenet"], "'photos', 'cifar10', 'celeb_a'"),
        (["--algorithm", "genetic"], "'grid', 'random', 'bayesian', 'hyperband'"),
        (["--objective", "accuracy"], "'val_hole_psnr', 'val_loss'"),
        (["--set", "dropout=0.1"], "expected one of filters, optimizer"),
        (["--set", "loss=ssim,mae", "--objective", "val_loss"], "val_hole_psnr"),
        (["--set", "loss=huber"], "'ssim', 'mae', 'hole_valid'"),
        (["--set", "loss"], "expected NAME=VALUE"),
    ],
)
def test_a_wrong_option_is_refused_and_leaves_no_folder(words, message, tmp_path):
    result = cli(*words, results=tmp_path / "results")
    assert result.exit_code == 2 and message in result.output
    assert not (tmp_path / "results").exists()


def test_searches_are_never_mixed(fake, tmp_path):
    words = ["--set", "learning_rate=0.1,0.2", "--name", "a"]
    assert cli(*words, results=tmp_path).exit_code == 0
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    result = cli(*words, "--epochs", 3, results=tmp_path)
    assert result.exit_code == 2 and "epochs 2, not 3" in result.output
    assert before == {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert cli(*words, "--epochs", 3, "--no-resume", results=tmp_path).exit_code == 0
    assert len(fake.calls) == 4
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.jpg").touch()
    result = cli("--name", "mine", "--no-resume", results=tmp_path)
    assert result.exit_code == 2 and str(tmp_path / "mine") in result.output
    assert (tmp_path / "mine/photo.jpg").exists()


def test_the_same_space_in_another_order_is_refused_since_its_runs_have_other_names(tmp_path):
    space = {"filters": ["4-4"], "optimizer": ["adam", "sgd"], "learning_rate": [0.1, 0.2], "loss": ["mae"]}
    tiny(space=space).reserve_folder(tmp_path / "a")
    tiny(space=space).reserve_folder(tmp_path / "a")
    with pytest.raises(ValueError, match="holds another search"):
        tiny(space=dict(reversed(space.items()))).reserve_folder(tmp_path / "a")


def test_a_folder_that_cannot_be_written_is_an_error(fake, tmp_path):
    (tmp_path / "file").touch()
    result = cli(results=tmp_path / "file")
    assert result.exit_code == 2 and "Not a directory" in result.output and not fake.calls


def test_a_full_disk_ends_the_search_and_breaks_nothing(fake, tmp_path):
    words = ["--set", "learning_rate=0.1,0.2,0.4", "--name", "a"]
    fake.left = 1
    with pytest.raises(Interrupted):
        cli(*words, results=tmp_path).exit_code  # noqa: B018
    kept = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    fake.left = math.inf
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))  # no file longer than that
    try:
        result = cli(*words, results=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.exit_code == 2 and "File too large" in result.output
    now = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert {file: data for file, data in now.items() if file.name != tensorboard_files.EVENT_FILE} == {
        file: data for file, data in kept.items() if file.name != tensorboard_files.EVENT_FILE
    }
    assert cli(*words, results=tmp_path).exit_code == 0
    assert len(runs.load(tmp_path / "a")) == 3


def test_plots(fake, tmp_path):
    fake.failing = {(0.1, seed) for seed in range(2)}
    one = tiny(space={**FIXED, "optimizer": ["adam", "sgd"], "learning_rate": [0.001, 0.01, 0.1]})
    table, done = one.run(tmp_path / "a", 2), runs.load(tmp_path / "a")
    metric = "val_hole_psnr"
    axis = plots.heat_map({"a": table}, metric, y="learning_rate").axes[0]
    assert not axis.patches[-1].get_clip_on()  # the frame of the best cell, which may touch the edge
    words = [text.get_text() for text in axis.texts]
    assert sorted(words) == sorted(["failed"] * 2 + ["17.050\n± 0.071"] * 2 + ["18.050\n± 0.071"] * 2)
    lines = {"a": {"mean colour": 12.5, "biharmonic": 20.0}}
    axis, bar = plots.heat_map({"a": table}, metric, y="learning_rate", marks=lines).axes
    assert [label.get_text() for label in bar.get_yticklabels()] == [
        "mean colour\n12.500",
        "biharmonic\n20.000",
    ]
    assert {12.5, 20.0} <= {line.get_ydata()[0] for line in bar.lines} and axis.images[0].get_clim() == (
        12.5,
        20,
    )
    axis = plots.parallel_coordinates({"a": table}, metric).axes[0]
    dashed = [line for line in axis.lines if line.get_linestyle() == "--"]
    assert len(axis.lines) == 3 + 6 and len(dashed) == 2
    figure = plots.learning_curves({"a": done}, metric, colors="learning_rate")
    assert [axis.get_title() for axis in figure.axes] == ["a, adam", "a, sgd"]
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [16.05, 17.05, 15.05])
    lines = {"a": {"mean colour": 12.5}}
    axis = plots.learning_curves({"a": done}, metric, colors="learning_rate", lines=lines).axes[0]
    assert axis.lines[-1].get_ydata() == [12.5, 12.5] and axis.texts[0].get_text() == "mean colour"
    assert axis.lines[-1].get_color() == method_color("mean colour")
    axis = plots.seeds({"a": done}, metric, x="learning_rate").axes[0]
    assert [line.get_label() for line in axis.lines] == ["seed 0", "seed 1"]
    np.testing.assert_allclose(axis.lines[1].get_xydata(), [[0.001, 17.1], [0.01, 18.1]])
    assert len({line.get_marker() for line in axis.lines}) == 2


def test_the_package_never_imports_tuning():
    for file in PACKAGE.rglob("*.py"):
        assert not any(name.split(".")[0] == "tuning" for name in imports(file)), file
