"""Networks and long sequences written again for JAX, independently: no chunk, no tape, no reversed copy of anything.

These import nothing that computes from `lstm_ref`. A direction that runs backwards is a scan from the last step to the
first, chunks are one scan over the whole sequence, and each gate is a product with one matrix of z = [x_t, h_{t-1}].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax
from jax.nn import sigmoid


def scanned(
    x: Array,
    h0: Array,
    s0: Array,
    W: Array,
    U: Array,
    b: Array,
    *,
    tanh_of_state: bool,
    reverse: bool = False,
    cut: int | None = None,
) -> tuple[Array, Array, Array]:
    """h of every step, and the h and s after the last step in the order of the scan; every `cut` steps both are cut."""
    H = h0.shape[1]
    matrices = jnp.concatenate([W, U], axis=1).reshape(4, H, x.shape[2] + H)
    biases = b.reshape(4, 1, H)

    def step(carry: tuple[Array, Array, Array], x_t: Array) -> tuple[tuple[Array, Array, Array], Array]:
        t, h, s = carry
        if cut is not None:
            at_border = (t > 0) & (t % cut == 0)
            h, s = (jnp.where(at_border, lax.stop_gradient(one), one) for one in (h, s))
        z = jnp.concatenate([x_t, h], axis=1)
        g, i, f, o = jnp.unstack(jnp.einsum("bz,khz->kbh", z, matrices) + biases)
        s = sigmoid(f) * s + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * (jnp.tanh(s) if tanh_of_state else s)
        return (t + 1, h, s), h

    (_, h_T, s_T), h = lax.scan(step, (jnp.asarray(0), h0, s0), x, reverse=reverse)
    return h, h_T, s_T


def sequence_of(tanh_of_state: bool, cut: int | None = None) -> Any:
    """The layer for the arguments of `lstm_ref.chunks.forward` and its like, whose seventh is the cell itself."""
    return lambda x, h0, s0, W, U, b, cell: scanned(x, h0, s0, W, U, b, tanh_of_state=tanh_of_state, cut=cut)


def network_of(tanh_of_state: bool, reversals: Sequence[bool], rate: float = 0.0) -> Any:
    """A network whose layers run in the directions `reversals`, for x, h0, s0, layers and, with a rate, the mask."""

    def network(
        x: Array, h0: Array, s0: Array, layers: Sequence[Mapping[str, Array]], mask: Array | None = None
    ) -> tuple[Array, Array, Array]:
        lasts = []
        for first in range(0, len(layers), len(reversals)):
            if first and mask is not None:
                x = jnp.where(mask[first // len(reversals) - 1], x, 0.0) / (1.0 - rate)
            runs = []
            for k, reverse in enumerate(reversals, first):
                W, U, b = layers[k]["W"], layers[k]["U"], layers[k]["b"]
                runs.append(scanned(x, h0[k], s0[k], W, U, b, tanh_of_state=tanh_of_state, reverse=reverse))
            x = jnp.concatenate([h for h, _, _ in runs], axis=2)
            lasts += [(h_T, s_T) for _, h_T, s_T in runs]
        return x, jnp.stack([h_T for h_T, _ in lasts]), jnp.stack([s_T for _, s_T in lasts])

    return network
