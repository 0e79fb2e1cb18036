"""Every NumPy function that balls know, against NumPy itself in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arithmetic_cases import FUNCTIONS as CASES
from arithmetic_cases import OTHERS
from arithmetic_tools import assert_agree, assert_values_agree, in_balls, in_floats, on_plain_numbers

from oracle.arithmetic import namespace, operands
from oracle.arithmetic.allocation import CONSTRUCTORS

CALCULATIONS = [(f"{name} {k}", case) for name, cases in CASES.items() for k, case in enumerate(cases)]
CALCULATIONS += OTHERS.items()
IDENTITIES = ("asarray 0", "asarray 1")  # the same object comes back: not so for floats made outside


def function_at(path: str) -> Any:
    """NumPy's function of a dotted name."""
    found: Any = np
    for name in path.split("."):
        found = getattr(found, name)
    return found


def without_case(registered: Any) -> set[str]:
    """The functions that are registered in balls but that no calculation names."""
    named = [function_at(path) for path in CASES if path.partition(".")[0] in dir(np)]
    return {function.__name__ for function in registered if not any(function is one for one in named)}


@pytest.mark.parametrize(("name", "calculation"), CALCULATIONS, ids=[name for name, _ in CALCULATIONS])
def test_balls_give_what_numpy_gives(name: str, calculation: Any) -> None:
    """Shapes, dtypes and kinds are the same, midpoints agree with the floats, and the balls are thin."""
    assert_agree(name, in_floats(name, calculation), in_balls(name, calculation))


@pytest.mark.parametrize(
    ("name", "calculation"),
    [pair for pair in CALCULATIONS if pair[0] not in IDENTITIES],
    ids=[name for name, _ in CALCULATIONS if name not in IDENTITIES],
)
def test_float_arrays_made_outside_give_the_same_numbers(name: str, calculation: Any) -> None:
    """What stands for NumPy computes the same from plain floats."""
    assert_values_agree(name, in_floats(name, calculation), on_plain_numbers(name, calculation))


def test_every_registered_function_has_a_case() -> None:
    """No rule for a NumPy function goes untested."""
    assert without_case({**operands.FUNCTIONS, **CONSTRUCTORS}) == set()


def test_a_function_without_a_case_is_noticed() -> None:
    """The check above can fail: a rule for another function is reported."""
    assert without_case({**operands.FUNCTIONS, np.histogram: None}) == {"histogram"}


def test_every_case_names_a_registered_function() -> None:
    """No calculation tests a function that balls do not know."""
    known = {**operands.FUNCTIONS, **CONSTRUCTORS}
    assert [path for path in CASES if function_at(path) not in known] == []


@pytest.mark.parametrize("path", list(CASES))
def test_a_wrong_rule_is_noticed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rule that returns something else, the calculation of that function no longer agrees."""
    real, wrong = function_at(path), lambda *_, **__: object()
    monkeypatch.setitem(operands.FUNCTIONS, real, wrong)
    monkeypatch.setitem(CONSTRUCTORS, real, wrong)
    monkeypatch.setattr(namespace, "_iterator", wrong)
    monkeypatch.setattr("arithmetic_tools.ball_numpy", namespace.Namespace(np))
    failures = sum(_disagrees(f"{path} {k}", case) for k, case in enumerate(CASES[path]))
    assert failures > 0


def _disagrees(name: str, calculation: Any) -> bool:
    """Whether a calculation fails or differs."""
    try:
        assert_agree(name, in_floats(name, calculation), in_balls(name, calculation))
    except Exception:
        return True
    return False
