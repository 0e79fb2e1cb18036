"""What counts as a store, which value of a step counts, and how values are stacked over time."""

import sys

import jax.numpy as jnp
import pytest
from probes_tools import asked, module_of, pair, said

import oracle
from oracle.cases import Case
from oracle.diagnosis.probes.looking import CannotLook, look
from oracle.diagnosis.probes.truth import Twin
from oracle.program.probing import UNPROBED
from oracle.trial import Trial

INPUTS = {"x": "T D", "W": "D D", "h0": "D"}
FORWARD = """
def forward(x, W, h0):
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(x[t] + W @ h[-1]))
    return np.array(h[1:]), (x, W, h)
"""
BACKWARD = """
def backward(h_bar, cache):
    x, W, h = cache
    x_bar, W_bar, carry = np.zeros_like(x), np.zeros_like(W), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dh = h_bar[t] + carry
        da = (1 - h[t + 1] ** 2) * dh
        x_bar[t] = da
        W_bar += np.outer(da, h[t])
        carry = W.T @ da
    return x_bar, W_bar, carry
"""


def rnn(x, W, h0, *, probe=UNPROBED):
    """The same for JAX."""

    def step(h, x_t):
        h = probe("carry", h)
        h = probe("h", jnp.tanh(probe("a", x_t + W @ h)))
        return h, h

    return probe.scan(step, h0, x)[1]


def looped(x, W, h0, *, probe=UNPROBED):
    """The same with a loop in Python, which no trace for all sizes can follow."""
    h, every = h0, []
    for x_t in x:
        h = probe("h", jnp.tanh(probe("a", x_t + W @ probe("carry", h))))
        every.append(h)
    return jnp.stack(every)


PROBES = {"dh": "dh", "da": "da", "carry": "carry"}


def subject(backward=BACKWARD, probes=PROBES, reference=rnn, forward=FORWARD, **options):
    """A small recurrent network with probes."""
    return pair(forward + backward, inputs=INPUTS, reference=reference, probes=probes, **options)


def looked(one, T=3, D=2, seed=4):
    """One case of a subject."""
    return look(Trial(one, 30), Twin(one), Case({"T": T, "D": D}, seed=seed))


def changed(old, new, text=BACKWARD):
    """The backward with one change."""
    assert text.count(old) == 1
    return text.replace(old, new)


STORES = {  # ways to write `da = (1 - h[t + 1] ** 2) * dh`
    "assignment": "da = (1 - h[t + 1] ** 2) * dh",
    "annotated": "da: object = (1 - h[t + 1] ** 2) * dh",
    "augmented": "da = dh.copy()\n        da *= 1 - h[t + 1] ** 2",
    "unpacked": "(da, rest), t = ((1 - h[t + 1] ** 2) * dh, 0), t",
    "written into": "da = np.zeros_like(dh)\n        da[:] = (1 - h[t + 1] ** 2) * dh",
    "entry by entry": "da = dh.copy()\n        for k in range(len(da)):\n            da[k] *= 1 - h[t + 1][k] ** 2",
    "out": "da = np.zeros_like(dh)\n        np.multiply(1 - h[t + 1] ** 2, dh, out=da)",
    "out of a part": "da = np.zeros_like(dh)\n        np.multiply(1 - h[t + 1] ** 2, dh, out=da[:])",
    "another name": "da = dh.copy()\n        same = da[:]\n        same *= 1 - h[t + 1] ** 2",
    "a method": "da = dh.copy()\n        da.fill(0.0)\n        da += (1 - h[t + 1] ** 2) * dh",
    "two on a line": "da = 0 * dh; da = (1 - h[t + 1] ** 2) * dh",
    "several lines": "da = (\n            (1 - h[t + 1] ** 2)\n            * dh\n        )",
    "a branch": "if t >= 0:\n            da = (1 - h[t + 1] ** 2) * dh\n        else:\n            da = dh",
}


@pytest.mark.parametrize("way", STORES)
def test_stores(way):
    """However it is written, the value of the step is seen, and right."""
    found = looked(subject(changed("da = (1 - h[t + 1] ** 2) * dh", STORES[way])))
    assert found.unsampled == {}
    assert {rule for (name, _), rule in found.rules.items() if name == "da"} == {"right"}


@pytest.mark.parametrize("way", STORES)
def test_wrong_stores(way):
    """The control: with the slope of another function in the same statement, the rule is wrong in every step."""
    one = subject(changed("da = (1 - h[t + 1] ** 2) * dh", STORES[way].replace("** 2", "** 3")))
    found = looked(one)
    assert {rule for (name, _), rule in found.rules.items() if name == "da"} == {"wrong"}
    assert {rule for (name, _), rule in found.rules.items() if name != "da"} == {"right"}


@pytest.mark.parametrize("reference", [rnn, looped])
def test_twins(reference):
    """A twin with a scan is traced once for all sizes, one with a loop in Python anew; both see the same fault."""
    one = subject(changed("carry = W.T @ da", "carry = W @ da"), reference=reference)
    causes, _ = asked(one, D=3)
    assert [(cause.statement, cause.certain) for cause in causes] == [("carry = W @ da", True)]
    assert causes[0].claim == f"first wrong cotangent, backwards in time: carry at t={causes[0].step}"


PLACES = {
    "of a function": {"da": "backward.da"},
    "a part over time": {"da": "x_bar"},
    "a part by a variable": {"da": "x_bar[t]"},
    "returned": {"da": "return[0]"},
    "of the twin": {"anything": oracle.probe("da", of="a")},
    "a choice": {"dh": oracle.probe("dh", store=(1, 1)), "da": "da"},
}


@pytest.mark.parametrize("title", PLACES)
def test_places(title):
    """A place may be a variable, one of a named function, a part of one, or what is returned."""
    found = looked(subject(probes=PLACES[title]))
    assert found.unsampled == {}
    assert set(found.rules.values()) == {"right"}
    wrong = looked(subject(changed("x_bar[t] = da", "x_bar[t] = 2 * da").replace("* dh", "* dh * 2"), PLACES[title]))
    assert "wrong" in wrong.rules.values()


SCALE = """
class Scale:
    def __init__(self):
        self.a = np.zeros(())
    def forward(self, x):
        self.y = np.tanh(self.a * x)
        self.x = x
        return self.y
    def backward(self, y_bar):
        self.delta = y_bar * (1 - self.y**2)
        self.da = (self.delta * self.x).sum()
        return self.a * self.delta
"""


def scale(source):
    """A small object with a probe on one of its attributes."""

    def twin(p, x, *, probe=UNPROBED):
        return jnp.tanh(probe("z", p["a"] * x))

    return oracle.Subject.from_object(
        module_of(source).Scale,
        inputs={"x": "D"},
        parameters={"a": ""},
        gradients="d{}",
        reference=twin,
        probes={"z": "self.delta"},
    )


def test_attributes():
    """What an object keeps is a place too; what the forward left unproved makes the line no certainty."""
    assert asked(scale(SCALE))[0] == []
    causes, _ = asked(scale(changed("**2", "**3", SCALE)))
    assert said(causes) == [
        f"first wrong cotangent, backwards in time: z     {causes[0].place}   self.delta = y_bar * (1 - self.y**3)",
        "  everything it is computed from is right; seen in 5 of 5 cases, down to D=1; "
        "this line, or what feeds it: what the forward left in self.y",
    ]
    assert not causes[0].certain


def test_forward_order():
    """Values that come first step first are declared so; declared otherwise, the loop is named."""
    forwards = BACKWARD.replace("reversed(range(len(x)))", "range(len(x))").replace("+ carry", "")
    still = FORWARD.replace("W @ h[-1]", "W @ h0")

    def twin(x, W, h0, *, probe=UNPROBED):
        def step(_, x_t):
            return None, jnp.tanh(probe("a", x_t + W @ h0))

        return probe.scan(step, None, x)[1]

    right = forwards.replace("h[t])", "h[0])").replace("carry = W.T @ da", "carry += W.T @ da")
    declared = {"da": oracle.probe("da", order="forward")}
    assert set(looked(subject(right, declared, twin, still)).rules.values()) == {"right"}
    causes, _ = asked(subject(right, {"da": "da"}, twin, still), D=3)
    times = list(range(causes[0].claim.count(",") // 2 + 1))
    assert causes[0].claim == (
        f"da is computed at t={', '.join(map(str, times))} in this order, "
        f"where {', '.join(map(str, times[::-1]))} was expected"
    )
    assert causes[0].statement == "for t in range(len(x)):"


REFUSED = {
    "nothing": ({"dh": "dz"}, "the backward stored nothing at dz"),
    "no place": ({"dz": "dh"}, "the reference has no place for dz"),
    "another count": (
        {"dh": oracle.probe("dh", store=(2, 2))},
        "dh is declared to be stored 2 times in a step, but was stored 1 times",
    ),
}


@pytest.mark.parametrize("title", REFUSED)
def test_refused_probes(title):
    """A probe that cannot be read is not examined, says why, and accuses nobody."""
    probes, why = REFUSED[title]
    causes, notes = asked(subject(probes=probes))
    assert causes == []
    assert notes[0] == f"not examined: {next(iter(probes))}: {why}"


def test_shapes_are_compared():
    """A variable of another shape than the place is not examined."""
    wide = changed("dh = h_bar[t] + carry", "dh = np.concatenate([h_bar[t] + carry] * 2)[: len(carry)]")
    found = looked(subject(wide.replace("da = (1", "dw = np.concatenate([dh, dh])\n        da = (1"), {"dh": "dw"}))
    assert str(found.unsampled["dh"]) == "its value has shape (4,), but that of the reference (2,)"


def test_two_functions_with_one_name():
    """A variable that two functions store to must be told apart."""
    two = changed("da = (1 - h[t + 1] ** 2) * dh", "da = slope(h[t + 1]) * dh") + (
        "\ndef slope(y):\n    da = 1 - y ** 2\n    return da\n"
    )
    found = looked(subject(two))
    assert str(found.unsampled["da"]).startswith("several functions store to da; write ")
    assert looked(subject(two, {"da": "backward.da"})).unsampled == {}


def test_buffers_are_copied():
    """A buffer that every step uses again is read when each step has written it."""
    buffered = changed("    for t in", "    da = np.zeros_like(h[0])\n    for t in")
    buffered = changed("da = (1 - h[t + 1] ** 2) * dh", "np.multiply(1 - h[t + 1] ** 2, dh, out=da)", buffered)
    found = looked(subject(buffered))
    assert {rule for (name, _), rule in found.rules.items() if name == "da"} == {"right"}


def test_the_tracer_is_put_back():
    """A tracer that was set before is set again, also when the backward raises."""

    def mine(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(mine)
    try:
        with pytest.raises(CannotLook, match="the code left ball arithmetic, raised, or met a tie"):
            looked(subject(changed("np.outer(da, h[t])", "np.outer(da, h[t]) / []")))
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)


def test_the_code_runs_unchanged():
    """A backward that is traced returns what it returns untraced."""
    one = subject()
    found = looked(one)
    assert set(found.leaves.values()) == {"right"}
    assert found.run.error is None
