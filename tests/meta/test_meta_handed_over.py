"""Containers that are handed over, arrays in another order, slots of either sign: each with code that fails there."""

import textwrap

import pytest
from meta_tools import messages, module_of, outcome, pair

import oracle
from oracle import Subject
from oracle.cases import Case
from oracle.contract.containers import changed
from oracle.verdict import Verdict

BROKEN = Verdict.BROKEN_CONTRACT

# ---- containers

PARAMETERS = """
def forward(x, params):
    return np.tanh(x @ params["W"]), (x, params)
def backward(y_bar, cache):
    x, params = cache
    W = params["W"]
    a = (1 - np.tanh(x @ W) ** 2) * y_bar
    g = x.T @ a
    {}
    return a @ W.T, {{"W": g}}
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pass", []),
        ("params['W'] = W.copy()", []),
        ("params['scratch'] = g", []),
        ("params['W'] = W - 0.1 * g", ["the input params was modified: params['W'] is another"]),
        ("del params['W']", ["the input params was modified: params['W'] is gone"]),
    ],
)
def test_a_dictionary_of_parameters(line, said):
    """Another array under a name of the dictionary is a modified input; the same numbers, or a name more, are none."""
    subject = pair(PARAMETERS.format(line), inputs={"x": "B D", "params": {"W": "D H"}})
    heard = outcome(subject, B=2, D=3, H=4)
    assert (heard.verdict, messages(heard)) == (BROKEN if said else Verdict.CERTIFIED, said)


LISTS = """
def forward(x):
    return [np.tanh(v) for v in x], x
def backward(y_bar, x):
    {}
    return np.array([(1 - np.tanh(v) ** 2) * bar for v, bar in zip(x, y_bar, strict=True)])
"""
MOVED = "the cotangents were modified: that of out[{}] is no longer in its place"


@pytest.mark.parametrize(
    ("line", "moved"),
    [
        ("pass", []),
        ("y_bar = list(reversed(y_bar)); y_bar.reverse()", []),
        ("bars = y_bar[:]; y_bar.reverse(); y_bar = bars", [0, 2]),
        ("bars = y_bar[:]; y_bar.pop(); y_bar = bars", [2]),
    ],
)
def test_a_list_of_cotangents(line, moved):
    """Cotangents that are moved in their list, or taken out of it, are modified; in a copy of the list they are not."""
    heard = outcome(pair(LISTS.format(line), inputs={"x": "T D"}), T=3, D=2)
    assert messages(heard) == [MOVED.format(k) for k in moved]
    assert heard.verdict is (BROKEN if moved else Verdict.CERTIFIED)


def test_cotangents_that_may_be_modified():
    """What is declared is allowed."""
    source = LISTS.format("bars = y_bar[:]; y_bar.reverse(); y_bar = bars")
    assert outcome(pair(source, inputs={"x": "T D"}, mutates="cotangents"), T=3, D=2).verdict is Verdict.CERTIFIED


FIXED = """
def forward(x, cfg):
    {}
    return np.tanh(x) * cfg["s"], (x, cfg)
def backward(y_bar, cache):
    x, cfg = cache
    g = (1 - np.tanh(x) ** 2) * y_bar * cfg["s"]
    {}
    return g
"""


@pytest.mark.parametrize(
    ("forward", "backward", "said"),
    [
        ("pass", "pass", []),
        ("cfg['mean'] = x.mean()", "pass", []),
        ("pass", "cfg['s'] *= 2", ["the backward modified the fixed input cfg: cfg['s'] is another"]),
        (
            "pass",
            "cfg['axes'].append(1)",
            ["the backward modified the fixed input cfg: cfg['axes'] has 2 members, had 1"],
        ),
    ],
)
def test_a_fixed_container(forward, backward, said):
    """A forward may keep running means in a configuration; a backward that changes one breaks its promise."""
    subject = pair(FIXED.format(forward, backward), inputs={"x": "D", "cfg": oracle.fixed({"s": 2.0, "axes": [0]})})
    heard = outcome(subject, D=3)
    assert (heard.verdict, messages(heard)) == (BROKEN if said else Verdict.CERTIFIED, said)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": [1, 2.0, None]}, {"a": [1, 2.0, None]}, ""),
        ({"a": float("nan")}, {"a": float("nan")}, ""),
        ({"a": object()}, {"a": object()}, ""),
        ({"a": [1, (2, 3)]}, {"a": [1, (2, 4)]}, "cfg['a'][1][1] is another"),
        ({"a": "x"}, {"a": "y"}, "cfg['a'] is another"),
        ({"a": {1, 2}}, {"a": {1}}, "cfg['a'] is another"),
    ],
)
def test_what_changed_in_a_container(before, after, said):
    """The first member that is another is named; of objects without a notion of equality nothing is said."""
    assert changed(before, after, "cfg") == said


# ---- order in memory

ORDERED = """
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    g = (1 - np.tanh(x) ** 2) * y_bar
    return {}
"""
FORTRAN = "with arrays in Fortran's order, "


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("g", []),
        ("g.ravel().reshape(g.shape)", []),
        ("g.T.copy().T", []),
        ("g.ravel(order='K').reshape(g.shape)", [FORTRAN + "the gradient of x is another"]),
        ("g.reshape(-1, order='A').reshape(g.shape)", [FORTRAN + "the gradient of x is another"]),
    ],
)
def test_arrays_in_the_order_of_fortran(returned, said):
    """Code that reads memory in whatever order it has is found; where rows are rows, order is nobody's business."""
    subject = pair(ORDERED.format(returned), inputs={"x": "B D"})
    heard = outcome(subject, Case({"B": 2, "D": 3}, seed=8))
    assert (heard.verdict, messages(heard)) == (BROKEN if said else Verdict.CERTIFIED, said)


def test_arrays_of_which_only_one_is_in_the_order_of_fortran():
    """Code that is right as long as all arrays lie alike is found in some case of a few."""
    source = """
    def forward(x):
        return np.tanh(x), x
    def backward(y_bar, x):
        g = (1 - np.tanh(x) ** 2).ravel("K") * y_bar.ravel("K")
        return g.reshape(x.shape, order="F" if x.flags.f_contiguous and not x.flags.c_contiguous else "C")
    """
    subject = pair(source, inputs={"x": "B D"})
    heard = [outcome(subject, Case({"B": 2, "D": 3}, seed=seed)) for seed in range(8)]
    broken = [one for one in heard if one.verdict is BROKEN]
    assert broken
    assert all(messages(one)[0].startswith(("with arrays in Fortran", "with inputs that are not")) for one in broken)


# ---- slots that are added to


def adding(line: str) -> Subject:
    """An object whose gradient slot is added to so."""
    source = f"""
    import numpy as np
    class Scale:
        def __init__(self, D):
            self.w, self.dw = np.zeros(D), np.zeros(D)
        def forward(self, x):
            self.x = x
            return self.w * x
        def backward(self, y_bar):
            {line}
            return self.w * y_bar
    """
    kind = module_of(textwrap.dedent(source)).Scale
    return Subject.from_object(kind, inputs={"x": "D"}, parameters={"w": "D"}, gradients="d{}", accumulates=True)


@pytest.mark.parametrize("function", ["np.maximum(self.dw, 0.0)", "np.minimum(self.dw, 0.0)", "np.abs(self.dw)"])
def test_slots_hold_values_of_either_sign(function):
    """Adding to what a function makes of the slot is no adding, whichever sign the function keeps."""
    assert outcome(adding(f"self.dw = {function} + self.x * y_bar"), D=3).verdict is Verdict.REFUTED


def test_slots_that_are_added_to():
    """The control: plain adding is certified."""
    assert outcome(adding("self.dw = self.dw + self.x * y_bar"), D=3).verdict is Verdict.CERTIFIED
