"""`autograd.test_util.check_grads` of a `primitive` with the hand-written backward as its `defvjp`, at its defaults.

`modes=["rev"]` and `order=1`, because a hand-written backward gives a VJP alone; every argument in turn.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
from autograd.extend import defvjp_argnums, primitive
from autograd.test_util import check_grads

from benchmarks.field.programs import Program

TITLE = f"autograd {version('autograd')}"


def _function(program: Program) -> Any:
    """The program as a function of arrays that autograd differentiates by the hand-written backward."""

    @primitive
    def pair(*arrays: Any) -> Any:
        outputs = program.forward(arrays)[0]
        return outputs if len(outputs) > 1 else outputs[0]

    def pullback(argnums: Any, answer: Any, arrays: Any, options: Any) -> Any:
        _, kept = program.forward(arrays)
        several = isinstance(answer, tuple)

        def backward(cotangent: Any) -> Any:
            found = program.backward(kept, tuple(cotangent) if several else (cotangent,))
            return tuple(found[k] for k in argnums)

        return backward

    defvjp_argnums(pair, pullback)
    return pair


def check(program: Program) -> bool:
    """Whether check_grads rejects a program: one random direction, step 1e-6, both tolerances 1e-6."""
    before = np.random.get_state()
    np.random.seed(0)
    try:
        pair = _function(program)
        for k in range(len(program.arrays)):
            check_grads(pair, k, modes=["rev"], order=1)(*(array.copy() for array in program.arrays))
    except AssertionError:
        return True
    finally:
        np.random.set_state(before)
    return False
