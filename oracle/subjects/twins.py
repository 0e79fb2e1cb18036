"""The LSTM written again for JAX, independently: other layout, other grouping, no line shared with `lstm_ref`.

These import nothing that computes from `lstm_ref`. Each step takes z = [x_t, h_{t-1}] and one matrix per gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.nn import sigmoid

GATES = "gifo"


def node(p: Mapping[str, Array], x: Array, s_prev: Array, h_prev: Array) -> tuple[Array, Array]:
    """h and s of one step of the seed's cell, for vectors; `p` by the classic names, such as `param.wg`."""
    z = jnp.concatenate([x, h_prev])
    g = jnp.tanh(p["param.wg"] @ z + p["param.bg"])
    i, f, o = (sigmoid(p[f"param.w{k}"] @ z + p[f"param.b{k}"]) for k in "ifo")
    s = g * i + s_prev * f
    return s * o, s


def network_loss(p: Mapping[str, Array], x: Array, y: Array) -> Array:
    """The squared error over every unit and step of the classic network, from zero initial state."""
    named = {f"param.{key.split('.')[-1]}": value for key, value in p.items()}
    zero = jnp.zeros(y.shape[1])

    def step(carry: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Array]:
        h, s = node(named, x_t, carry[1], carry[0])
        return (h, s), h

    _, h = lax.scan(step, (zero, zero), x)
    return jnp.sum((h - y) ** 2)


def layer(
    x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array, tanh_of_state: bool
) -> tuple[Array, Array, Array]:
    """h of every step, and the last h and s, over a batch: x (T, B, D), weights with the gates stacked g, i, f, o."""
    H = h0.shape[1]
    stacked = jnp.concatenate([W, U], axis=1).reshape(4, H, x.shape[2] + H)
    bias = b.reshape(4, H)

    def one(x_t: Array, h: Array, s: Array) -> tuple[Array, Array]:
        z = jnp.concatenate([x_t, h])
        g, i, f, o = jnp.unstack(jnp.einsum("khz,z->kh", stacked, z) + bias)
        s = jnp.tanh(g) * sigmoid(i) + s * sigmoid(f)
        return (jnp.tanh(s) if tanh_of_state else s) * sigmoid(o), s

    def step(carry: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Array]:
        h, s = jax.vmap(one)(x_t, *carry)
        return (h, s), h

    (h_T, s_T), h = lax.scan(step, (h0, s0), x)
    return h, h_T, s_T


def layer_of(tanh_of_state: bool) -> Any:
    """The layer for the arguments of `lstm_ref.layer.forward`, whose last one is the cell itself."""
    return lambda x, h0, s0, W, U, b, cell: layer(x, h0, s0, W, U, b, tanh_of_state)
