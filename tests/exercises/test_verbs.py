"""predict, reveal, check, hint and report, on exercises of their own."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import inpaintkit as ik
from inpaintkit.exercises import core
from inpaintkit.exercises.core import difference, exercise, prediction


@pytest.fixture(autouse=True)
def own_exercises(tmp_path, monkeypatch):
    """A notebook 99 with one exercise of each sort, and an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(core, "_DECLARED", {})
    monkeypatch.setattr(core, "notebooks", lambda: ["99"])
    monkeypatch.setattr("inpaintkit.exercises.verbs.notebooks", lambda: ["99"])
    monkeypatch.setattr(core, "importlib", types.SimpleNamespace(import_module=lambda name: None))
    prediction("99.a", "Which is best?", {"heat": "the holes are thin.", "Telea": "the edges are sharp."})
    prediction("99.b", "How many decibels?", unit="dB", why="the error was halved.")

    @exercise("99.1", "double(x)", "Double it.", hints=["Add.", "x + x."], right="So it is.")
    def double(answer, rng):
        x = rng.uniform(1, 2, (4, 5))
        return difference(answer(x), 2 * x, mistakes={"That is the square.": x**2})

    @exercise("99.2", "answer", "Give 20 dB.", hints=["Look at it."])
    def twenty(answer, rng):
        return difference(answer, 20, 0.5, "dB")


def state():
    return json.loads(Path("exercises.json").read_text("utf-8"))


def test_right_and_wrong_answers(capsys):
    assert ik.exercises.check("99.1", lambda x: 2 * x) is True
    assert ik.exercises.check("99.1", lambda x: x * x) is False
    assert ik.exercises.check("99.1", lambda x: x + 1) is False
    assert ik.exercises.check("99.1", lambda x: x[:2]) is False
    assert ik.exercises.check("99.2", 20.4) is True
    assert ik.exercises.check("99.2", 17) is False
    assert ik.exercises.check("99.2", max) is False
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "99.1: right. So it is."
    assert lines[1] == "99.1: not yet. That is the square."
    assert "20 of 20 values are wrong" in lines[2] and "too low" in lines[2]
    assert lines[3].endswith("Expected an array of shape (4, 5), got an array of shape (2, 5).")
    assert lines[5] == "99.2: not yet. Your result is 3 dB too low."
    assert lines[6] == "99.2: not yet. Expected a value, got a function."
    assert state()["99.1"] == {"tries": 4, "solved": True}  # once solved, it stays solved


def test_input_is_new_at_each_call_and_cannot_be_changed_by_the_student():
    seen = []

    def in_place(x):
        seen.append(x.copy())
        x *= 2
        return x

    assert ik.exercises.check("99.1", in_place) and ik.exercises.check("99.1", in_place)
    assert len(seen) == len({x.tobytes() for x in seen}) == 6


def test_an_error_in_the_students_function_becomes_a_sentence(capsys):
    assert not ik.exercises.check("99.1", lambda x: x @ x)
    assert not ik.exercises.check("99.1", lambda: 1)
    matmul, arguments = capsys.readouterr().out.splitlines()
    assert "ValueError" in matmul and "called with an array of shape (4, 5)" in matmul
    assert "TypeError" in arguments and "0 positional arguments but 1 was given" in arguments
    with pytest.raises(KeyboardInterrupt):
        ik.exercises.check("99.1", lambda x: (_ for _ in ()).throw(KeyboardInterrupt))


def test_blank_is_no_try(capsys):
    for blank in (None, ..., lambda x: None):
        assert not ik.exercises.check("99.1", blank)
        assert capsys.readouterr().out == "99.1: no answer yet. Double it. Expected: double(x).\n"
    assert not Path("exercises.json").exists()
    assert not ik.exercises.check("99.2")
    assert capsys.readouterr().out == "99.2: no answer yet. Give 20 dB.\n"


def test_a_missing_return_is_told_apart_from_an_empty_function(capsys):
    def forgot(x):
        """Doubles."""
        2 * x

    def empty(x):
        """Doubles."""

    assert not ik.exercises.check("99.1", forgot)
    assert "not yet. Your function returned None: is `return` missing?" in capsys.readouterr().out
    assert not ik.exercises.check("99.1", empty)
    assert "no answer yet" in capsys.readouterr().out


def test_the_numbers_that_a_function_was_called_with_are_shown(capsys):
    @exercise("99.3", "ratio(a, b)", "Divide.", hints=["/"])
    def ratio(answer, rng):
        return difference(answer(3, 0.0), 0)

    assert not ik.exercises.check("99.3", lambda a, b: a / b)
    assert capsys.readouterr().out.endswith("division by zero. It was called with 3, 0.\n")


def test_hints_come_step_by_step_and_then_all(capsys):
    for _ in range(3):
        ik.exercises.hint("99.1")
    first, second, *both = capsys.readouterr().out.splitlines()
    assert both == [first, second] == ["99.1, hint 1 of 2: Add.", "99.1, hint 2 of 2: x + x."]


def test_predictions_are_kept_and_shown_beside_the_result(capsys):
    ik.exercises.predict("99.a")
    assert capsys.readouterr().out == "99.a: Which is best?\nChoices: 'heat', 'Telea'.\n"
    ik.exercises.reveal("99.a", "Telea")
    assert capsys.readouterr().out == "99.a: you made no prediction; it was Telea: the edges are sharp.\n"
    ik.exercises.predict("99.a", "Telea")
    ik.exercises.predict("99.a", "heat")  # before the result one may change one's mind
    ik.exercises.reveal("99.a", "Telea")
    assert capsys.readouterr().out.endswith("99.a: you said heat; it was Telea: the edges are sharp.\n")
    ik.exercises.predict("99.a", "Telea")
    assert "your prediction from before stays: heat" in capsys.readouterr().out
    ik.exercises.reveal("99.a", "patchmatch")
    assert capsys.readouterr().out == "99.a: you said heat; it was patchmatch.\n"
    ik.exercises.reveal("99.a", "heat")
    assert "you said heat, and that is right: the holes are thin." in capsys.readouterr().out


def test_a_prediction_may_be_a_number(capsys):
    ik.exercises.predict("99.b")
    ik.exercises.predict("99.b", 2)
    ik.exercises.reveal("99.b", np.float32(3.01))
    out = capsys.readouterr().out
    assert "A number (dB)." in out and "you said 2 dB; it was 3.01 dB: the error was halved." in out
    for answer in ("2 dB", float("nan"), True):
        with pytest.raises(ValueError, match=r"expected a finite number \(dB\)"):
            ik.exercises.predict("99.b", answer)


def test_unknown_ids_and_choices_list_the_known_ones():
    with pytest.raises(ValueError, match=r"'99\.9': expected one of '99\.1', '99\.2'"):
        ik.exercises.check("99.9", 1)
    with pytest.raises(ValueError, match=r"no exercise '12\.1': expected one of '99\.1'"):
        ik.exercises.hint("12.1")
    with pytest.raises(ValueError, match=r"'99\.1': expected one of '99\.a', '99\.b'"):
        ik.exercises.reveal("99.1", "heat")
    with pytest.raises(ValueError, match="expected one of 'heat', 'Telea'"):
        ik.exercises.predict("99.a", "biharmonic")
    with pytest.raises(ValueError, match="declared twice"):
        prediction("99.a", "Again?", {"yes": "so."})


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"99.1": 3}', b"\xff\xfe\x00"])
def test_a_damaged_file_is_put_aside_with_a_sentence(damage, capsys):
    Path("exercises.json").write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    assert ik.exercises.check("99.2", 20)
    out = capsys.readouterr().out
    assert "cannot be read" in out and "exercises_damaged.json" in out
    assert state() == {"99.2": {"tries": 1, "solved": True}} and Path("exercises_damaged.json").exists()


def test_a_folder_that_cannot_be_written_stops_nothing(capsys, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    assert ik.exercises.check("99.2", 20)
    assert "could not be saved" in capsys.readouterr().out
    assert not list(Path().iterdir())


def test_the_report(capsys):
    ik.exercises.predict("99.a", "heat")
    ik.exercises.check("99.1", lambda x: x)
    ik.exercises.check("99.2", 20)
    ik.exercises.hint("99.2")
    capsys.readouterr()
    ik.exercises.report("Ada")
    out = capsys.readouterr().out
    assert "1 of 2 exercises are solved" in out and "said heat" in out
    table = pd.read_csv("report.csv", dtype=str)
    assert list(table.result) == ["not yet", "solved", "said heat", "–"] and set(table.student) == {"Ada"}
    written = json.loads(Path("report.json").read_text("utf-8"))
    assert written["student"] == "Ada" and written["exercises"][1] == {
        "exercise": "99.2", "result": "solved", "tries": 1, "hints": 1,
    }  # fmt: skip


def test_differences_in_words():
    assert difference(np.float32(0.5), 0.5) is None
    assert difference(float("nan"), 1.0) == "Expected finite numbers, got NaN or infinity."
    assert difference("x", 1.0).startswith("Expected one number, got 'x': write it without quotes")
    assert difference([1, 2], 1.0) == "Expected one number, got 2 numbers."
    assert difference(1.0, (1, 2)) == "Expected 2 numbers, got one number."
    assert difference({"a": 1, "b": 2}, 1.0) == "Expected one number, got dict of length 2."
    assert difference(1.3, 1.0, 0.1, "dB") == "Your result is 0.3 dB too high. It may differ by 0.1 dB."
    assert difference([1.0, 2.5], [1, 2], given="an empty mask").endswith("is 0.5 too high (an empty mask).")


def test_only_the_notebook_in_use_is_loaded():
    code = (
        "import sys, inpaintkit as ik\n"
        "assert 'inpaintkit.exercises' not in sys.modules\n"
        "ik.exercises.predict('09.a')\n"
        "assert 'inpaintkit.exercises.notebook_09' in sys.modules and 'keras' not in sys.modules\n"
        "assert 'inpaintkit.exercises.notebook_08' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
