"""Networks and long sequences written again for JAX, independently: no chunk, no tape, no reversed copy of anything.

These import nothing that computes from `lstm_ref`. A direction that runs backwards is a scan from the last step to the
first, chunks are one scan over the whole sequence, and each gate is a product with one matrix of z = [x_t, h_{t-1}].
A name that a variable is given by `probe` is a place: the diagnosis asks for its cotangent. What a layer of a network
takes and gives is a place in the layer's own order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax
from jax.nn import sigmoid

from oracle.program.probing import UNPROBED, Unprobed

GATES = "gifo"


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
    V: Array | None = None,
    q0: Array | None = None,
    *,
    tanh_of_state: bool = True,
    reverse: bool = False,
    cut: int | None = None,
    probe: Unprobed = UNPROBED,
) -> tuple[Array, Array, Array, Any]:
    """h of every step, and h, s and q after the last in the order of the scan; every `cut` steps all three are cut.

    q are the gates i, f and o where V feeds them back, (B, 3H), and () where it does not.
    """
    B, H = s0.shape
    matrices = jnp.concatenate([W, U], axis=1).reshape(4, H, x.shape[2] + h0.shape[1])
    biases, looks = b.reshape(4, 1, H), jnp.zeros((3, H)) if p is None else p
    feedback = None if V is None else V.reshape(3, H, 3, H)

    def step(carry: tuple[Any, ...], now: tuple[Array, Any]) -> tuple[tuple[Any, ...], Any]:
        (t, h, s, *q), (x_t, here) = carry, now
        if cut is not None:
            at_border = (t > 0) & (t % cut == 0)
            h, s, *q = (jnp.where(at_border, lax.stop_gradient(one), one) for one in (h, s, *q))
        h, s, q = probe("h_prev", h), probe("s_prev", s), [probe("q_prev", one) for one in q]
        s_in = probe("s_in", s)
        z = jnp.concatenate([x_t, h], axis=1)
        a = jnp.einsum("bz,khz->kbh", z, matrices) + biases
        if feedback is not None:
            a = jnp.concatenate([a[:1], a[1:] + jnp.einsum("khjm,jbm->kbh", feedback, q[0])])
        a = jnp.moveaxis(probe("a", jnp.moveaxis(a, 0, 1).reshape(B, 4 * H)).reshape(B, 4, H), 1, 0)
        a_g, a_i, a_f = probe("a_g", a[0]), probe("a_i", a[1] + looks[0] * s_in), probe("a_f", a[2] + looks[1] * s_in)
        g, i, f = probe("g", jnp.tanh(a_g)), probe("i", sigmoid(a_i)), probe("f", sigmoid(a_f))
        new = probe("s", f * s_in + i * g)
        a_o = probe("a_o", a[3] + looks[2] * new)
        probe.known("tails", jnp.stack([a_g, jnp.exp(-a_i), jnp.exp(-a_f), jnp.exp(-a_o)]))
        s_rest = probe("s_rest", new)
        s_by_c = probe("s_by_c", s_rest)
        c = probe("c", jnp.tanh(s_by_c) if tanh_of_state else s_by_c)
        o = probe("o", sigmoid(a_o))
        m = probe("m", o * c)
        out = probe("h_t", m if P is None else jnp.einsum("rh,bh->br", P, m))
        after = [out, s_rest, *(jnp.stack([i, f, o]) for _ in q)]
        if here is None:
            return (t + 1, *after), (out, out)
        held = here[:, None]
        after = [jnp.where(held, one, before) for one, before in zip(after, (h, s, *q), strict=True)]
        return (t + 1, *after), (jnp.where(held, out, 0.0), after[0])

    first = [] if V is None else [jnp.zeros((3, B, H)) if q0 is None else jnp.moveaxis(q0.reshape(B, 3, H), 1, 0)]
    (_, h_T, s_T, *q), (h, carried) = probe.scan(step, (jnp.asarray(0), h0, s0, *first), (x, there), reverse=reverse)
    probe.known("h", jnp.concatenate([h0[None], carried[::-1] if reverse else carried]))
    return h, h_T, s_T, () if V is None else jnp.moveaxis(q[0], 0, 1).reshape(B, 3 * H)


def sequence_of(length_of: Callable[[int], int], cut: int | None = None) -> Any:
    """The layer for the arguments of `lstm_ref.chunks.forward`; what stands in `cell` is not looked at.

    The gates of the last step are an output too where those before the first are given. What is carried into a chunk is
    a place. So for the diagnosis the sequence is taken in chunks as well, of a length that follows from that of the
    whole.
    """

    def sequence(
        x: Array,
        h0: Array,
        s0: Array,
        W: Array,
        U: Array,
        b: Array,
        cell: Any,
        p: Any,
        V: Any,
        P: Any,
        lengths: Any,
        q0: Any = None,
        *,
        probe: Unprobed = UNPROBED,
    ) -> Any:
        there = _there(lengths, x)
        last = 3 if q0 is None else 4
        if probe is UNPROBED:
            return scanned(x, h0, s0, W, U, b, p, P, there, V, q0, cut=cut)[:last]
        chunks = []
        h_j, s_j, q_j = h0, s0, _gates_before(q0, V, s0)
        for first in range(0, x.shape[0], length_of(x.shape[0])):
            j = slice(first, first + length_of(x.shape[0]))
            h_j, s_j = probe("h_j", h_j), probe("s_j", s_j)
            q_j = q_j if V is None else probe("q_j", q_j)
            if cut is not None and first:
                h_j, s_j, q_j = map(lax.stop_gradient, (h_j, s_j, q_j))
            here = None if there is None else there[j]
            h, h_j, s_j, q_j = scanned(x[j], h_j, s_j, W, U, b, p, P, here, V, q_j, probe=probe)
            chunks.append(h)
        return (jnp.concatenate(chunks), h_j, s_j, q_j)[:last]

    return sequence


def _gates_before(q0: Array | None, V: Array | None, s0: Array) -> Any:
    """The gates before the first step, (B, 3H): zero where they are not given, () where nothing looks at them."""
    if V is None:
        return ()
    return jnp.zeros((s0.shape[0], 3 * s0.shape[1])) if q0 is None else q0


def network_of(reversals: Sequence[bool], rate: float = 0.0) -> Any:
    """A network whose layers run in the directions `reversals`, for x, h0, s0, layers, the mask, the lengths and q0."""

    def network(
        x: Array,
        h0: Array,
        s0: Array,
        layers: Sequence[Mapping[str, Array]],
        mask: Any,
        lengths: Any,
        q0: Any = None,
        *,
        probe: Unprobed = UNPROBED,
    ) -> Any:
        N, there = len(reversals), _there(lengths, x)
        lasts = []
        for first in range(0, len(layers), N):
            l = first // N
            if first:
                x = probe(f"y_{l - 1}", x)
                x = x if mask is None else jnp.where(mask[l - 1], x, 0.0) / (1.0 - rate)
            z, outputs = probe(f"z_{l}", x), []
            for k, reverse in enumerate(reversals, first):
                own = _passed(f"zd_{k}", z, reverse, probe)
                kept: Any = {**layers[k], "there": there, "reverse": reverse, "probe": probe}
                h, *last = scanned(own, h0[k], s0[k], q0=None if q0 is None else q0[k], **kept)
                outputs.append(_passed(f"hd_{k}", h, reverse, probe))
                lasts.append(last)
            x = jnp.concatenate(outputs, axis=2)
        return x, *(jnp.stack(carried) for carried in list(zip(*lasts, strict=True))[: 2 if q0 is None else 3])

    return network


def _passed(place: str, x: Array, reverse: bool, probe: Unprobed) -> Array:
    """x itself, whose steps are in the order of a direction at the place."""
    if probe is UNPROBED:
        return x
    own: Array = probe(place, x[::-1])[::-1] if reverse else probe(place, x)
    return own


def _there(lengths: Any, x: Array) -> Any:
    """Which steps are there, (T, B), from lengths or a mask; None if all are."""
    if lengths is None or lengths.dtype == bool:
        return lengths
    return jnp.less(jnp.arange(x.shape[0])[:, None], lengths[None, :])
