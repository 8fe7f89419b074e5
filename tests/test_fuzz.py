"""Every public function and class on random arguments: right ones get an answer, wrong ones a sentence."""

import inspect

import pytest
from fuzz_cases import CASES, attempt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import inpaintkit as ik

COSTLY = (
    "training",
    "models",
    "evaluation",
    "compare",
    "Inpainter",
    "InpaintingGAN",
    "plots",
    "export",
    "load",
)


def test_every_public_name_has_a_case():
    """So a new public function or class needs one, too."""
    names = set()
    for top in ik.__all__:
        members = getattr(ik, top)
        if inspect.ismodule(members):
            own = [
                key
                for key, value in vars(members).items()
                if getattr(value, "__module__", "") == members.__name__
            ]
            listed = getattr(members, "__all__", [key for key in own if key[0] != "_"])
            names |= {f"{top}.{key}" for key in listed if callable(getattr(members, key))}
        else:
            names.add(top)
    assert names == set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_any_arguments_give_a_right_answer_or_a_sentence(name):
    @settings(
        max_examples=3 if name.split(".")[0] in COSTLY else 5,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data):
        attempt(name, data.draw)

    check()
