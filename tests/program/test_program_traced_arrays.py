"""Arrays that code under trace writes into: what JAX then computes is what NumPy computes, or the trace ends."""

import types

import numpy as np
import pytest

from oracle.arithmetic.floats import Floats
from oracle.program import CannotTrace, drawing, trace
from oracle.program.jax_namespace import stand_for
from oracle.program.traced_calls import Call, plain, wrap
from oracle.program.traced_cells import Cell

SAME = """
import copy

def fills(x, k):
    out = np.empty((4, 3))
    for t in range(4):
        out[t] = np.tanh(x[t]) * (t + 1)
    return out

def fills_from_a_row(x, k):
    out = np.zeros(3)
    out[...] = x[:1]
    return out

def accumulates_in_views(x, k):
    out = np.zeros((3, 4)); turned = out.T
    turned[1] += x[1]; turned[:, 2] -= x[:, 2]; out[0, 3] *= 2.0
    return out, turned, out[1:][0]

def changes_an_alias(x, k):
    h = h0 = x * 1.0
    h += 1.0
    return h0, h

def keeps_numbers(x, k):
    a = b = np.sum(x)
    b += 1.0
    return a, b

def changes_an_array_without_axes(x, k):
    a = b = np.zeros(())
    b += x[0, 0]
    return a, np.where(a > 0, a, 2.0)

def changes_its_input(x, k):
    y = x
    y -= y.max(axis=1, keepdims=True)
    return x, np.exp(x).sum()

def picks_labels(x, k):
    p = np.exp(x); p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(4), k]).mean(), p[range(4), k], x[k[0]], x[k[0], k[1]]

def writes_labels(x, k):
    hot = np.zeros((4, 3)); hot[np.arange(4), k] = 1
    return hot * x, np.eye(3)[k] - x

def adds_at(x, k):
    out = np.zeros((3, 3)); np.add.at(out, k, x); np.subtract.at(out, [0, 0], x[:2])
    return out

def masks(x, k):
    y = x.copy(); y[y < 0] = 0.0
    return y

def out_parameters(x, k):
    y = np.zeros_like(x); np.multiply(x, 2.0, out=y); np.maximum(y, 0.5, out=y)
    return y

def numbers(x, k):
    return float(x[0, 0]) * 2 + x[1].sum().item(), [float(v) for v in x[2].tolist()]

def counts(x, k):
    at = np.zeros(4, dtype=int)
    for t in range(1, 4):
        at[t] = at[t - 1] + (t % 2)
    return x[at], x[int(at[3]):, ::-1], np.prod(x.shape) * x

def strided(x, k):
    out = np.zeros((4, 6)); out[:, 0::2] = np.cos(x); out[:, 1::2] = np.sin(x)
    return out.reshape(2, 12), out.transpose(1, 0)[2], np.pad(x, [(1,), (0,)])

def copies(x, k):
    y, z, w = copy.copy(x), copy.deepcopy([x])[0], x.copy()
    x *= 2.0; y += 1.0; z[0] = 0.0
    return x, y, z, w

def asks_for_types(x, k):
    same = type(0.5) == float and issubclass(type(0.5), float) and isinstance(0.5, float)
    return x * 2.0 if same and isinstance(x, np.ndarray) else x

def holds_a_buffer(x, k):
    y = x + OUTSIDE[0, 0]
    OUTSIDE[0, 0] = 5.0
    return y, x * OUTSIDE[0, 0]

def iterates(x, k):
    total = 0
    for row in x:
        row *= 2.0
        total = total + row[0]
    return x, total
"""
REFUSED = {
    "y = x.reshape(3, 4); y += 1.0; return x": "writes into an array that may share memory with another",
    "y = np.zeros(12); z = y.reshape(3, 4)\n    y[0] = 1.0\n    return z": "may share memory",
    "y = np.ravel(x)\n    try: y += 1.0\n    except TypeError: pass\n    return x": "reads an array that may",
    "y = x.squeeze(); y *= 2.0; return x": "may share memory",
    "n = np.zeros(3, dtype=int); n[:] = x[0]; return x * n": "writes float64 into an array of int64, which cuts",
    "return x[x > 0].sum()": "reads at a mask that depends on values, so that a size depends on them",
    "if x[0, 0] > 0: return x\n    return -x": "takes the truth of a value that JAX traces",
    "return x * int(x[0, 0])": "takes int() of a value that JAX traces",
    "OUTSIDE.reshape(-1)[:] = x[0, 0]; return x + OUTSIDE[0, 0]": "may share memory",
    "return x * np.random.rand(3)": "depends on what np.random.rand draws; draw it outside and pass it in",
    "np.fill_diagonal(x, 0.0); return x": "np.fill_diagonal, which writes into its argument",
    "return np.lib.stride_tricks.as_strided(x)": "np.as_strided, which has no counterpart in jax.numpy",
    "for _ in range(6000): x = x + 0.0\n    return x": "calls NumPy more than 5000 times",
    "return x[9]": "index 9 is out of bounds for axis 0 with size 4",
    "return np.zeros(3)[k * x.astype(int)[:, 0], None, None, None, object()]": "",
}


def _functions(source, replace):
    """The functions of a source text, NumPy replaced or not."""
    code = types.ModuleType("code")
    code.np = np
    exec(source, code.__dict__)
    code.OUTSIDE = np.ones((3, 4))
    for name, value in list(vars(code).items()):
        if replace and not name.startswith("__"):
            setattr(code, name, stand_for(value))
    if replace:
        code.float = stand_for(float)
    return code


def _traced(function):
    """The gradient program of a function of x (4, 3) and labels k (4)."""

    def reference(x, k):
        drawing.begin()
        return plain(function(wrap(x), wrap(k)))

    return trace(reference, {"x": "4 3", "k": "4"}, kinds={"k": "int"})


def _values():
    rng = np.random.default_rng(5)
    return {"x": rng.normal(size=(4, 3)), "k": np.array([2, 0, 0, 1])}


def _flat(value):
    return [leaf for one in value for leaf in _flat(one)] if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize("name", [line[4:].split("(")[0] for line in SAME.splitlines() if line.startswith("def ")])
def test_what_is_written_in_place_is_what_numpy_writes(name):
    """Outputs agree with NumPy's, and gradients with differences of NumPy's outputs."""
    traced = getattr(_functions(SAME, True), name)
    program, values = _traced(traced).at({}), _values()

    def outputs(x):
        own = getattr(_functions(SAME, False), name)
        return [np.asarray(one, float) for one in _flat(own(x.copy(), values["k"]))]

    expected = outputs(values["x"])
    bars = [np.cos(np.arange(one.size)).reshape(one.shape) for one in expected]
    found, gradients = program.run(Floats(), values, bars)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    v, h = np.sin(np.arange(12.0)).reshape(4, 3), 1e-6
    ends = [sum(np.sum(b * y) for b, y in zip(bars, outputs(values["x"] + s * h * v), strict=True)) for s in (1, -1)]
    assert np.sum(gradients["x"] * v) == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("body", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_surely_numpys_own_way_ends_the_trace(body):
    """Each refusal is one sentence without addresses."""
    function = _functions(f"def f(x, k):\n    {body}\n", True).f
    with pytest.raises(CannotTrace) as caught:
        _traced(function).at({})
    assert REFUSED[body] in str(caught.value)
    assert "0x" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ties_between_cells_are_what_refuses_a_reshaped_write(monkeypatch):
    """Without them the write would be lost unnoticed: the refusal above does something."""
    monkeypatch.setattr(Cell, "tie", lambda self, other: None)
    function = _functions("def f(x, k):\n    y = x.reshape(3, 4); y += 1.0\n    return x\n", True).f
    (found,), _ = _traced(function).at({}).run(Floats(), _values(), [np.ones((4, 3))])
    np.testing.assert_array_equal(found, _values()["x"])  # NumPy gives x + 1


def test_calls_count_from_the_beginning_of_a_trace():
    """A long trace does not use up the calls of the next."""
    Call.made = 10**9
    drawing.begin()
    assert Call.made == 0
