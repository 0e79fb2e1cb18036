"""An input without a dimension is as much an input as an array: in balls, in float32, and called a second time."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import oracle
from oracle.cases import Case
from oracle.point import Point

sys.path.insert(0, str(Path(__file__).resolve().parent / "meta"))

from meta_tools import module_of

FORWARD = """
def forward(x, w):
    return x * w, (x, w)
"""
BACKWARD = """
def backward(y_bar, cache):
    x, w = cache
    return y_bar * w, (y_bar * x).sum()
"""
INPUTS = {"x": "D", "w": ""}


def verified(source, inputs=None, **options):
    """The report of a pair of functions."""
    module = module_of("import math\nimport numpy as np\n" + source)
    subject = oracle.Subject.from_functions(module.forward, module.backward, inputs=inputs or INPUTS, **options)
    return oracle.verify(subject, cases=30, explain=False)


@pytest.mark.parametrize("regime", ["generic", "zeros", "float32", "saturated"])
def test_a_scalar_is_drawn_as_an_array(regime):
    """What is drawn without a dimension is an array, like its cotangent and what a moved point holds."""
    point = Point(oracle.Subject.from_functions(max, min, inputs={"w": ""}), Case({}, regime, 3))
    other = point.moved({"w": point.values["w"] * 0.75})
    held = [point.values["w"], point.cotangent("out", ()), other.values["w"]]
    assert [(type(one), one.shape) for one in held] == [(np.ndarray, ())] * 3


ACCEPTED = {
    "float": "    w = float(w)",
    "item": "    w = w.item()",
    "isscalar": "    assert np.isscalar(w)",
    "np.floating": "    assert isinstance(w, np.floating)",
    "math": "    w = math.log(math.exp(w))",
    "array": "    w = np.array([w, w])[1]",
    "full": "    w = np.full(1, w)[0]",
    "text": "    print(f'{w:.3f}')",
}


@pytest.mark.parametrize("line", ACCEPTED.values(), ids=ACCEPTED)
def test_code_may_do_with_a_scalar_what_it_does_with_a_float(line):
    """A right pair whose forward takes its scalar for a number stays certified."""
    report = verified(FORWARD.replace("    return", f"{line}\n    return") + BACKWARD)
    assert report.verdict is oracle.Verdict.CERTIFIED
    assert not [note for note in report.notes if "float64 gradients" in note]


def test_code_that_asks_for_a_float_gets_one_in_float32_too():
    """np.float64 is a float and np.float32 is not: code that asks is run with Python's own, and the report says so."""
    asks = "    if not isinstance(w, float):\n        raise TypeError('w is no float')\n    return"
    report = verified(FORWARD.replace("    return", asks) + BACKWARD)
    assert report.verdict is oracle.Verdict.CERTIFIED
    assert (
        "scalar inputs are Python floats in the float32 run, for with np.float32 it raised TypeError: w is no float"
        in report.notes
    )


LEAKS = {
    "a function": """
MEMO = {}
def forward(x, w):
    MEMO.setdefault("w", 1.0 * w)
    return w * x, (x, w)
def backward(y_bar, cache):
    x, w = cache
    return MEMO["w"] * y_bar, (x * y_bar).sum()
""",
    "a cotangent": """
MEMO = {}
def forward(x, w):
    return (x * w).sum(), (x, w)
def backward(y_bar, cache):
    x, w = cache
    first = MEMO.setdefault("y_bar", 1.0 * y_bar)
    return first * w + 0 * x, (first * x).sum()
""",
}


@pytest.mark.parametrize("source", LEAKS.values(), ids=LEAKS)
def test_a_scalar_kept_from_an_earlier_call_is_refuted(source):
    """A second call with other numbers is one with other scalars and other scalar cotangents, too."""
    report = verified(source)
    assert report.verdict is oracle.Verdict.REFUTED
    assert "called a second time, the gradient of x is another" in str(report)


def test_a_scalar_parameter_kept_from_an_earlier_call_is_refuted():
    """The same of a parameter of an object."""
    source = """
    import numpy as np
    class Layer:
        def __init__(self):
            self.w, self.w_diff = np.zeros(()), np.zeros(())
        def forward(self, x):
            self.kept = getattr(self, "kept", 1.0 * self.w)
            self.x = x
            return self.w * x
        def backward(self, y_bar):
            self.w_diff = (self.x * y_bar).sum()
            return self.kept * y_bar
    """
    subject = oracle.Subject.from_object(
        module_of(source).Layer, inputs={"x": "D"}, parameters={"w": ""}, gradients="{}_diff"
    )
    report = oracle.verify(subject, cases=20, explain=False)
    assert report.verdict is oracle.Verdict.REFUTED
    assert "called a second time, the gradient of x is another" in str(report)


def test_what_is_wrong_for_a_float32_scalar_is_inaccurate():
    """The float32 run has scalars of float32."""
    wrong = BACKWARD.replace(".sum()", ".sum() * (2 if getattr(w, 'dtype', None) == np.float32 else 1)")
    report = verified(FORWARD + wrong)
    assert report.verdict is oracle.Verdict.INACCURATE
    assert "in float32 the gradient of w is" in str(report)


@pytest.mark.parametrize("question", ["w > 50", "float(w).is_integer()"])
def test_a_decision_by_a_scalar_is_noted(question):
    """A scalar is a ball in the run of the pair, so that a decision by its value is seen to go one way only."""
    report = verified(FORWARD + BACKWARD.replace("y_bar * w,", f"y_bar * w * (2 if {question} else 1),"))
    assert [note for note in report.notes if "nothing is known of the other side" in note and question in note]
