"""Ways to run JAX functions in the executor, for the tests of this folder."""

import jax
import numpy as np

from oracle.arithmetic import kernels
from oracle.program.blocks import read
from oracle.program.dimensions import Resolver
from oracle.program.plan import Plan


def block_of(function, arguments):
    """The block of a function, traced at its arguments."""
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(lambda *a: jax.tree.leaves(function(*a)))(*arguments)
    return read(closed.jaxpr, closed.consts, [np.asarray(a).dtype.kind in "fc" for a in arguments])


def execute(function, arguments, arithmetic):
    """What the executor makes of a function, in an arithmetic."""
    plan = Plan(block_of(function, arguments), Resolver({}))
    raw = [arithmetic.lift(a) if np.asarray(a).dtype.kind in "fc" else np.asarray(a) for a in arguments]
    return plan(arithmetic, raw)


def compiled(function, arguments):
    """What XLA makes of it, in float64."""
    with jax.enable_x64(True):
        return [np.asarray(leaf) for leaf in jax.tree.leaves(jax.jit(function)(*arguments))]


def primitives(block):
    """The names of all primitives that a block needs, those in its inner blocks included."""
    found = set()
    for equation in block.equations:
        found.add(equation.name)
        for inner in equation.blocks.values():
            for part in inner if isinstance(inner, tuple) else (inner,):
                found |= primitives(part)
    return found


def assert_close(actual, expected, ulps):
    """`actual` equals `expected` to `ulps` units of the largest entry, and is NaN or infinite where it is."""
    assert actual.shape == expected.shape
    if expected.dtype.kind not in "fc":
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
        return
    finite = np.abs(expected[np.isfinite(expected)])
    bound = ulps * np.finfo(float).eps
    np.testing.assert_allclose(actual, expected, rtol=bound, atol=bound * finite.max(initial=0.0))


def assert_enclosed(balls, expected, ulps):
    """The balls are thin, and lie where the floats lie; where the floats are not finite, neither are the balls."""
    if expected.dtype.kind not in "fc":
        assert_close(balls, expected, ulps)
        return
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(kernels.is_finite(balls), finite)
    assert_close(kernels.midpoints(balls)[finite], expected[finite], ulps)
    assert (kernels.radii(balls)[finite] <= 1e-60 * (1 + np.abs(expected[finite]))).all()
