"""Random numbers in a trace: what is drawn without a seed is unknown, and an output must not depend on it.

Parameters are often drawn in a constructor and then replaced. Such a draw is noted as an equation without a value; a
trace in which an output still depends on one is refused. What is drawn after a seed that the traced code sets itself
is the same in every run, and is drawn.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from oracle.program.dimensions import is_symbolic
from oracle.program.errors import CannotTrace
from oracle.program.traced_calls import Call, leaves, plain, wrap
from oracle.program.traced_cells import is_traced

DRAWN = "drawn_without_a_seed"
_SIZE_LAST = {"normal": 2, "uniform": 2, "standard_normal": 0, "random": 0, "random_sample": 0}
_TYPES = (np.random.RandomState, np.random.Generator)


@functools.cache
def _primitive() -> Any:
    """The equation of an unknown draw: a shape and a dtype, no rule to compute it."""
    from jax.core import ShapedArray
    from jax.extend.core import Primitive

    found: Any = Primitive(DRAWN)
    found.def_abstract_eval(lambda *, shape, dtype, by: ShapedArray(shape, np.dtype(dtype)))
    return found


class Draws:
    """`np.random`, or a generator: `owner` draws what is seeded, and is None where nothing is."""

    def __init__(self, owner: Any, like: Any) -> None:
        self._owner, self._like = owner, like

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._like, name)
        if name in ("RandomState", "default_rng"):
            return functools.partial(_generator, value)
        if isinstance(value, type) or not callable(value):
            return value
        return self._seed if name == "seed" else functools.partial(self._draw, name)

    def _seed(self, seed: Any = None) -> None:
        self._owner = None if seed is None else np.random.RandomState(seed)

    def _draw(self, name: str, *arguments: Any, **options: Any) -> Any:
        given, named = [plain(one) for one in arguments], {key: plain(one) for key, one in options.items()}
        if name in ("shuffle", "get_state", "set_state"):
            raise CannotTrace(f"JAX cannot trace np.random.{name}; draw outside and pass it in")
        if self._owner is None:
            return _unknown(name, *_shape(self._like, name, given, named))
        if any(is_traced(one) or is_symbolic(one) for one in leaves([given, named])):
            raise CannotTrace(f"JAX cannot trace np.random.{name} after a seed, with sizes or values that it traces")
        return wrap(getattr(self._owner, name)(*given, **named))


def _generator(make: Any, seed: Any = None) -> Draws:
    """A generator, with its own seed or without one."""
    if isinstance(seed, Draws):
        return seed
    return Draws(None if seed is None else make(seed), make(0))


def _unknown(name: str, shape: tuple[Any, ...], dtype: Any) -> Any:
    return wrap(_primitive().bind(shape=tuple(shape), dtype=np.dtype(dtype).name, by=f"np.random.{name}"))


def _shape(like: Any, name: str, given: list[Any], named: dict[str, Any]) -> tuple[Any, Any]:
    """The shape and dtype of a draw: by drawing, or for symbolic sizes by what the function's arguments mean."""
    if not any(is_symbolic(one) for value in leaves([given, named]) for one in (value, *getattr(value, "shape", ()))):
        throwaway = np.random.RandomState(0) if like is np.random else type(like)(_bits(like))
        given, named = [_known(one) for one in given], {key: _known(one) for key, one in named.items()}
        found = np.asarray(getattr(throwaway, name)(*given, **named))
        return found.shape, found.dtype
    if name in ("randn", "rand"):
        return tuple(given), np.float64
    place = _SIZE_LAST.get(name)
    size = named.get("size", given[place] if place is not None and len(given) > place else None)
    if place is None or size is None:
        raise CannotTrace(f"JAX cannot trace np.random.{name} of a size that is symbolic")
    return (tuple(size) if isinstance(size, tuple | list) else (size,)), np.float64


def _known(value: Any) -> Any:
    """Ones in place of what is traced: of a draw whose value is unknown only the shape matters."""
    return np.ones(value.shape) if is_traced(value) else value


def _bits(like: Any) -> Any:
    """What makes another generator of the same type."""
    return np.random.PCG64(0) if isinstance(like, np.random.Generator) else 0


_GLOBAL = Draws(None, np.random)


def begin() -> None:
    """Nothing is seeded when a trace begins, and no call was made."""
    _GLOBAL._owner = None
    Call.made = 0


def stand_for_draws(value: Any) -> Any:
    """The stand-in for `np.random`, a type of generator, a generator of the code under trace, or a function of one."""
    if value is np.random:
        return _GLOBAL
    if value is np.random.default_rng or (isinstance(value, type) and value in _TYPES):
        return functools.partial(_generator, value)
    if isinstance(value, _TYPES):
        return Draws(None, value)
    return None


def without_draws(forward: Any) -> Any:
    """A traced program less the equations that no output depends on.

    Raises
    ------
    CannotTrace
        If an output depends on what was drawn without a seed.
    """
    jaxpr = forward.jaxpr
    wanted, kept = {id(var) for var in jaxpr.outvars}, []
    for eqn in reversed(jaxpr.eqns):
        if any(id(var) in wanted for var in eqn.outvars) or eqn.effects:
            kept.append(eqn)
            wanted |= {id(var) for var in eqn.invars}
    for eqn in kept:
        if eqn.primitive.name == DRAWN:
            raise CannotTrace(
                f"the forward depends on what {eqn.params['by']} draws; draw it outside and pass it in, "
                "or declare it as a parameter"
            )
    return forward.replace(jaxpr=jaxpr.replace(eqns=kept[::-1]))
