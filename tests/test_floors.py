"""Rules of the package, read from its syntax trees: imports go down the floors; TensorFlow stays outside."""

import ast
import importlib
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "inpaintkit"
# Lowest first; a package is one entry. Imports between them go down only, without an exception.
FLOORS = [
    {"serialization", "files", "checks", "environment"},
    {"images", "layers", "features", "fingerprint"},
    {"data", "masks", "models", "metrics", "baselines", "notebook"},
    {"losses", "plots"},
    {"training", "evaluation"},
    {"pretrained"},
    {"inpainting", "export"},
    {"serving"},
    {"cli", "exercises"},
    {"__main__"},
]


def imports(file):
    """Every module that a file imports, at any depth, as dotted names."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module):
    return next(i for i, names in enumerate(FLOORS) if module in names)


def modules():
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts != ("__init__",):
            yield pytest.param(file, parts[0], id="/".join(parts))


@pytest.mark.parametrize(("file", "module"), list(modules()))
def test_imports_run_down_the_floors(file, module):
    for name in imports(file):
        package, _, rest = name.partition(".")
        other, _, inside = rest.partition(".")
        if package != "inpaintkit" or other in ("", "__version__") or other == module:
            continue
        assert floor(other) < floor(module), f"{module} imports {name}, which is not below it"
        submodule = inside and (PACKAGE / other / f"{inside.partition('.')[0]}.py").exists()
        assert not submodule, f"{module} imports {name}: expected what {other}/__init__.py offers"


def test_readme_shows_the_same_floors():
    """README's tree, highest first; words after # explain."""
    text = (PACKAGE.parent / "README.md").read_text("utf-8")
    (tree,) = re.findall(r"^```\n(cli .*?)^```$", text, re.MULTILINE | re.DOTALL)
    shown = [set(line.partition("#")[0].split()) for line in tree.splitlines()]
    assert shown == FLOORS[-2::-1]  # without __main__, which only calls cli


def test_packages_only_reexport_and_no_module_is_called_as_what_it_offers():
    for file in sorted(PACKAGE.glob("*/__init__.py")):
        package = importlib.import_module(f"inpaintkit.{file.parent.name}")
        for node in ast.parse(file.read_text("utf-8")).body[1:]:
            listed = isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
            assert listed or isinstance(node, ast.ImportFrom), f"{file}:{node.lineno}"
        assert all(hasattr(package, name) for name in package.__all__)
        assert not {module.stem for module in file.parent.glob("*.py")} & set(package.__all__), file


@pytest.mark.parametrize(("file", "module"), list(modules()))
def test_no_tensorflow_no_private_keras_and_no_swallowed_errors(file, module):
    for name in imports(file):
        assert name.split(".")[0] != "tensorflow" and not name.startswith("keras.src"), name
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None and not isinstance(node.body[0], ast.Pass), f"{file}:{node.lineno}"


def lines_of_code(text):
    """Lines that hold code: neither blank, nor comment, nor docstring."""
    tree, marks = ast.parse(text), (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.DEDENT)
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (*marks, tokenize.INDENT, tokenize.ENDMARKER):
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_files_stay_short_enough_to_read_aloud():
    """At most 250 lines of code per file; 9,730 in the package and 120 per notebook for its exercises.

    Docstrings are not counted.
    """
    files = {file: file.read_text("utf-8") for file in PACKAGE.rglob("*.py")}
    assert lines_of_code('"""No."""\n\n# No.\nx = (\n    1\n)\n') == 3
    assert max(map(lines_of_code, files.values())) <= 250
    exercises = {file for file in files if file.match("exercises/notebook_*.py")}
    assert max(lines_of_code(files[file]) for file in exercises) <= 120
    assert sum(lines_of_code(text) for file, text in files.items() if file not in exercises) <= 9730


def test_importing_is_silent_and_lazy():
    code = (
        "import sys, inpaintkit as ik\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert ik.masks.Lines().count == (6, 9) and 'keras' not in sys.modules\n"
        "ik.inpaint([[0.5, 0.5]], [[1, 0]], 'heat'); assert 'keras' not in sys.modules\n"
        "assert ik.PConv2D is ik.layers.PConv2D and set(ik.__all__) <= set(dir(ik))\n"
        "try: ik.nothing\n"
        "except AttributeError as error: assert 'nothing' in str(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", "import inpaintkit"], capture_output=True, text=True, check=True
    )
    assert run.stdout == run.stderr == ""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
