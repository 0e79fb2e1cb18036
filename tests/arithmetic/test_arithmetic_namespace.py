"""What stands for NumPy, `math`, `float` and their like, and arithmetic on plain numbers."""

from __future__ import annotations

import copy
import math
import numbers
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.special
from arithmetic_tools import BITS, assert_agree, ball_numpy
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.arithmetic import kernels, math_module, random_draws
from oracle.arithmetic.ball_array import BallArray, BallScalar, wrap
from oracle.arithmetic.namespace import stand_for
from oracle.arithmetic.number_types import TYPES
from oracle.arithmetic.operands import Balls
from oracle.arithmetic.plain_numbers import operate
from oracle.arithmetic.refusals import LeftArithmetic, Undecided, recording

ball_math, ball_float, ball_complex = stand_for(math), stand_for(float), stand_for(complex)
PLAIN = st.integers(-(10**9), 10**9).map(lambda k: k / 7e4) | st.integers(-1000, 1000)


def ball(value: float = 0.75) -> Any:
    """A scalar ball."""
    return wrap(kernels.lift(value))


def middle(value: Any) -> Any:
    """The midpoint of a ball."""
    return kernels.midpoints(value._raw)[()]


# ---- names


@pytest.mark.parametrize(
    "value",
    [
        *[len, print, np.int64, np.linalg.LinAlgError, np.newaxis, np.s_, "text", 3, 2.5, np.int64(3), np.arange(3)],
        *[[1.0], dict, np.errstate, np.finfo, np.dtype, np.ndindex, np.set_printoptions, math.pi, copy, np.test],
    ],
    ids=lambda value: getattr(value, "__name__", repr(value).split(" at 0x")[0]),  # workers must agree on names
)
def test_what_needs_no_counterpart_is_itself(value: Any) -> None:
    """Everything else is returned as it is."""
    assert stand_for(value) is value


@pytest.mark.parametrize("module", [np, np.random, np.linalg, np.lib.stride_tricks, math, scipy.special])
def test_modules_have_one_counterpart(module: Any) -> None:
    """The same module always has the same counterpart, which is another object."""
    assert stand_for(module) is stand_for(module)
    assert stand_for(module) is not module


def test_the_namespace_lists_what_the_module_lists() -> None:
    """dir() and missing names are NumPy's own."""
    assert dir(ball_numpy) == dir(np)
    with pytest.raises(AttributeError, match="module 'numpy' has no attribute 'missing'"):
        _ = ball_numpy.missing


def test_imported_functions_have_counterparts() -> None:
    """Functions that code imported by name compute in balls too."""
    for function in (np.sum, np.exp, np.zeros, np.random.randn, np.random.default_rng, math.sqrt, np.linalg.norm):
        assert stand_for(function) is not function
    assert isinstance(stand_for(np.zeros)(2), BallArray)
    assert isinstance(stand_for(np.random.rand)(), BallScalar)
    assert stand_for(np.exp).__name__ == "exp"


def test_float_arrays_become_balls_and_integers_stay() -> None:
    """Arrays and numbers that code holds in its globals."""
    assert isinstance(stand_for(np.ones(2)), BallArray)
    assert isinstance(stand_for(np.float64(0.1)), BallScalar)
    assert isinstance(stand_for(np.vectorize(abs)), type(ball_numpy.vectorize(abs)))
    assert isinstance(stand_for(np.random.default_rng(0)), random_draws.Draws)


@pytest.mark.parametrize("name", ["expit", "erf", "erfc", "gammaln", "digamma", "psi"])
def test_ufuncs_of_scipy(name: str) -> None:
    """SciPy's ufuncs compute in balls, untouched or by what stands for them, and lift plain numbers."""
    function, values = getattr(scipy.special, name), np.array([0.5, 1.5])
    with kernels.precision(BITS):
        assert_agree(name, function(values), function(wrap(kernels.lift(values))))
        assert_agree(name, function(values), getattr(stand_for(scipy.special), name)(values))


def test_other_functions_of_scipy_refuse() -> None:
    """What is not a ufunc there refuses balls."""
    with pytest.raises(LeftArithmetic):
        stand_for(scipy.special).logsumexp(ball_numpy.ones(3))


# ---- plain numbers into NumPy


@pytest.mark.parametrize(
    ("calculation", "exact"),
    [
        (lambda np: np.sqrt(2), arb(2).sqrt),
        (lambda np: np.exp(0.5), arb(0.5).exp),
        (lambda np: np.divide(1, 3), lambda: arb(1) / 3),
        (lambda np: np.mean([1, 2, 2]), lambda: arb(5) / 3),
        (lambda np: np.arange(3)[1] / np.float64(3) * ball(1.0), lambda: arb(1 / 3)),
        (lambda np: np.linspace(0, 1, 4)[1], lambda: arb(1) / 3),
        (lambda np: np.var(np.array([1, 2, 2])), lambda: arb(2) / 9),
        (lambda np: np.power(2.0, -0.5), lambda: 1 / arb(2).sqrt()),
        (lambda np: np.linalg.norm([1.0, 1.0]), arb(2).sqrt),
        (lambda np: np.add.reduce([0.1, 0.2]), lambda: arb(0.1) + arb(0.2)),
    ],
)
def test_functions_of_plain_numbers_are_not_rounded(calculation: Any, exact: Callable[[], Any]) -> None:
    """What NumPy would round is computed in balls: the result contains the exact value and is thin."""
    with kernels.precision(BITS):
        got = calculation(ball_numpy)
        assert got._raw[()].overlaps(exact())
        assert kernels.radii(got._raw)[()] < 1e-70


def test_a_function_without_a_rule_rounds_and_says_so() -> None:
    """On plain numbers NumPy's own result is an exact constant, with a note; on balls it refuses."""
    with recording() as record:
        window = ball_numpy.hanning(4)
        ball_numpy.spacing(1.0)
        ball_math.remainder(5.5, 2)
    assert isinstance(window, BallArray)
    assert list(record.notes) == [
        "np.hanning rounds to float64",
        "np.spacing rounds to float64",
        "math.remainder rounds to float64",
    ]


def test_a_result_stored_in_a_float_array_is_noted() -> None:
    """out= an array of floats made outside takes NumPy's own result, with a note."""
    outside = np.zeros(2)
    with recording() as record:
        assert ball_numpy.exp([0.5, 1.0], out=outside) is outside
        assert ball_numpy.cumsum([0.5, 1.0], out=outside) is outside
    assert list(record.notes) == ["np.exp rounds in a float array made before the run", "np.cumsum rounds to float64"]


def test_constants_are_the_floats_they_are() -> None:
    """np.pi is the float64 number, since that is what the code uses; it stays a plain float."""
    assert (ball_numpy.pi, ball_math.pi, ball_numpy.inf, ball_numpy.newaxis) == (math.pi, math.pi, math.inf, None)
    assert type(ball_numpy.pi) is float


# ---- operators on plain numbers


@settings(max_examples=150, deadline=None)
@given(symbol=st.sampled_from(["+", "-", "*", "/", "//", "%"]), a=PLAIN, b=PLAIN)
def test_operations_on_plain_numbers_are_exact(symbol: str, a: Any, b: Any) -> None:
    """The result is Python's own where that is exact, and contains the exact rational number otherwise."""
    ordinary: dict[str, Any] = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y}
    ordinary |= {"/": lambda x, y: x / y, "//": lambda x, y: x // y, "%": lambda x, y: x % y}
    with kernels.precision(BITS):
        got, exact = _outcome(operate, symbol, a, b), _outcome(lambda *_: ordinary[symbol](Fraction(a), Fraction(b)))
        assert (got is ZeroDivisionError) == (exact is ZeroDivisionError)
        assert exact is ZeroDivisionError or _holds(got, exact)


def _outcome(calculate: Callable[..., Any], *arguments: Any) -> Any:
    """The result, or the type of a division by zero."""
    try:
        return calculate(*arguments)
    except ZeroDivisionError as error:
        return type(error)


def _holds(got: Any, exact: Fraction) -> bool:
    """Whether a plain number is exactly this fraction, or a ball contains it."""
    if isinstance(got, Balls):
        return bool(got._raw[()].overlaps(arb(exact.numerator) / arb(exact.denominator))) and kernels.radii(got._raw)[
            ()
        ] <= 1e-60 * abs(exact)
    return Fraction(got) == exact


@pytest.mark.parametrize(
    ("symbol", "a", "b", "kind"),
    [
        *[
            ("/", 1, 4, float),
            ("/", 1, 3, BallScalar),
            ("*", 0.5, 3, float),
            ("*", 0.1, 0.1, BallScalar),
            ("+", 1, 2, int),
        ],
        *[("**", 2, -1, float), ("**", 3, -1, BallScalar), ("**", 2, 0.5, BallScalar), ("**", 4.0, 0.5, float)],
        *[("**", -8.0, 1 / 3, BallScalar), ("-", 1, 0.2, BallScalar), ("//", 7.5, 2, float), ("%", 7, 3, int)],
        *[("/", np.arange(3), 3, BallArray), ("*", np.arange(3), 2, np.ndarray), ("/", np.int64(1), 3, BallScalar)],
        *[("+", np.array([0.1]), 0.2, BallArray), ("*", 1j, 0.1, BallScalar), ("/", [1], ball(), BallArray)],
    ],
)
def test_what_an_operation_gives(symbol: str, a: Any, b: Any, kind: type) -> None:
    """Integers stay integers, exact floats stay floats, the rest become balls."""
    assert isinstance(operate(symbol, a, b), kind)


def test_operations_keep_their_exceptions() -> None:
    """Python's own errors come from Python's own operators."""
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        operate("/", 1, 0)
    with pytest.raises(TypeError, match="unsupported operand"):
        operate("+", 1, "x")
    with pytest.raises(ValueError, match="Integers to negative integer powers"):
        operate("**", np.arange(3), -1)


def test_zeros_of_operations_on_constants_are_constants() -> None:
    """A mask divided by its probability keeps zeros that are no ties."""
    with recording() as record:
        mask = operate("/", np.array([True, False]), 0.3)
        ball_numpy.maximum(ball_numpy.ones(2) * mask, 0)
        _ = mask > 0
    assert record.ties == {}


# ---- types


def test_instances() -> None:
    """Balls are instances of what float64 and complex128 are instances of, and plain numbers still are."""
    real, complex_, array = ball(), ball(1j), ball_numpy.ones(2)
    for kind in (float, np.float64, np.floating, np.inexact, np.number, np.generic):
        assert isinstance(real, TYPES[kind])
        assert not isinstance(array, TYPES[kind])
    assert [isinstance(real, TYPES[kind]) for kind in (np.float32, complex, np.complexfloating)] == [False] * 3
    assert [isinstance(complex_, TYPES[kind]) for kind in (complex, np.complex128, np.number, float)] == [True] * 3 + [
        False
    ]
    assert [isinstance(value, ball_float) for value in (1.5, np.float64(2), 3, True)] == [True, True, False, False]
    assert [isinstance(value, TYPES[np.ndarray]) for value in (array, np.ones(2), real, [1])] == [
        True,
        True,
        False,
        False,
    ]
    assert isinstance(real, numbers.Number)


def test_types_compare_as_the_real_ones() -> None:
    """type(x) == np.ndarray and type(x) == float, dictionaries of types and dtypes as keys."""
    assert TYPES[np.ndarray] in [type(ball_numpy.ones(2))]
    assert ball_float in [float]
    assert TYPES[np.float64] in [type(ball())]
    assert ball_float not in [int, type(ball_numpy.ones(2))]
    assert {ball_float: 1}[float] == 1
    assert {ball_numpy.float64: "double"}[ball().dtype.type] == "double"
    assert issubclass(ball_numpy.float64, ball_float)
    assert issubclass(type(ball()), ball_numpy.floating)
    assert not issubclass(int, ball_float)
    assert repr(ball_float) == "<class 'float'>"


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.float16, complex, np.complex128, np.complex64])
def test_stand_ins_are_dtypes(kind: Any) -> None:
    """A stand-in serves wherever the real class serves as a dtype, in balls and for NumPy's own arrays."""
    stand_in = TYPES[kind]
    assert np.dtype(stand_in) == np.dtype(kind)
    assert np.arange(3).astype(stand_in).dtype == kind
    assert ball_numpy.zeros(2, stand_in).dtype == (
        np.complex128 if issubclass(kind, (complex, np.complexfloating)) else np.float64
    )


def test_calling_a_type_keeps_the_ball() -> None:
    """float(ball) inside the binding is the ball; plain numbers stay plain."""
    x = ball()
    assert ball_float(x)._raw is x._raw
    assert ball_numpy.float64(ball_numpy.full((), 0.5)).ndim == 0
    assert middle(ball_complex(x, 1)) == 0.75 + 1j
    assert (ball_float(), ball_float(3), ball_float("inf"), type(ball_float(2.5))) == (0.0, 3.0, math.inf, float)
    assert isinstance(ball_numpy.float64([1, 2]), BallArray)
    assert middle(ball_numpy.float32(0.1)) == 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ball_float(ball_numpy.ones(2)), "only 0-dimensional arrays can be converted to Python scalars"),
        (lambda: ball_float(ball(1j)), r"float\(\) argument must be a string or a real number, not 'complex'"),
        (lambda: ball_float([1]), "must be a string or a real number, not 'list'"),
    ],
)
def test_calling_a_type_keeps_its_errors(call: Any, message: str) -> None:
    """The errors of the real types."""
    with pytest.raises(TypeError, match=message):
        call()


def test_ndarray_as_a_constructor_and_a_class() -> None:
    """np.ndarray(shape) is memory not yet written; its methods are those of arrays of balls."""
    assert not kernels.is_finite(ball_numpy.ndarray((2, 2))._raw).any()
    assert middle(ball_numpy.ndarray.sum(ball_numpy.ones(3))) == 3


# ---- math


OF_ONE = """sqrt exp expm1 log log2 log10 log1p sin cos tan sinh cosh tanh asin acos atan asinh atanh degrees radians
erf erfc gamma lgamma cbrt exp2 fabs floor ceil trunc isnan isinf isfinite"""
MATH: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(OF_ONE.split(), (0.5,)),
    **dict.fromkeys(("pow", "atan2", "hypot", "fmod", "copysign", "isclose"), (0.5, 1.25)),
    "acosh": (1.5,),
    "dist": ([0.5, 1.0], [2.0, 3.5]),
    "fsum": ([0.5, 0.25, 0.125],),
    "prod": ([0.5, 3.0],),
    "ldexp": (0.75, 3),
}


def lifted(value: Any) -> Any:
    """Floats as balls, inside lists too."""
    return (
        [ball(part) for part in value]
        if isinstance(value, list)
        else ball(value)
        if isinstance(value, float)
        else value
    )


@pytest.mark.parametrize("name", sorted(MATH))
def test_math_on_balls(name: str) -> None:
    """A function of `math` on balls gives what it gives on floats."""
    with kernels.precision(BITS):
        got = getattr(ball_math, name)(*map(lifted, MATH[name]))
    assert_agree(name, getattr(math, name)(*MATH[name]), got)


@pytest.mark.parametrize("name", sorted(MATH))
def test_math_on_plain_numbers(name: str) -> None:
    """On plain numbers it is exact: the plain result where that is exact, else a ball around the same number."""
    with kernels.precision(BITS):
        got, plain = getattr(ball_math, name)(*MATH[name]), getattr(math, name)(*MATH[name])
    assert middle(got) == pytest.approx(plain, rel=1e-15) if isinstance(got, Balls) else got == plain


def test_every_rule_of_math_has_a_case() -> None:
    """No rule goes untested."""
    assert set(math_module.RULES) == set(MATH)


def test_math_keeps_exact_results_and_errors() -> None:
    """sqrt(4) is the float 2, sqrt(-1) is Python's error, factorial is an integer."""
    assert (ball_math.sqrt(4), type(ball_math.sqrt(4)), ball_math.factorial(4), ball_math.e) == (2.0, float, 24, math.e)
    assert middle(ball_math.log(ball(8.0), 2)) == pytest.approx(3)
    with pytest.raises(ValueError, match="math domain error"):
        ball_math.sqrt(-1)


# ---- random numbers


@pytest.mark.parametrize(
    "draw",
    [
        lambda r: r.randn(2, 3),
        lambda r: r.rand(2),
        lambda r: r.random((2, 2)),
        lambda r: r.normal(0.5, 2.0, (2, 3)),
        lambda r: r.normal(size=3),
        lambda r: r.uniform(-1, 1, 4),
        lambda r: r.standard_normal(3),
        lambda r: r.randint(0, 5, 6),
        lambda r: r.permutation(5),
        lambda r: r.choice(5, 3, replace=False),
        lambda r: r.choice([0.1, 0.2], 4),
        lambda r: r.binomial(1, 0.5, 8),
        lambda r: r.rand(),
    ],
)
def test_draws_are_numpys(draw: Any) -> None:
    """The same seed gives the same numbers, integers plain and floats as exact balls."""
    np.random.seed(3)
    expected = draw(np.random)
    ball_numpy.random.seed(3)
    got = draw(ball_numpy.random)
    assert_agree("random", np.float64(expected) if isinstance(expected, float) else expected, got)


@pytest.mark.parametrize("source", [lambda n: n.default_rng(5), lambda n: n.RandomState(5)])
def test_parameters_in_balls_stay_in_balls(source: Any) -> None:
    """Location and scale are applied in balls: the draw depends on them as it should, and on nothing else."""
    plain, balls = source(np.random), source(ball_numpy.random)
    with kernels.precision(BITS):
        assert_agree("normal", plain.normal(1.5, 0.25, 3), balls.normal(ball(1.5), ball(0.25), 3))
        assert_agree("uniform", plain.uniform(np.full(2, -1.0), 2.0), balls.uniform(ball_numpy.full(2, -1.0), 2.0))
        assert_agree("normal of arrays", plain.normal(0.0, [0.5, 1.0]), balls.normal(0.0, ball_numpy.array([0.5, 1.0])))
        assert_agree("scalar", np.float64(plain.uniform(0.5, 1.5)), balls.uniform(ball(0.5), 1.5))


def test_one_trial_of_a_ball() -> None:
    """A Bernoulli mask with a probability such as 1 - 0.2, thin but not exact, is the mask of the floats."""
    with kernels.precision(BITS):
        keep = operate("-", 1, 0.2)
        for source in (lambda n: n.default_rng(1), lambda n: n.RandomState(1)):
            expected = source(np.random).binomial(1, 1 - 0.2, 50)
            np.testing.assert_array_equal(source(ball_numpy.random).binomial(1, keep, 50), expected)


def test_balls_are_shuffled_and_chosen_as_floats_are() -> None:
    """Permuting and choosing balls takes the same draws as for floats."""
    values = np.arange(6.0) / 8
    for name, arguments in (("shuffle", ()), ("permutation", ()), ("choice", (4,))):
        plain, balls = values.copy(), wrap(kernels.lift(values))
        expected = getattr(np.random.RandomState(2), name)(plain, *arguments)
        got = getattr(ball_numpy.random.RandomState(2), name)(balls, *arguments)
        assert_agree(name, [plain, *([] if expected is None else [expected])], [balls, *([] if got is None else [got])])


def test_generators_can_be_asked_for_their_type_and_copied() -> None:
    """isinstance and deepcopy work on what stands for a generator."""
    draws = ball_numpy.random.default_rng(0)
    assert isinstance(draws, ball_numpy.random.Generator)
    assert not isinstance(draws, ball_numpy.random.RandomState)
    assert isinstance(np.random.RandomState(0), ball_numpy.random.RandomState)
    assert middle(copy.deepcopy(draws).random()) == middle(draws.random())


def test_a_wide_probability_is_undecided() -> None:
    """Where the two ends of the ball give different masks, nothing is guessed, and the state is as after one draw."""
    with pytest.raises(Undecided):
        ball_numpy.random.RandomState(0).binomial(1, wrap(kernels.boxed(arb(0.5, 0.1))), 1000)
