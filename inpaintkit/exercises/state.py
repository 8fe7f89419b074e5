"""What a student has predicted, tried and solved: a small JSON file in the working directory."""

import json
from pathlib import Path

from inpaintkit.files import replacing

FILE = "exercises.json"


def read_state() -> dict:
    """{id: what is kept of this exercise or prediction}; a damaged file is put aside, and this is said."""
    path = Path(FILE)
    try:
        state = json.loads(path.read_text("utf-8"))
        if isinstance(state, dict) and all(isinstance(entry, dict) for entry in state.values()):
            return state
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):  # not readable, not UTF-8, not JSON
        state = None
    aside = path.with_stem(f"{path.stem}_damaged")
    try:
        path.replace(aside)
        print(
            f"{FILE} cannot be read, so your earlier answers are not counted. It is now called {aside.name}."
        )
    except OSError as error:
        print(f"{FILE} cannot be read, so your earlier answers are not counted: {error}")
    return {}


def update_state(id: str, **changes: object) -> None:
    """Writes some values of one exercise or prediction; if the folder cannot be written, says so."""
    state = read_state()
    state[id] = {**state.get(id, {}), **changes}
    try:
        with replacing(FILE) as part:
            part.write_text(json.dumps(state, indent=1, ensure_ascii=False), "utf-8")
    except OSError as error:
        print(f"Your answer could not be saved in {FILE}: {error}")
