"""Every exercise of every notebook: blank fails, the solution passes, each wrong answer gets its sentence."""

import ast
import importlib.util
import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit.exercises import core
from inpaintkit.exercises.core import Exercise, Prediction, declared, notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
NUMBERS = notebooks()
EXERCISES = [pytest.param(number, id, id=id) for number in NUMBERS for id in declared(number, Exercise)]
every_notebook = pytest.mark.parametrize("number", NUMBERS)
every_exercise = pytest.mark.parametrize(("number", "id"), EXERCISES)


@pytest.fixture(autouse=True)
def working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def solutions(number):
    """The module notebooks/solutions/NN.py."""
    spec = importlib.util.spec_from_file_location(f"solutions_{number}", FOLDER / f"solutions/{number}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def said(capsys, id, answer, right):
    """The sentence that `check` prints for this answer, without the numbers in it."""
    capsys.readouterr()
    assert ik.exercises.check(id, answer) is right, capsys.readouterr().out
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{id}: ")
    return line


def notebook(number):
    (path,) = FOLDER.glob(f"{number}_*.ipynb")
    return nbformat.read(path, as_version=4).cells


def calls(cells):
    """(verb, id) of every call of ik.exercises in a notebook, in order."""
    for cell in cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("ik.exercises."):
                    yield ast.unparse(node.func).rpartition(".")[2], node.args[0].value if node.args else ""


def test_every_notebook_has_exercises_and_the_reverse():
    assert sorted(path.name.partition("_")[0] for path in FOLDER.glob("*.ipynb")) == NUMBERS
    assert sorted(path.stem for path in FOLDER.glob("solutions/*.py")) == NUMBERS


@every_exercise
def test_a_blank_answer_is_told_what_to_do(number, id, capsys):
    asked = declared(number)[id]
    assert asked.task and asked.hints and all(asked.hints)
    names = asked.signature.partition("(")[2].rstrip(")")
    blank = eval(f"lambda {names}: None") if "(" in asked.signature else ...
    for answer in (None, blank):
        text = said(capsys, id, answer, right=False)
        assert "no answer yet" in text and asked.task in text
    assert not Path("exercises.json").exists()  # it is no try


@every_exercise
def test_the_solution_passes_always(number, id, capsys):
    for _ in range(4):  # each with three draws of input
        said(capsys, id, solutions(number).SOLUTIONS[id], right=True)


@every_exercise
def test_each_wrong_answer_gets_its_own_sentence(number, id, capsys, monkeypatch):
    """With fixed seeds: in a rare draw, two wrong answers may give the same value."""
    seeds = itertools.count()
    monkeypatch.setattr(core, "_new_rng", lambda: np.random.default_rng(next(seeds)))
    wrong = solutions(number).WRONG[id]
    assert wrong, "list at least one wrong answer"
    texts = []
    for phrase, answer in wrong.items():
        for _ in range(3):
            text = said(capsys, id, answer, right=False)
            assert phrase in text
        texts.append(re.sub(r"[\d.]+", "", text))
    assert len(set(texts)) == len(texts)


@every_exercise
def test_odd_answers_are_refused_without_an_error(number, id, capsys):
    asked = declared(number)[id]
    if "(" not in asked.signature:
        for answer in ("?", float("nan"), [], object(), np.zeros((3, 3)), lambda: 1):
            said(capsys, id, answer, right=False)
        return

    def broken(*_, **__):
        raise KeyError("my own error")

    text = said(capsys, id, broken, right=False)
    assert "KeyError" in text and "my own error" in text and "called with" in text
    for value in ("?", float("nan"), [], object(), np.zeros((1, 2, 3, 4)), -1e9):
        said(capsys, id, lambda *_, value=value, **__: value, right=False)
    assert "function itself" in said(capsys, id, 3.0, right=False)


@every_notebook
def test_the_notebook_calls_exactly_what_is_declared(number):
    called = list(calls(notebook(number)))
    names = {
        verb: [id for kind, id in called if kind == verb] for verb in ("check", "hint", "predict", "reveal")
    }
    asked, predicted = declared(number, Exercise), declared(number, Prediction)
    assert list(asked) == [f"{number}.{k}" for k in (1, 2, 3)]
    assert predicted and list(predicted) == [f"{number}.{letter}" for letter in "abcdef"[: len(predicted)]]
    assert names["check"] == list(asked) and set(names["hint"]) <= set(asked)
    assert sorted(names["predict"]) == sorted(names["reveal"]) == list(predicted)
    for id in predicted:
        assert called.index(("predict", id)) < called.index(("reveal", id)), f"{id}: predict comes first"
        assert all(why for why in predicted[id].choices.values()) and (
            predicted[id].choices or predicted[id].why
        )
    assert set(solutions(number).SOLUTIONS) == set(solutions(number).WRONG) == set(asked)


@every_notebook
def test_the_notebook_has_the_text_of_each_exercise_and_a_rubric(number):
    text = "\n".join(cell.source for cell in notebook(number) if cell.cell_type == "markdown")
    exercises = text.partition("## Exercises")[2].partition("## References")[0]
    for id in [*declared(number, Exercise), f"{number}.4"]:
        assert exercises.count(f"**{id}") == 1, id
    rubric = exercises.partition(f"**{number}.4")[2]
    assert 3 <= len(re.findall(r"^- ", rubric, re.MULTILINE)) <= 5
