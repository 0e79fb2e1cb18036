"""Arrays and scalars of balls behave as NumPy's do: indexing, views, operators, methods, attributes, copies."""

from __future__ import annotations

import copy
import numbers
from typing import Any

import numpy as np
import pytest
from arithmetic_tools import BITS, Inputs, assert_agree, ball_numpy, in_balls, in_floats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import BallArray, BallScalar, RealBallScalar, raw_of, wrap
from oracle.arithmetic.operands import Balls

CASES: dict[str, Any] = {
    # indexing
    "an element": lambda np, a: a(3, 4)[1, 2],
    "a negative index": lambda np, a: a(3, 4)[-1],
    "an ellipsis": lambda np, a: a(2, 3, 4)[..., 1],
    "a new axis": lambda np, a: a(3)[:, None, np.newaxis],
    "a step": lambda np, a: a(6, 4)[::-2, 1:3],
    "integer arrays": lambda np, a: a(4, 5)[np.array([0, 2]), np.array([1, -1])],
    "a list": lambda np, a: a(4, 5)[[0, 2, 2]],
    "a mask": lambda np, a: (x := a(4, 5))[x > 0],
    "a mask of rows": lambda np, a: a(3, 2)[np.array([True, False, True])],
    "mixed": lambda np, a: a(4, 5, 3)[1:, [0, 2], ..., None],
    "nothing": lambda np, a: a(3)[[]],
    "an empty tuple": lambda np, a: (a()[()], np.array(a())[()], a(2)[()]),
    "a 0-d array by an ellipsis": lambda np, a: (a()[...], a(2)[0, ...]),
    "a scalar with a new axis": lambda np, a: a()[None],
    "iteration": lambda np, a: list(a(3, 2)),
    "iteration over elements": lambda np, a: list(a(3)),
    "unpacking": lambda np, a: [left * 2 for left, _ in a(3, 2)],
    "len": lambda np, a: len(a(3, 2)),
    "in": lambda np, a: ((x := a(3))[1] in x, 9.0 in x),
    "zip and sum": lambda np, a: sum(x * y for x, y in zip(a(3), a(3), strict=True)),
    "builtin max": lambda np, a: max(a(4)),
    "sorted": lambda np, a: sorted(a(4)),
    "builtin abs and round": lambda np, a: (abs(a(3)), round(a()), round(a(), 2)),
    # assignment and views
    "assign an element": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__((1, 2), 7)),
    "assign a row": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__(1, a(4))),
    "assign a list": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__((slice(None), 0), [a(), 1, 2.5])),
    "assign by mask": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__(x < 0, 0)),
    "assign by mask an array": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__(x < 0, -x[x < 0])),
    "assign by integers": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__(([0, 1], [1, 1]), a(2))),
    "assign everywhere": lambda np, a: _after(a(3, 4), lambda x: x.__setitem__(Ellipsis, a(4))),
    "assign a 0-d array": lambda np, a: _after(a(3), lambda x: x.__setitem__(1, np.array(2.5))),
    "assign integers": lambda np, a: _after(a(3), lambda x: x.__setitem__(slice(2), np.arange(2))),
    "assign to a complex array": lambda np, a: _after(a.complex(3), lambda x: x.__setitem__(0, a())),
    "write through a slice": lambda np, a: _after(a(4, 4), lambda x: x[1:3].__setitem__((0, 0), 9)),
    "write through a transpose": lambda np, a: _after(a(3, 4), lambda x: x.T.__setitem__(1, 5)),
    "write through a reshape": lambda np, a: _after(a(3, 4), lambda x: x.reshape(-1).__setitem__(5, 5)),
    "write through ravel": lambda np, a: _after(a(3, 4), lambda x: x.ravel().__setitem__(5, 5)),
    "no writing through flatten": lambda np, a: _after(a(3, 4), lambda x: x.flatten().__setitem__(5, 5)),
    "no writing through fancy indices": lambda np, a: _after(a(3, 4), lambda x: x[[0, 1]].__setitem__(0, 5)),
    "no writing through a ravelled transpose": lambda np, a: _after(a(3, 4), lambda x: x.T.ravel().__setitem__(5, 5)),
    "write through swapaxes": lambda np, a: _after(a(2, 3, 4), lambda x: x.swapaxes(0, 2)[1].__setitem__(0, 5)),
    "write through as_strided": lambda np, a: _after(a(6), lambda x: _windows(np, x).__setitem__((1, 0), 5)),
    "write through view": lambda np, a: _after(a(3), lambda x: x.view().__setitem__(0, 5)),
    "write through squeeze": lambda np, a: _after(a(1, 3), lambda x: x.squeeze().__setitem__(0, 5)),
    "write through a diagonal of views": lambda np, a: _after(
        a(3, 4), lambda x: x.flat.__setitem__(slice(0, None, 5), 5)
    ),
    "write through flat": lambda np, a: _after(a(3, 4), lambda x: setattr(x, "flat", 2.5)),
    "write through flat an array": lambda np, a: _after(a(3, 4), lambda x: setattr(x, "flat", a(12))),
    "read through flat": lambda np, a: (
        (x := a(3, 4)).flat[5],
        x.flat[2:4],
        len(x.flat),
        list(x.flat)[:2],
        next(x.flat),
    ),
    "copy of flat": lambda np, a: a(2, 2).flat.copy(),
    "add in place to a slice": lambda np, a: _after(a(4), lambda x: x[1:3].__iadd__(1)),
    "add in place by index": lambda np, a: _incremented(a(4, 3)),
    "scale in place": lambda np, a: _after(a(4), lambda x: x.__imul__(a(4))),
    "in place with itself reversed": lambda np, a: _after(a(4), lambda x: x.__iadd__(x[::-1])),
    "every operator in place": lambda np, a: _in_place(np, a(3, 3), a(3, 3, low=0.5)),
    "fill": lambda np, a: _after(a(3), lambda x: x.fill(0.1)),
    "sort in place": lambda np, a: _after(a(3, 4), lambda x: x.sort(axis=0)),
    "put": lambda np, a: _after(a(3, 4), lambda x: x.put([1, 2], a(2))),
    "set the shape": lambda np, a: _after(a(3, 4), lambda x: setattr(x, "shape", (4, 3))),
    "set the real part": lambda np, a: _after(a.complex(3), lambda x: setattr(x, "real", a(3))),
    "set the imaginary part": lambda np, a: _after(a.complex(3), lambda x: setattr(x, "imag", 2.0)),
    "set the real part of a real array": lambda np, a: _after(a(3), lambda x: setattr(x, "real", 1.5)),
    # attributes
    "attributes": lambda np, a: [
        (x := a(3, 4)).shape,
        x.ndim,
        x.size,
        x.itemsize,
        x.nbytes,
        x.strides,
        x.T.strides,
        x.dtype,
    ],
    "attributes of complex": lambda np, a: [(x := a.complex(3, 4)).itemsize, x.nbytes, x.strides, x.T.strides, x.dtype],
    "attributes of a scalar": lambda np, a: [
        (x := a()).shape,
        x.ndim,
        x.size,
        x.itemsize,
        x.nbytes,
        x.dtype,
        x.strides,
    ],
    "flags": lambda np, a: [
        a(3, 4).flags["C_CONTIGUOUS"],
        a(3, 4).T.flags["F_CONTIGUOUS"],
        a(3)[::2].flags.c_contiguous,
    ],
    "transposes": lambda np, a: [a(2, 3, 4).T, a(2, 3, 4).mT, a(3).T, a().T],
    "parts": lambda np, a: [(z := a.complex(3)).real, z.imag, a(3).real, a(3).imag, a.complex(1)[0].real, a().imag],
    "base": lambda np, a: [(x := np.array([1.5, 2])).base is None, x[1:].base is None],
    "a view as complex": lambda np, a: a(3, 4).view(np.complex128),
    "a view as floats": lambda np, a: a.complex(3, 2).view(np.float64),
    "as complex from strided pairs": lambda np, a: np.ascontiguousarray(a(4, 3).T).view(complex),
    # methods
    "sum": lambda np, a: [a(3, 4).sum(), a(3, 4).sum(0), a(3, 4).sum(axis=(0, 1), keepdims=True), a().sum()],
    "prod": lambda np, a: a(3, 4).prod(axis=1),
    "max": lambda np, a: [a(3, 4).max(), a(3, 4).max(axis=1, keepdims=True), a(3, 4).max(0, initial=1.0)],
    "min": lambda np, a: a(3, 4).min(1),
    "mean": lambda np, a: [a(3, 4).mean(), a(3, 4).mean(0), a(3, 4).mean(axis=-1, keepdims=True)],
    "std": lambda np, a: a(3, 4).std(axis=0),
    "var": lambda np, a: a(3, 4).var(axis=0, ddof=1),
    "argmax": lambda np, a: [a(3, 4).argmax(), a(3, 4).argmax(1)],
    "argmin": lambda np, a: a(3, 4).argmin(axis=0),
    "argsort": lambda np, a: a(3, 4).argsort(),
    "clip": lambda np, a: [a(3, 4).clip(-1, 1), a(3, 4).clip(min=0.5), a(3, 4).clip(max=0.5)],
    "dot": lambda np, a: [a(3, 4).dot(a(4, 2)), a(3).dot(a(3)), a(3).dot(2.0)],
    "any": lambda np, a: a(3, 4).any(axis=0),
    "all": lambda np, a: a(3, 4).all(),
    "nonzero": lambda np, a: np.floor(a(3, 4) / 2).nonzero(),
    "cumsum": lambda np, a: a(3, 4).cumsum(axis=1),
    "cumprod": lambda np, a: a(3, 4).cumprod(),
    "ravel": lambda np, a: [a(3, 4).ravel(), a(3, 4).ravel("F"), a().ravel()],
    "squeeze": lambda np, a: a(1, 3, 1).squeeze(axis=2),
    "swapaxes": lambda np, a: a(2, 3, 4).swapaxes(1, 2),
    "repeat": lambda np, a: a(2, 3).repeat(2, axis=1),
    "take": lambda np, a: a(4, 3).take([1, 1], axis=0),
    "diagonal": lambda np, a: a(3, 3).diagonal(),
    "trace": lambda np, a: a(3, 3).trace(),
    "round": lambda np, a: [a(3, 4).round(), a(3, 4).round(2), a(3, 4).round(decimals=1)],
    "searchsorted": lambda np, a: np.sort(a(5)).searchsorted(a(2)),
    "reshape": lambda np, a: [
        a(3, 4).reshape(2, 6),
        a(3, 4).reshape((4, -1)),
        a(4).reshape(2, 2, order="F"),
        a().reshape(1),
    ],
    "transpose": lambda np, a: [a(2, 3, 4).transpose(), a(2, 3, 4).transpose(1, 0, 2), a(2, 3, 4).transpose((2, 0, 1))],
    "flatten": lambda np, a: [a(3, 4).flatten(), a(3, 4).flatten("F")],
    "conj": lambda np, a: [a.complex(3).conj(), a(3).conjugate()],
    "copy": lambda np, a: [a(3, 4).copy(), a().copy()],
    "astype": lambda np, a: [a(3).astype(float), a(3).astype(np.float64), a(3).astype(complex), a(3).astype("float64")],
    "astype integers": lambda np, a: [a(5).astype(int), (a(5) * 3).astype(np.int32), a().astype(int)],
    "astype bool": lambda np, a: a(3).astype(bool),
    "item": lambda np, a: [a(1).item() * 1.0, a(3, 4).item(1, 2), a(3, 4).item(5), a().item()],
    "tolist": lambda np, a: [a(2, 3).tolist(), a(2).tolist(), a().tolist()],
    # operators
    "arithmetic": lambda np, a: _operators(a(3, 4), a(4, low=0.5)),
    "arithmetic with a number": lambda np, a: _operators(a(3, 4), 1.5) + _reflected(a(3, 4, low=0.5), 2),
    "arithmetic with a numpy number": lambda np, a: (
        _operators(a(3), np.float64(0.75)) + _reflected(a(3, low=0.5), np.int64(3))
    ),
    "arithmetic with a list": lambda np, a: [a(3) * [1, 2.5, 3], [1, 2, 3] - a(3)],
    "arithmetic with integers": lambda np, a: (
        [*_operators(a(3), np.array([1, 2, 3])), np.array([1, 2, 3]) / a(3, low=0.5)]
    ),
    "arithmetic with a mask": lambda np, a: [
        a(3) * np.array([True, False, True]),
        (a(3) > 0) * a(3),
        (x := a(4)) * (x > 0),
    ],
    "arithmetic of scalars": lambda np, a: _operators(a(), a(low=0.5)) + _reflected(a(low=0.5), 2.5),
    "arithmetic with complex numbers": lambda np, a: [
        a(3) * 1j,
        2j - a(3),
        a(3) ** 2 + a.complex(3),
        abs(a.complex(3)),
    ],
    "comparisons": lambda np, a: _comparisons(a(3, 4), a(4)),
    "comparisons with a number": lambda np, a: [*_comparisons(a(3), 0.5), 0.5 < a(3), 0 >= a(3)],  # noqa: SIM300
    "comparisons with nothing": lambda np, a: [a(3) == None, a(3) != None, a(3) == "x", a() != "x"],  # noqa: E711
    "matmul": lambda np, a: [
        a(3, 4) @ a(4),
        a(4) @ a(4, 2),
        a(2, 3, 4) @ a(4, 2),
        a(3) @ a(3),
        np.eye(3) @ a(3),
        [1, 2, 3] @ a(3),
    ],
    "powers": lambda np, a: [
        a(3) ** 2,
        a(3) ** 3,
        a(3, low=0.5) ** -1,
        a(3, low=0.5) ** 0.5,
        2 ** a(3),
        a(3, low=0.5) ** a(3),
    ],
    "divmod": lambda np, a: [divmod(a(3), 0.7), divmod(7.5, a(3, low=0.5))],
    "negation": lambda np, a: [-a(3), +a(3), -a(), abs(a())],
    "truth": lambda np, a: [bool(a()), bool(a(1)), not a(), "yes" if a() > -5 else "no"],
    "int": lambda np, a: [int(a() * 10), int(np.array(2.7)), int(-a() - 10)],
    "is_integer": lambda np, a: [a().is_integer(), np.array([2.0])[0].is_integer()],
    "text": lambda np, a: [
        f"{a():.3f}",
        str(a() * 0 + 0.5),
        f"{np.ones(2)}",
        f"{a():6.2e}",
        str(np.ones((2, 2))),
    ],
    "shallow and deep copies": lambda np, a: [copy.copy(a(3)), copy.deepcopy({"w": a(2)})["w"], copy.deepcopy(a())],
}
NOT_METHODS = {"made", "raw", "kind", "immutable"}


def _after(target: Any, change: Any) -> Any:
    """The target after a change."""
    change(target)
    return target


def _assigned(target: Any, value: Any) -> None:
    """An assignment to the whole of something."""
    target[()] = value


def _windows(np: Any, x: Any) -> Any:
    """Overlapping windows on the memory of `x`."""
    return np.lib.stride_tricks.as_strided(x, (3, 4), (x.strides[0], x.strides[0]))


def _incremented(x: Any) -> Any:
    """Augmented assignments to parts of an array."""
    x[1] += 2
    x[:, 0] *= 3
    x[x > 0] -= 1
    x[[0, 2], 1] /= 4
    x[1, 1] **= 2
    return x


def _in_place(np: Any, x: Any, y: Any) -> Any:
    """Each augmented operator on whole arrays; the array stays the same object."""
    same = x
    x += y
    x -= 2 * y
    x *= y
    x /= y + 3
    x **= 2
    x %= 0.7
    x //= 0.1
    x @= y
    assert x is same
    return x


def _operators(x: Any, y: Any) -> list[Any]:
    """Each binary operator."""
    return [x + y, x - y, x * y, x / y, x // y, x % y, abs(x) ** y]


def _reflected(x: Any, y: Any) -> list[Any]:
    """Each binary operator with the operands swapped."""
    return [y + x, y - x, y * x, y / x, y // x, y % x, y**x]


def _comparisons(x: Any, y: Any) -> list[Any]:
    """Each comparison."""
    return [x < y, x <= y, x > y, x >= y, x == y, x != y]


@pytest.mark.parametrize("name", list(CASES))
def test_arrays_of_balls_behave_as_numpy_arrays(name: str) -> None:
    """The same calculation gives the same kinds, shapes, dtypes and numbers."""
    assert_agree(name, in_floats(name, CASES[name]), in_balls(name, CASES[name]))


def test_every_method_has_a_case() -> None:
    """Each public attribute of arrays and scalars is used by a case of its name or of its text."""
    text = " ".join([*CASES, *(" ".join(case.__code__.co_names) for case in CASES.values())]).split()
    text += [constant for case in CASES.values() for part in case.__code__.co_consts for constant in _names(part)]
    public = {name for kind in (BallArray, RealBallScalar) for name in dir(kind) if not name.startswith("_")}
    assert sorted(public - NOT_METHODS - set(text)) == []
    assert len(public) > 50


def _names(part: Any) -> Any:
    """The names used in a nested function."""
    return (*part.co_names, *part.co_consts) if hasattr(part, "co_names") else (part,) if isinstance(part, str) else ()


@settings(max_examples=60, deadline=None)
@given(shape=array_shapes(max_dims=4, max_side=4), data=st.data())
def test_basic_indices_select_what_numpy_selects(shape: tuple[int, ...], data: Any) -> None:
    """Any basic index gives a view of the same elements, and writing through it reaches the array."""
    index = data.draw(basic_indices(shape, allow_newaxis=True))
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    balls = wrap(kernels.lift(values))
    assert_agree("index", values[index], balls[index])
    values[index] = -1.5
    balls[index] = -1.5
    np.testing.assert_array_equal(kernels.midpoints(balls._raw), values)
    view = data.draw(basic_indices(shape))
    assert np.shares_memory(balls[view]._raw, balls._raw) == np.shares_memory(values[view], values)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda np, x: x + np.ones((2, 2)),
        lambda np, x: x @ np.ones(4),
        lambda np, x: np.dot(x, np.ones((2, 2))),
        lambda np, x: x[5],
        lambda np, x: x[0, 0, 0],
        lambda np, x: x[1.5],
        lambda np, x: x[np.float64(1)],
        lambda np, x: x.reshape(7),
        lambda np, x: x.sum(axis=5),
        lambda np, x: x.__setitem__(0, [1, 2]),
        lambda np, x: x.__setitem__((0, 0), np.ones(2)),
        lambda np, x: x.__iadd__(np.ones((2, 3, 3))),
        lambda np, x: x.max(axis=1)[:0].max(),
        lambda np, x: np.concatenate([x, np.ones(3)]),
        lambda np, x: np.stack([x, np.ones(3)]),
        lambda np, x: np.array([x[0], [1.0]]),
        lambda np, x: np.squeeze(x, axis=0),
        lambda np, x: x.item(99),
        lambda np, x: x.missing,
        lambda np, x: x[0, 0].missing,
        lambda np, x: setattr(x, "anything", 1),
        lambda np, x: bool(x),
        lambda np, x: bool(x[:0]),
        lambda np, x: int(x),
        lambda np, x: len(x[0, 0]),
        lambda np, x: list(x[0, 0]),
        lambda np, x: x[0, 0][0],
        lambda np, x: _assigned(x[0, 0], 1),
        lambda np, x: iter(np.array(1.5)).__next__(),
        lambda np, x: hash(x),
        lambda np, x: x + "text",
        lambda np, x: x * None,
        lambda np, x: x < None,
        lambda np, x: round(x),
        lambda np, x: f"{x:.3f}",
        lambda np, x: np.add(x, 1, out=np.zeros((3, 3), int)),
        lambda np, x: np.zeros((3, 3), int).__iadd__(x),
        lambda np, x: np.add(x, 1j, out=x),
        lambda np, x: x.__imul__(1j),
        lambda np, x: np.einsum("ij,jk->ik", x, np.ones((2, 2))),
        lambda np, x: np.einsum("ij->ik", x),
        lambda np, x: np.split(x, 2),
        lambda np, x: np.linalg.inv(x[:2]),
        lambda np, x: setattr(x, "shape", (2, 2)),
        lambda np, x: setattr(x.T, "shape", (9,)),
        lambda np, x: x.T.reshape(9, copy=False),
        lambda np, x: setattr(x, "imag", 2.0),
        lambda np, x: np.broadcast_to(x, (2, 2)),
        lambda np, x: np.max(x[:0]),
        lambda np, x: np.maximum.reduce(x, axis=0, where=x > 0),
        lambda np, x: np.argmax(x[:0]),
        lambda np, x: np.select([], []),
        lambda np, x: np.average(x, weights=np.ones(2)),
        lambda np, x: x[:, :3].view(complex) if x.shape[1] == 3 else None,
    ],
)
def test_ordinary_misuse_raises_what_numpy_raises(misuse: Any) -> None:
    """The same type of exception, so that code which catches it goes the same way."""
    values = np.arange(9.0).reshape(3, 3)
    with pytest.raises(Exception) as expected:  # noqa: PT011 - the type is what is compared
        misuse(np, values)
    kind = next(
        kind for kind in expected.type.__mro__ if kind.__module__ in ("builtins", "numpy.exceptions", "numpy.linalg")
    )
    with pytest.raises(kind):
        misuse(ball_numpy, wrap(kernels.lift(values)))


def test_wrapping_shares_memory() -> None:
    """wrap and raw_of are each other's inverse, without a copy."""
    raw = kernels.lift([1.0, 2.0])
    assert raw_of(wrap(raw)) is raw


def test_wrapping_mixed_balls_makes_them_complex() -> None:
    """One complex ball makes the array complex; a 0-d array becomes a scalar."""
    mixed = np.array([kernels.lift(1.0)[()], kernels.lift(1j)[()]], object)
    assert wrap(mixed).dtype == np.complex128
    assert set(map(type, wrap(mixed)._raw)) == {type(mixed[1])}
    assert (type(wrap(kernels.lift(1.0))), type(wrap(kernels.lift(1j)))) == (RealBallScalar, BallScalar)


@pytest.mark.parametrize(("value", "real"), [(1.5, True), (1j, False)])
def test_scalars_belong_to_the_number_tower(value: Any, real: bool) -> None:
    """A real scalar is a numbers.Real as float64 is, a complex one only a numbers.Complex."""
    scalar = wrap(kernels.lift(value))
    assert (isinstance(scalar, numbers.Real), isinstance(scalar, numbers.Complex)) == (real, True)


def test_scalars_are_immutable() -> None:
    """An augmented operator on a scalar makes a new one, and no view of it can be written through."""
    x = wrap(kernels.lift([1.0, 2.0]))
    first = kept = x[0]
    first += 5
    kept.reshape(1)[0] = 9
    kept[None][0] = 9
    kept[...][...] = 9
    assert (
        kernels.midpoints(x._raw).tolist(),
        kernels.midpoints(kept._raw)[()],
        kernels.midpoints(first._raw)[()],
    ) == (
        [1, 2],
        1,
        6,
    )


def test_a_scalar_does_not_follow_its_array() -> None:
    """An element taken out keeps its value when the array changes."""
    x = wrap(kernels.lift([1.0, 2.0]))
    taken = x[0]
    x[0] = 7
    assert kernels.midpoints(taken._raw)[()] == 1


def test_drawn_inputs_are_the_same_in_both_runs() -> None:
    """The comparison would be empty if the two runs drew different numbers."""
    floats, balls = (Inputs("name", make)(3) for make in (lambda v: v, lambda v: wrap(kernels.lift(v))))
    assert kernels.midpoints(balls._raw).tolist() == floats.tolist()


@pytest.mark.parametrize("bits", [64, BITS])
def test_results_are_as_thin_as_the_precision(bits: int) -> None:
    """More bits give thinner balls."""
    with kernels.precision(bits):
        third = wrap(kernels.lift(1.0)) / 3
    assert isinstance(third, Balls)
    assert 0 < kernels.radii(third._raw)[()] < 2.0 ** (1 - bits)


@pytest.mark.parametrize(
    ("balls", "floats"), [(wrap(kernels.lift([[1.0]])), np.array([[1.0]])), (wrap(kernels.lift(1.0)), np.float64(1.0))]
)
def test_balls_have_no_name_that_floats_lack(balls: Any, floats: Any) -> None:
    """What asks `hasattr(x, "raw")` gets NumPy's answer; no code takes the memory of balls by accident."""
    names = {name for name in dir(balls) if not name.startswith("_")}
    assert len(names) > 40
    assert [name for name in sorted(names) if not hasattr(floats, name)] == []
    for name in ("raw", "kind", "data_of_mine"):
        with pytest.raises(AttributeError, match=f"object has no attribute '{name}'$"):
            getattr(balls, name)
