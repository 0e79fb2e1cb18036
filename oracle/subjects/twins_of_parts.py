"""Parts of the LSTM written again for JAX, independently of `lstm_ref`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax.numpy as jnp
from jax import Array
from jax.nn import sigmoid

from oracle.subjects import twins

SHUT = 2000.0  # by how much a gate is moved from 0


def step_of(tanh_of_state: bool) -> Callable[[Array, Array], tuple[Array, Array]]:
    """h and s of one step over a batch, from the gates' pre-activations side by side: g, i, f, o."""

    def step(a: Array, s_prev: Array) -> tuple[Array, Array]:
        H = s_prev.shape[1]
        a_g, a_i, a_f, a_o = (a[:, k * H : (k + 1) * H] for k in range(4))
        s = jnp.tanh(a_g) * sigmoid(a_i) + s_prev * sigmoid(a_f)
        return sigmoid(a_o) * (jnp.tanh(s) if tanh_of_state else s), s

    return step


def step_with_peepholes(a: Array, s_prev: Array, p: Array) -> tuple[Array, Array]:
    """The same, where i and f look at the state before and o looks at the state of its own step."""
    a_g, a_i, a_f, a_o = jnp.split(a, 4, axis=1)
    p_i, p_f, p_o = p
    s = jnp.tanh(a_g) * sigmoid(a_i + p_i * s_prev) + s_prev * sigmoid(a_f + p_f * s_prev)
    return sigmoid(a_o + p_o * s) * jnp.tanh(s), s


def squared_error(h: Array, y: Array) -> Array:
    """The sum of the squares of all differences."""
    return jnp.sum(jnp.square(h - y))


def weighted_network_loss(p: Mapping[str, Array], x: Array, y: Array, v: Array) -> Array:
    """The loss of the classic network times e^v."""
    return jnp.exp(v) * twins.network_loss(p, x, y)


def shut_layer(x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array) -> tuple[Array, Array, Array]:
    """The standard layer with its forget gate shut."""
    H = h0.shape[1]
    return twins.layer(x, h0, s0, W, U, b.at[2 * H : 3 * H].add(-SHUT), True)
