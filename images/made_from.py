"""From which code an image was made: a fingerprint of that code, kept in `made_from.json` beside the image.

The fingerprint covers the files that an image is made by, and every part of the package that they name
(`ik.masks` is `inpaintkit/masks/`). Comments and docstrings do not count; of a notebook, only the code up to
the cell with the tag `header` does, without the setup cell.
"""

import ast
import hashlib
import json
import re
from pathlib import Path

import nbformat

import inpaintkit as ik

ROOT = Path(__file__).parents[1]
PRINTS = "made_from.json"  # {name of an image in this folder: {"image": its hash, "code": the fingerprint}}
NAMED = re.compile(r"\b(?:ik|inpaintkit)\.(\w+)|from inpaintkit import ([\w, ]+)")


def record(image, sources):
    """Keeps the fingerprint of `sources` for an image, in the file made_from.json of its folder."""
    prints = _prints(image.parent) | {
        image.name: {"image": _hash(image.read_bytes()), "code": fingerprint(sources)}
    }
    text = json.dumps(prints, indent=1, sort_keys=True)
    (image.parent / PRINTS).write_text(text + "\n", "utf-8")


def recorded(image):
    """The fingerprint that is kept for an image, or None, also if the image was changed since then."""
    kept = _prints(image.parent).get(image.name, {})
    return kept.get("code") if kept.get("image") == _hash(image.read_bytes()) else None


def _prints(folder):
    file = folder / PRINTS
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def _hash(data):
    return hashlib.sha256(data).hexdigest()[:16]


def fingerprint(sources):
    """16 hexadecimal digits for the code of some files and folders."""
    return _hash(b"".join(map(code_of, files_of(sources))))


def files_of(sources):
    """The files in `sources` (files and folders), and those of the package that their code names."""
    files = {file for each in sources for file in (each.rglob("*") if each.is_dir() else [each])}
    names = set()
    for file in files:
        if file.suffix in (".py", ".ipynb"):
            for name, several in NAMED.findall(code_of(file).decode()):
                names |= {name, *re.findall(r"\w+", several)}
    for name in names - {"", "exercises", "hello"}:  # these draw nothing
        part = ROOT / "inpaintkit" / ik._SHORTCUTS.get(name, name)
        files |= set(part.rglob("*.py")) | {part.with_suffix(".py")}
    return sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def code_of(file):
    """The bytes of a file; of Python the lines of code, without docstrings and comments."""
    if file.suffix == ".ipynb":
        code = [cell.source for cell in up_to_header(file).cells if cell.cell_type == "code"]
        return "\n".join(text for text in code if not text.startswith("# @title Setup")).encode()
    if file.suffix != ".py":
        return file.read_bytes()
    source = file.read_text("utf-8")
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            text = node.body[0]
            lines[text.lineno - 1 : text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#")).encode()


def up_to_header(path):
    """A notebook without the cells after the one with the tag `header`."""
    notebook = nbformat.read(path, as_version=4)
    tagged = [i for i, cell in enumerate(notebook.cells) if "header" in cell.metadata.get("tags", ())]
    if len(tagged) != 1:
        raise ValueError(f"{path.name}: {len(tagged)} cells have the tag header; give it to exactly one")
    notebook.cells = notebook.cells[: tagged[0] + 1]
    return notebook
