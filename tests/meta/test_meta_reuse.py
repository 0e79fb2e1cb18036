"""Code that remembers: of a call with other sizes, masks, integers or options; state of the forward; shared buffers."""

import textwrap

import pytest
from meta_tools import messages, module_of, outcome, pair

import oracle
from oracle import Subject, verify
from oracle.cases import Case
from oracle.report.text import details
from oracle.verdict import Verdict

BROKEN, REFUTED = Verdict.BROKEN_CONTRACT, Verdict.REFUTED
NEXT = "; state leaks from one call into the next"

# ---- what is remembered of a call that was another in more than its real numbers

BY_SIZE = """
memo = {}
def forward(x):
    return np.tanh(x).sum() / len(x), x
def backward(y_bar, x):
    return (1 - np.tanh(x) ** 2) * y_bar / (memo.setdefault("n", len(x)) if %r else len(x))
"""
BY_MASK = """
memo = {}
def forward(x, m):
    memo.setdefault("m", m.copy())
    return np.where(m, x * x, 0.0), (x, m)
def backward(y_bar, cache):
    x, m = cache
    return np.where(memo["m"] if %r else m, 2 * x * y_bar, 0.0)
"""
BY_INTEGERS = """
memo = {}
def forward(x, k):
    memo.setdefault("k", k.copy())
    return k.sum() * x, (x, k)
def backward(y_bar, cache):
    x, k = cache
    return (memo["k"] if %r else k).sum() * y_bar
"""
BY_OPTION = """
memo = {}
def forward(x, mode):
    memo.setdefault("mode", mode)
    return np.tanh(x) * (2.0 if mode == "a" else 3.0), (x, mode)
def backward(y_bar, cache):
    x, mode = cache
    return (1 - np.tanh(x) ** 2) * y_bar * (2.0 if (memo["mode"] if %r else mode) == "a" else 3.0)
"""
VALUES, SIZES, OPTIONS = "other values, masks and integers", "other sizes", "other options"
MEMORIES = {
    "size": (BY_SIZE, {"x": "D"}, SIZES),
    "mask": (BY_MASK, {"x": "D", "m": oracle.booleans("D")}, VALUES),
    "integers": (BY_INTEGERS, {"x": "D", "k": oracle.integers("D", below=9)}, VALUES),
    "option": (BY_OPTION, {"x": "D", "mode": oracle.choice("a", "b")}, OPTIONS),
}


@pytest.mark.parametrize("what", MEMORIES)
def test_what_is_remembered_of_another_call(what):
    """A backward that uses what a first call had is refuted, and told which kind of thing it remembers."""
    source, inputs, kind = MEMORIES[what]
    report = verify(pair(source % True, inputs=inputs), cases=6, explain=False)
    assert report.verdict is REFUTED
    assert report.findings[0].message.startswith(f"called after a call with {kind}, the gradient of x is another: x")
    assert report.findings[0].message.endswith(NEXT)


@pytest.mark.parametrize("what", MEMORIES)
def test_what_is_not_used_though_remembered(what):
    """The control: the same code is certified where it uses what this call had."""
    source, inputs, _ = MEMORIES[what]
    assert verify(pair(source % False, inputs=inputs), cases=6).verdict is Verdict.CERTIFIED


MEAN = """
import numpy as np
class Mean:
    def __init__(self):
        self.n = None
    def forward(self, x):
        {}
        self.shape = x.shape
        return x.mean(axis=0)
    def backward(self, y_bar):
        return np.ones(self.shape) * y_bar / self.n
"""


def thing(source: str, name: str, **options: object) -> Subject:
    """A subject of a class in a source text."""
    return Subject.from_object(getattr(module_of(textwrap.dedent(source)), name), **{"parameters": {}, **options})


def test_an_object_that_remembers_its_first_batch():
    """An object that keeps the size of its first batch is refuted; one that takes each batch as it is, certified."""
    heard = outcome(thing(MEAN.format("self.n = self.n or len(x)"), "Mean", inputs={"x": "B D"}), B=2, D=3)
    assert heard.verdict is REFUTED
    assert messages(heard)[0].startswith("called after a call with other sizes, the gradient of x is another: x[0, 0] ")
    assert outcome(thing(MEAN.format("self.n = len(x)"), "Mean", inputs={"x": "B D"}), B=2, D=3).verdict.ok


def test_an_object_that_takes_one_size_only():
    """An object that raises at another size says so itself: that is no fault of its backward."""
    line = "self.n = self.n or len(x); assert self.n == len(x)"
    assert outcome(thing(MEAN.format(line), "Mean", inputs={"x": "B D"}), B=2, D=3).verdict is Verdict.CERTIFIED


NORM = """
import numpy as np
class Norm:
    def __init__(self):
        self.mean = 0.0
    def forward(self, x, mode):
        self.mode = mode
        if mode == "train":
            self.mean = 0.9 * self.mean + 0.1 * x.mean()
            return x - x.mean()
        return x - self.mean
    def backward(self, y_bar):
        return y_bar - y_bar.mean() if self.mode == "train" else 1.0 * y_bar
"""


def test_running_means():
    """What one option makes and another uses, as running means, is no fault: both outputs and gradients follow it."""
    subject = thing(NORM, "Norm", inputs={"x": "D", "mode": oracle.choice("train", "eval")})
    assert verify(subject, cases=12).verdict is Verdict.CERTIFIED


# ---- state of the forward

DROPOUT = """
import numpy as np
class Dropout:
    def __init__(self):
        self.rng = np.random.default_rng(0)
    def forward(self, x):
        self.m = 2.0 * (self.rng.random(x.shape) < 0.5)
        return x * self.m
    def backward(self, y_bar):
        return y_bar * self.m
"""
DRAWN = "called a second time, the output out is another: the forward draws from {}; make the draws an input, or a "
DRAWN += "generator that is one"


@pytest.mark.parametrize("regime", ["generic", "zeros"])
@pytest.mark.parametrize("seed", range(5))
def test_a_forward_that_draws_refutes_no_backward(regime, seed):
    """Gradients that follow outputs which are others each time are no fault, not even where inputs are zero."""
    heard = outcome(thing(DROPOUT, "Dropout", inputs={"x": "B D"}), Case({"B": 2, "D": 6}, regime, seed))
    assert heard.verdict is BROKEN
    assert all("the forward draws from self.rng; " in message for message in messages(heard))


def test_a_generator_of_the_module_is_named():
    """A generator that stands in the module is named, too."""
    source = """
    RNG = np.random.default_rng(0)
    def forward(x):
        m = 2.0 * (RNG.random(x.shape) < 0.5)
        return x * m, m
    def backward(y_bar, m):
        return y_bar * m
    """
    heard = outcome(pair(source, inputs={"x": "D"}), D=6)
    assert (heard.verdict, messages(heard)) == (BROKEN, [DRAWN.format("RNG")])


CELL = """
import numpy as np
class Cell:
    def __init__(self, D):
        self.D, self.h = D, np.zeros(D)
    def start(self):
        self.h = np.zeros(self.D)
    def forward(self, x):
        self.h = np.tanh(x + self.h)
        return self.h.copy()
    def backward(self, y_bar):
        return (1 - self.h ** 2) * y_bar
"""


def test_an_object_that_carries_its_state():
    """A right layer that keeps its state from call to call is told of reset=, with which it is certified."""
    heard = outcome(thing(CELL, "Cell", inputs={"x": "D"}), D=3)
    said = "the forward keeps state; name what starts it anew with reset=, or make that state an input"
    assert (heard.verdict, messages(heard)) == (BROKEN, [f"called a second time, the output out is another: {said}"])
    assert outcome(thing(CELL, "Cell", inputs={"x": "D"}, reset="start"), D=3).verdict is Verdict.CERTIFIED


def test_whom_finite_differences_confirm():
    """Where only a further call is wrong, finite differences side with nobody against the first one."""
    report = verify(pair(BY_SIZE % True, inputs={"x": "D"}), cases=3, explain=False)
    sentences = [line for line in details(report) if line.startswith("finite differences ")]
    assert len(sentences) == 1
    assert sentences[0].startswith("finite differences confirm the gradients of a first call, on the whole cotangent (")


@pytest.mark.parametrize("call", ["random.random()", "random.gauss(0, 1)"])
def test_the_global_state_of_pythons_random(call):
    """A backward that draws from Python's global generator breaks its promise."""
    source = f"""
    import random
    def forward(x):
        return np.tanh(x), x
    def backward(y_bar, x):
        {call}
        return (1 - np.tanh(x) ** 2) * y_bar
    """
    said = (
        "forward or backward changed the global state of Python's random; pass a Generator or the drawn values instead"
    )
    heard = outcome(pair(source, inputs={"x": "D"}), D=3)
    assert (heard.verdict, messages(heard)) == (BROKEN, [said])


# ---- buffers, and two uses at once

BUFFERS = """
memory = {}
def buffer(x):
    return memory.setdefault(x.shape, np.zeros_like(x))
def forward(x):
    %s
def backward(y_bar, y):
    %s
"""
FORWARD, BACKWARD = "y = np.tanh(x); return y, y.copy()", "return (1 - y ** 2) * y_bar"
INTO_BUFFER = "g = buffer(y); g[...] = (1 - y ** 2) * y_bar; return "
OVER = " was overwritten by the next: return a copy of the buffer"
BUFFER_CASES = [
    (FORWARD, BACKWARD, ""),
    (FORWARD, INTO_BUFFER + "g.copy()", ""),
    (FORWARD, INTO_BUFFER + "g", "the gradient of x that one call returned" + OVER),
    ("b = buffer(x); b[...] = np.tanh(x); return b, b.copy()", BACKWARD, "the output out of one call" + OVER),
    ("b = buffer(x); b[...] = np.tanh(x); return b.copy(), b", BACKWARD, "with another forward before its backward, "),
    ("y = np.tanh(x); memory[0] = y; return y.copy(), y", "y = memory[0]; " + BACKWARD, "with another forward before "),
]


@pytest.mark.parametrize(("forward", "backward", "said"), BUFFER_CASES)
def test_buffers_that_the_next_call_overwrites(forward, backward, said):
    """A buffer that is handed out as output, gradient or cache is found; one that stays inside is no fault."""
    heard = outcome(pair(BUFFERS % (forward, backward), inputs={"x": "D"}), D=3)
    assert [message[: len(said)] for message in messages(heard)] == [said] * bool(said)
    assert heard.verdict is (BROKEN if said else Verdict.CERTIFIED)


TANH = """
import numpy as np
class Tanh:
    kept = {{}}
    def forward(self, x):
        {0}["y"] = np.tanh(x)
        return {0}["y"].copy()
    def backward(self, y_bar):
        return (1 - {0}["y"] ** 2) * y_bar
"""


def test_two_objects_that_share_what_they_keep():
    """Two layers of one class must not share their caches; one object used throughout is no pair of objects."""
    heard = outcome(thing(TANH.format("self.kept"), "Tanh", inputs={"x": "D"}), D=3)
    assert heard.verdict is BROKEN
    assert messages(heard)[0].startswith("with the forward of a second object before its backward, the gradient of x ")
    assert messages(heard)[0].endswith("; the two objects share what they keep")
    assert outcome(thing(TANH.format("vars(self)"), "Tanh", inputs={"x": "D"}), D=3).verdict is Verdict.CERTIFIED
    single = module_of(TANH.format("self.kept")).Tanh()
    assert outcome(Subject.from_object(lambda: single, inputs={"x": "D"}, parameters={}), D=3).verdict.ok
