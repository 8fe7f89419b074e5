"""What notebooks call: predict and reveal, check and hint, and report."""

import json
import numbers

import numpy as np
import pandas as pd

from inpaintkit.checks import as_array, check_choice, check_type
from inpaintkit.exercises.core import Exercise, Prediction, declared, find, notebooks
from inpaintkit.exercises.state import read_state, update_state
from inpaintkit.files import replacing


def predict(id: str, answer: str | float | None = None) -> None:
    """Keeps a prediction until `reveal`; it is never graded. Without an answer, lists the choices.

    Args:
        id: of the prediction, "09.a". answer: one of the choices, or a number, if a number is asked for.

    Raises:
        ValueError: an unknown id, or an answer that is not among the choices.

    Example:
        >>> import inpaintkit as ik
        >>> ik.exercises.predict("09.a")
        09.a: ...
        Choices: ...
    """
    asked = find(id, Prediction)
    if answer is None or answer is Ellipsis:
        print(f"{id}: {asked.question}")
        choices = ", ".join(map(repr, asked.choices))
        print(f"Choices: {choices}." if choices else f"A number{_unit(asked)}.")
        return
    if asked.choices:
        check_choice("answer", answer, asked.choices)
    elif not isinstance(answer, numbers.Real) or isinstance(answer, bool) or not np.isfinite(answer):
        raise ValueError(f"answer={answer!r}: expected a finite number{_unit(asked)}")
    else:
        answer = float(answer)
    kept = read_state().get(id, {})
    if kept.get("revealed") and "predicted" in kept and kept["predicted"] != answer:
        said = _said(asked, kept["predicted"])
        print(f"{id}: the result is already known, so your prediction from before stays: {said}.")
        return
    update_state(id, predicted=answer, revealed=False)
    print(f"{id}: you said {_said(asked, answer)}. The result follows below.")


def reveal(id: str, result: str | float) -> None:
    """Shows the prediction beside the result, and one sentence why.

    Args:
        id: of the prediction, "09.a". result: what came out: one of the choices, or a number.

    Raises:
        ValueError: an unknown id.

    Example:
        >>> import contextlib, tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        ...     ik.exercises.predict("09.a", "no")
        ...     ik.exercises.reveal("09.a", "no")
        09.a: you said no. The result follows below.
        09.a: you said no, and that is right: ...
    """
    asked = find(id, Prediction)
    kept = read_state().get(id, {})
    predicted = kept.get("predicted")
    if predicted is not None:
        update_state(id, revealed=True)
    if asked.choices:
        check_type("result", result, str, f"one of {', '.join(map(repr, asked.choices))}")
    else:
        result = float(as_array("result", result, "float64").reshape(1)[0])
    why = asked.choices.get(result, "") if asked.choices else asked.why
    was = f"it was {_said(asked, result)}"
    if predicted is None:
        text = f"you made no prediction; {was}"
    elif predicted == result:
        text = f"you said {_said(asked, predicted)}, and that is right"
    else:
        text = f"you said {_said(asked, predicted)}; {was}"
    print(f"{id}: {text}{f': {why}' if why else '.'}")


def check(id: str, answer: object = None) -> bool:
    """Checks an answer with new random input, and prints one sentence.

    Errors in the answer are part of the sentence; they are not raised.

    Args:
        id: of the exercise, "09.1". answer: a function, or a value. None: prints what is to be done.

    Returns:
        Whether the answer is right.

    Raises:
        ValueError: an unknown id.

    Example:
        >>> import inpaintkit as ik
        >>> ik.exercises.check("09.1")
        09.1: no answer yet. ...
        False
    """
    asked = find(id, Exercise)
    fault = asked.fault(answer)
    if fault == "":
        expected = f" Expected: {asked.signature}." if "(" in asked.signature else ""
        print(f"{id}: no answer yet. {asked.task}{expected}")
        return False
    kept = read_state().get(id, {})
    update_state(id, tries=kept.get("tries", 0) + 1, solved=kept.get("solved", False) or fault is None)
    print(f"{id}: {f'right. {asked.right}'.strip() if fault is None else f'not yet. {fault}'}")
    return fault is None


def hint(id: str) -> None:
    """Prints the next hint of an exercise; after the last one, all of them.

    Args:
        id: of the exercise, "09.1".

    Raises:
        ValueError: an unknown id.

    Example:
        >>> import contextlib, tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        ...     ik.exercises.hint("09.1")
        09.1, hint 1 of ...: ...
    """
    hints = find(id, Exercise).hints
    seen = read_state().get(id, {}).get("hints", 0)
    if seen < len(hints):
        update_state(id, hints=seen + 1)
    for i in [seen] if seen < len(hints) else range(len(hints)):
        print(f"{id}, hint {i + 1} of {len(hints)}: {hints[i]}")


def report(student: str = "") -> None:
    """Prints a table of all exercises and predictions, and writes it to report.json and report.csv.

    The files are for a learning platform such as Moodle. They prove nothing: everyone can edit them.

    Args:
        student: a name that stands in the files.

    Example:
        >>> import contextlib, os, tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        ...     ik.exercises.report("Ada")
        ...     sorted(os.listdir())
        | exercise ...
        0 of ... exercises are solved. ...
        ['report.csv', 'report.json']
    """
    check_type("student", student, str, "a name")
    state = read_state()
    rows = []
    for id, asked in ((key, one) for number in notebooks() for key, one in declared(number).items()):
        kept = state.get(id, {})
        predicted = kept.get("predicted")
        if isinstance(asked, Exercise):
            result = ("solved" if kept.get("solved") else "not yet") if kept.get("tries") else "–"
        else:
            result = "–" if predicted is None else f"said {_said(asked, predicted)}"
        used = {"tries": kept.get("tries", 0), "hints": kept.get("hints", 0)}
        rows.append({"exercise": id, "result": result, **used})
    table = pd.DataFrame(rows)
    print(table.to_markdown(index=False))
    solved, count = (table.result == "solved").sum(), table.exercise.str.match(r".*\d$").sum()
    print(f"{solved} of {count} exercises are solved. The table is in report.json and report.csv.")
    with replacing("report.csv") as part:
        table.assign(student=student).to_csv(part, index=False)
    with replacing("report.json") as part:
        text = json.dumps({"student": student, "exercises": rows}, indent=1, ensure_ascii=False)
        part.write_text(text, "utf-8")


def _unit(asked):
    return f" ({asked.unit})" if asked.unit else ""


def _said(asked, answer):
    if asked.choices:
        return answer
    return f"{answer:.3g} {asked.unit}".strip()
