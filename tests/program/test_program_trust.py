"""References whose derivative is not JAX's own are reported; JAX's library of functions is trusted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from oracle.program import trace

STOPS = "the reference uses stop_gradient, so its gradient is not that of the function it computes"
CUSTOM_JVP = "the reference has a custom_jvp rule, which need not be the derivative of the function"
CUSTOM_VJP = "the reference has a custom_vjp rule, which need not be the derivative of the function"
SOLVER = "the reference uses custom_linear_solve, whose transposed solver need not be right"
FLOAT32 = "the reference computes in float32, which rounds; use float64 throughout"

mine = jax.custom_jvp(lambda x: jnp.tanh(x))
mine.defjvp(lambda primals, tangents: (mine(*primals), 3 * tangents[0]))

rule_for_library_function = jax.custom_jvp(jnp.tanh)
rule_for_library_function.defjvps(lambda tangent, answer, x: tangent)

no_rule_for_library_function = jax.custom_jvp(jax.nn.relu.fun)
no_rule_for_library_function.defjvps(lambda tangent, answer, x: tangent)

mine_backwards = jax.custom_vjp(lambda x: jnp.tanh(x))
mine_backwards.defvjp(lambda x: (jnp.tanh(x), x), lambda x, bar: (bar,))

DISTRUSTED = {
    "stop_gradient": (lambda x: lax.stop_gradient(x) * x, STOPS),
    "stop_gradient jitted": (lambda x: jax.jit(lax.stop_gradient)(x) * x, STOPS),
    "stop_gradient mapped": (lambda x: jax.vmap(lax.stop_gradient)(x) * x, STOPS),
    "stop_gradient over a tree": (lambda x: jax.tree.map(lax.stop_gradient, x) * x, STOPS),
    "stop_gradient as a branch": (lambda x: lax.cond(x.sum() > 0, lax.stop_gradient, lambda x: x, x), STOPS),
    "stop_gradient in a scan": (lambda x: lax.scan(lambda c, r: (c, lax.stop_gradient(r)), 0.0, x)[1], STOPS),
    "stop_gradient before a softmax": (lambda x: jax.nn.softmax(lax.stop_gradient(x)), STOPS),
    "stop_gradient checkpointed": (lambda x: jax.checkpoint(lax.stop_gradient)(x) * x, STOPS),
    "custom_jvp": (mine, CUSTOM_JVP),
    "custom_jvp mapped and jitted": (jax.jit(jax.vmap(mine)), CUSTOM_JVP),
    "custom_jvp of a library function": (rule_for_library_function, CUSTOM_JVP),
    "custom_jvp of a library function with a rule": (no_rule_for_library_function, CUSTOM_JVP),
    "custom_vjp": (mine_backwards, CUSTOM_VJP),
    "custom_vjp in a scan": (lambda x: lax.scan(lambda c, r: (c, mine_backwards(r)), 0.0, x)[1], CUSTOM_VJP),
    "custom_root": (
        lambda x: lax.custom_root(
            lambda y: y * y - x, x, lambda f, x0: jnp.sqrt(x0), lambda g, y: y / g(jnp.ones_like(y))
        ),
        CUSTOM_JVP,
    ),
    "custom_linear_solve": (
        lambda x: lax.custom_linear_solve(lambda v: 2 * v, x, lambda f, b: b / 2, lambda f, b: b),
        SOLVER,
    ),
    "a cast to float32": (lambda x: x.astype(jnp.float32) * 1.0, FLOAT32),
    "a float32 constant": (lambda x: x * np.float32(0.1).reshape(1), FLOAT32),
}
TRUSTED = {
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "logsumexp": lambda x: jax.nn.logsumexp(x, 1),
    "scipy.special.logsumexp": jax.scipy.special.logsumexp,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "silu": jax.nn.silu,
    "gelu": jax.nn.gelu,
    "elu": jax.nn.elu,
    "softplus": jax.nn.softplus,
    "log_sigmoid": jax.nn.log_sigmoid,
    "logaddexp": lambda x: jnp.logaddexp(x, 2 * x),
    "xlogy": lambda x: jax.scipy.special.xlogy(x, x),
    "standardize": jax.nn.standardize,
    "norm": jnp.linalg.norm,
    "sinc": jnp.sinc,
    "solve": lambda x: jnp.linalg.solve(x.T @ x, x.T),
    "a branch under vmap": lambda x: jax.vmap(lambda r: lax.cond(r.sum() > 0, lambda r: r, lambda r: 2 * r, r))(x),
}


@pytest.mark.parametrize("name", DISTRUSTED)
def test_users_own_derivatives_are_reported(name):
    """A rule, stop_gradient, solver or narrow float that is not JAX's own is reported in one sentence."""
    reference, sentence = DISTRUSTED[name]
    program = trace(reference, {"x": "B D"}, symbolic=False)
    bound = program.at({"B": 4, "D": 3})
    assert program.distrust == list(bound.distrust) == [sentence]


@pytest.mark.parametrize("name", TRUSTED)
def test_jaxs_own_derivatives_are_trusted(name):
    """JAX's library uses stop_gradient and rules of its own inside these, rightly."""
    program = trace(TRUSTED[name], {"x": "B D"}, symbolic=False)
    program.at({"B": 4, "D": 3})
    assert program.distrust == []
