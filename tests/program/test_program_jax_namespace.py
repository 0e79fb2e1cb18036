"""Hand-written NumPy code traced by JAX, its names bound to `jax.numpy`."""

import math
import types

import jax.numpy as jnp
import numpy as np
import pytest

from oracle.arithmetic.floats import Floats
from oracle.program import CannotTrace, trace
from oracle.program.jax_namespace import stand_for
from oracle.program.traced_array import TracedArray
from oracle.program.traced_calls import Float, plain, wrap

SOURCE = """
import math
import numpy as np
from numpy import tanh, exp as e
from numpy.linalg import norm
from math import sqrt

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def forward(W, x):
    h = np.zeros(W.shape[0])
    a = np.dot(W, x) + h
    g = tanh(a) * sigmoid(a) * e(-a ** 2) / sqrt(2)
    g = np.where(g > 0, g, 0.1 * g) + np.pi * math.tanh(a[0]) + math.erf(a[1]) + norm(x)
    return np.clip(g, -0.5, 5.0), np.linalg.norm(g), np.maximum(g, np.float64(0.25)).sum()

def draws(x):
    return x * np.random.randn(*x.shape)

def views(x):
    return np.lib.stride_tricks.sliding_window_view(x, 2)

def shares(x):
    return np.shares_memory(x, x)
"""


@pytest.fixture
def module():
    """A module of hand-written code with each name replaced by its counterpart."""
    code = types.ModuleType("code")
    exec(SOURCE, code.__dict__)
    for name, value in list(vars(code).items()):
        setattr(code, name, stand_for(value))
    return code


def traced(function, specs):
    """The gradient program of code that was bound, on arrays that it can write into."""
    return trace(lambda *arrays: plain(function(*map(wrap, arrays))), specs)


def original(name):
    """A function of the code as it was written."""
    scope = {}
    exec(SOURCE, scope)
    return scope[name]


def test_a_hand_written_forward_becomes_its_own_reference(module):
    """The traced code gives the outputs that the original gives in NumPy."""
    rng = np.random.default_rng(3)
    inputs = {"W": rng.normal(size=(3, 4)), "x": rng.normal(size=4)}
    program = traced(module.forward, {"W": "H D", "x": "D"})
    outputs, gradients = program.run(Floats(), {"H": 3, "D": 4}, inputs, [np.ones(3), 1.0, 1.0])
    for actual, expected in zip(outputs, original("forward")(**inputs), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-13)
    assert (program.symbolic, program.distrust, list(gradients)) == (True, [], ["W", "x"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("draws", ": the forward depends on what np.random.randn draws; draw it outside and pass it in"),
        ("views", ": JAX cannot trace np.sliding_window_view, which has no counterpart in jax.numpy"),
        ("shares", ": JAX cannot trace np.shares_memory, which has no counterpart in jax.numpy"),
    ],
)
def test_what_has_no_counterpart_ends_the_trace(module, name, message):
    """Random numbers and names that jax.numpy lacks make the code untraceable, with the reason."""
    program = traced(getattr(module, name), {"x": "D"})
    with pytest.raises(CannotTrace) as caught:
        program.at({"D": 4})
    assert message in str(caught.value)


def test_counterparts():
    """Modules, functions, ufuncs, types and arrays get stand-ins, each name one; everything else stays."""
    assert stand_for(np).tanh is stand_for(np.tanh)
    assert stand_for(np.sum) is stand_for(np).sum
    assert stand_for(np.linalg).norm is stand_for(np.linalg.norm)
    assert stand_for(np.float64) is jnp.float64
    assert stand_for(np.ndarray) is stand_for(np).ndarray is TracedArray
    assert stand_for(float) is Float
    assert isinstance(stand_for(np.ones(2)), TracedArray)
    assert stand_for(math).floor is math.floor
    assert stand_for(math).pi is math.pi
    assert stand_for(np).newaxis is None
    assert stand_for(np).errstate is np.errstate
    for value in (len, 3, "text", types, test_counterparts, stand_for):
        assert stand_for(value) is value
    with pytest.raises(AttributeError):
        _ = stand_for(np).no_such_name


def test_what_a_star_import_brings_along():
    """NumPy's description of itself, which `from numpy import *` binds too, stands for itself and ends no trace."""
    assert stand_for(np.__array_namespace_info__) is np.__array_namespace_info__
