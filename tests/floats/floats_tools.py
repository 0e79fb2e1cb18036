"""Code that leaves ball arithmetic in every way the oracle must cope with, and a JAX twin of it."""

import ctypes
import ctypes.util
import subprocess
import sys

import numpy as np

from oracle import Subject
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.trial import Trial

INPUTS = {"x": "B D", "W": "D H", "b": "H"}
CASE = Case({"B": 2, "D": 3, "H": 4}, seed=7)
_LIBM = ctypes.CDLL(ctypes.util.find_library("m"))
_LIBM.tanh.restype, _LIBM.tanh.argtypes = ctypes.c_double, [ctypes.c_double]


def by_ctypes(a):
    """tanh by C's library, one number at a time."""
    return np.array([_LIBM.tanh(float(v)) for v in np.ravel(a)]).reshape(np.shape(a))


def by_process(a):
    """tanh by another process."""
    code = "import sys, numpy as np; sys.stdout.buffer.write(np.tanh(np.frombuffer(sys.stdin.buffer.read())).tobytes())"
    run = subprocess.run([sys.executable, "-c", code], input=memoryview(a).tobytes(), capture_output=True, check=True)
    return np.frombuffer(run.stdout).reshape(np.shape(a))


def by_real_part(a):
    """tanh of the real part: a complex step goes in and does not come out."""
    return np.tanh(np.asarray(memoryview(a)).real)


def by_buffer(a):
    """tanh through the buffer protocol, which balls do not speak; any dtype passes."""
    return np.tanh(np.asarray(memoryview(a)))


def through_float32(a):
    """tanh through the buffer protocol, in float32."""
    return np.tanh(np.asarray(memoryview(a)).astype(np.float32))


def twin(x, W, b):
    """The same layer for JAX."""
    import jax.numpy as jnp

    return jnp.tanh(x @ W + b)


def layer(tanh=by_buffer, factor=1.0, entry=None, reference=None, leave=lambda y: y, **options):
    """y = tanh(x W + b); the gradient of b (or its one entry) is wrong by `factor`; the backward passes by `leave`."""

    def forward(x, W, b):
        y = tanh(x @ W + b)
        return y, (x, W, y)

    def backward(y_bar, cache):
        x, W, y = cache
        a = y_bar * (1 - leave(y) ** 2)
        b_bar = a.sum(0)
        b_bar[slice(None) if entry is None else entry] *= factor
        return a @ W.T, x.T @ a, b_bar

    return Subject.from_functions(forward, backward, inputs=INPUTS, reference=reference, name="layer", **options)


def pair(forward, backward, **options):
    """The subject made of two functions of one vector x."""
    return Subject.from_functions(forward, backward, **{"inputs": {"x": "D"}, "name": "pair", **options})


def heard(subject, case=CASE):
    """What one case shows."""
    return Hearing(Trial(subject, 30), case).outcome()


def messages(outcome):
    """The sentences of all findings."""
    return [finding.message for finding in outcome.findings]
