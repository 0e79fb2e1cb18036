"""Every way in which a ball could become a float unnoticed, or an open question be answered, with message and place."""

from __future__ import annotations

import copy
import json
import math
import pickle
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arithmetic_tools import ball_numpy
from flint import arb

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import wrap
from oracle.arithmetic.namespace import stand_for
from oracle.arithmetic.refusals import LeftArithmetic, Undecided, recording

FLOAT = "a ball was asked to become a float (float(), %f, compiled code, a store into a float array)"
INDEX = "a ball was used as an index or a size"
KEY = "a ball was used as a dictionary key or a member of a set"
READ_ONLY = "a write into a read-only array of balls (broadcast, or a part or view of complex balls)"
OUTSIDE = "the balls of np.add were to be stored into a float array made outside the run"

fmath = stand_for(math)
ball_float = stand_for(float)


def vector() -> Any:
    """Three thin balls that are not exact."""
    return wrap(kernels.lift([1.0, 2.0, 4.0])) / 3


def around_zero(*shape: int) -> Any:
    """Balls around zero of radius 1."""
    return wrap(kernels.filled(shape, arb(0, 1)))


def unbounded() -> Any:
    """Balls of which nothing is known."""
    return wrap(kernels.lift([math.nan, 1.0]))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "float": (lambda: float(vector()[0]), FLOAT),
    "percent f": (lambda: "%f" % vector()[0], FLOAT),  # noqa: UP031 - the old way is what is refused
    "complex": (lambda: complex(vector()[0]), FLOAT),
    "math outside": (lambda: math.sqrt(vector()[0]), FLOAT),
    "np.asarray outside": (lambda: np.asarray(vector()), FLOAT),
    "np.array of scalars outside": (lambda: np.array([vector()[0], 1.0]), FLOAT),
    "a store into a float array": (lambda: np.zeros(3).__setitem__(slice(None), vector()), FLOAT),
    "a store into an integer array": (lambda: np.zeros(3, int).__setitem__(slice(None), vector()), FLOAT),
    "adding to a float array in place": (lambda: np.zeros(3).__iadd__(vector()), OUTSIDE),
    "out= a float array": (lambda: ball_numpy.add(vector(), 1, out=np.zeros(3)), OUTSIDE),
    "copyto": (
        lambda: ball_numpy.copyto(np.zeros(3), vector()),
        "np.copyto was to store balls into ndarray, which cannot hold them",
    ),
    "add.at": (
        lambda: ball_numpy.add.at(np.zeros(3), [0], vector()[:1]),
        "the balls of np.add.at were to be stored into a float array made outside the run",
    ),
    "struct": (lambda: struct.pack("d", vector()[0]), FLOAT),
    "an index": (lambda: [1, 2, 3][vector()[0]], INDEX),
    "a size": (lambda: ball_numpy.zeros(vector()[0]), "a ball was used as a size"),
    "a range": (lambda: range(vector()[0]), INDEX),
    "an axis": (lambda: ball_numpy.sum(vector(), axis=vector()[0]), INDEX),
    "a fancy index": (lambda: np.arange(3)[vector()], INDEX),
    "a repetition": (lambda: "ab" * vector()[0], INDEX),
    "hash": (lambda: hash(vector()[0]), KEY),
    "a dictionary key": (lambda: {vector()[0]: 1}, KEY),
    "a set": (lambda: set(vector()), KEY),
    "pickle": (lambda: pickle.dumps(vector()), "balls were to be pickled"),
    "pickle of a scalar": (lambda: pickle.dumps(vector()[0]), "balls were to be pickled"),
    "an old pickle": (lambda: vector().__reduce__(), "balls were to be pickled"),
    "what pickle would keep": (lambda: vector().__getstate__(), "balls were to be pickled"),
    "what pickle would keep of a scalar": (lambda: vector()[0].__getstate__(), "balls were to be pickled"),
    "the way of all objects": (lambda: object.__reduce_ex__(vector(), 2), "balls were to be pickled"),
    "an unknown function": (
        lambda: ball_numpy.linalg.svd(np.eye(2) * vector()[0]),
        "np.linalg.svd has no rule for balls",
    ),
    "an unknown function outside": (lambda: np.fft.fft(vector()), "np.fft.fft has no rule for balls"),
    "an unknown ufunc": (lambda: ball_numpy.spacing(vector()), "np.spacing has no rule for balls"),
    "an unknown method": (lambda: vector().partition(1), "ndarray.partition has no rule for balls"),
    "an unknown method of a scalar": (lambda: vector()[0].hex(), "float64.hex has no rule for balls"),
    "the buffer": (lambda: vector().data, "ndarray.data has no rule for balls"),
    "bytes": (lambda: vector().tobytes(), "ndarray.tobytes has no rule for balls"),
    "a file": (lambda: ball_numpy.save("never written", vector()), "np.save has no rule for balls"),
    "objects": (lambda: ball_numpy.array([vector()[0]], dtype=object), "astype(object) of balls"),
    "text by astype": (lambda: vector().astype(str), "astype(<U0) of balls"),
    "text into a number": (lambda: ball_float("0.5"), "text was turned into a number: it may have been a ball"),
    "text into an array": (
        lambda: ball_numpy.fromstring("1 2", sep=" "),
        "np.fromstring turned text or bytes into numbers: they may have been balls",
    ),
    "an object array": (lambda: vector() * np.array([1, None, 2]), "ndarray of dtype object among balls"),
    "a masked array": (lambda: vector() * np.ma.array([1.0, 2.0, 3.0]), "MaskedArray of dtype float64 among balls"),
    "a longer float": (
        lambda: vector() * np.longdouble(1),
        f"values of dtype {np.dtype(np.longdouble)} have no exact balls",
    ),
    "complex into real": (
        lambda: wrap(kernels.lift([1.0, 2.0])).__setitem__(0, 1j),
        "complex balls were to be stored into a real array",
    ),
    "the order of complex numbers": (
        lambda: wrap(kernels.lift([1j])) < 1,
        "np.less has no rule for these balls (comparing complex numbers)",
    ),
    "a write into a broadcast": (lambda: ball_numpy.broadcast_to(vector(), (2, 3)).__setitem__(0, 1), READ_ONLY),
    "a write into a real part": (lambda: wrap(kernels.lift([1j])).real.__setitem__(0, 1), READ_ONLY),
    "a write into a complex view": (lambda: wrap(kernels.lift([1.0, 2])).view(complex).__setitem__(0, 1), READ_ONLY),
    "in place into an imaginary part": (lambda: wrap(kernels.lift([1j])).imag.__iadd__(1), READ_ONLY),
    "a view as integers": (lambda: vector().view(np.int64), "balls viewed as int64"),
    "strides beyond": (
        lambda: ball_numpy.lib.stride_tricks.as_strided(vector(), (9,), (8,)),
        "as_strided with shape (9,) and strides (8,) reaches beyond the elements of the array",
    ),
    "strides of another dtype": (
        lambda: ball_numpy.lib.stride_tricks.as_strided(vector(), (2,), (4,)),
        "as_strided with shape (2,) and strides (4,) reaches beyond the elements of the array",
    ),
    "random choice by balls": (
        lambda: ball_numpy.random.choice(3, p=vector()),
        "np.random.choice with probabilities in balls",
    ),
    "another random draw": (lambda: ball_numpy.random.gamma(vector()), "np.random.gamma of balls"),
    "an unknown function of math": (lambda: fmath.frexp(vector()[0]), "math.frexp has no rule for balls"),
    "a norm": (lambda: ball_numpy.linalg.norm(np.eye(2) * vector()[0], 2), "np.linalg.norm of balls with ord=2"),
    "a mode of pad": (lambda: ball_numpy.pad(vector(), 1, mode="mean"), "np.pad of balls with mode='mean' and {}"),
    "a buffer for ndarray": (
        lambda: ball_numpy.ndarray(3, buffer=b"." * 24),
        "np.ndarray in balls with buffer=",
    ),
}

OPEN: dict[str, tuple[Callable[[], Any], str]] = {
    "bool": (lambda: bool(around_zero(1)), "the truth value of a ball around zero or without finite bounds"),
    "if": (lambda: 1 if around_zero()[()] else 0, "the truth value of a ball around zero or without finite bounds"),
    "not": (lambda: not around_zero(1), "the truth value of a ball around zero or without finite bounds"),
    "less": (lambda: around_zero(2) < 0, "np.less of overlapping balls"),
    "equal": (lambda: around_zero(2) == 0, "np.equal of overlapping balls"),
    "equal to another": (lambda: vector() == vector() * 1.0, "np.equal of overlapping balls"),
    "not equal": (lambda: around_zero(2) != 0.5, "np.not_equal of overlapping balls"),
    "in": (lambda: 0.5 in around_zero(2), "np.equal of overlapping balls"),
    "builtin max": (lambda: max(around_zero(2)[0], 0), "np.less of overlapping balls"),
    "sorted": (lambda: sorted([around_zero()[()], around_zero()[()] + 0.1]), "np.less of overlapping balls"),
    "int": (lambda: int(around_zero()[()] + 1), "the floor of a ball is not unique"),
    "round": (lambda: round(around_zero()[()]), "the floor of a ball is not unique"),
    "floor": (lambda: ball_numpy.floor(around_zero(2)), "the floor of a ball is not unique"),
    "astype int": (lambda: (around_zero(2) + 1).astype(int), "the floor of a ball is not unique"),
    "astype bool": (
        lambda: around_zero(2).astype(bool),
        "the truth value of a ball around zero or without finite bounds",
    ),
    "allclose": (lambda: ball_numpy.allclose(around_zero(2), 0.5), "np.less_equal of overlapping balls"),
    "isclose": (lambda: ball_numpy.isclose(unbounded(), 1.0), "isclose of balls without finite bounds"),
    "array_equal": (lambda: ball_numpy.array_equal(around_zero(2), np.zeros(2)), "np.equal of overlapping balls"),
    "nonzero": (
        lambda: ball_numpy.nonzero(around_zero(2)),
        "the truth value of a ball around zero or without finite bounds",
    ),
    "any": (lambda: around_zero(2).any(), "the truth value of a ball around zero or without finite bounds"),
    "where": (
        lambda: ball_numpy.where(around_zero(2), 1.0, 2.0),
        "the truth value of a ball around zero or without finite bounds",
    ),
    "argmax": (lambda: ball_numpy.argmax(around_zero(2) + np.array([0, 0.5])), "the largest of overlapping balls"),
    "argmax of one ball": (lambda: ball_numpy.argmax(unbounded()), "the largest of overlapping balls"),
    "argsort": (lambda: ball_numpy.argsort(around_zero(2) + np.array([0, 0.5])), "the order of overlapping balls"),
    "sort": (lambda: ball_numpy.sort(unbounded()), "the order of a ball without finite bounds"),
    "searchsorted": (lambda: ball_numpy.searchsorted(np.ones(2), around_zero()[()]), "the order of overlapping balls"),
    "isnan": (lambda: ball_numpy.isnan(unbounded()), "isnan of a ball without finite bounds"),
    "isfinite": (lambda: ball_numpy.isfinite(unbounded()), "isfinite of a ball without finite bounds"),
    "isnan by comparison": (lambda: (x := unbounded()) != x, "np.not_equal of overlapping balls"),
    "math.isnan": (lambda: fmath.isnan(unbounded()[0]), "isnan of a ball without finite bounds"),
    "math.floor": (lambda: fmath.floor(around_zero()[()]), "the floor of a ball is not unique"),
    "nan_to_num": (lambda: ball_numpy.nan_to_num(unbounded()), "nan_to_num of balls without finite bounds"),
    "nanmax": (
        lambda: ball_numpy.nanmax(unbounded()),
        "which balls without finite bounds are not-a-number",
    ),
    "signbit": (lambda: ball_numpy.signbit(around_zero(2)), "the sign of a ball around zero"),
    "signbit of zero": (lambda: ball_numpy.signbit(wrap(kernels.lift(0.0))), "the sign of a ball around zero"),
    "copysign": (lambda: ball_numpy.copysign(1.0, around_zero(2)), "the sign of a ball around zero"),
    "heaviside": (lambda: ball_numpy.heaviside(around_zero(2), 0.5), "heaviside of a ball around zero"),
    "is_integer": (lambda: around_zero()[()].is_integer(), "whether a ball is an integer"),
    "inv": (lambda: ball_numpy.linalg.inv(around_zero(2, 2)), "np.linalg.inv: the matrix may be singular"),
    "binomial": (
        lambda: _seeded_binomial(),
        "a random draw at a probability whose ball straddles it",
    ),
}


def _seeded_binomial() -> Any:
    """Many draws at a probability known to a tenth."""
    ball_numpy.random.seed(0)
    return ball_numpy.random.binomial(1, around_zero()[()] / 10 + 0.5, size=1000)


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_would_leave_the_arithmetic_is_refused(name: str) -> None:
    """Each exit is refused, with its reason and the line of the code, and recorded before it is raised."""
    calculation, reason = REFUSED[name]
    with recording() as record, pytest.raises((LeftArithmetic, ValueError, struct.error)):
        calculation()
    assert [(str(refusal.kind), refusal.why) for refusal in record.refusals[:1]] == [("LeftArithmetic", reason)]
    assert record.refusals[0].place.file == __file__


@pytest.mark.parametrize("name", list(OPEN))
def test_an_open_question_is_undecided(name: str) -> None:
    """Each question that the balls leave open is undecided, with its reason and the line of the code."""
    calculation, reason = OPEN[name]
    with recording() as record, pytest.raises(Undecided) as raised:
        calculation()
    assert [(refusal.kind, refusal.why) for refusal in record.refusals[:1]] == [("Undecided", reason)]
    assert record.refusals[0].place.file == __file__
    assert str(raised.value).startswith(f"{reason}, at {__file__}:")


def test_the_message_names_the_line() -> None:
    """File, line and source text of the statement that asked."""
    x = vector()
    with pytest.raises(LeftArithmetic) as raised:
        float(x.sum())
    line = test_the_message_names_the_line.__code__.co_firstlineno + 4
    assert str(raised.value) == f"{FLOAT}, at {__file__}:{line}: float(x.sum())"


def test_a_swallowed_refusal_stays_recorded() -> None:
    """Code that catches everything cannot hide that a value left the arithmetic, or that a question was open."""
    with recording() as record:
        for ask in (lambda: float(vector()[0]), lambda: bool(around_zero(1)), lambda: np.array_equal(vector(), [1])):
            _swallowed(ask)
    assert [refusal.kind for refusal in record.refusals] == ["LeftArithmetic", "Undecided"]


def _swallowed(calculation: Callable[[], Any]) -> None:
    """What careless code does with exceptions."""
    try:
        calculation()
    except Exception:
        return


def test_a_refusal_hidden_by_numpy_stays_recorded() -> None:
    """Storing one ball into one place of a float array is NumPy's ValueError, whose cause is recorded."""
    with recording() as record, pytest.raises(ValueError, match="setting an array element with a sequence"):
        np.zeros(3)[0] = vector()[0]
    assert [refusal.why for refusal in record.refusals] == [FLOAT]


def test_json_cannot_write_balls() -> None:
    """A float64 is a float to json; a ball is not."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(vector()[0])


def test_decided_questions_are_answered() -> None:
    """Where all points of a ball assert_agree, bool, int, round, in and the rest answer as for floats."""
    x = vector()
    answers = [bool(x[0]), int(x[2]), round(x[2]), x[1] in x, 5.0 in x, bool((x > 0).all()), not x[0]]
    assert answers == [True, 1, 1, True, False, True, False]


def test_ties_are_noted_and_not_refused() -> None:
    """An exact tie between values is a kink: computed, and noted with its place."""
    zero, one = wrap(kernels.lift([0.0])), wrap(kernels.lift([1.0]))
    asked: dict[str, Callable[[], Any]] = {
        "maximum of two zeros": lambda: ball_numpy.maximum(zero, 0),
        "minimum of two equal values": lambda: ball_numpy.minimum(one, 1),
        "absolute value of zero": lambda: abs(zero),
        "sign of zero": lambda: ball_numpy.sign(zero),
        "greater of two zeros": lambda: zero > 0,
        "less of two equal values": lambda: one < 1,
        "floor of a whole number": lambda: ball_numpy.floor(one),
        "rounding of an exact half": lambda: ball_numpy.round(one / 2),
        "heaviside of zero": lambda: ball_numpy.heaviside(zero, 0.5),
        "arctan2 at the origin": lambda: ball_numpy.arctan2(zero, zero),
        "the largest of equal values": lambda: ball_numpy.argmax(ball_numpy.concatenate([one, one + 0])),
        "the order of two zeros": lambda: ball_numpy.sort(ball_numpy.concatenate([zero, zero * 1])),
    }
    for name, calculation in asked.items():
        with recording() as record:
            calculation()
        assert list(record.ties) == [name]
        assert record.ties[name].file == __file__


def test_constants_do_not_tie() -> None:
    """Zeros that no input can move (allocated, masked out) are one number, and comparing them is no kink."""
    x = vector()
    with recording() as record:
        masked = x * (x > 1)
        ball_numpy.maximum(masked, 0)
        ball_numpy.argmax(ball_numpy.concatenate([masked[:1], ball_numpy.zeros(2)]))
        masked.max()
        _ = ball_numpy.zeros(2) > 0, ball_numpy.ones(2) <= 1
    assert record.ties == {}


def test_equality_is_not_a_kink() -> None:
    """Comparing with the largest element finds it, and notes nothing."""
    x = vector()
    with recording() as record:
        assert (x == x.max()).tolist() == [False, False, True]
    assert record.ties == {}


def test_casts_to_narrow_floats_are_noted() -> None:
    """A cast to float32 changes nothing and is noted; so is an allocation."""
    x = vector()
    with recording() as record:
        kept = x.astype(ball_numpy.float32)
        ball_numpy.zeros(3, dtype="float32")
        ball_numpy.float16(x[0])
        x.sum(dtype=np.float32)
    assert list(record.notes) == ["casts to float32", "allocates float32", "casts to float16"]
    assert kept._raw[0] is x._raw[0]
    assert not np.shares_memory(x._raw, x.astype(np.float32, copy=False)._raw)


def test_copies_of_balls_are_balls() -> None:
    """copy and deepcopy do not go through pickle."""
    x = vector()
    assert copy.deepcopy({"w": [x]})["w"][0]._raw is not x._raw
