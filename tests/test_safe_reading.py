"""What the package's source must not hold: ways in which reading a file or a message could run code."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "inpaintkit"
MODULES = {"pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml", "tarfile"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pd.read_pickle", "np.fromregex"}
CALLS |= {"keras.config.enable_unsafe_deserialization", "extractall", "extract"}
SETTINGS = {"shell": True, "allow_pickle": True, "safe_mode": False, "weights_only": False}


def dangers(source):
    """What a module must not do, one sentence each."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            yield from (f"imports {name}" for name in names if name.split(".")[0] in MODULES)
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        settings = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if called in CALLS or called.rpartition(".")[2] in ("extractall", "extract"):
            yield f"calls {called}"
        if called == "np.load" and settings.get("allow_pickle") != "False":
            yield "calls np.load without allow_pickle=False"
        yield from (f"{name}={bad}" for name, bad in SETTINGS.items() if settings.get(name) == str(bad))


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.stem)
def test_reading_cannot_run_code(file):
    assert not list(dangers(file.read_text("utf-8")))


def test_each_danger_is_found():
    lines = [
        "import pickle",
        "from yaml import load",
        "eval('1')",
        "np.load(file)",
        "np.load(file, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
        "keras.saving.load_model(x, safe_mode=False)",
        "archive.extractall(x)",
    ]
    assert all(list(dangers(line)) for line in lines)
    assert not list(
        dangers("np.load(file, allow_pickle=False)\nkeras.saving.load_model(x)\nast.literal_eval(x)")
    )
