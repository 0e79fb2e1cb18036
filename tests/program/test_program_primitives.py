"""Every primitive against its own evaluation by JAX, over shapes, axes and parameters."""

import numpy as np
import pytest
from primitive_cases import MAKERS
from program_tools import assert_close, assert_enclosed, block_of, compiled, execute, primitives

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_program import Balls
from oracle.arithmetic.floats import Floats
from oracle.arithmetic.stochastic import Stochastic
from oracle.program.rules import RULES
from oracle.program.rules.refused import REFUSALS

ULPS = 128
EXACT = {
    "structural",
    "comparisons",
    "conversions",
    "copies",
    "whole_numbers",
    "slices",
    "gathers",
    "sorts",
}
NO_CASE_HERE = {
    "dim_as_value": "appears with symbolic sizes alone; see test_program_tracing",
    "platform_index": "see test_program_rules",
    "copy_p": "the name of `copy` in other versions of JAX",
    "scatter_add": "the name of `scatter-add` in other versions of JAX",
    "scatter_sub": "the name of `scatter-sub` in other versions of JAX",
    "scatter_mul": "the name of `scatter-mul` in other versions of JAX",
    "scatter_min": "the name of `scatter-min` in other versions of JAX",
    "scatter_max": "the name of `scatter-max` in other versions of JAX",
}


def cases(name, seed):
    """The cases of a maker."""
    return list(MAKERS[name](np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", MAKERS)
def test_the_executor_agrees_with_xla_in_floats_and_in_balls(name, seed):
    """In float64 the executor gives XLA's numbers, to the bit where it only moves them; its balls are thin there."""
    ulps = 0 if name in EXACT else ULPS
    for function, arguments in cases(name, seed):
        expected = compiled(function, arguments)
        floats = execute(function, arguments, Floats())
        with kernels.precision(256):
            balls = execute(function, arguments, Balls())
        assert len(floats) == len(balls) == len(expected)
        for actual, enclosure, wanted in zip(floats, balls, expected, strict=True):
            assert_close(actual, wanted, ulps)
            assert_enclosed(enclosure, wanted, ULPS)


@pytest.mark.parametrize("name", MAKERS)
def test_the_unperturbed_stochastic_sample_is_the_float_computation(name):
    """Sample 0 agrees with float64 to some ulps, for every primitive, with samples on the last axis."""
    for function, arguments in cases(name, 4):
        floats = execute(function, arguments, Floats())
        samples = execute(function, arguments, Stochastic("float64", samples=3))
        for actual, wanted in zip(samples, floats, strict=True):
            sampled = wanted.dtype.kind in "fc"
            assert np.shape(actual) == ((*wanted.shape, 3) if sampled else wanted.shape)
            assert_close(np.asarray(actual)[..., 0] if sampled else np.asarray(actual), wanted, ULPS)


def test_every_rule_has_a_case():
    """No primitive has a rule without a case above, or a stated reason."""
    used = set()
    for name in MAKERS:
        for function, arguments in cases(name, 1):
            used |= primitives(block_of(function, arguments))
    assert sorted(set(RULES) - used - set(NO_CASE_HERE) - set(REFUSALS)) == []
    assert sorted(used - set(RULES)) == []
    assert sorted(used & set(NO_CASE_HERE)) == []
