"""docs/changes.md: every name that it calls the new one exists."""

import importlib
import re
from pathlib import Path

import inpaintkit as ik

CHANGES = Path(__file__).parents[1] / "docs/changes.md"


def test_every_new_name_exists():
    rows = re.findall(r"^\| (.+) \| (.+) \|$", CHANGES.read_text("utf-8"), re.MULTILINE)
    names = {name for _, new in rows for name in re.findall(r"`((?:ik|tuning)\.[\w.]+)`", new)}
    assert len(names) > 40
    for name in sorted(names):
        root, *parts = name.split(".")
        thing = ik if root == "ik" else importlib.import_module(f"tuning.{parts.pop(0)}")
        for part in parts:
            thing = getattr(thing, part)
