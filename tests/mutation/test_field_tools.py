"""The other tools really run: each takes a correct backward and rejects a wrong one, where it is installed."""

import sys
from pathlib import Path

import numpy as np
import pytest

import oracle

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.field.programs import ORDINARY_SETTINGS, SMALL_SETTINGS, out_of_reach, runs
from benchmarks.field.tools import PROGRAM_TOOLS, course, tool, training

MODULES = {"torch slow": "torch", "torch fast": "torch", "autograd": "autograd", "scipy": "scipy"}


def forward(x, w):
    """A layer."""
    h = np.tanh(x @ w)
    return h, (x, w, h)


def backward(h_bar, cache):
    """Its derivative."""
    x, w, h = cache
    a_bar = h_bar * (1 - h**2)
    return a_bar @ w.T, x.T @ a_bar


def without_slope(h_bar, cache):
    """The derivative of a layer that is linear."""
    x, w, _ = cache
    return h_bar @ w.T, x.T @ h_bar


def raising(h_bar, cache):
    """A backward that raises."""
    raise ValueError("nothing is right here")


def subject(one=backward, **declared):
    """The layer with this backward."""
    return oracle.Subject.from_functions(forward, one, inputs={"x": "B D", "w": "D H"}, **declared)


def installed(name):
    """The tool, or the test is skipped."""
    pytest.importorskip(MODULES.get(name, "jax"), reason="needs the extra field")
    return tool(name)


def said(name, one, settings):
    """What the columns of a tool say over all settings."""
    found = installed(name)
    return [found.rejects(setting.of(subject(one))) for setting in settings]


@pytest.mark.parametrize("name", PROGRAM_TOOLS)
def test_a_correct_backward_is_taken_in_every_ordinary_setting(name):
    """No column rejects it in float64."""
    columns = PROGRAM_TOOLS[name][2]
    assert said(name, backward, ORDINARY_SETTINGS) == [(False,) * len(columns)] * len(ORDINARY_SETTINGS)


@pytest.mark.parametrize("name", PROGRAM_TOOLS)
@pytest.mark.parametrize("one", [without_slope, raising])
def test_a_wrong_backward_is_rejected_in_every_ordinary_setting_with_large_values(name, one):
    """Every column rejects it, so every tool runs the hand-written code."""
    columns = PROGRAM_TOOLS[name][2]
    assert said(name, one, ORDINARY_SETTINGS[:3]) == [(True,) * len(columns)] * 3


@pytest.mark.parametrize("name", ["torch slow", "torch fast", "jax", "jax float32", "scipy"])
def test_behind_a_small_loss_some_tools_take_a_wrong_backward(name):
    """An absolute tolerance of 1e-6 and more is above every gradient of a loss × 1e-6."""
    assert said(name, without_slope, SMALL_SETTINGS) == [(False,)]


def test_behind_a_small_loss_the_course_recipe_rejects_a_wrong_backward():
    """Its error is relative, so both readings reject."""
    assert said("course", without_slope, SMALL_SETTINGS) == [(True, True)]


def test_the_relative_error_has_a_floor():
    """Entries far below 1e-8 do not count, as the courses define it; a NaN is an error."""
    assert course.relative(np.array([1e-12]), np.array([3e-12])) == pytest.approx(2e-4)
    assert np.isnan(course.relative(np.array([np.nan]), np.array([1.0])))


def test_the_demonstration_goes_down_unless_it_steps_the_wrong_way(monkeypatch):
    """Unchanged it ends below 3e-6; with every gradient reversed the loss goes up."""
    from lstm_ref.classic import LstmParam

    assert training.as_before(training.losses())
    right = LstmParam.apply_diff
    monkeypatch.setattr(LstmParam, "apply_diff", lambda self, lr: right(self, -lr))
    seen = training.losses()
    assert (training.goes_down(seen), training.as_before(seen)) == (False, False)


@pytest.mark.parametrize("seen", [[], [1.0, float("nan")], [1.0, 1.0], [1.0, 0.5, 2.0]])
def test_a_loss_that_does_not_end_lower_does_not_go_down(seen):
    """Nothing printed, NaN, standing still and rising at the end are all rejected."""
    assert not training.goes_down(seen)


def test_what_no_other_tool_can_be_told_is_left_out():
    """A declared factor is named as the reason; a plain subject has none."""
    assert out_of_reach(subject()) == ""
    assert out_of_reach(subject(scale=0.5)) == "its declared scale makes it another thing than the derivative"


def test_a_program_that_does_not_run_says_why():
    """What raises, or computes in another precision than its inputs, is put before no tool."""
    assert runs(ORDINARY_SETTINGS[0].of(subject())) == ""
    assert runs(ORDINARY_SETTINGS[0].of(subject(raising))) == "raises ValueError: nothing is right here"
    wide = subject(lambda h_bar, cache: [one.astype(np.longdouble) for one in backward(h_bar, cache)])
    assert runs(ORDINARY_SETTINGS[0].of(wide)) == "does not stay in float64"
