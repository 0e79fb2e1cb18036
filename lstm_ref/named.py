"""Named tuples that have a field for each parameter a cell has, and none for those it has not."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple, TypeVar

from lstm_ref.checks import Array

Kind = TypeVar("Kind")


class Gradients(NamedTuple):
    """The cotangents of the inputs of `lstm_ref.layer.forward`, in their order; p, V, P and q0 where they are there.

    Example
    -------
    >>> found = Gradients(*"xhsWUb")
    >>> found.U, hasattr(found, "p")
    ('U', False)
    """

    x: Array  # (T, B, D)
    h0: Array  # (B, R)
    s0: Array  # (B, H)
    W: Array  # (KH, D)
    U: Array  # (KH, R)
    b: Array  # (KH,)

    @property
    def p(self) -> Array:
        """(K-1, H) of peepholes."""
        raise AttributeError("the cell has no peepholes p")

    @property
    def V(self) -> Array:
        """(3H, 3H) of gate recurrence."""
        raise AttributeError("the cell has no gate recurrence V")

    @property
    def P(self) -> Array:
        """(R, H) of the projection."""
        raise AttributeError("the layer has no projection P")

    @property
    def q0(self) -> Array:
        """(B, 3H) of the gates before the first step."""
        raise AttributeError("no gates q0 were given")


class Parameters(NamedTuple):
    """The parameters of a layer, in the order in which `forward` takes them; p, V and P where they are there.

    Example
    -------
    >>> Parameters(*"WUb")
    Parameters(W='W', U='U', b='b')
    """

    W: Array  # (KH, D)  input weights, K = 4 or the number of g i f o that are there
    U: Array  # (KH, R)  recurrent weights
    b: Array  # (KH,)    biases

    @property
    def p(self) -> Array:
        """(K-1, H) peepholes."""
        raise AttributeError("the cell has no peepholes p")

    @property
    def V(self) -> Array:
        """(3H, 3H) from gates to gates."""
        raise AttributeError("the cell has no gate recurrence V")

    @property
    def P(self) -> Array:
        """(R, H) projection."""
        raise AttributeError("the layer has no projection P")


def gradients(*six: Array, p: Array | None, V: Array | None, P: Array | None, q0: Array | None = None) -> Gradients:
    """The gradients, with a field for those of p, V, P and q0 that are not None.

    Example
    -------
    >>> gradients(*"xhsWUb", p="p", V=None, P="P")._fields
    ('x', 'h0', 's0', 'W', 'U', 'b', 'p', 'P')
    """
    return longer(Gradients, six, p=p, V=V, P=P, q0=q0)


def parameters(*three: Array, p: Array | None, V: Array | None, P: Array | None) -> Parameters:
    """The parameters, with a field for those of p, V and P that are not None.

    Example
    -------
    >>> parameters(*"WUb", p=None, V=None, P="P")
    Parameters(W='W', U='U', b='b', P='P')
    """
    return longer(Parameters, three, p=p, V=V, P=P)


def longer(base: type[Kind], values: Iterable[Any], **further: Any) -> Kind:
    """An instance of a named tuple, or of it with a field for each further value that is not None.

    Example
    -------
    >>> longer(Parameters, "WUb", p=None, q0="q0").q0
    'q0'
    """
    there = {name: value for name, value in further.items() if value is not None}
    plain: Any = base
    made: Kind = (_with_fields(plain, tuple(there)) if there else plain)(*values, *there.values())
    return made


@cache
def _with_fields(base: Any, names: tuple[str, ...]) -> Any:
    """A subclass of `base` with these fields behind its own."""
    fields: Any = namedtuple("fields", [*base._fields, *names])  # type: ignore[misc]
    return type(base.__name__, (fields, base), {"__slots__": (), "__doc__": base.__doc__})
