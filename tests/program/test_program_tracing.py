"""Tracing: once for all sizes where JAX can, anew for each where it cannot, never by compiling."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from program_tools import assert_close
from reference_models import MODELS, drawn

from oracle.arithmetic.floats import Floats
from oracle.program import CannotTrace, TooManyTraces, jit_gradients, trace
from oracle.program.dimensions import Resolver, evaluate, holds_symbols, is_symbolic

COMPILED = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations():
    """The names of compilation events so far."""
    events = []

    def listen(name, seconds, **_):
        events.append(name)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield events
    jax.monitoring.unregister_event_duration_listener(listen)


def unrolled(x):
    """A reference that loops over a size in Python."""
    h = jnp.zeros(x.shape[1])
    for t in range(x.shape[0]):
        h = jnp.tanh(h + x[t])
    return h


def test_nothing_is_compiled(compilations):
    """Tracing and running a program compiles nothing, symbolically and concretely."""
    model = MODELS["lstm"]
    for program in (trace(model.reference, model.specs), trace(model.reference, model.specs, symbolic=False)):
        bound = program.at(model.sizes[0])
        bound.run(Floats(), *drawn(model, bound, model.sizes[0], np.random.default_rng(0)))
    assert compilations.count(COMPILED) == 0


def test_the_witness_compiles(compilations):
    """The control: the same listener does see the witness compile."""
    offset = np.random.default_rng().normal()  # a function never compiled before
    jit_gradients(lambda x: jnp.sum(x * offset), {"x": [1.0, 2.0]}, [1.0])
    assert compilations.count(COMPILED) >= 1


def test_one_trace_serves_all_sizes():
    """However many sizes are asked for, a symbolic program is traced once."""
    program = trace(MODELS["lstm"].reference, MODELS["lstm"].specs)
    for size in range(1, 12):
        program.at({"T": size, "B": size, "D": size + 1, "H": size + 2})
    assert (program.symbolic, program.why_concrete, program.traces) == (True, "", 1)


def test_plans_are_remembered():
    """Asking for the same sizes twice gives the same plan."""
    program = trace(jnp.tanh, {"x": "D"})
    assert program.at({"D": 3}) is program.at({"D": 3})


def test_a_size_of_zero_is_traced_by_itself():
    """JAX takes symbolic sizes to be at least 1, so a size of 0 gets its own trace."""
    model = MODELS["lstm"]
    program = trace(model.reference, model.specs)
    sizes = {"T": 0, "B": 2, "D": 3, "H": 2}
    inputs, cotangents = drawn(model, program.at(sizes), sizes, np.random.default_rng(1))
    (hs, h, _), gradients = program.run(Floats(), sizes, inputs, cotangents)
    assert program.traces == 2
    assert hs.shape == (0, 2, 2)
    np.testing.assert_array_equal(h, inputs["h"])
    np.testing.assert_array_equal(gradients["h"], cotangents[1])
    np.testing.assert_array_equal(gradients["W"], np.zeros((8, 5)))


def test_a_loop_over_a_size_is_traced_for_each_sizes():
    """A Python loop over a size cannot be traced symbolically; each sizes costs a trace, with the reason given."""
    program = trace(unrolled, {"x": "T D"})
    assert not program.symbolic
    assert program.why_concrete == "TypeError: '_DimExpr' object cannot be interpreted as an integer"
    x = np.random.default_rng(2).normal(size=(3, 2))
    for _ in range(2):
        _, gradients = program.run(Floats(), {"T": 3, "D": 2}, {"x": x}, [np.ones(2)])
    assert program.traces == 2
    expected = jit_gradients(unrolled, {"x": x}, [np.ones(2)])[1]["x"]
    assert_close(gradients["x"], expected, 128)


def test_too_many_traces_are_refused():
    """More concrete traces than allowed raise, and say why each sizes needs one."""
    program = trace(unrolled, {"x": "T D"}, max_concrete_traces=2)
    program.at({"T": 1, "D": 1})
    program.at({"T": 2, "D": 1})
    expected = (
        "the reference was traced at 2 different sizes already, the most allowed; draw fewer, or make it "
        f"traceable once: {program.why_concrete}"
    )
    with pytest.raises(TooManyTraces, match=re.escape(expected)):
        program.at({"T": 3, "D": 1})
    program.at({"T": 2, "D": 1})


def test_what_jax_cannot_trace_at_all_is_said():
    """A reference that writes in place raises at the sizes asked for, with JAX's own first sentence."""

    def writes(x):
        x[0] = 1.0
        return x

    program = trace(writes, {"x": "D"})
    with pytest.raises(CannotTrace, match=r"^JAX cannot trace the reference at \{'D': 2\}: TypeError: "):
        program.at({"D": 2})


def test_branching_on_sizes_needs_concrete_traces():
    """A comparison of sizes is answered once by a symbolic trace; `concretely` answers it anew at each sizes."""
    program = trace(lambda x, y: x + y if x.shape == y.shape else 2 * x, {"x": "D", "y": "H"})
    inputs, sizes = {"x": [1.0], "y": [5.0]}, {"D": 1, "H": 1}
    assert program.run(Floats(), sizes, inputs, [[1.0]])[0][0] == 2
    assert program.concretely().run(Floats(), sizes, inputs, [[1.0]])[0][0] == 6


def test_kinds_decide_what_is_differentiated():
    """Integers, booleans and fixed floats get no gradient; a whole output needs no cotangent."""
    reference = lambda w, n, m, c: (jnp.where(m, w[n], c), jnp.sum(n))
    program = trace(reference, {"w": "V", "n": "T", "m": "T", "c": ""}, kinds={"n": "int", "m": "bool", "c": "fixed"})
    inputs = {"w": [1.0, 2.0, 3.0], "n": [2, 2], "m": [True, False], "c": 9.0}
    outputs, gradients = program.run(Floats(), {"V": 3, "T": 2}, inputs, [[10.0, 20.0]])
    assert program.differentiated == ("w",)
    np.testing.assert_array_equal(outputs[0], [3.0, 9.0])
    assert outputs[1] == 4
    np.testing.assert_array_equal(gradients["w"], [0.0, 0.0, 10.0])


def test_computed_dimensions_are_traced_symbolically():
    """Products, differences and quotients of sizes may be dimensions, dimensions of 0 entries included."""
    program = trace(lambda x, y: (jnp.sum(x) * y, x[1:]), {"x": "2*(D+1)", "y": "D//2 D*D-D"})
    for size in (1, 2, 5):
        bound = program.at({"D": size})
        inputs = {name: np.ones(spec.shape) for name, spec in bound.inputs.items()}
        outputs, gradients = bound.run(Floats(), inputs, [np.ones(spec.shape) for spec in bound.cotangents])
        assert outputs[0].shape == (size // 2, size * size - size)
        np.testing.assert_array_equal(gradients["y"], np.full((size // 2, size * size - size), 2.0 * (size + 1)))
        assert gradients["x"][0] == outputs[0].size
    assert (program.symbolic, program.traces) == (True, 1)


def test_sizes_enter_as_values():
    """A size used as a number, as by a mean, is the number it is at these sizes."""
    program = trace(lambda x: x * x.shape[0] + jnp.mean(x), {"x": "D"})
    outputs, gradients = program.run(Floats(), {"D": 2}, {"x": [1.0, 3.0]}, [[1.0, 0.0]])
    np.testing.assert_array_equal(outputs[0], [4.0, 8.0])
    np.testing.assert_array_equal(gradients["x"], [2.5, 0.5])
    assert program.symbolic


def test_references_are_called_by_name_where_they_can():
    """Parameters with the inputs' names are filled by name, whatever the order; others by position."""
    inputs = {"b": 1.0, "a": 5.0}
    assert trace(lambda a, b: a - b, {"b": "", "a": ""}).run(Floats(), {}, inputs, [1.0])[0][0] == 4
    assert trace(lambda *arrays: arrays[0] - arrays[1], {"b": "", "a": ""}).run(Floats(), {}, inputs, [1.0])[0][0] == -4


def test_misuse_is_explained():
    """Unknown kinds, missing sizes, missing inputs and wrong shapes each raise one sentence."""
    with pytest.raises(ValueError, match=r"^the kind of 'x' is 'real'; expected one of float64, fixed, int, bool$"):
        trace(jnp.tanh, {"x": "D"}, kinds={"x": "real"})
    with pytest.raises(ValueError, match=r"^kinds names 'y', but the inputs are x$"):
        trace(jnp.tanh, {"x": "D"}, kinds={"y": "int"})
    bound = trace(jnp.tanh, {"x": "D"}).at({"D": 2})
    with pytest.raises(ValueError, match=r"^the inputs are x, but y were given$"):
        bound.run(Floats(), {"y": [1.0, 2.0]}, [[1.0, 1.0]])
    with pytest.raises(ValueError, match=r"^x must have shape \(2,\), but has \(3,\)$"):
        bound.run(Floats(), {"x": [1.0, 2.0, 3.0]}, [[1.0, 1.0]])
    with pytest.raises(ValueError, match=r"^1 cotangents are needed, but 0 were given$"):
        bound.run(Floats(), {"x": [1.0, 2.0]}, [])
    with pytest.raises(ValueError, match=r"^the program needs the size 'D', but only \{'T': 1\} is known$"):
        trace(jnp.tanh, {"x": "D"}).at({"T": 1})
    with pytest.raises(CannotTrace, match=r": the reference returned no array; return the outputs to differentiate$"):
        trace(lambda x: (), {"x": "D"}, symbolic=False).at({"D": 1})


def test_symbolic_dimensions_are_evaluated():
    """The private call gives what the printed form of a dimension says, and misses no size."""
    (a, b) = jax.export.symbolic_shape("a, b")
    sizes = {"a": 7, "b": 3}
    for dimension, expected in ((a + b, 10), (4 * a - b, 25), (a // 2 + b, 6), (a * b, 21), (a % b, 1)):
        assert is_symbolic(dimension)
        assert evaluate(dimension, sizes) == expected
        assert Resolver(sizes).value(((dimension, 2), None)) == ((expected, 2), None)
    assert not is_symbolic(3)
    assert holds_symbols((1, (2, a)))
    with pytest.raises(ValueError, match=r"^the dimension a has no value at \{'b': 1\}; give all its sizes$"):
        evaluate(a, {"b": 1})


def test_results_belong_to_the_caller():
    """Writing into a result changes no later run, although constants of the program are kept."""
    bound = trace(lambda x: (x, jnp.zeros(3)), {"x": "D"}).at({"D": 1})
    arithmetic = Floats()
    for _ in range(2):
        outputs, gradients = bound.run(arithmetic, {"x": [1.0]}, [[1.0], [1.0, 1.0, 1.0]])
        np.testing.assert_array_equal(outputs[1], np.zeros(3))
        outputs[1][...] = gradients["x"][...] = 7.0
