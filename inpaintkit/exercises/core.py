"""How exercises and predictions are declared, how they are found, and what is wrong with an answer."""

import importlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

_DECLARED: dict = {}  # {id: Exercise or Prediction}, filled while a file notebook_NN.py is imported


@dataclass(frozen=True)
class Exercise:
    """An exercise whose answer is checked."""

    id: str
    signature: str
    task: str
    hints: tuple
    right: str
    check: Callable

    def fault(self, answer: object) -> str | None:
        """What is wrong with an answer, as a sentence; None if it is right; "" if there is no answer yet.

        An error inside the student's function, or with what it returned, becomes a sentence, too.
        """
        if answer is None or answer is Ellipsis:
            return ""
        wants_function = "(" in self.signature
        if wants_function != callable(answer):
            if wants_function:
                name = self.signature.partition("(")[0]
                return (
                    f"Expected a function, got {_what(answer)}. Give the function itself, {name}, and do not "
                    f"call it: {name}(…) is its result."
                )
            return f"Expected a value, got {_what(answer)}."
        try:
            for _ in range(3):
                found = self.check(_guarded(answer) if wants_function else answer, _new_rng())
                if found is not None:
                    return found
        except _AnswerError as error:
            return str(error)
        except Exception as error:  # an answer of a wrong kind may fail anywhere in the check
            return f"Your answer cannot be checked, because it is of the wrong kind: {_error(error)}"
        return None


@dataclass(frozen=True)
class Prediction:
    """A question whose answer is kept, and shown beside the result."""

    id: str
    question: str
    choices: dict  # {choice: why it is so, if this is the result}; empty if a number is expected
    unit: str
    why: str


class _AnswerError(Exception):
    """The student's function failed; the text is the sentence for the student."""


def exercise(id: str, signature: str, task: str, *, hints: Iterable[str], right: str = "") -> Callable:
    """A decorator that declares an exercise; it decorates `check(answer, rng)`.

    The check returns None for a right answer, otherwise a sentence. It runs three times, each time with a
    new random generator. A function of the student gets copies of arrays, and may raise anything.

    Args:
        id: the notebook's number, a dot and the exercise's number: "04.1".
        signature: of the function to write, "psnr(mse)"; or "answer", if the answer is a value.
        task: one sentence. hints: at least one, each says more. right: what to remember; printed at the end.
    """
    return lambda check: _declare(Exercise(id, signature, task, tuple(hints), right, check)).check


def prediction(
    id: str, question: str, choices: dict[str, str] | None = None, *, unit: str = "", why: str = ""
) -> None:
    """Declares a prediction.

    Args:
        id: the notebook's number, a dot and a letter: "04.a". question: one sentence.
        choices: {choice: the reason, printed if this is the result}. None: a number is expected.
        unit: of this number. why: the reason, for a number.
    """
    _declare(Prediction(id, question, choices or {}, unit, why))


def _declare(declared):
    if declared.id in _DECLARED:
        raise ValueError(f"{declared.id!r} is declared twice: choose another id")
    _DECLARED[declared.id] = declared
    return declared


def notebooks() -> list[str]:
    """The numbers of the notebooks that have exercises, in order."""
    return sorted(file.stem.removeprefix("notebook_") for file in Path(__file__).parent.glob("notebook_*.py"))


def declared(number: str, kind: type | tuple = (Exercise, Prediction)) -> dict:
    """{id: Exercise or Prediction} of one notebook; imports its file, if that was not done yet."""
    importlib.import_module(f"inpaintkit.exercises.notebook_{number}")
    own = {id: one for id, one in _DECLARED.items() if id.partition(".")[0] == number}
    return {id: own[id] for id in sorted(own) if isinstance(own[id], kind)}


_Kind = TypeVar("_Kind", bound=Exercise | Prediction)


def find(id: str, kind: type[_Kind]) -> _Kind:
    """The exercise or prediction of this id, or a ValueError that lists the known ones."""
    number = str(id).partition(".")[0]
    numbers = [number] if number in notebooks() else notebooks()
    known = {key: one for each in numbers for key, one in declared(each, kind).items()}
    if not isinstance(id, str) or id not in known:
        what = kind.__name__.lower()
        raise ValueError(f"there is no {what} {id!r}: expected one of {', '.join(map(repr, known))}")
    return known[id]


def difference(
    got: object,
    wanted: object,
    tolerance: float = 1e-4,
    unit: str = "",
    mistakes: dict[str, object] | None = None,
    given: str = "",
) -> str | None:
    """None if two numbers or arrays are equal within a tolerance, otherwise a sentence that says how far off.

    Args:
        got: the student's value. wanted: the right one. tolerance: the largest difference. unit: "dB".
        mistakes: {sentence: the value that this mistake leads to}; the first that fits is returned.
        given: the end of the other sentences, for example "with a mask of ones".

    Example:
        >>> difference(3.2, 3.0, 0.1, "dB")
        'Your result is 0.2 dB too high. It may differ by 0.1 dB.'
        >>> difference([0.8], [0.2], mistakes={"You measured the known part.": [0.8]})
        'You measured the known part.'
    """
    given = given and f" ({given})"
    wanted = np.asarray(wanted, "float64")
    try:
        got = np.asarray(got.detach().cpu() if hasattr(got, "detach") else got, "float64")  # PyTorch
    except (TypeError, ValueError):
        plain = ": write it without quotes and without a unit" if isinstance(got, str) else ""
        return f"Expected {_size(wanted)}, got {_what(got)}{plain}{given}."

    def equal(value):
        return value.shape == got.shape and np.allclose(got, value, rtol=0, atol=tolerance, equal_nan=True)

    if equal(wanted):
        return None
    for sentence, value in (mistakes or {}).items():
        if equal(np.asarray(value, "float64")):
            return sentence
    if got.shape != wanted.shape:
        return f"Expected {_size(wanted)}, got {_size(got)}{given}."
    wrong = ~np.isclose(got, wanted, rtol=0, atol=tolerance, equal_nan=True)
    off = (got - wanted)[wrong]
    if not np.isfinite(off).all():
        return f"Expected finite numbers, got NaN or infinity{given}."
    unit = unit and f" {unit}"
    worst = off[np.argmax(np.abs(off))]
    far = f"{abs(worst):.2g}{unit} too {'high' if worst > 0 else 'low'}"
    if not wanted.ndim:
        close = f" It may differ by {tolerance:g}{unit}." if abs(worst) < 5 * tolerance else ""
        return f"Your result is {far}{given}.{close}"
    return f"{wrong.sum()} of {wrong.size} values are wrong, the worst is {far}{given}."


def _new_rng():
    return np.random.default_rng()  # another seed at each call


def _guarded(function):
    """The student's function: gets copies of arrays; None and errors end the check with a sentence."""

    def call(*inputs, **named):
        copies = [value.copy() if isinstance(value, np.ndarray) else value for value in inputs]
        came = ", ".join(map(_input, [*inputs, *named.values()])) or "no input"
        try:
            result = function(*copies, **named)
        except Exception as error:
            raise _AnswerError(f"Your function raised {_error(error)} It was called with {came}.") from error
        if result is None:
            blank = _steps(function) == _steps(lambda: ...)
            raise _AnswerError("" if blank else "Your function returned None: is `return` missing?")
        return result

    return call


def _steps(function):
    """The steps that Python takes in a function, without their operands; an empty body has the fewest."""
    return getattr(getattr(function, "__code__", None), "co_code", b"")[::2]


def _error(error):
    """The first line of an error, as a sentence."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('.') if lines else 'no message'}."


def _size(numbers):
    """An array in words: "one number", "2 numbers", "an array of shape (4, 4)"."""
    return f"{len(numbers)} numbers" if numbers.ndim == 1 else _what(numbers)


def _input(value):
    return f"{value:.4g}" if isinstance(value, (int, float)) else _what(value)


def _what(value):
    """A value in words, without its numbers: "an array of shape (4, 4)"."""
    if isinstance(value, (bool, np.bool_, str)):
        return repr(value)
    if callable(value):
        return "a function" if hasattr(value, "__name__") else type(value).__name__
    if hasattr(value, "shape"):
        return f"an array of shape {tuple(value.shape)}" if len(value.shape) else "one number"
    if isinstance(value, (int, float)):
        return "one number" if math.isfinite(value) else str(value)
    return (
        f"{type(value).__name__} of length {len(value)}"
        if hasattr(value, "__len__")
        else type(value).__name__
    )
