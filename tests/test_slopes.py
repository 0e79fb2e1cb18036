"""Balls do not see what leaves them unseen: the slope of the untouched forward is looked at too."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import oracle
from oracle import Verdict, accuracy
from oracle.arithmetic import adapter
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.trial import Trial

sys.path.insert(0, str(Path(__file__).resolve().parent / "meta"))

from meta_tools import module_of

PARSED = "    s = np.array(ast.literal_eval('[' + ','.join(map(str, x)) + ']'))\n"
GUARD = """
    if np.any(np.abs(x - np.round(x, 6)) > {}):
        raise ValueError("values must be multiples of 1e-6")
"""


def pair(body, backward, reference=None, inputs=None):
    """A forward with this body and return value, and a backward with this value."""
    source = f"import ast, json, math\nfrom fractions import Fraction\nimport numpy as np\ndef forward(x):\n{body}"
    module = module_of(f"{source}def backward(y_bar, x):\n    return {backward}\n")
    inputs = inputs or {"x": "D"}
    return oracle.Subject.from_functions(module.forward, module.backward, inputs=inputs, reference=reference)


def verified(*parts, cases=12, **more):
    """The report of such a pair."""
    return oracle.verify(pair(*parts, **more), cases=cases, explain=False)


def messages(report):
    """What was found, joined."""
    return "\n".join(finding.message for finding in report.findings)


def test_half_a_derivative_is_seen_by_short_steps():
    """Where the forward raises for long steps, short ones show that the gradient is half of its slope."""
    report = verified(GUARD.format(1e-7) + PARSED + "    return x * s, x\n", "x * y_bar")
    assert report.verdict is Verdict.UNDECIDED
    assert "the gradients give a slope of" in messages(report)
    assert "text of a ball was read at " in messages(report)


def test_a_forward_that_is_undefined_around_the_point_is_undecided():
    """Where no step is short enough, nothing but balls has seen a slope, and they see no text."""
    subject = pair(GUARD.format(1e-15) + PARSED + "    return x * s, x\n", "x * y_bar")
    outcome = Hearing(Trial(subject, 30), Case({"D": 4}, seed=3)).outcome()
    assert outcome.verdict is Verdict.UNDECIDED
    assert "the untouched forward could not be evaluated in float64 near the point" in messages(outcome)


DOMAINS = {
    "log": ("np.log(x)", "y_bar / x", oracle.reals("D", low=0.001, high=2.0)),
    "root": ("np.sqrt(x)", "y_bar / (2 * np.sqrt(x))", oracle.reals("D", low=0.0001, high=1.0)),
    "arcsine": ("np.arcsin(x)", "y_bar / np.sqrt(1 - x**2)", oracle.reals("D", low=-0.999, high=0.999)),
}


@pytest.mark.parametrize(("value", "backward", "inputs"), DOMAINS.values(), ids=DOMAINS)
@pytest.mark.parametrize("guard", ["", "    if not np.all(np.isfinite({})): raise ValueError('outside')\n"])
def test_a_forward_with_a_domain_is_certified(guard, value, backward, inputs):
    """A forward that is not finite outside its domain, or raises there, is seen by steps that stay inside."""
    report = verified(guard.format(value) + f"    return {value}, x\n", backward, inputs={"x": inputs}, cases=30)
    assert report.verdict is Verdict.CERTIFIED, report


@pytest.mark.parametrize("value", ["np.maximum(x, 0)", "np.abs(x) / 2 + x / 2"])
def test_a_forward_with_kinks_is_certified(value):
    """Kinks near the point, or at it where the regime makes numbers zero, are no reason to doubt."""
    report = verified(f"    return {value}, x\n", "y_bar * (x > 0)", cases=30)
    assert report.verdict is Verdict.CERTIFIED, report


READERS = {
    "parsed": "ast.literal_eval('[' + ','.join(map(str, x)) + ']')",
    "fraction": "[float(Fraction(str(v))) for v in x]",
    "json": "json.loads('[' + ','.join(f'{v:.17g}' for v in x) + ']')",
    "array of text": "[str(v) for v in x]",
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_right_backward_of_a_forward_that_reads_text_is_not_accused(reader):
    """Finite differences in balls refute what the untouched forward shows to be its slope: undecided, and why."""
    report = verified(f"    s = np.array({reader}).astype(float)\n    return x * s, x\n", "2 * x * y_bar")
    assert report.verdict is Verdict.UNDECIDED
    assert "the forward in balls has a slope of" in messages(report)
    assert "text of a ball was read at " in messages(report)


@pytest.mark.parametrize("factor", [1, 2])
def test_witnesses_of_a_forward_that_reads_text_are_not_called_contradictory(factor):
    """Beside a twin, too: it is the text that balls miss, and no fault of the oracle."""
    report = verified(PARSED + "    return x * s, x\n", f"{factor} * x * y_bar", reference=lambda x: x * x)
    assert report.verdict is Verdict.UNDECIDED
    assert "text of a ball was read at " in messages(report)


def test_a_wrong_backward_of_a_forward_that_reads_text_is_refuted():
    """The control: what is the slope of the forward neither in balls nor in floats is refuted."""
    assert verified(PARSED + "    return x * s, x\n", "3 * x * y_bar").verdict is Verdict.REFUTED


def test_text_for_people_is_no_doubt():
    """The control: a forward that prints its numbers is certified."""
    assert verified("    print(f'{x[0]:.3f}', x)\n    return np.tanh(x), x\n", "y_bar * (1 - np.tanh(x)**2)").ok


def test_code_in_float32_is_not_asked_for_short_steps():
    """A forward that computes in float32 does not move with short steps, and its kinks do not make them needed."""
    body = "    x = x.astype(np.float32)\n    return np.maximum(x, 0) ** 2, x\n"
    report = verified(body, "2 * np.maximum(x, 0) * y_bar.astype(np.float32)", cases=30)
    assert report.verdict in (Verdict.CERTIFIED, Verdict.CONSISTENT), report


@pytest.mark.parametrize("factor", ["1e25", "2.0**80", "1e-25"])
def test_exact_agreement_of_large_numbers_has_digits(factor):
    """Where both slopes are the same number and large, their agreement has no smallest float to be divided by."""
    assert verified(f"    return {factor} * x, x\n", f"{factor} * y_bar", cases=20).verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("outside", ["np.inf", "np.nan", "-np.inf"])
def test_a_forward_that_is_infinite_nearby_is_seen_by_short_steps(outside):
    """Infinite terms make no warning, which would be an error here, and do not spoil the steps that see none."""
    body = f"    y = np.where(np.abs(x - np.round(x, 6)) > 1e-7, {outside}, np.tanh(x))\n    return y, x\n"
    assert verified(body, "(1 - np.tanh(x)**2) * y_bar").verdict is Verdict.CERTIFIED
    half = verified(body.replace("np.tanh(x)", "x * np.round(x, 15)"), "np.round(x, 15) * y_bar")
    assert half.verdict is Verdict.UNDECIDED
    assert "the gradients give a slope of" in messages(half)


def test_ulps_of_numbers_beyond_float32_are_counted_without_a_warning():
    """A truth that float32 does not hold is as far as its largest number."""
    truth = adapter.lift(np.array([1e300]))
    assert np.isfinite(accuracy.ulps(np.array([1.0]), truth, np.float32)).all()
