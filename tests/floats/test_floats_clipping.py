"""A declared clip of code judged in floats: what it has cut lies beyond it, and correct code is not accused."""

from typing import Any

import numpy as np
import pytest
from floats_tools import by_buffer, heard, pair

import oracle
from oracle import Verdict
from oracle.cases import REGIMES, Case

CASE = Case({"D": 6}, seed=1)
CLIP = 0.7  # which float32 rounds down


def subject(cut: Any, times: float = 1.0, clip: float = CLIP, **more: Any) -> oracle.Subject:
    """y = tanh(x) outside balls, its gradient clipped by `cut`."""

    def backward(y_bar: Any, y: Any) -> Any:
        return cut(times * (1 - y * y) * y_bar).astype(y.dtype)

    def forward(x: Any) -> Any:
        y = by_buffer(x)
        return y, y

    return pair(forward, backward, clip=clip, **more)


def right(g: Any) -> Any:
    """As declared."""
    return np.clip(g, -CLIP, CLIP)


WRONG = {
    "wrong side": (lambda g: np.where(np.abs(g) > CLIP, -np.sign(g) * CLIP, g), "is cut by the clip at"),
    "cut too early": (lambda g: np.where(np.abs(g) > 0.6, np.sign(g) * CLIP, g), "is cut by the clip at"),
    "beyond the clip": (lambda g: np.clip(g, -CLIP * 1.01, CLIP * 1.01), "beyond the declared clip of 0.7"),
    "not clipped": (lambda g: g, "beyond the declared clip of 0.7"),
    "all moved to the clip": (lambda g: np.sign(g) * CLIP, "is cut by the clip at"),
}


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("sizes", [1, 2, 6])
def test_a_clip_that_is_done_is_not_accused(sizes: int, regime: str) -> None:
    """Some entries cut, none, or all of them: in every regime it is consistent."""
    assert heard(subject(right), Case({"D": sizes}, regime, 3)).verdict is Verdict.CONSISTENT


@pytest.mark.parametrize("way", WRONG)
def test_a_clip_that_is_done_otherwise_is_found(way: str) -> None:
    """The controls, each with its message."""
    cut, message = WRONG[way]
    report = oracle.verify(subject(cut), cases=12, explain=False)
    assert report.verdict is Verdict.INCONSISTENT
    assert any(message in finding.message for finding in report.findings)


def test_the_message_names_the_entry_and_both_numbers() -> None:
    """Where it is, where it stands, and what differences say of it."""
    wrong, _ = WRONG["wrong side"]
    found = [one.message for one in heard(subject(wrong), CASE).findings if "is cut" in one.message]
    g = _derivative(CASE)
    places = [k for k in range(g.size) if abs(g[k]) > CLIP]
    assert sorted(found) == [
        f"x[{k}] is cut by the clip at {-np.sign(g[k]) * CLIP:g}, but a complex step in float64 gives it {g[k]:.6g}"
        for k in places
    ]
    assert len(places) > 1


def _derivative(case: Case) -> Any:
    """The derivative of the sum of cotangents times outputs."""
    draw = case.draw()
    x = draw.values(subject(right).leaves)["x"]
    return (1 - np.tanh(x) ** 2) * draw.cotangents({"out": x.shape})["out"]


@pytest.mark.parametrize("clip", [CLIP, 0.5])
def test_a_clip_that_float32_rounds_loses_no_digits(clip: float) -> None:
    """In balls it is certified, and its float32 run stands on the clip as float32 has it."""
    made = pair(
        lambda x: (np.tanh(x), x),
        lambda y_bar, x: np.clip((1 - np.tanh(x) ** 2) * y_bar, -clip, clip).astype(x.dtype),
        clip=clip,
    )
    assert oracle.verify(made, cases=16, explain=False).verdict is Verdict.CERTIFIED


def test_uncut_entries_are_compared_as_before() -> None:
    """A relative error of a thousandth in what is not cut is seen."""
    assert heard(subject(right), CASE).verdict is Verdict.CONSISTENT
    assert heard(subject(right, times=1.001), CASE).verdict is Verdict.INCONSISTENT


@pytest.mark.parametrize("way", [None, *WRONG])
def test_beside_a_twin_every_entry_is_compared(way: str | None) -> None:
    """With a gradient program the clip is its own: right is consistent in both float types, wrong is not."""
    import jax.numpy as jnp

    cut = right if way is None else WRONG[way][0]
    report = oracle.verify(subject(cut, reference=jnp.tanh), cases=12, explain=False)
    assert report.verdict is (Verdict.CONSISTENT if way is None else Verdict.INCONSISTENT), report


def test_an_entry_beside_a_kink_is_drawn_again() -> None:
    """Where no difference can be taken of an entry that is cut, the question stays open, and is not passed."""

    def forward(x: Any) -> Any:
        return np.where(np.arange(x.size) == 0, np.nan, 1.0) * by_buffer(x), x

    made = pair(forward, lambda y_bar, x: np.clip((1 - np.tanh(x) ** 2) * y_bar, -1e-3, 1e-3), clip=1e-3)
    assert not oracle.verify(made, cases=3, explain=False).ok
