"""Declared deviations: what can be declared, what it amounts to, and what is refused."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.deviations import Deviations
from oracle.inputs import booleans, parse
from oracle.shapes import ShapeError

LEAVES = parse({"x": "T B D", "cell": {"W": "D H", "b": "H"}, "m": booleans("T B")})
KNOWN = "clip, truncate, mean_over, scale, accumulates, mutates, independent, mask"


def declared(**given: Any) -> Deviations:
    """Deviations of a subject with the inputs x, cell.W and cell.b, and the mask m."""
    return Deviations.parse(given, LEAVES)


def test_nothing_is_declared_by_default() -> None:
    """The plain derivative, fresh each time, with inputs left alone."""
    assert declared() == Deviations(None, None, None, None, False, (), None, None)
    assert declared().factor({}) == (1.0, 1)
    assert declared().names == ()


def test_every_deviation_can_be_declared() -> None:
    """And stands as it was given."""
    given: dict[str, Any] = {"clip": 5, "truncate": 3, "mean_over": "B", "scale": 0.5, "accumulates": True}
    given |= {"mutates": ("x",), "independent": "B", "mask": "m"}
    assert declared(**given) == Deviations(**given)


@pytest.mark.parametrize("name", ["clipp", "refrence", "Clip"])
def test_an_unknown_option_is_refused(name: str) -> None:
    """A misspelt option would verify something else than what was meant."""
    sentence = f"there is no option {name!r}; the declared deviations are {KNOWN}"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        declared(**{name: 1})


@pytest.mark.parametrize("clip", [0, -1.0, float("nan"), float("inf"), "5", True, [5.0]])
def test_a_clip_is_a_positive_number(clip: Any) -> None:
    """Flags and text are none."""
    with pytest.raises(ValueError, match=f"^{re.escape(f'clip={clip!r} must be a positive number')}$"):
        declared(clip=clip)


def test_a_truncation_needs_steps_to_count() -> None:
    """Without a size T there is nothing that could be cut off."""
    sentence = "truncate=2 counts steps of the size T, but the sizes are B, D"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Deviations.parse({"truncate": 2}, parse({"x": "B D"}))


@pytest.mark.parametrize("truncate", [0, -1, 2.0, True, "3"])
def test_a_truncation_is_a_number_of_steps(truncate: Any) -> None:
    """At least one."""
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'truncate={truncate!r} must be a number of steps, at least 1')}$"
    ):
        declared(truncate=truncate)


@pytest.mark.parametrize("mean_over", ["", "  ", 3, True, ("B",)])
def test_a_mean_is_over_sizes(mean_over: Any) -> None:
    """By name."""
    sentence = f'mean_over={mean_over!r} must name sizes, such as "B" or "T B"'
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        declared(mean_over=mean_over)


@pytest.mark.parametrize("scale", [0, 0.0, float("nan"), float("inf"), True, False, "", "B D", [1.0]])
def test_a_scale_is_a_number_or_an_expression(scale: Any) -> None:
    """Times zero there would be nothing left to verify."""
    sentence = f"scale={scale!r} must be a number other than 0, or one expression of the sizes"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        declared(scale=scale)


@pytest.mark.parametrize("given", [{"scale": "1/B"}, {"mean_over": "B/T"}])
def test_expressions_must_parse(given: dict[str, str]) -> None:
    """In the grammar of shape specs, when the subject is made."""
    word = next(iter(given.values()))
    with pytest.raises(ShapeError, match=f"^shape spec {word!r} does not parse at {word!r}"):
        _ = declared(**given).names


@pytest.mark.parametrize("accumulates", [1, "yes", None])
def test_accumulating_is_yes_or_no(accumulates: Any) -> None:
    """Nothing in between."""
    with pytest.raises(ValueError, match=f"^{re.escape(f'accumulates={accumulates!r} must be True or False')}$"):
        declared(accumulates=accumulates)


def test_what_may_be_mutated_is_named() -> None:
    """One name or several: an input, all that is nested in one, or the cotangents."""
    assert declared(mutates="x").mutates == ("x",)
    assert declared(mutates=["x", "cell.W", "cell", "cotangents"]).mutates == ("x", "cell.W", "cell", "cotangents")
    sentence = "mutates= names 'y'; expected some of cell, cell.W, cell.b, cotangents, m, x"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        declared(mutates=("x", "y"))
    with pytest.raises(ValueError, match=r"^mutates=True must be a name or several, such as 'cotangents'$"):
        declared(mutates=True)


@pytest.mark.parametrize("independent", ["Q", "B D", "", 3, True, ["B"]])
def test_rows_are_independent_along_a_size(independent: Any) -> None:
    """One that some input has."""
    with pytest.raises(ValueError, match=f"^{re.escape(f'independent={independent!r} must be a size: B, D, H, T')}$"):
        declared(independent=independent)


@pytest.mark.parametrize("mask", ["x", "q", "", 3, ["m"]])
def test_a_mask_is_a_boolean_input(mask: Any) -> None:
    """Where there is none, the message says so."""
    with pytest.raises(ValueError, match=f"^{re.escape(f'mask={mask!r} must be a boolean input: m')}$"):
        declared(mask=mask)
    sentence = f"mask={mask!r} must be a boolean input: there is none"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Deviations.parse({"mask": mask}, parse({"x": "B"}))


@pytest.mark.parametrize(
    ("given", "factor"),
    [
        ({"scale": 0.5}, (0.5, 1)),
        ({"scale": -2}, (-2.0, 1)),
        ({"scale": "B*D+1"}, (22.0, 1)),
        ({"mean_over": "B"}, (1.0, 3)),
        ({"mean_over": "T B"}, (1.0, 15)),
        ({"scale": 0.5, "mean_over": "T"}, (0.5, 5)),
        ({"clip": 5.0, "accumulates": True}, (1.0, 1)),
    ],
)
def test_the_factor_is_a_numerator_and_a_denominator(given: dict[str, Any], factor: tuple[float, int]) -> None:
    """Kept apart, because a quotient would be rounded."""
    assert declared(**given).factor({"T": 5, "B": 3, "D": 7}) == factor


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_mean_divides_by_the_product_of_its_sizes(t: int, b: int) -> None:
    """Exactly, as an integer."""
    numerator, denominator = declared(mean_over="T B").factor({"T": t, "B": b})
    assert (numerator, denominator) == (1.0, int(np.ones((t, b)).sum()))
    assert type(denominator) is int


@pytest.mark.parametrize(
    ("given", "name"), [({"scale": "B-1"}, "scale='B-1'"), ({"mean_over": "T B-1"}, "mean_over='T B-1'")]
)
def test_a_factor_that_vanishes_at_some_sizes_is_refused_there(given: dict[str, Any], name: str) -> None:
    """With the sizes; elsewhere it stands."""
    assert declared(**given).factor({"T": 1, "B": 2}) == (1.0, 1)
    sentence = f"{name} is 0 at {{'T': 1, 'B': 1}}; give sizes= at which it is not"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        declared(**given).factor({"T": 1, "B": 1})


def test_names_are_the_sizes_of_the_expressions() -> None:
    """Of the mean and of the scale, so that they are drawn even if no input has them."""
    assert declared(mean_over="T B", scale="D*2", clip=1.0).names == ("T", "B", "D")
