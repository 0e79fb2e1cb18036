"""JAX's own float64: the classic witness, compiled by XLA. It certifies nothing, and checks that we execute rightly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from oracle.program.arithmetic import Array
from oracle.program.blocks import is_number
from oracle.program.tracing import by_position


def jit_gradients(
    reference: Callable[..., Any],
    inputs: Mapping[str, Any],
    cotangents: Sequence[Any],
    *,
    kinds: Mapping[str, str] | None = None,
) -> tuple[list[Array], dict[str, Array]]:
    """Outputs and gradients of the reference in float64, as `jax.jit` of its vector-Jacobian product gives them.

    `kinds` is that of `trace`: inputs of kind "float64", the default, are differentiated.

    >>> import jax.numpy as jnp
    >>> jit_gradients(lambda x: jnp.sum(x**2), {"x": [1.0, 2.0]}, [1.0])[1]["x"]
    array([2., 4.])
    """
    import jax

    kinds = dict(kinds or {})
    names = [name for name in inputs if kinds.get(name, "float64") == "float64"]
    function = by_position(reference, tuple(inputs))

    def program(varied: Sequence[Any], fixed: Mapping[str, Any], bars: Sequence[Any]) -> tuple[Any, Any]:
        def outputs(*arrays: Any) -> tuple[list[Any], list[Any]]:
            known = {**fixed, **dict(zip(names, arrays, strict=True))}
            every = function(*[known[name] for name in inputs])
            return [output for output in every if is_number(output.dtype)], every

        _, pull, every = jax.vjp(outputs, *varied, has_aux=True)
        return every, pull(list(bars))

    with jax.enable_x64(True):
        arrays = {name: _array(value, kinds.get(name, "float64")) for name, value in inputs.items()}
        fixed = {name: array for name, array in arrays.items() if name not in names}
        bars = [np.asarray(bar) if np.iscomplexobj(bar) else np.asarray(bar, float) for bar in cotangents]
        every, gradients = jax.jit(program)([arrays[name] for name in names], fixed, bars)
        return [np.asarray(one) for one in every], {
            name: np.asarray(one) for name, one in zip(names, gradients, strict=True)
        }


def _array(value: Any, kind: str) -> Array:
    """An input with the dtype of its kind."""
    return np.asarray(value, {"int": np.int64, "bool": bool}.get(kind, np.float64))
