"""Every NumPy function that balls know, against NumPy itself in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arithmetic_cases import FUNCTIONS as CASES
from arithmetic_cases import OTHERS
from arithmetic_tools import assert_agree, assert_values_agree, in_balls, in_floats, on_plain_numbers

from oracle.arithmetic import kernels, namespace, operands
from oracle.arithmetic.allocation import CONSTRUCTORS

pytestmark = pytest.mark.filterwarnings("ignore:`row_stack` alias is deprecated")
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
    monkeypatch.setattr(namespace, "_module", namespace._module.__wrapped__)  # what is kept would keep the wrong rule
    monkeypatch.setattr("arithmetic_tools.ball_numpy", namespace.Namespace(np))
    failures = sum(_disagrees(f"{path} {k}", case) for k, case in enumerate(CASES[path]))
    assert failures > 0


SABOTAGED: dict[str, tuple[Any, list[str]]] = {
    "reduce_sum": (
        lambda a, axes=None, keepdims=False: kernels.lift(
            np.sum(kernels.midpoints(a)[:-1], axes, keepdims=bool(keepdims))
        ),
        ["sum", "mean", "average", "var", "std", "trace", "linalg.norm", "nansum", "trapezoid"],
    ),
    "reduce_product": (lambda a, axes=None, keepdims=False: kernels.lift(np.ones(())), ["prod", "nanprod"]),
    "reduce_max": (lambda a, axes=None, keepdims=False: kernels.lift(np.ones(())), ["max", "amax", "ptp", "nanmax"]),
    "reduce_min": (lambda a, axes=None, keepdims=False: kernels.lift(np.ones(())), ["min", "amin", "ptp", "nanmin"]),
    "cumulative_sum": (lambda a, axis: a, ["cumsum", "nancumsum"]),
    "cumulative_product": (lambda a, axis: a, ["cumprod", "nancumprod"]),
    "matmul": (
        lambda a, b: kernels.lift(np.matmul(kernels.midpoints(a), kernels.midpoints(b)) + 1e-6),
        [
            "dot",
            "inner",
            "vdot",
            "tensordot",
            "einsum",
            "linalg.multi_dot",
            "linalg.matrix_power",
            "correlate",
            "convolve",
        ],
    ),
}
"""A wrong kernel, and the functions that must notice it."""


@pytest.mark.parametrize(
    ("kernel", "path"), [(kernel, path) for kernel, (_, paths) in SABOTAGED.items() for path in paths]
)
def test_a_sabotaged_reduction_or_product_is_seen(kernel: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reductions and products are looked up when they are needed, so that a wrong one shows in every function."""
    monkeypatch.setattr(kernels, kernel, SABOTAGED[kernel][0])
    assert any(_disagrees(f"{path} {k}", case) for k, case in enumerate(CASES[path]))


def _disagrees(name: str, calculation: Any) -> bool:
    """Whether a calculation fails or differs."""
    try:
        assert_agree(name, in_floats(name, calculation), in_balls(name, calculation))
    except Exception:
        return True
    return False
