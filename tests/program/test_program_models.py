"""Gradient programs of whole references, against JAX's own gradients."""

import numpy as np
import pytest
from program_tools import assert_close, assert_enclosed
from reference_models import MODELS, drawn

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_program import Balls
from oracle.arithmetic.enclosures import meet
from oracle.arithmetic.floats import Floats
from oracle.arithmetic.stochastic import Stochastic
from oracle.program import jit_gradients, trace

ULPS = 512
PROGRAMS = {name: trace(model.reference, model.specs, kinds=model.kinds) for name, model in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_gradients_agree_with_jax_in_floats_and_in_balls(name):
    """At two sizes each, outputs and gradients in float64 and in balls are those of `jax.jit` of the VJP."""
    model, rng = MODELS[name], np.random.default_rng(5)
    for sizes in model.sizes:
        bound = PROGRAMS[name].at(sizes)
        inputs, cotangents = drawn(model, bound, sizes, rng)
        outputs, gradients = jit_gradients(model.reference, inputs, cotangents, kinds=model.kinds)
        with kernels.precision(256):
            ball_outputs, ball_gradients = bound.run(Balls(), inputs, cotangents)
        float_outputs, float_gradients = bound.run(Floats(), inputs, cotangents)
        assert list(gradients) == list(ball_gradients) == list(float_gradients)
        for expected, floats, balls in zip(
            [*outputs, *gradients.values()],
            [*float_outputs, *float_gradients.values()],
            [*ball_outputs, *ball_gradients.values()],
            strict=True,
        ):
            assert_close(floats, expected, ULPS)
            assert_enclosed(balls, expected, ULPS)


@pytest.mark.parametrize("name", MODELS)
def test_one_symbolic_trace_equals_the_trace_at_each_sizes(name):
    """A program traced with symbolic sizes gives at each sizes the very numbers that one traced there gives."""
    model, rng = MODELS[name], np.random.default_rng(6)
    program, concrete = PROGRAMS[name], PROGRAMS[name].concretely()
    assert program.symbolic == model.symbolic
    assert not concrete.symbolic
    for sizes in model.sizes:
        inputs, cotangents = drawn(model, program.at(sizes), sizes, rng)
        with kernels.precision(256):
            once = program.run(Balls(), sizes, inputs, cotangents)[1]
            anew = concrete.run(Balls(), sizes, inputs, cotangents)[1]
        for leaf in once:
            assert meet(once[leaf], anew[leaf]).all()
    assert concrete.traces == len(model.sizes)


@pytest.mark.parametrize("name", MODELS)
def test_honest_references_are_trusted(name):
    """Softmax, logsumexp and other functions of JAX's with rules of their own raise no distrust."""
    PROGRAMS[name].at(MODELS[name].sizes[0])
    assert PROGRAMS[name].distrust == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MODELS)
def test_the_spread_covers_the_error_of_real_floats(name, dtype):
    """The error of NumPy's own arithmetic in a dtype is at most 20 times the spread of stochastic floats."""
    model, rng = MODELS[name], np.random.default_rng(7)
    for sizes in model.sizes:
        bound = PROGRAMS[name].at(sizes)
        inputs, cotangents = drawn(model, bound, sizes, rng)
        inputs = {k: v.astype(np.float32).astype(v.dtype) if v.dtype.kind == "f" else v for k, v in inputs.items()}
        cotangents = [bar.astype(np.float32).astype(float) for bar in cotangents]
        stochastic = Stochastic(dtype, samples=16, seed=3)
        samples = bound.run(stochastic, inputs, cotangents)[1]
        floats = bound.run(Floats(dtype), inputs, cotangents)[1]
        with kernels.precision(256):
            truth = bound.run(Balls(), inputs, cotangents)[1]
        for leaf, balls in truth.items():
            error = np.abs(kernels.midpoints(kernels.BINARY["subtract"](kernels.lift(floats[leaf]), balls)))
            assert (error <= 20 * stochastic.spread(samples[leaf])).all()
