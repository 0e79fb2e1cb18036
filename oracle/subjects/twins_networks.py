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
    p: Array | None = None,
    P: Array | None = None,
    there: Array | None = None,
    *,
    tanh_of_state: bool = True,
    reverse: bool = False,
    cut: int | None = None,
) -> tuple[Array, Array, Array]:
    """h of every step, and the h and s after the last step in the order of the scan; every `cut` steps both are cut."""
    H = s0.shape[1]
    matrices = jnp.concatenate([W, U], axis=1).reshape(4, H, x.shape[2] + h0.shape[1])
    biases, looks = b.reshape(4, 1, H), jnp.zeros((3, H)) if p is None else p

    def step(carry: tuple[Array, Array, Array], now: tuple[Array, Any]) -> tuple[tuple[Array, Array, Array], Array]:
        (t, h, s), (x_t, here) = carry, now
        if cut is not None:
            at_border = (t > 0) & (t % cut == 0)
            h, s = (jnp.where(at_border, lax.stop_gradient(one), one) for one in (h, s))
        z = jnp.concatenate([x_t, h], axis=1)
        g, i, f, o = jnp.unstack(jnp.einsum("bz,khz->kbh", z, matrices) + biases)
        new = sigmoid(f + looks[1] * s) * s + sigmoid(i + looks[0] * s) * jnp.tanh(g)
        out = sigmoid(o + looks[2] * new) * (jnp.tanh(new) if tanh_of_state else new)
        out = out if P is None else jnp.einsum("rh,bh->br", P, out)
        if here is None:
            return (t + 1, out, new), out
        held = here[:, None]
        return (t + 1, jnp.where(held, out, h), jnp.where(held, new, s)), jnp.where(held, out, 0.0)

    (_, h_T, s_T), h = lax.scan(step, (jnp.asarray(0), h0, s0), (x, there), reverse=reverse)
    return h, h_T, s_T


def sequence_of(cut: int | None = None) -> Any:
    """The layer for the arguments of `lstm_ref.chunks.forward`; what stands in `cell` and `V` is not looked at."""

    def sequence(
        x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array, cell: Any, p: Any, V: Any, P: Any, lengths: Any
    ) -> Any:
        return scanned(x, h0, s0, W, U, b, p, P, _there(lengths, x), cut=cut)

    return sequence


def network_of(reversals: Sequence[bool], rate: float = 0.0) -> Any:
    """A network whose layers run in the directions `reversals`, for x, h0, s0, layers, the mask and the lengths."""

    def network(
        x: Array, h0: Array, s0: Array, layers: Sequence[Mapping[str, Array]], mask: Any, lengths: Any
    ) -> tuple[Array, Array, Array]:
        lasts, there = [], _there(lengths, x)
        for first in range(0, len(layers), len(reversals)):
            if first and mask is not None:
                x = jnp.where(mask[first // len(reversals) - 1], x, 0.0) / (1.0 - rate)
            runs = []
            for k, reverse in enumerate(reversals, first):
                runs.append(scanned(x, h0[k], s0[k], there=there, reverse=reverse, **layers[k]))  # type: ignore[arg-type]
            x = jnp.concatenate([h for h, _, _ in runs], axis=2)
            lasts += [(h_T, s_T) for _, h_T, s_T in runs]
        return x, jnp.stack([h_T for h_T, _ in lasts]), jnp.stack([s_T for _, s_T in lasts])

    return network


def _there(lengths: Any, x: Array) -> Any:
    """Which steps are there, (T, B), from lengths or a mask; None if all are."""
    if lengths is None or lengths.dtype == bool:
        return lengths
    return jnp.less(jnp.arange(x.shape[0])[:, None], lengths[None, :])
