"""Wrong backwards, and what the search for repairs says of them."""

import itertools
import linecache
import sys
import textwrap
from types import ModuleType

from oracle import Subject
from oracle.cases import Case
from oracle.diagnosis import repair
from oracle.hearing import Hearing
from oracle.trial import Trial

_numbers = itertools.count()

LSTM = """
import numpy as np

def sigmoid(a):
    return 1 / (1 + np.exp(-a))

def forward(x, W, b):
    a = x @ W.T + b
    g, i, o = np.tanh(a[:, : len(b) // 3]), sigmoid(a[:, len(b) // 3 : -(len(b) // 3)]), sigmoid(a[:, -(len(b) // 3) :])
    s = g * i
    c = np.tanh(s)
    return c * o, (x, W, g, i, o, c)

def backward(h_bar, cache):
    x, W, g, i, o, c = cache
    o_bar = h_bar * c
    s_bar = h_bar * o * (1 - c**2)
    g_bar = s_bar * i
    i_bar = s_bar * g
    a_g_bar = g_bar * (1 - g**2)
    a_i_bar = i_bar * i * (1 - i)
    a_o_bar = o_bar * o * (1 - o)
    a_bar = np.hstack([a_g_bar, a_i_bar, a_o_bar])
    W_bar = a_bar.T @ x
    x_bar = a_bar @ W
    return x_bar, W_bar, a_bar.sum(axis=0)
"""
RNN = """
import numpy as np

def forward(x, h0, W, U):
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(x[t] @ W.T + h[t] @ U.T))
    return np.stack(h[1:]), (x, W, U, h)

def backward(h_bar, cache):
    x, W, U, h = cache
    T, x_bar = len(x), np.zeros(x.shape)
    W_bar, U_bar, carry = np.zeros(W.shape), np.zeros(U.shape), np.zeros(h[0].shape)
    for t in reversed(range(T)):
        a_bar = (h_bar[t] + carry) * (1 - h[t + 1] ** 2)
        W_bar += a_bar.T @ x[t]
        U_bar += a_bar.T @ h[t]
        x_bar[t] = a_bar @ W
        carry = a_bar @ U
    return x_bar, carry, W_bar, U_bar
"""
INPUTS = {
    LSTM: {"x": "B D", "W": "3*H D", "b": "3*H"},
    RNN: {"x": "T B D", "h0": "B H", "W": "H D", "U": "H H"},
}


def changed(text, *changes):
    """The text with each change made; what is to be replaced must be there exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times, expected once"
        text = text.replace(old, new)
    return text


def module_of(source, known=True):
    """A module made of a source text in memory, known to `linecache` or not."""
    name = f"repaired_{next(_numbers)}"
    module = ModuleType(name)
    module.__file__ = f"<{name}>"
    if known:
        lines = source.splitlines(keepends=True)
        linecache.cache[module.__file__] = (len(source), None, lines, module.__file__)
    sys.modules[name] = module
    exec(compile(source, module.__file__, "exec"), vars(module))
    return module


def subject_of(source, inputs, known=True):
    """The subject made of `forward` and `backward` in a source text."""
    module = module_of(textwrap.dedent(source), known)
    return Subject.from_functions(module.forward, module.backward, inputs=inputs, name="planted")


def wrong(base, *changes):
    """A base program with changes made to it, as a subject."""
    return subject_of(changed(base, *changes), INPUTS[base])


def searched(subject, causes=(), **sizes):
    """The causes that a search finds, from one generic case."""
    trial = Trial(subject, 30)
    known = {"T": 3, "B": 2, "D": 4, "H": 5, **sizes}
    case = Case({name: known[name] for name in subject.sizes}, seed=7)
    return repair.search(trial, Hearing(trial, case).outcome(), case, causes)


def line_of(source, text):
    """The number of the one line of a source text that begins with a text."""
    (number,) = [k for k, line in enumerate(textwrap.dedent(source).splitlines(), 1) if line.strip().startswith(text)]
    return number
