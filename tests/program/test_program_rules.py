"""What rules refuse, what they note, and that they compute with the kernels as they are when called."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from program_tools import execute

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_program import Balls
from oracle.arithmetic.floats import Floats
from oracle.arithmetic.refusals import Undecided, recording
from oracle.program import IntegerOverflow, UnsupportedPrimitive, trace
from oracle.program.rules import RULES
from oracle.program.rules.refused import REFUSALS
from oracle.program.rules.registry import Rule, Site, Spec, bind, rule

X = np.array([0.5, -1.25, 2.0])


def bound_to(name, params, *dtypes):
    """The step of a primitive applied to scalars of these dtypes; the last is the result's."""
    specs = tuple(Spec((), np.dtype(dtype)) for dtype in dtypes)
    return bind(Site(name, params, specs[:-1], specs[-1:], True, {}))


def ball(middle, radius):
    """An array of one ball."""
    from flint import arb

    return kernels.boxed(arb(middle, radius)).reshape(1)


# ---- refusals


def test_an_unknown_primitive_is_named():
    """A primitive without a rule raises when the program is bound, with its name."""
    program = trace(lambda x: lax.lgamma(x), {"x": "D"})
    expected = "the reference needs the primitive 'lgamma', which has no rule; write it with others, please"
    with pytest.raises(UnsupportedPrimitive, match=f"^{re.escape(expected)}$"):
        program.at({"D": 2})


def test_an_unknown_parameter_is_named():
    """A parameter that a rule does not know raises, unless its value is known to change nothing."""
    expected = "the reference needs the primitive 'tanh' with accuracy='fast', which its rule does not know"
    with pytest.raises(UnsupportedPrimitive, match=f"^{re.escape(expected)}; write it without, please$"):
        bound_to("tanh", {"accuracy": "fast"}, "float64", "float64")
    assert bound_to("tanh", {"accuracy": None}, "float64", "float64")(Floats(), np.float64(0.0)) == 0


@pytest.mark.parametrize(
    ("name", "params", "dtypes"),
    [
        ("dot_general", {"preferred_element_type": np.dtype("float32")}, ["float64"] * 3),
        (
            "conv_general_dilated",
            {"preferred_element_type": np.dtype("float32"), "feature_group_count": 1},
            ["float64"] * 3,
        ),
        ("sort", {"num_keys": 2}, ["float64"] * 4),
        ("sort", {"num_keys": 1, "is_stable": False}, ["float64"] * 4),
        ("gather", {"mode": None, "dimension_numbers": None, "slice_sizes": ()}, ["float64", "int64", "float64"]),
        ("scatter", {"mode": None, "dimension_numbers": None}, ["float64", "int64", "float64", "float64"]),
        ("select_and_scatter_add", {"select_prim": None}, ["float64"] * 3),
        ("round", {"rounding_method": lax.RoundingMethod.AWAY_FROM_ZERO}, ["float64"] * 2),
        ("cholesky", {}, ["complex128"] * 2),
        ("convert_element_type", {"new_dtype": np.dtype("int64"), "weak_type": False}, ["complex128", "int64"]),
        ("exp", {}, ["int64", "int64"]),
        ("shift_right_logical", {}, ["int64"] * 3),
        ("reduce_or", {"axes": ()}, ["int64"] * 2),
        ("scatter-add", {"mode": None, "dimension_numbers": None}, ["bool", "int64", "bool", "bool"]),
        ("cumlogsumexp", {"axis": 0, "reverse": False}, ["int64"] * 2),
        ("reduce_window_sum", {}, ["int64"] * 2),
        ("reduce_window_max", {}, ["int64"] * 2),
    ],
)
def test_parameters_that_change_the_meaning_are_refused(name, params, dtypes):
    """Each of these would need another rule, and raises when it is bound."""
    spec = [Spec((2,), np.dtype(dtype)) for dtype in dtypes]
    with pytest.raises(UnsupportedPrimitive, match=f"^the reference needs the primitive '{name}' "):
        bind(Site(name, params, tuple(spec[:-1]), tuple(spec[-1:]), True, {}))


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_primitives_say_why(name):
    """A primitive refused on purpose raises with its reason, whatever its parameters."""
    site = Site(name, {"anything": 1}, (), (), False, {})
    with pytest.raises(UnsupportedPrimitive, match=re.escape(REFUSALS[name])):
        bind(site)


def test_random_numbers_are_refused():
    """A reference that draws random numbers is told to take them as an input."""
    draw = lambda x: x + jax.random.normal(jax.random.PRNGKey(0), x.shape)
    with pytest.raises(UnsupportedPrimitive, match="draw them outside and pass them in"):
        trace(draw, {"x": "D"}, symbolic=False).at({"D": 2})


def test_one_rule_per_primitive():
    """A second rule for a primitive is an error, so none can replace another unseen."""
    with pytest.raises(ValueError, match=r"^two rules for the primitive 'tanh': keep one$"):
        rule("tanh")(lambda site: None)
    assert isinstance(RULES["tanh"], Rule)


def test_integers_do_not_wrap_around():
    """An integer that does not fit its dtype raises, where XLA would wrap it around."""
    most = np.array([2**31 - 1], np.int32)
    for function in (
        lambda n: n + n,
        lambda n: n * n,
        lambda n: jnp.sum(n, dtype="int32"),
        lambda n: -n - n,
        lambda n: n.astype("int8"),
    ):
        with pytest.raises(IntegerOverflow, match=r"^an integer of the reference does not fit int"):
            execute(function, [np.concatenate([most, most])], Floats())
    with pytest.raises(IntegerOverflow, match=r"^an integer of the reference is divided by zero"):
        execute(lax.div, [most, most * 0], Floats())
    with pytest.raises(IntegerOverflow, match=r"is shifted by 40 places; shift by 0 to 30$"):
        execute(lax.shift_left, [most, most * 0 + 40], Floats())


def test_two_writes_to_one_place_are_refused():
    """JAX leaves open which of two updates to one place wins, so there is no right result."""
    expected = "with two updates to one place, where JAX leaves the result open"
    write = lambda x, y: x.at[jnp.array([1, 1])].set(y)
    with pytest.raises(UnsupportedPrimitive, match=expected):
        execute(write, [X, X[:2]], Floats())


def test_a_window_of_padding_is_refused():
    """A maximum over nothing but padding selects nothing, which XLA and its derivative treat differently."""
    pool = lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), [(2, 0)])
    with pytest.raises(UnsupportedPrimitive, match="with a window that holds nothing but padding"):
        execute(jax.grad(lambda x: jnp.sum(pool(x)[1:])), [X], Floats())


# ---- questions in balls


def test_overlapping_balls_decide_nothing():
    """A branch, a selection, a sort or an integer part that depends on where in its ball a value lies raises."""
    wide, near = ball(0, 0.25), ball(0.125, 0.25)
    for step in (
        lambda: bound_to("gt", {}, "float64", "float64", "bool")(Balls(), wide, near),
        lambda: bound_to("eq", {}, "float64", "float64", "bool")(Balls(), wide, near),
        lambda: bound_to("floor", {}, "float64", "float64")(Balls(), wide),
        lambda: Balls().order(np.concatenate([wide, near]), 0),
        lambda: Balls().truncated(ball(2, 0.25)),
        lambda: Balls().order(np.concatenate([wide, kernels.lift([np.nan])]), 0),
    ):
        with recording() as record, pytest.raises(Undecided):
            step()
        assert [refusal.kind for refusal in record.refusals] == ["Undecided"]


def test_a_quiet_question_is_refused_once_and_recorded():
    """A comparison of values that are not differentiated notes no tie, yet its refusal is recorded like any other."""
    spec = Spec((1,), np.dtype("float64"))
    step = bind(Site("gt", {}, (spec, spec), (Spec((1,), np.dtype(bool)),), False, {}))
    with recording() as record:
        step(Balls(), kernels.lift([1.0]), kernels.lift([1.0]))
        with pytest.raises(Undecided, match=r"^np\.greater of overlapping balls, at "):
            step(Balls(), ball(0, 1), ball(0.5, 1))
    assert (list(record.ties), len(record.refusals)) == ([], 1)


def ties(reference, specs, inputs, kinds=None):
    """The ties noted when a reference and its gradient run at exact inputs."""
    program = trace(reference, specs, kinds=kinds, symbolic=False)
    bound = program.at({"D": len(inputs["x"])})
    with recording() as record, kernels.precision(128):
        bound.run(Balls(), inputs, [np.ones(spec.shape) for spec in bound.cotangents])
    return list(record.ties)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jnp.maximum(x, 0),
        jnp.abs,
        jax.nn.relu,
        lambda x: jnp.where(x > 0, x, 2 * x),
        lambda x: jnp.where(x == 0, 1.0, x),
        lambda x: jnp.clip(x, 0, 1),
        lambda x: jnp.min(jnp.sin(x)),
        jnp.sort,
        jnp.floor,
        lambda x: lax.cummax(-x),
    ],
)
def test_kinks_are_noted_where_a_differentiated_value_meets_them(function):
    """At 0, 0 and 1 each of these has a kink or a jump, and at generic values none."""
    assert ties(function, {"x": "D"}, {"x": [0.0, 0.0, 1.0]}) != []
    assert ties(function, {"x": "D"}, {"x": [0.3, 0.4, 0.7]}) == []


def test_masks_are_no_kinks():
    """A fixed mask compared with zero is no kink, though a differentiated value in its place would be one."""
    masked = lambda x, mask: jnp.where(mask > 0, x, 0.0)
    inputs = {"x": [1.0, 2.0], "mask": [0.0, 1.0]}
    assert ties(masked, {"x": "D", "mask": "D"}, inputs, {"mask": "fixed"}) == []
    assert ties(masked, {"x": "D", "mask": "D"}, inputs) != []


def test_the_derivative_of_a_maximum_is_no_tie():
    """The derivative of a maximum compares it with the values it was taken from; that alone is no tie."""
    inputs = {"x": [0.3, -0.4, 0.7]}
    for function in (jnp.max, jax.nn.softmax, jax.nn.logsumexp, lambda x: jnp.max(jnp.sin(x)) + jnp.maximum(x, 0.1)):
        assert ties(function, {"x": "D"}, inputs) == []
    assert ties(jnp.max, {"x": "D"}, {"x": [0.7, -0.4, 0.7]}) == [
        "maximum of two equal values",
        "equal of two equal values",
    ]


def test_ties_carried_by_loops_count():
    """A value that becomes differentiated only in a later round of a loop is watched there."""

    def late(x):
        step = lambda carry, _: ((carry[1], x), jnp.where(carry[0] > 0, 1.0, 2.0))
        return lax.scan(step, (jnp.ones(3), jnp.ones(3)), None, length=3)[1]

    assert ties(late, {"x": "D"}, {"x": [0.0, 0.5, 1.0]}) == ["greater of two zeros"]


def test_kernels_are_looked_up_when_called(monkeypatch):
    """Replacing a kernel changes what a bound program computes, so that the kernels can be sabotaged."""
    bound = trace(lambda w, x: jnp.tanh(w @ x) + jnp.sum(x), {"w": "H D", "x": "D"}).at({"H": 2, "D": 3})
    inputs, balls = {"w": np.ones((2, 3)), "x": X}, Balls()
    right = kernels.midpoints(bound.run(balls, inputs, [np.ones(2)])[0][0])
    for table, name in ((kernels.UNARY, "tanh"), (kernels.BINARY, "add")):
        with monkeypatch.context() as patch:
            original = table[name]
            patch.setitem(table, name, lambda *a, f=original: kernels.BINARY["multiply"](f(*a), kernels.lift(2.0)))
            assert (kernels.midpoints(bound.run(balls, inputs, [np.ones(2)])[0][0]) != right).all()
    for name in ("matmul", "reduce_sum"):
        with monkeypatch.context() as patch:
            original = getattr(kernels, name)
            patch.setattr(kernels, name, lambda *a, f=original: kernels.UNARY["negative"](f(*a)))
            assert (kernels.midpoints(bound.run(balls, inputs, [np.ones(2)])[0][0]) != right).all()


def test_nothing_finite_comes_from_what_is_not():
    """A place read outside an array gives not-a-number in balls, which nothing certifies."""
    (read,) = execute(lambda x: x.at[jnp.array([7])].get(mode="fill"), [X], Balls())
    assert not kernels.is_finite(read).any()


def test_the_branch_for_a_cpu_is_taken():
    """Where a program has branches for platforms, that of a CPU is taken."""
    step = bound_to("platform_index", {"platforms": (("mosaic",), None)}, "int32")
    assert step(Floats()) == 1
    assert bound_to("platform_index", {"platforms": (None, ("cpu", "cuda"))}, "int32")(Floats()) == 1
