"""Every gradient of every registered LSTM, over random shapes: certified by two witnesses, seen by three in floats.

The gradients under test are those of every parameter, input and initial state. In balls every entry is certified; in
float64 XLA's own gradients, central differences and the complex step of the untouched code agree within their errors.
"""

import functools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from witnesses_in_floats import central_slope, complex_slope, inner

from oracle import subjects, verify
from oracle.accuracy import MANY
from oracle.arithmetic import adapter
from oracle.cases import Case, cases
from oracle.hearing import Hearing
from oracle.program import jit_gradients
from oracle.trees import flatten
from oracle.trial import Trial
from oracle.verdict import Verdict

NAMES = subjects.names()
LEAVES = {
    "lstm-seed": {"x", "h0", "s0", "W", "U", "b"},
    "lstm-standard": {"x", "h0", "s0", "W", "U", "b"},
    **{f"lstm-{name}": {"x", "h0", "s0", "W", "U", "b", "p"} for name in subjects.VARIANTS},
    "lstm-fgr": {"x", "h0", "s0", "W", "U", "b", "p", "V"},
    "lstm-projected": {"x", "h0", "s0", "W", "U", "b", "P"},
    "lstm-blocks": {"x", "h0", "s0", "W", "U", "b", "p", "V", "P"},
    "lstm-lengths": {"x", "h0", "s0", "W", "U", "b"},
    "lstm-masked": {"x", "h0", "s0", "W", "U", "b", "p", "V", "P"},
    "gru-reset-after": {"x", "h0", "W", "U", "b", "c"},
    "gru-reset-before": {"x", "h0", "W", "U", "b", "c"},
    "lstm-classic-node": {"x", "s_prev", "h_prev"} | {f"param.{kind}{gate}" for kind in "wb" for gate in "gifo"},
    "lstm-classic-network": {"x"} | {f"lstm_param.{kind}{gate}" for kind in "wb" for gate in "gifo"},
    "lstm-stacked": {"x", "h0", "s0"} | {f"layers.{k}.{kind}" for k in range(2) for kind in "WUb"},
    "lstm-reversed": {"x", "h0", "s0"} | {f"layers.0.{kind}" for kind in "WUbp"},
    "lstm-bidirectional": {"x", "h0", "s0"} | {f"layers.{k}.{kind}" for k in range(4) for kind in "WUbP"},
    "lstm-chunked": {"x", "h0", "s0", "W", "U", "b", "p"},
    "lstm-checkpointed": {"x", "h0", "s0", "W", "U", "b", "P"},
    "lstm-truncated": {"x", "h0", "s0", "W", "U", "b"},
    "lstm-fgr-chunked": {"x", "h0", "s0", "W", "U", "b", "p", "V", "q0"},
    "lstm-fgr-checkpointed": {"x", "h0", "s0", "W", "U", "b", "p", "V", "P"},
    "lstm-fgr-truncated": {"x", "h0", "s0", "W", "U", "b", "p", "V", "q0"},
    "lstm-fgr-bidirectional": {"x", "h0", "s0", "q0"} | {f"layers.{k}.{kind}" for k in range(2) for kind in "WUbpV"},
}
LIKE_THIS = {"deadline": None, "suppress_health_check": list(HealthCheck)}
UNCUT = {"T": (1, 2)}  # where nothing is cut yet: beyond, no difference can see the gradients
WITHIN = {"lstm-truncated": UNCUT, "lstm-fgr-truncated": UNCUT}
PLAIN = ("generic", "equal sizes", "size one", "small", "float32")


@functools.cache
def trial_of(name):
    """The trial of a registered subject, made once."""
    return Trial(subjects.load(name), 30)


def any_case(name, **options):
    """Cases of a subject, over all its sizes and regimes."""
    return cases({**trial_of(name).sizes, **WITHIN.get(name, {})}, **options)


def test_the_subjects_are_all_here():
    """The leaves named here are those of the registered subjects, all of them."""
    assert {name: set(trial_of(name).subject.differentiated) for name in NAMES} == LEAVES


@pytest.mark.parametrize("name", NAMES)
@settings(**LIKE_THIS, max_examples=15)
@given(data=st.data())
def test_every_gradient_is_certified_by_both_witnesses(name, data):
    """In every case every entry of every gradient is certified to 30 digits, by both witnesses, without a finding."""
    heard = Hearing(trial_of(name), data.draw(any_case(name))).outcome()
    assert heard.verdicts == dict.fromkeys(LEAVES[name], Verdict.CERTIFIED)
    assert heard.findings == []
    assert set(heard.witnesses) == {"autodiff", "finite_difference"}
    compared = [heard.comparisons[leaf] for leaf in LEAVES[name]]
    assert all(one.agrees and one.entries == np.prod(one.shape) > 0 and one.digits >= 30 for one in compared)
    assert heard.testimony.digits >= 30


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_backward_is_reached(name):
    """Over a few cases nothing stays open: no line that the backward enters is left out, and nothing is found.

    A backward that runs a forward again enters that forward too: it must be free of branches that the cell never takes.
    """
    report = verify(subjects.load(name), cases=16)
    assert [finding.message for finding in report.findings] == []
    assert report.verdict is Verdict.CERTIFIED


# ---- witnesses in floats


class Known(NamedTuple):
    """A case with its certified gradients, their derived float64 bounds and a direction."""

    hearing: Hearing
    truth: dict  # float64, correctly rounded
    bound: dict
    direction: dict

    @property
    def room(self):
        """How far a sound float64 slope along the direction may be from the true one."""
        return sum(float(np.sum(np.abs(self.direction[name]) * self.bound[name])) for name in self.truth)

    def moved(self, t):
        """The values of the inputs at x + t v."""
        values = self.hearing.point.values
        return {
            name: values[name] + t * self.direction[name] if name in self.truth else values[name] for name in values
        }


def known(name, case):
    """The certified truth of a case."""
    hearing = Hearing(trial_of(name), case)
    assert hearing.outcome().verdict is Verdict.CERTIFIED
    truth = {leaf: adapter.midpoints(balls) for leaf, balls in hearing.truth.items()}
    bound = {leaf: hearing.bound(leaf, np.float64, MANY) for leaf in truth}
    return Known(hearing, truth, bound, {leaf: hearing.point.direction(leaf) for leaf in truth})


def xla_gradients(hearing):
    """The gradients that XLA computes of the twin, compiled, in float64."""
    subject, point = hearing.trial.subject, hearing.point
    arrays = {leaf: point.values[leaf] for leaf, spec in subject.leaves.items() if spec.kind != "fixed"}
    kinds = {leaf: "bool" if subject.leaves[leaf].kind == "boolean" else "fixed" for leaf in arrays}
    kinds |= dict.fromkeys(subject.differentiated, "float64")

    def reference(*given):
        return subject.reference(*subject.arguments({**point.values, **dict(zip(arrays, given, strict=True))}))

    cotangents = [point.cotangent(output, np.shape(value)) for output, value in hearing.outputs.items()]
    return jit_gradients(reference, arrays, cotangents, kinds=kinds)[1]


SHAPES = {
    "lstm-seed": {"T": 4, "B": 2, "D": 3, "H": 5},
    "lstm-standard": {"T": 5, "B": 1, "D": 2, "H": 2},
    **{f"lstm-{name}": {"T": 3, "B": 2, "D": 3, "H": 4} for name in subjects.VARIANTS},
    "lstm-projected": {"T": 3, "B": 2, "D": 3, "H": 4, "R": 2},
    "lstm-blocks": {"T": 5, "B": 2, "D": 2, "H": 2, "R": 2},
    "lstm-lengths": {"T": 4, "B": 3, "D": 2, "H": 4},
    "lstm-masked": {"T": 4, "B": 3, "D": 2, "H": 2, "R": 3},
    "gru-reset-after": {"T": 3, "B": 2, "D": 3, "H": 4},
    "gru-reset-before": {"T": 3, "B": 2, "D": 3, "H": 4},
    "lstm-classic-node": {"H": 5, "D": 3},
    "lstm-classic-network": {"T": 4, "H": 3, "D": 2},
    "lstm-stacked": {"T": 4, "B": 2, "D": 3, "H": 2},
    "lstm-reversed": {"T": 6, "B": 3, "D": 2, "H": 4},
    "lstm-bidirectional": {"T": 3, "B": 1, "D": 3, "H": 2, "R": 3},
    "lstm-chunked": {"T": 6, "B": 3, "D": 2, "H": 4},
    "lstm-checkpointed": {"T": 5, "B": 2, "D": 3, "H": 4, "R": 2},
    "lstm-truncated": {"T": 2, "B": 1, "D": 3, "H": 4},
    "lstm-fgr-chunked": {"T": 5, "B": 3, "D": 2, "H": 3},
    "lstm-fgr-checkpointed": {"T": 5, "B": 2, "D": 3, "H": 2, "R": 4},
    "lstm-fgr-truncated": {"T": 2, "B": 1, "D": 3, "H": 4},
    "lstm-fgr-bidirectional": {"T": 4, "B": 2, "D": 3, "H": 2},
}


@pytest.mark.parametrize("name", NAMES)
def test_xla_agrees_with_the_certified_truth(name):
    """JAX under jit, in float64, lies within the derived bound of the truth in every entry of every gradient."""
    case = known(name, Case(SHAPES[name]))
    found = xla_gradients(case.hearing)
    assert set(found) == LEAVES[name]
    for leaf, value in found.items():
        last_place = np.spacing(np.abs(case.truth[leaf]))  # the truth is rounded to float64 as well
        assert (np.abs(value - case.truth[leaf]) <= case.bound[leaf] + last_place).all()


@pytest.mark.parametrize("name", NAMES)
@settings(**LIKE_THIS, max_examples=8)
@given(data=st.data())
def test_central_differences_agree_with_the_certified_truth(name, data):
    """Central differences of the untouched float64 code see the certified slope along a direction of all gradients."""
    case = known(name, data.draw(any_case(name, regimes=PLAIN)))
    slope, error = central_slope(lambda t: objective(case, t), terms(case))
    assert abs(slope - inner(case.truth, case.direction)) <= error + case.room


@pytest.mark.parametrize("name", NAMES)
@settings(**LIKE_THIS, max_examples=12)
@given(data=st.data())
def test_the_complex_step_agrees_with_the_certified_truth(name, data):
    """The untouched code, given complex numbers, has the certified slope within the bound of float64 rounding."""
    case = known(name, data.draw(any_case(name, regimes=PLAIN)))
    slope = complex_slope(lambda t: objective(case, t))
    assert abs(slope - inner(case.truth, case.direction)) <= case.room


def objective(case, t):
    """⟨ȳ, f(x + t v)⟩ for a real or complex t, by the code as it stands."""
    form, point = case.hearing.trial.subject.form, case.hearing.point
    outputs, _ = flatten(form.forward(form.begin(point.case.sizes), case.moved(t)))
    return sum(np.sum(point.cotangent(name, np.shape(y)) * y) for name, y in outputs.items())


def terms(case):
    """The sum of the magnitudes of the terms of the objective."""
    point, outputs = case.hearing.point, case.hearing.outputs
    values = {name: adapter.midpoints(balls) for name, balls in outputs.items()}
    return sum(float(np.sum(np.abs(point.cotangent(name, y.shape) * y))) for name, y in values.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_gradient_is_seen_in_floats(name):
    """The control: one entry off by a millionth lies beyond what both differences in floats allow."""
    case = known(name, Case(SHAPES[name], seed=1))
    leaf = max(case.truth, key=lambda one: float(np.max(np.abs(case.truth[one]))))
    where = np.unravel_index(np.argmax(np.abs(case.truth[leaf])), case.truth[leaf].shape)
    case.truth[leaf][where] *= 1 + 1e-6
    claim = inner(case.truth, case.direction)
    slope, error = central_slope(lambda t: objective(case, t), terms(case))
    assert abs(slope - claim) > error + case.room
    assert abs(complex_slope(lambda t: objective(case, t)) - claim) > case.room
