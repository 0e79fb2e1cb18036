"""What the arguments and parameters of a subject are: real arrays to differentiate, integers, masks, fixed things.

A plain shape spec such as `"T B D"` stands for `reals("T B D")`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from oracle.shapes import Shape, ShapeError
from oracle.trees import like

Kind = Literal["real", "integer", "boolean", "fixed"]
CONTAINERS: Final = (dict, list, set)  # what fixed things are copied for each call


@dataclass(frozen=True)
class Input:
    """One argument or parameter: its shape, what may stand in it, and whether it is differentiated."""

    kind: Kind
    shape: Shape
    differentiated: bool = False
    low: float = 0.0
    high: float = 0.0
    below: str = ""
    value: Any = None
    options: tuple[Any, ...] = ()  # of which each case draws its value
    drawn_from: tuple[Any, ...] = ()  # of what is fixed for one case: the options among which it was drawn

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes this input depends on."""
        bound = Shape.parse(self.below).names if self.below else ()
        return tuple(dict.fromkeys((*self.shape.names, *bound)))


Spec: TypeAlias = "str | Input | Mapping[str, Spec] | Sequence[Spec]"


def reals(shape: str, *, low: float = -1.6, high: float = 1.6, differentiated: bool = True) -> Input:
    """Real numbers between `low` and `high`; with `differentiated=False` no gradient is expected for them.

    >>> reals("B D", low=0.5, high=2.0).shape.names
    ('B', 'D')
    """
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"reals({shape!r}) needs finite low < high, but got low={low} and high={high}")
    return Input("real", Shape.parse(shape), differentiated, low=low, high=high)


def integers(shape: str, *, below: str | int, start: int = 0) -> Input:
    """Integers from `start` up to but excluding `below`, a number or a shape spec of one dimension such as `"V"`.

    >>> integers("T B", below="V").names
    ('T', 'B', 'V')
    """
    bound = Shape.parse(str(below)) if isinstance(below, int | str) and not isinstance(below, bool) else None
    if bound is None or len(bound.dimensions) != 1:
        raise ShapeError(f'below={below!r} must be one number or size, such as 10 or "V"')
    if type(start) is not int:
        raise ValueError(f"start={start!r} must be a whole number")
    if not bound.names and bound.concrete({})[0] <= start:
        raise ValueError(f"integers({shape!r}) has no integer from {start} below {below}")
    return Input("integer", Shape.parse(shape), low=start, below=bound.text)


def booleans(shape: str) -> Input:
    """A mask of random booleans, at least one of them true in each last-axis row.

    >>> booleans("T T").kind
    'boolean'
    """
    return Input("boolean", Shape.parse(shape))


def fixed(value: Any) -> Input:
    """The same in every call: a flag, a string, a configuration.

    A dictionary, list, set or random generator is copied for each call: what the forward writes into it (running means,
    say) is not there in the next. The backward must leave it alone.

    >>> fixed({"stride": 2}).value
    {'stride': 2}
    """
    return Input("fixed", Shape.parse(""), value=value)


def choice(*options: Any) -> Input:
    """One of these values in each case: a mode, a flag, a configuration, each heard in the course of a run.

    The reference is asked with the same value, and traced for each; nothing is differentiated with respect to it.

    >>> choice("train", "eval").options
    ('train', 'eval')
    """
    if len(options) < 2:
        raise ValueError(f"choice() needs at least two values, but got {len(options)}; oracle.fixed takes one")
    return Input("fixed", Shape.parse(""), value=options[0], options=options)


def settled(leaves: Mapping[str, Input], values: Mapping[str, Any]) -> dict[str, Input]:
    """The same inputs with each choice made, as `values` has it."""
    return {
        name: replace(fixed(values[name]), drawn_from=spec.options) if spec.options else spec
        for name, spec in leaves.items()
    }


def fresh(value: Any) -> Any:
    """A copy of what a call could change, if it can be copied: arrays, containers, random generators."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if not isinstance(value, (*CONTAINERS, np.random.Generator, np.random.RandomState)):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # whatever the classes of its parts raise; then the parts are shared
        return copy.copy(value)


def parse(spec: Spec, path: str = "") -> dict[str, Input]:
    """The inputs in a (possibly nested) spec, flattened: `{"params": {"W": "D H"}}` gives `params.W`.

    Raises
    ------
    TypeError
        If something else than a shape spec, an `Input`, a mapping or a sequence of them stands in it.
    ValueError
        If two of its inputs have the same flattened name.
    """
    match spec:
        case str():
            return {path: reals(spec)}
        case Input():
            return {path: spec}
        case Mapping():
            parts = spec.items()
        case list() | tuple() if any(isinstance(part, int) for part in spec):
            dimensions = " ".join(map(str, spec))
            raise TypeError(f'the spec of {path or "an input"} is {spec!r}; a shape is written as text: "{dimensions}"')
        case list() | tuple():
            parts = ((str(k), part) for k, part in enumerate(spec))  # type: ignore[assignment]
        case _:
            raise TypeError(
                f'the spec of {path or "an input"} is {spec!r}; expected a shape spec such as "B D", '
                "oracle.reals, oracle.integers, oracle.booleans or oracle.fixed, or a dict or list of them"
            )
    found: dict[str, Input] = {}
    for name, part in parts:
        found = joined(found, parse(part, f"{path}.{name}" if path else str(name)))
    return found


def joined(some: Mapping[str, Input], more: Mapping[str, Input]) -> dict[str, Input]:
    """Both collections of inputs in one.

    Raises
    ------
    ValueError
        If a name is in both: one of the two inputs would never be looked at.
    """
    if twice := [name for name in more if name in some]:
        raise ValueError(f"two inputs or parameters are called {twice[0]!r}; give each a name of its own")
    return {**some, **more}


def nest(spec: Spec, values: Mapping[str, Any], path: str = "") -> Any:
    """`values`, keyed by flattened names, put back into the nesting of `spec`: dictionaries, lists and tuples."""
    match spec:
        case str() | Input():
            return values[path]
        case Mapping():
            return {name: nest(part, values, f"{path}.{name}" if path else str(name)) for name, part in spec.items()}
    parts = [nest(part, values, f"{path}.{k}" if path else str(k)) for k, part in enumerate(spec)]
    return like(spec, parts) if isinstance(spec, tuple) else parts
