"""The LSTM written again for JAX, independently: other layout, other grouping, no line shared with `lstm_ref`.

These import nothing that computes from `lstm_ref`. Each step takes z = [x_t, h_{t-1}] and one matrix per gate. A name
that a variable is given by `probe` is a place: the diagnosis asks for its cotangent. Where z or s is used several
times, each place is what the uses after it see: `z_of` is z as the output and the forget gate use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array
from jax.nn import sigmoid

from oracle.program.probing import UNPROBED, Unprobed

GATES = "gifo"


def node(
    p: Mapping[str, Array], x: Array, s_prev: Array, h_prev: Array, *, probe: Unprobed = UNPROBED
) -> tuple[Array, Array]:
    """h and s of one step of the seed's cell, for vectors; `p` by the classic names, such as `param.wg`."""
    h_prev = probe("h_prev", h_prev)
    s_prev = probe("s_prev", s_prev)
    z = probe.known("xc", jnp.concatenate([probe("x", x), h_prev]))  # as the classic node calls it
    z = probe("z", z)
    g = probe("g", jnp.tanh(probe("a_g", p["param.wg"] @ z + p["param.bg"])))
    z = probe("z_ofi", z)
    i = probe("i", sigmoid(probe("a_i", p["param.wi"] @ z + p["param.bi"])))
    z = probe("z_of", z)
    f = probe("f", sigmoid(probe("a_f", p["param.wf"] @ z + p["param.bf"])))
    z = probe("z_o", z)
    o = probe("o", sigmoid(probe("a_o", p["param.wo"] @ z + p["param.bo"])))
    s = probe("s", g * i + s_prev * f)
    return probe("h", s * o), s


def network_loss(p: Mapping[str, Array], x: Array, y: Array, *, probe: Unprobed = UNPROBED) -> Array:
    """The squared error over every unit and step of the classic network, from zero initial state."""
    named = {f"param.{key.split('.')[-1]}": value for key, value in p.items()}
    zero = jnp.zeros(y.shape[1])

    def step(carry: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Array]:
        h, s = node(named, x_t, carry[1], carry[0], probe=probe)
        return (h, s), probe("h_out", h)

    _, h = probe.scan(step, (zero, zero), x)
    return jnp.sum((h - y) ** 2)


def layer(
    x: Array,
    h0: Array,
    s0: Array,
    W: Array,
    U: Array,
    b: Array,
    tanh_of_state: bool,
    *,
    probe: Unprobed = UNPROBED,
) -> tuple[Array, Array, Array]:
    """h of every step, and the last h and s, over a batch: x (T, B, D), weights with the gates stacked g, i, f, o."""
    B, H = h0.shape
    stacked = jnp.concatenate([W, U], axis=1).reshape(4, H, x.shape[2] + H)
    bias = b.reshape(4, H)

    def step(carry: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Array]:
        h, s = probe("h_prev", carry[0]), probe("s_prev", carry[1])
        z = jnp.concatenate([x_t, h], axis=1)
        a = probe("a", (jnp.einsum("khz,bz->bkh", stacked, z) + bias).reshape(B, 4 * H)).reshape(B, 4, H)
        a_g, a_i, a_f, a_o = (probe(f"a_{k}", part) for k, part in zip(GATES, jnp.unstack(a, axis=1), strict=True))
        probe.known("tails", jnp.stack([a_g, jnp.exp(-a_i), jnp.exp(-a_f), jnp.exp(-a_o)]))
        g, i, f, o = (
            probe("g", jnp.tanh(a_g)),
            probe("i", sigmoid(a_i)),
            probe("f", sigmoid(a_f)),
            probe("o", sigmoid(a_o)),
        )
        s = probe("s", g * i + s * f)
        s_by_c = probe("s_by_c", s)
        c = probe("c", jnp.tanh(s_by_c) if tanh_of_state else s_by_c)
        h = probe("h_t", c * o)
        return (h, s), h

    (h_T, s_T), h = probe.scan(step, (h0, s0), x)
    probe.known("h", jnp.concatenate([h0[None], h]))
    return h, h_T, s_T


def layer_of(tanh_of_state: bool) -> Any:
    """The layer for the arguments of `lstm_ref.layer.forward`, whose last one is the cell itself."""

    def twin(
        x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array, cell: Any, *, probe: Unprobed = UNPROBED
    ) -> tuple[Array, Array, Array]:
        return layer(x, h0, s0, W, U, b, tanh_of_state, probe=probe)

    return twin
