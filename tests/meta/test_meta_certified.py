"""Each condition of CERTIFIED, with a program that fails it and nothing else, and the message it then gets."""

import jax.numpy as jnp
import numpy as np
import pytest
from meta_tools import messages, module_of, on_trial, outcome, pair

from oracle import Subject, fixed, verify
from oracle.verdict import Finding, Verdict

X = {"inputs": {"x": "D"}}
TANH = """
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    {}
    return (1 - np.tanh(x) ** 2) * y_bar
"""


def tanh(line="pass", reference=jnp.tanh, **options):
    """tanh, with one more line in its backward."""
    return pair(TANH.format(line.replace("\n", "\n    ")), **X, reference=reference, **options)


def test_nothing_wrong_is_certified_by_both_witnesses():
    """The control of all: the plain program is certified by both witnesses, without a finding or a note."""
    heard = outcome(tanh(), D=3)
    assert (heard.verdict, messages(heard), heard.notes) == (Verdict.CERTIFIED, [], [])
    assert sorted(heard.witnesses) == ["autodiff", "finite_difference"]


# ---- (a) outputs


def test_another_forward_than_the_references():
    """Where finite differences side with the pair, a reference that computes something else is named as such."""
    heard = outcome(tanh(reference=lambda x: jnp.tanh(2 * x)), D=3)
    assert heard.verdict is Verdict.FORWARD_DIFFERS
    assert messages(heard) == [
        "the output out[0] differs from the reference's (got -0.330435, the reference -0.595814); "
        "finite differences side with the hand-written pair"
    ]


def test_gradients_are_not_compared_with_those_of_another_forward():
    """Beside another function's reference, finite differences alone judge: no row is both right and wrong."""
    report = verify(tanh(reference=lambda x: jnp.tanh(2 * x)), cases=6, explain=False)
    (leaf,) = report.leaves
    assert report.verdict is Verdict.FORWARD_DIFFERS
    assert (leaf.verdict, leaf.wrong, leaf.worst) == (Verdict.CERTIFIED, 0, None)
    assert leaf.digits > 60
    first, *lines = str(report).splitlines()
    assert first.endswith(f"another function than the hand-written forward, 1 certified to {int(leaf.digits)} digits")
    assert not any("entries wrong" in line or "exactly zero" in line for line in lines)
    assert lines[-2:] == [
        f"  witnesses: finite differences ({int(report.testimony_digits)} digits)",
        "  smallest failing sizes: D=1",
    ]


def test_a_gradient_of_zero_beside_another_forward_shows_nothing():
    """Finite differences confirm that nothing depends on w; what nothing depends on is compared with nothing."""
    source = """
def forward(x, w):
    return np.tanh(x) + 0 * w, (x, w)
def backward(y_bar, cache):
    return (1 - np.tanh(cache[0]) ** 2) * y_bar, 0 * y_bar
"""
    report = verify(pair(source, inputs={"x": "D", "w": "D"}, reference=lambda x, w: x + w), cases=4, explain=False)
    assert [leaf.verdict for leaf in report.leaves] == [Verdict.CERTIFIED, Verdict.NOTHING_COMPARED]


@pytest.mark.parametrize(("exponent", "verdict"), [(-290, Verdict.CONSISTENT), (-320, Verdict.CERTIFIED)])
def test_no_more_digits_are_claimed_than_the_only_witness_has(exponent, verdict):
    """Where JAX cannot trace, an error below what finite differences see passes, and no more digits are stated."""
    source = f"""
def forward(x):
    return np.array([np.tanh(v) if v > -1e300 else v for v in x]), x
def backward(y_bar, x):
    return (1 - np.tanh(x) ** 2) * y_bar * (1 + np.asarray(2.0) ** {exponent})
"""
    report = verify(pair(source, **X), cases=6, explain=False)
    assert report.verdict is verdict
    assert report.digits < 0.301 * 310


def test_another_forward_and_a_wrong_backward():
    """A reference that computes something else does not hide a wrong backward."""
    heard = outcome(tanh("y_bar = 2 * y_bar", reference=lambda x: jnp.tanh(2 * x)), D=3)
    assert heard.verdict is Verdict.REFUTED
    assert heard.verdicts == {"x": Verdict.REFUTED}


# ---- (b) finite differences


def test_a_reference_with_a_factor_that_the_backward_lacks():
    """Finite differences side with the reference, to as many digits as they have."""
    heard = outcome(tanh("y_bar = 0.5 * y_bar"), D=3)
    assert heard.verdicts == {"x": Verdict.REFUTED}
    assert heard.testimony.digits > 60


# ---- (c) the untouched code


def test_float_code_that_loses_digits():
    """A right formula whose float code cancels is inaccurate, with the entry, both numbers and the excess."""
    subject = pair(
        """
        def forward(x):
            small = x / 2 ** 20
            return (1 - np.cos(small)) * 2 ** 40, small
        def backward(y_bar, small):
            return np.sin(small) * 2 ** 20 * y_bar
        """,
        **X,
        reference=lambda x: 2 * (jnp.sin(x / 2**21) * 2**20) ** 2,
    )
    heard = outcome(subject, D=3)
    assert (heard.verdict, heard.verdicts) == (Verdict.INACCURATE, {"x": Verdict.CERTIFIED})
    (message,) = messages(heard)
    assert message.startswith("in float64 the output out[0] is 0.0589599609, but should be 0.0589329379: 5")
    assert message.endswith("e+10 times what its conditioning explains")


@pytest.mark.parametrize("reference", [None, lambda x: jnp.log(jnp.exp(600 * x)), lambda x: 600 * x])
def test_float_code_that_overflows(reference):
    """A float output that overflows is inaccurate, even where the reference would overflow as well."""
    subject = pair(
        "def forward(x):\n    return np.log(np.exp(600 * x)), x\ndef backward(y_bar, x):\n    return 600 * y_bar",
        **X,
        reference=reference,
    )
    report = verify(subject, cases=1, explain=False)
    assert report.verdict is Verdict.INACCURATE
    assert [finding.message for finding in report.findings] == [
        "in float64 the output out[0] is inf, but should be 781.913400: inf times what its conditioning explains"
    ]


# ---- (d) one path


@pytest.mark.parametrize("line", ["if type(x) is np.ndarray:", "if isinstance(x.item(0), np.floating):"])
def test_type_tests_take_one_path(line):
    """Type tests on NumPy's classes see in balls what they see in floats."""
    heard = outcome(tanh(f"{line}\n    x = x + 0.0"), D=3)
    assert heard.verdict.ok


PATH = 'if type(x).__name__ == "ndarray":\n    x = {} * x'


def test_another_path_in_floats():
    """Code that tells balls from floats is judged in floats alone, and the report names file and line."""
    subject = tanh(PATH.format(1.0))
    report = verify(subject, cases=4, explain=False)
    file = subject.form.forward_function.__code__.co_filename
    assert report.verdict is Verdict.CONSISTENT
    assert report.notes[0] == f"left ball arithmetic: took another path in floats at {file}:7: x = 1.0 * x"


def test_another_path_in_floats_that_is_wrong():
    """What only floats execute is judged by what floats give."""
    heard = outcome(tanh(PATH.format(1.5)), D=3)
    assert heard.verdicts == {"x": Verdict.INCONSISTENT}


# ---- (e) computed in this run


def test_a_gradient_kept_from_an_earlier_run():
    """A gradient kept on the module from the float run was not computed in the ball run: never certified."""
    subject = pair(
        """
        kept = {}
        def forward(x):
            return np.tanh(x), x
        def backward(y_bar, x):
            return kept.setdefault(len(x), (1 - np.tanh(x) ** 2) * y_bar)
        """,
        **X,
        reference=jnp.tanh,
    )
    heard = outcome(subject, D=3)
    assert heard.verdict is Verdict.REFUTED
    assert messages(heard)[0].endswith("; state leaks from one call into the next")


def test_a_gradient_that_is_no_balls():
    """A gradient in floats, where the code ran in balls, takes the certificate."""
    subject = tanh("x = np.asarray([float(str(v)) for v in x])")
    assert outcome(subject, D=3).verdicts == {"x": Verdict.CONSISTENT}


UNWRITTEN = """
import numpy as np
class Scale:
    def __init__(self, D):
        self.w, self.dw = np.zeros(D), np.zeros(D)
    def forward(self, x):
        self.x = x
        return self.w * x
    def backward(self, y_bar):
        {}
        return self.w * y_bar
"""


def scale(line):
    """An object that multiplies by w, and leaves the gradient of w as the line says."""
    module = module_of(UNWRITTEN.format(line))
    return Subject.from_object(
        module.Scale, inputs={"x": "D"}, parameters={"w": "D"}, gradients="d{}", reference=lambda p, x: p["w"] * x
    )


@pytest.mark.parametrize("line", ["pass", "self.dw", "self.dw[1:] = (self.x * y_bar)[1:]"])
def test_a_gradient_that_was_never_written(line):
    """A slot that the backward leaves as it was, or in part, is never certified."""
    assert not outcome(scale(line), D=3).verdict.ok


def test_a_gradient_that_was_written():
    """The control: the same object with its slot written is certified."""
    assert outcome(scale("self.dw = self.x * y_bar"), D=3).verdict is Verdict.CERTIFIED


# ---- finite, thin, compared, decided


def test_a_gradient_that_is_not_finite():
    """NaN on one side is never certified, although a ball of NaN overlaps everything: the gradient is accused."""
    heard = outcome(tanh("y_bar = y_bar + 0.0 * np.log(x - x)"), D=3)
    assert heard.verdict is Verdict.BROKEN_CONTRACT
    assert heard.verdicts == {"x": Verdict.BROKEN_CONTRACT}
    assert messages(heard)[-1].startswith("the gradient x[0] is nan, although the forward is finite there and its ")


def test_a_gradient_that_is_not_thin():
    """Balls that stay wide at the largest precision are undecided."""
    heard = outcome(tanh("big = np.exp(10000 * x * x)\ny_bar = (y_bar + big) - big"), D=3)
    assert heard.verdict is Verdict.UNDECIDED
    assert heard.verdicts == {"x": Verdict.UNDECIDED}


def test_a_forward_that_is_not_finite():
    """A forward outside its domain in every case is not ok."""
    subject = pair(
        "def forward(x):\n    return np.log(-x * x), x\ndef backward(y_bar, x):\n    return 2 * y_bar / x", **X
    )
    report = verify(subject, cases=4, explain=False)
    assert not report.ok
    assert Finding in {type(finding) for finding in report.findings}


def test_a_parameter_that_the_forward_ignores():
    """A leaf that is exactly zero on both sides in every case was not compared: a failure."""
    subject = pair(
        """
        def forward(x, b):
            return np.tanh(x), (x, b)
        def backward(y_bar, cache):
            x, b = cache
            return (1 - np.tanh(x) ** 2) * y_bar, np.zeros_like(b)
        """,
        inputs={"x": "D", "b": "D"},
        reference=lambda x, b: jnp.tanh(x),
    )
    report = verify(subject, cases=4, explain=False)
    assert report.verdict is Verdict.NOTHING_COMPARED
    assert {leaf.name: leaf.verdict for leaf in report.leaves} == {
        "x": Verdict.CERTIFIED,
        "b": Verdict.NOTHING_COMPARED,
    }


def test_lines_of_the_backward_that_no_case_reached():
    """A branch that no case took is named, and keeps the subject undecided."""
    report = verify(tanh("if len(x) > 100:\n    return 2 * y_bar"), cases=4, explain=False)
    assert report.verdict is Verdict.UNDECIDED
    assert [finding.message.split(": ", 1)[0] for finding in report.findings] == [
        "no case reached this line of the backward"
    ]
    assert report.findings[0].message.endswith(":7: return 2 * y_bar")


def test_lines_that_only_raise_need_not_be_reached():
    """The control: a branch that only raises may stay unreached."""
    assert verify(tanh("if len(x) > 100:\n    raise ValueError(len(x))"), cases=4).verdict is Verdict.CERTIFIED


KINK = """
def forward(x):
    return np.tanh(x) + {kink}, x
def backward(y_bar, x):
    if {only}:
        return 3.0 * y_bar
    return (1 - np.tanh(x) ** 2) * y_bar
"""


CORNER = "np.abs(x - np.rint(x * 2.0**60) / 2.0**60)"  # at every float of this size, and nowhere else


def test_a_kink_in_every_case():
    """Where every case meets a kink, the derivative does not exist: undecided."""
    report = verify(pair(KINK.format(kink=CORNER, only="len(x) > 0"), **X), cases=3)
    assert report.verdict.ok is False
    assert any(
        finding.verdict is Verdict.UNDECIDED and finding.message.startswith("every case met a kink, where the ")
        for finding in report.findings
    )


def test_lines_that_only_kinks_reach():
    """A wrong line that is reached in redrawn cases alone was never judged, so it counts as unreached."""
    kink = f"({CORNER} if len(x) == 1 else 0.0)"
    report = verify(pair(KINK.format(kink=kink, only="len(x) == 1"), **X), cases=8)
    assert report.verdict is Verdict.UNDECIDED
    assert report.findings[0].message.startswith("1 of 8 cases met a kink, where the derivative does not exist: ")
    assert report.findings[1].message.endswith(":7: return 3.0 * y_bar")


def test_ties_without_a_kink_hide_nothing():
    """Where finite differences have one slope to both sides of a tie, a wrong backward is refuted there too."""
    report = verify(pair(KINK.format(kink="np.abs(x - x)", only="len(x) > 0"), **X), cases=3)
    assert (report.verdict, report.redrawn) == (Verdict.REFUTED, 0)


def test_a_comparison_that_stays_open():
    """A branch that depends on the last digit of a rounded value is undecided, at the place where it is."""
    heard = outcome(tanh("if (np.sin(x) ** 2 + np.cos(x) ** 2).sum() > len(x):\n    x = x * 1.0"), D=3)
    assert heard.verdict is Verdict.UNDECIDED
    assert messages(heard)[0].split(", at ")[0].endswith(" bits: np.greater of overlapping balls")


def test_a_digit_more_than_there_is():
    """The digits asked for are digits that every entry has: more of them need more precision, which is taken."""
    for digits in (30, 60, 120):
        heard = outcome(on_trial(tanh(), digits), D=3)
        assert heard.comparisons["x"].digits >= digits


# ---- what a call writes into its options


RUNNING_MEAN = """
def forward(x, options):
    mean = x.mean(axis=0)
    options["mean"] = 0.9 * options.get("mean", np.zeros(x.shape[1])) + 0.1 * mean
    return x - mean, None
def backward(y_bar, _):
    return {}
"""
DROPOUT = """
def forward(x, generator):
    mask = generator.random(x.shape) < 0.5
    return x * mask, mask
def backward(y_bar, mask):
    return {}
"""


@pytest.mark.parametrize(
    ("source", "right", "wrong", "value"),
    [
        (RUNNING_MEAN, "y_bar - y_bar.mean(axis=0)", "1.0 * y_bar", {"mode": "train"}),
        (DROPOUT, "y_bar * mask", "1.0 * y_bar", np.random.default_rng(3)),
    ],
)
def test_what_is_fixed_is_the_same_in_every_call(source, right, wrong, value):
    """Running means of one shape do not reach a case of another, nor does a generator go on where it was left."""
    inputs = {"x": "B D", "options": fixed(value)}
    assert (
        verify(pair(source.replace("{}", right), inputs=inputs), cases=12, explain=False).verdict is Verdict.CERTIFIED
    )
    assert verify(pair(source.replace("{}", wrong), inputs=inputs), cases=12, explain=False).verdict is Verdict.REFUTED
