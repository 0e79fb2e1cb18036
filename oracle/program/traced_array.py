"""Arrays that hand-written NumPy code can write into while JAX traces it: a cell that holds a value which is replaced.

JAX's arrays cannot be changed. So a traced array has a cell, and writing replaces what the cell holds by the written
array: `cell = cell.at[key].set(value)`. A view shares the cell of the array it was taken from, and reads and writes
through the steps that lead to it; a view of another kind, such as a reshaped array, ties two cells together, and
whichever is written first makes the other unreadable. Whatever of NumPy's ways is not kept exactly ends the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from oracle.program.dimensions import is_symbolic
from oracle.program.errors import CannotTrace
from oracle.program.traced_cells import Cell, Part, Turned, is_traced, jax_array, jax_numpy
from oracle.program.traced_keys import expect_within, leaves_nothing, picked, written

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
BASIC = (int, np.integer, slice, type(None), type(Ellipsis))


class Traced:
    """A value of the code under trace; operators and methods come from `traced_calls`."""

    __array_ufunc__ = None  # NumPy's arrays and numbers leave binary operators to us
    __hash__ = None  # type: ignore[assignment]
    method: ClassVar[Callable[..., Any]]

    def __init__(self, value: Any, cell: Cell | None = None, steps: tuple[Any, ...] = ()) -> None:
        self._cell, self._steps = Cell(value) if cell is None else cell, steps

    @property
    def value(self) -> Any:
        """What it holds now."""
        found = self._cell.read()
        for step in self._steps:
            found = step.get(found)
        return found

    @property
    def shape(self) -> tuple[Any, ...]:
        """Its shape; sizes may be symbolic."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its dtype."""
        found: np.dtype[Any] = np.dtype(self._cell.value.dtype)
        return found

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return len(self.shape)

    @property
    def size(self) -> Any:
        """The number of its entries."""
        return self.value.size

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return _plain_size(self.shape[0], "len()")

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def _concrete(self, what: str) -> Any:
        if is_traced(self.value):
            raise CannotTrace(f"the forward takes {what} of a value that JAX traces")
        return self.value

    def __bool__(self) -> bool:
        return bool(self._concrete("the truth"))

    def __index__(self) -> int:
        return self._concrete("the index").__index__()  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return int(self._concrete("int()"))

    def __float__(self) -> float:
        return float(self._concrete("float()"))

    def __round__(self, digits: int = 0) -> Any:
        raise CannotTrace("the forward takes round() of a value that JAX traces")

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise CannotTrace("the forward gives a value that JAX traces to NumPy itself, as an array made elsewhere does")

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __getattr__(self, name: str) -> Any:
        return type(self).method(self, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.shape}"

    def __format__(self, spec: str) -> str:
        return "…"  # text of a forward is for people: what is made of it again cannot be traced

    # ---- reading and writing

    def at(self, step: Any) -> Traced:
        """The view at the end of one more step."""
        return TracedArray(None, self._cell, (*self._steps, step))

    def __getitem__(self, key: Any) -> Any:
        key, basic = plain_key(key, self)
        if basic and not any(part is Ellipsis for part in key) and leaves_nothing(key, self.ndim):
            return TracedScalar(Part(key).get(self.value))
        if basic:
            return self.at(Part(key))
        return TracedArray(picked(self.value, key))

    @property
    def T(self) -> Any:
        """The view with its axes turned around."""
        return self.at(Turned(range(self.ndim)[::-1])) if self.ndim > 1 else self


class TracedScalar(Traced):
    """A number: like NumPy's it never changes, and an operator in place makes another one."""

    def __deepcopy__(self, memo: Any = None) -> TracedScalar:
        return self

    __copy__ = __deepcopy__

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("a NumPy number does not support item assignment")


class Constant(TracedScalar):
    """A number that Python has rounded: exact where it is computed with, Python's own where code branches on it."""

    def __init__(self, value: Any, number: float) -> None:
        super().__init__(value)
        self.number = number

    def _concrete(self, what: str) -> Any:
        return self.number


class TracedArray(Traced):
    """An array of the code under trace."""

    def __deepcopy__(self, memo: Any = None) -> TracedArray:
        return TracedArray(self.value)

    __copy__ = __deepcopy__

    def __setitem__(self, key: Any, value: Any) -> None:
        key, basic = plain_key(key, self)
        step = Part(key)
        if isinstance(value, Traced) and value._cell is self._cell and basic and self._leads_to(value, step):
            return  # `x[k] += y` has written already, through the view
        value = admitted(value, self.dtype)
        self.put(written(self.value, key, value))

    def _leads_to(self, view: Traced, step: Part) -> bool:
        before, own = view._steps[:-1], self._steps
        same = len(before) == len(own) and all(a is b or a.same(b) for a, b in zip(own, before, strict=True))
        return bool(view._steps) and same and step.same(view._steps[-1])

    def put(self, value: Any) -> None:
        """Replace everything by a value of the same shape and dtype, in what it is a view of too."""
        self._cell.write(_through(self._cell.read(), self._steps, value))

    def change(self, value: Any) -> TracedArray:
        """Itself, after an operator in place whose result is `value`."""
        found = value.value if isinstance(value, Traced) else value
        if tuple(found.shape) != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape}")
        self.put(jax_array(admitted(found, self.dtype)).astype(self.dtype))
        return self

    def fill(self, value: Any) -> None:
        """Every entry becomes `value`."""
        self[...] = value


def _through(value: Any, steps: Sequence[Any], part: Any) -> Any:
    """`value` with the part at the end of the steps replaced."""
    if not steps:
        return part
    return steps[0].put(value, _through(steps[0].get(value), steps[1:], part))


def admitted(value: Any, dtype: np.dtype[Any]) -> Any:
    """A value to be written into an array of a dtype; refused where NumPy would cut something off."""
    found = value.value if isinstance(value, Traced) else value
    found = found if hasattr(found, "dtype") else _listed(found)
    if _RANK.get(found.dtype.kind, 9) > _RANK.get(dtype.kind, -1):
        raise CannotTrace(f"the forward writes {found.dtype} into an array of {dtype}, which cuts something off")
    return found


def _listed(value: Any) -> Any:
    """A number, or a list of numbers and traced values, as an array."""
    if isinstance(value, list | tuple):
        return jax_numpy().stack([jax_array(_listed(one.value if isinstance(one, Traced) else one)) for one in value])
    return jax_array(value) if is_symbolic(value) or is_traced(value) else np.asarray(value)


def _plain_size(size: Any, what: str) -> int:
    if type(size) is not int:
        raise CannotTrace(f"the forward takes {what} along a size that is symbolic")
    return size


# ---- keys


def plain_key(key: Any, of: Traced) -> tuple[tuple[Any, ...], bool]:
    """A key as a tuple of what JAX takes, and whether NumPy gives a view for it."""
    parts = key if isinstance(key, tuple) else (key,)
    plain, basic = [], True
    for part in parts:
        if isinstance(part, TracedScalar) and part.dtype.kind in "iu":
            part = part.value
        elif isinstance(part, Traced):
            part, basic = part.value, False
        elif isinstance(part, list | range):
            part, basic = _listed(list(part)), False
        elif isinstance(part, slice):
            part = slice(*[_bound(one) for one in (part.start, part.stop, part.step)])
        elif not isinstance(part, BASIC) or isinstance(part, bool):
            basic = basic and is_symbolic(part)
        plain.append(int(part) if isinstance(part, np.integer) else part)
    expect_within(plain, of.shape)
    return tuple(plain), basic


def _bound(value: Any) -> Any:
    """A bound of a slice."""
    return value.__index__() if isinstance(value, Traced | np.integer) else value
