"""NumPy's random numbers in balls: what is drawn is exact, and what depends on balls stays in balls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, made
from oracle.arithmetic.operands import Balls, holds_balls, operand
from oracle.arithmetic.refusals import left, undecided

_GENERATORS = (np.random.Generator, np.random.RandomState)


class Draws:
    """A generator of random numbers, or the module numpy.random, whose floats are balls."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._owner, name)
        if isinstance(value, type):
            return GENERATOR_TYPES.get(value, value)
        return drawing(self._owner, name) if callable(value) else value


class GeneratorType(type):
    """The class of the stand-ins for the types of generators."""

    real: Any

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value._owner if isinstance(value, Draws) else value, cls.real)

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        """A new generator, in balls."""
        return Draws(cls.real(*arguments, **options))


GENERATOR_TYPES: dict[Any, Any] = {
    real: GeneratorType(real.__name__, (), {"real": real, "__doc__": real.__doc__}) for real in _GENERATORS
}


def drawing(owner: Any, name: str) -> Callable[..., Any]:
    """The method `name` of a generator, in balls."""

    def draw(*arguments: Any, **options: Any) -> Any:
        if any(map(holds_balls, (*arguments, *options.values()))):
            rule = _WITH_BALLS.get(name)
            if rule is None:
                raise left(f"np.random.{name} of balls")
            return rule(owner, *arguments, **options)
        return _exact(getattr(owner, name)(*arguments, **options))

    draw.__name__ = name
    return draw


def _exact(result: Any) -> Any:
    """Drawn floats as exact balls; a generator wrapped; integers and the rest unchanged."""
    if isinstance(result, _GENERATORS):
        return Draws(result)
    if isinstance(result, (float, np.floating)):
        return made(*operand(float(result)))
    if isinstance(result, np.ndarray) and result.dtype.kind == "f":
        return BallArray(*operand(result))
    return result


def _size(size: Any, *parameters: Any) -> Any:
    """The shape to draw: the one asked for, else that of the parameters together."""
    return size if size is not None else np.broadcast_shapes(*map(np.shape, parameters)) or None


def _normal(owner: Any, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    """loc + scale times a standard normal draw."""
    return _exact(owner.standard_normal(_size(size, loc, scale))) * scale + loc


def _uniform(owner: Any, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    """low + (high - low) times a draw from [0, 1)."""
    unit = _exact(owner.random(_size(size, low, high)))
    return (made(*operand(high)) - low) * unit + low


def _binomial(owner: Any, n: Any, p: Any, size: Any = None) -> Any:
    """One trial of a probability given by a ball, drawn at both ends of it: undecided if they differ."""
    if n != 1 or not isinstance(p, Balls) or p._raw.ndim:
        raise left("np.random.binomial of balls, other than one trial of one probability")
    ball: Any = p._raw[()]
    ends = (np.nextafter(float(ball.lower()), -np.inf), np.nextafter(float(ball.upper()), np.inf))
    before = _state(owner)
    draws = []
    for end in ends:
        _restore(owner, before)
        draws.append(owner.binomial(1, min(max(end, 0.0), 1.0), size))
    if not np.array_equal(*draws):
        raise undecided("a random draw at a probability whose ball straddles it")
    return draws[0]


def _state(owner: Any) -> Any:
    """The state of a generator."""
    return owner.bit_generator.state if isinstance(owner, np.random.Generator) else owner.get_state()


def _restore(owner: Any, state: Any) -> None:
    """Put a generator back into a state."""
    if isinstance(owner, np.random.Generator):
        owner.bit_generator.state = state
    else:
        owner.set_state(state)


def _choice(owner: Any, a: Any, *arguments: Any, **options: Any) -> Any:
    """Elements of an array of balls at randomly drawn positions."""
    if not isinstance(a, Balls) or any(map(holds_balls, (*arguments, *options.values()))):
        raise left("np.random.choice with probabilities in balls")
    positions = owner.choice(len(a._raw), *arguments, **options)
    return made(kernels.boxed(a._raw[positions]), a._kind)


def _shuffle(owner: Any, x: Any) -> None:
    """Permute an array of balls, or a list with balls, in place."""
    owner.shuffle(x._raw if isinstance(x, Balls) else x)


def _permutation(owner: Any, x: Any) -> Any:
    """A permuted copy of an array of balls."""
    raw, dtype = operand(x)
    return BallArray(owner.permutation(raw), dtype)


_WITH_BALLS: dict[str, Callable[..., Any]] = {
    "normal": _normal,
    "uniform": _uniform,
    "binomial": _binomial,
    "choice": _choice,
    "shuffle": _shuffle,
    "permutation": _permutation,
}
