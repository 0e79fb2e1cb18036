"""Small wrong backwards, and what the patterns say of them."""

import itertools
import linecache
import sys
import textwrap

from oracle import Subject
from oracle.cases import Case
from oracle.diagnosis import Diagnosis, patterns
from oracle.diagnosis.patterns.budget import Budget
from oracle.diagnosis.patterns.evidence import gather
from oracle.hearing import Hearing
from oracle.trial import Trial
from oracle.verify import shrink

_numbers = itertools.count()

LINEAR = """
def forward(x, W, b):
    return x @ W.T + b, (x, W)
def backward(y_bar, cache):
    x, W = cache
    x_bar = y_bar @ W
    W_bar = y_bar.T @ x
    b_bar = y_bar.sum(axis=0)
    return x_bar, W_bar, b_bar
"""
RNN = """
def forward(x, h0, W, U, b):
    h, hs = h0, [h0]
    for t in range(len(x)):
        h = np.tanh(x[t] @ W.T + h @ U.T + b)
        hs.append(h)
    return np.stack(hs[1:]), (x, W, U, hs)
def backward(h_bars, cache):
    x, W, U, hs = cache
    x_bar, W_bar, U_bar = np.zeros(x.shape), np.zeros(W.shape), np.zeros(U.shape)
    b_bar, h_bar = np.zeros(len(U)), np.zeros(hs[0].shape)
    for t in reversed(range(len(x))):
        a_bar = (h_bar + h_bars[t]) * (1 - hs[t + 1] ** 2)
        W_bar += a_bar.T @ x[t]
        U_bar += a_bar.T @ hs[t]
        b_bar += a_bar.sum(axis=0)
        x_bar[t] = a_bar @ W
        h_bar = a_bar @ U
    return x_bar, h_bar, W_bar, U_bar, b_bar
"""
GATED = """
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
def forward(x, W, b):
    a = x @ W.T + b
    H = len(b) // 3
    g, i, o = np.tanh(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H :])
    s = g * i
    c = np.tanh(s)
    h = c * o
    return h, (x, W, g, i, o, s, c)
def backward(h_bar, cache):
    x, W, g, i, o, s, c = cache
    o_bar = h_bar * c
    s_bar = h_bar * o * (1 - c**2)
    g_bar, i_bar = s_bar * i, s_bar * g
    a_bar = np.hstack([g_bar * (1 - g**2), i_bar * i * (1 - i), o_bar * o * (1 - o)])
    x_bar = a_bar @ W
    W_bar = a_bar.T @ x
    return x_bar, W_bar, a_bar.sum(axis=0)
"""
SHAPES = {
    LINEAR: {"x": "B D", "W": "H D", "b": "H"},
    RNN: {"x": "T B D", "h0": "B H", "W": "H D", "U": "H H", "b": "H"},
    GATED: {"x": "B D", "W": "3*H D", "b": "3*H"},
}


def changed(text, *changes):
    """The text with each change made; what is to be replaced must be there exactly once."""
    for old, new in changes:
        if (count := text.count(old)) != 1:
            raise ValueError(f"{old!r} is there {count} times, expected once")
        text = text.replace(old, new)
    return text


def subject_of(source, **options):
    """The subject made of `forward` and `backward` in a source text, which is known to tracers and rewriters."""
    name = f"pattern_{next(_numbers)}"
    text = "import numpy as np\n" + textwrap.dedent(source)
    module = type(sys)(name)
    module.__file__ = f"<{name}>/planted.py"
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    sys.modules[name] = module
    exec(compile(text, module.__file__, "exec"), vars(module))
    return Subject.from_functions(module.forward, module.backward, **{"name": "planted", **options})


def wrong(source, *changes, **options):
    """The subject of one of the sources above with changes made."""
    return subject_of(changed(source, *changes), **{"inputs": SHAPES[source], **options})


def heard(subject, **sizes):
    """The trial of a subject, and the outcome of one generic case of it."""
    trial = Trial(subject, 30)
    usual = {"T": 5, "B": 3, "D": 2, "H": 4}
    case = Case({name: sizes.get(name, usual.get(name, 2)) for name in subject.sizes}, seed=7)
    return trial, Hearing(trial, case).outcome()


def recognised(subject, **sizes):
    """The causes that patterns give, and what they rule out, after a generic case has failed."""
    trial, outcome = heard(subject, **sizes)
    return patterns.recognise(trial, outcome, shrink(trial, outcome))


def described(subject, **sizes):
    """What kinds of causes are found, in order, and whether each is certain; and the lines of the report on them."""
    causes, _ = recognised(subject, **sizes)
    return [(cause.kind, cause.certain) for cause in causes], Diagnosis(tuple(causes)).lines()


def gathered(subject, evaluations=500, **sizes):
    """The evidence that patterns are looked for in."""
    trial, outcome = heard(subject, **sizes)
    return gather(trial, outcome.case, shrink(trial, outcome), Budget(evaluations))
