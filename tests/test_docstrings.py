"""Every public function and class explains itself: arguments, result and an example that pytest runs."""

import importlib
import inspect
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "inpaintkit"
PACKAGES = sorted(file.parent.name for file in PACKAGE.glob("*/__init__.py"))


def public():
    """(name, object) of each public function and class of each package and single module."""
    for name in [*PACKAGES, "export", "features", "plots"]:
        module = importlib.import_module(f"inpaintkit.{name}")
        members = vars(module).items()
        own = [key for key, value in members if getattr(value, "__module__", "") == module.__name__]
        for key in getattr(module, "__all__", [key for key in own if not key.startswith("_")]):
            thing = getattr(module, key)
            if (inspect.isclass(thing) or inspect.isroutine(thing)) and name != "cli":
                yield pytest.param(thing, id=f"{name}.{key}")


@pytest.mark.parametrize("thing", list(public()))
def test_every_public_name_has_arguments_result_and_an_example(thing):
    text = inspect.getdoc(thing) or ""
    assert ">>> " in text, "no example that runs"
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    signature = inspect.signature(thing)
    for argument in signature.parameters.values():
        if argument.kind not in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL):
            assert argument.name in text, f"{argument.name} is not explained"
            assert argument.annotation is not argument.empty, f"{argument.name} is not annotated"
    if signature.parameters:
        assert "Args:" in text
    if not inspect.isclass(thing):
        assert signature.return_annotation is not signature.empty, "what it returns is not annotated"
        assert "Returns:" in text or signature.return_annotation is None
