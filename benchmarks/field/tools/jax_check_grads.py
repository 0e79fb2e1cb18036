"""`jax.test_util.check_grads` of a `jax.custom_vjp` whose two sides call the hand-written pair through `pure_callback`.

`modes=["rev"]` and `order=1`, because a hand-written backward gives a VJP alone and no derivative of itself;
tolerances and step are its defaults. JAX computes in float32 unless told otherwise, so it is asked both ways.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.test_util import check_grads

from benchmarks.field.programs import Program

TITLE = f"jax {jax.__version__}"


def _function(program: Program) -> Any:
    """The program as a function of JAX arrays."""

    def forward(*arrays: Any) -> Any:
        return program.forward([np.asarray(array) for array in arrays])[0]

    def gradients(cotangents: Any, *arrays: Any) -> Any:
        _, kept = program.forward([np.asarray(array) for array in arrays])
        found = program.backward(kept, [np.asarray(cotangent) for cotangent in cotangents])
        return tuple(np.asarray(one) for one in found)

    def shapes(arrays: Any) -> Any:
        return tuple(jax.ShapeDtypeStruct(np.shape(one), one.dtype) for one in arrays)

    outputs = shapes(program.forward(program.arrays)[0])

    @jax.custom_vjp
    def pair(*arrays: Any) -> Any:
        return jax.pure_callback(forward, outputs, *arrays)

    def backward(arrays: Any, cotangents: Any) -> Any:
        return jax.pure_callback(gradients, shapes(arrays), cotangents, *arrays)

    pair.defvjp(lambda *arrays: (pair(*arrays), arrays), backward)
    return pair


def check(program: Program) -> bool:
    """Whether check_grads rejects a program, in the precision of its arrays."""
    wide = any(array.dtype == np.float64 for array in program.arrays)
    with jax.enable_x64(wide):
        try:
            check_grads(_function(program), [jax.numpy.asarray(a) for a in program.arrays], order=1, modes=["rev"])
        except AssertionError:
            return True
    return False
