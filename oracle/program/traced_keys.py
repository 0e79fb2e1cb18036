"""Keys of traced arrays: which places they mean, what stands there, and the array with other values there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from oracle.program.dimensions import is_symbolic
from oracle.program.errors import CannotTrace
from oracle.program.traced_cells import is_traced, jax_array, jax_numpy, replaced


def leaves_nothing(key: tuple[Any, ...], ndim: int) -> bool:
    """Whether a basic key without an ellipsis picks one entry."""
    return len(key) == ndim and not any(part is None or isinstance(part, slice) for part in key)


def expect_within(key: Sequence[Any], shape: tuple[Any, ...]) -> None:
    """Refuse a plain index outside its axis, where JAX would take the nearest entry."""
    if not any(type(part) is int for part in key) or any(is_mask(part) for part in key):
        return
    taken = sum(part is not None and part is not Ellipsis for part in key)
    if taken > len(shape):
        raise IndexError("too many indices for array")
    axis = 0
    for part in key:
        if part is Ellipsis:
            axis = len(shape) - taken + axis
        elif part is not None:
            size = shape[axis]
            if type(part) is int and type(size) is int and not -size <= part < size:
                raise IndexError(f"index {part} is out of bounds for axis {axis} with size {size}")
            axis += 1


def is_mask(part: Any) -> bool:
    """Whether a part of a key is made of booleans."""
    return getattr(getattr(part, "dtype", None), "kind", "") == "b" or isinstance(part, bool)


def picked(value: Any, key: tuple[Any, ...]) -> Any:
    """What stands at an index with arrays in it."""
    if any(is_mask(part) and is_traced(part) for part in key):
        _refuse_mask("reads")
    return value[key] if not is_traced(value) and not any(map(is_traced, key)) else jax_array(value)[key]


def _refuse_mask(what: str) -> NoReturn:
    raise CannotTrace(f"the forward {what} at a mask that depends on values, so that a size depends on them")


def written(value: Any, key: tuple[Any, ...], new: Any) -> Any:
    """The array with another value at a key."""
    jnp, masks = jax_numpy(), [part for part in key if is_mask(part) and is_traced(part)]
    if masks:
        if len(key) > 1 or bool(getattr(new, "ndim", 0)):
            _refuse_mask("writes an array")
        mask = jnp.reshape(masks[0], (*masks[0].shape, *[1] * (value.ndim - masks[0].ndim)))
        return jnp.where(mask, new, value).astype(value.dtype)
    if not any(map(is_traced, (value, new, *key))):
        return replaced(value, key, new)
    new = jax_array(new).astype(value.dtype)
    place = _shape_at(value, key) if new.ndim else ()
    while new.ndim > len(place) and new.shape[0] == 1:
        new = new[0]  # NumPy lets leading axes of length 1 go
    if all(part is Ellipsis or (isinstance(part, slice) and part == slice(None)) for part in key):
        return jnp.broadcast_to(new, value.shape)
    return jax_array(value).at[key].set(new)


def _shape_at(value: Any, key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The shape of what stands at a key."""
    import jax

    if any(map(is_traced, key)) or any(map(is_symbolic, value.shape)):
        return tuple(jax.eval_shape(lambda x: x[key], value).shape)
    return tuple(np.broadcast_to(np.zeros(()), value.shape)[key].shape)
