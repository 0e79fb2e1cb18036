"""What is said of gradients that lack one term of the derivative, or have one factor replaced."""

import inspect
import linecache
import types

import pytest
from patterns_tools import GATED, RNN, described, gathered, subject_of, wrong

from lstm_ref import classic
from oracle import subjects
from oracle.diagnosis.patterns.terms.search import Search
from oracle.diagnosis.patterns.terms.watch import Watch, planted
from oracle.mutation.planting import Text
from oracle.mutation.planting import planted as edits

TERMS = [
    pytest.param(
        RNN,
        [("(h_bar + h_bars[t])", "h_bars[t]")],
        {},
        [("missing-summand", True)],
        [
            (
                "every gradient is the derivative with one summand missing in all passes but the "
                "first, the one through h in h @ U.T, at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="no carry",
    ),
    pytest.param(
        RNN,
        [(" * (1 - hs[t + 1] ** 2)", "")],
        {},
        [("replaced-factor", True)],
        [
            (
                "every gradient is the derivative without the derivative of np.tanh(x[t] @ W.T + h @ "
                "U.T + b), at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 91 digits",
        ],
        id="no slope of tanh",
    ),
    pytest.param(
        RNN,
        [(" * (1 - hs[t + 1] ** 2)", " * hs[t + 1]")],
        {},
        [("replaced-factor", True)],
        [
            (
                "every gradient is the derivative with y itself as the derivative of y = np.tanh(x[t] "
                "@ W.T + h @ U.T + b), at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="tanh for its slope",
    ),
    pytest.param(
        RNN,
        [("W_bar += a_bar", "W_bar = a_bar")],
        {},
        [("missing-summand", True)],
        [
            (
                "the gradient of W is the derivative with one summand missing in all passes but the "
                "first, the one through W.T in x[t] @ W.T, at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="= for += over steps",
    ),
    pytest.param(
        RNN,
        [("x_bar[t] = a_bar @ W", "x_bar[t] = a_bar @ W if t else 0 * a_bar @ W")],
        {},
        [("missing-summand", True)],
        [
            (
                "the gradient of x is the derivative with one summand missing in the first pass, the "
                "one through x[t] in x[t] @ W.T, at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 89 digits",
        ],
        id="zero at the first step",
    ),
    pytest.param(
        RNN,
        [("a_bar.T @ hs[t]", "a_bar.T @ hs[t + 1]")],
        {},
        [("replaced-factor", True)],
        [
            (
                "the gradient of U is the derivative with h replaced by the h given next in the "
                "derivative of h @ U.T to U.T, at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="the next state",
    ),
    pytest.param(
        RNN,
        [("h_bar = a_bar @ U", "h_bar = a_bar @ U.T")],
        {},
        [("replaced-factor", True)],
        [
            (
                "every gradient is the derivative with U.T replaced by U in the derivative of h @ U.T "
                "to h, at planted.py:6 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="U for its transpose",
    ),
    pytest.param(
        GATED,
        [("o_bar = h_bar * c", "o_bar = h_bar * s")],
        {},
        [("replaced-factor", True)],
        [
            (
                "every gradient is the derivative with c replaced by s in the derivative of c * o to "
                "o, at planted.py:11 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="s for tanh(s)",
    ),
    pytest.param(
        GATED,
        [("g_bar, i_bar = s_bar * i, s_bar * g", "g_bar, i_bar = s_bar, s_bar * g")],
        {},
        [("replaced-factor", True)],
        [
            (
                "every gradient is the derivative with the factor i of g * i left out on the way to "
                "g, at planted.py:9 of the forward"
            ),
            "  along generic directions of all gradients, in 7 cases, to 90 digits",
        ],
        id="a factor left out",
    ),
]


@pytest.mark.parametrize(("source", "changes", "sizes", "expected", "lines"), TERMS)
def test_changed_terms_are_recognised(source, changes, sizes, expected, lines):
    """The term is named with its line of the forward, in these words, and nothing else is said."""
    subject = wrong(source, *changes)
    assert described(subject, **sizes) == (expected, lines)


DROPPED = ("g_bar, i_bar = s_bar * i, s_bar * g", "g_bar, i_bar = s_bar, s_bar * g")


def test_two_changed_terms_are_not_taken_for_one():
    """The control: with two factors wrong at once, no single term explains the gradients, and none is named."""
    subject = wrong(GATED, DROPPED, ("o_bar = h_bar * c", "o_bar = h_bar * s"))
    kinds, lines = described(subject)
    assert kinds == [("one-block", True)]
    assert lines[0] == "of the 3 blocks of W and b, only blocks 0 and 2 (counted from 0) are wrong"


def test_an_edit_must_hold_in_every_case():
    """The control: an edit that explains the gradients at some sizes only is not confirmed."""
    sometimes = ("g_bar, i_bar = s_bar * i, s_bar * g", "g_bar, i_bar = s_bar * (i if len(x) > 2 else 1), s_bar * g")
    kinds, _ = described(wrong(GATED, sometimes), B=2)
    assert kinds == [("one-block", True)]


def test_the_budget_ends_the_search():
    """Without evaluations left nothing is tried, and that is known."""
    evidence = gathered(wrong(GATED, DROPPED))
    evidence.budget.left = 3
    assert Search(evidence).explain() == []
    assert evidence.budget.short


def test_searching_leaves_the_code_as_it_was():
    """After a search every function of the code under test has its own code again."""
    subject = wrong(GATED, DROPPED)
    functions = [subject.form.forward_function, subject.form.backward_function]
    before = [function.__code__ for function in functions]
    assert described(subject)[0] == [("replaced-factor", True)]
    assert [function.__code__ for function in functions] == before


def test_code_that_is_not_its_source_is_not_marked():
    """A function whose source text has changed since it was compiled stays as it is."""
    module = types.ModuleType("drifted")
    exec(compile("def f(a):\n    return a * 2\n", "drifted.py", "exec"), vars(module))
    linecache.cache["drifted.py"] = (1, None, ["def f(a):\n", "    return a * 3\n"], "drifted.py")
    code = module.f.__code__
    with planted(Watch(), [module.f], [code]):
        assert module.f.__code__ is code


def test_code_that_is_its_source_is_marked_and_restored():
    """The control: with the very source the function is marked inside the block, and only there."""
    module = types.ModuleType("settled")
    source = "def f(a):\n    return a * 2\n"
    exec(compile(source, "settled.py", "exec"), vars(module))
    linecache.cache["settled.py"] = (len(source), None, source.splitlines(keepends=True), "settled.py")
    code = module.f.__code__
    with planted(Watch(), [module.f], [code]) as uses:
        assert module.f.__code__ is not code
        assert module.f(3) == 6
        assert [use.text for use in uses[0].uses.values()] == ["a", "a * 2"]
    assert module.f.__code__ is code


TWO_OUTPUTS = """
def forward(x, w):
    s = np.tanh(x * w)
    return s * x, s, (x, w, s)
def backward(h_bar, s_bar, cache):
    x, w, s = cache
    a_bar = (h_bar * x + s_bar) * (1 - s**2)
    return a_bar * w + h_bar * s, a_bar * x
"""
ONE_EDIT = [
    pytest.param(
        ("h_bar * x + s_bar", "h_bar * x"),
        [("missing-summand", True)],
        "every gradient is the derivative with one summand missing, the one through s in return (s * x, s, (x, w, s)), "
        "at planted.py:5 of the forward",
        id="a cotangent left out",
    ),
    pytest.param(
        ("a_bar * w + h_bar * s,", "a_bar * w - h_bar * s,"),
        [("sign", True)],
        "the gradient of x is the derivative with the wrong sign of the summand through x in s * x, "
        "at planted.py:5 of the forward",
        id="one sign",
    ),
    pytest.param(
        ("a_bar * w + h_bar * s,", "a_bar * w + h_bar * (1 - s**2),"),
        [("replaced-factor", True)],
        "the gradient of x is the derivative with s replaced by 1 - s**2 in the derivative of s * x to x, "
        "at planted.py:5 of the forward",
        id="a slope for a value",
    ),
]


@pytest.mark.parametrize(("change", "kinds", "line"), ONE_EDIT)
def test_changes_of_several_kinds_are_told_apart(change, kinds, line):
    """A cotangent left out, a summand with the wrong sign and a slope for a value are each named as that."""
    assert TWO_OUTPUTS.count(change[0]) == 1
    subject = subject_of(TWO_OUTPUTS.replace(*change), inputs={"x": "B D", "w": "B D"})
    found, lines = described(subject)
    assert found == kinds
    assert lines[0] == line


SOURCE, START = inspect.getsourcelines(classic.LstmNode.bottom_data_is)
LINE = START + next(k for k, text in enumerate(SOURCE) if "state.h = state.s * state.o" in text)
CLASSIC = "state.o * h_bar + top_diff_s"


@pytest.mark.parametrize(
    ("new", "line"),
    [
        pytest.param(
            "state.o * h_bar", "is the derivative with the cotangent of out['state.s'] left out", id="unheard"
        ),
        pytest.param(
            "state.i * h_bar + top_diff_s",
            "is the derivative with state.o replaced by state.i in the derivative of state.s * state.o to state.s, "
            f"at classic.py:{LINE} of the forward",
            id="i for o",
        ),
    ],
)
def test_terms_of_the_classic_node_are_named(new, line):
    """A fault in the seed's node is named without any probe, by the attributes and outputs of its objects."""
    with edits(Text(classic.LstmNode.top_diff_is, CLASSIC, new)):
        kinds, lines = described(subjects.load("lstm-classic-node"))
    assert [certain for _, certain in kinds] == [True]
    assert lines[0].endswith(line)
