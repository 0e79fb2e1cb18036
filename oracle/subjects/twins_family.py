"""The variants of the LSTM and both GRUs written again for JAX, independently of `lstm_ref`.

These import nothing that computes from `lstm_ref`. Each gate is a product of its own rows, and a step that is not there
is chosen away with `where`; the letters of the rows in the weights are spelled in a word such as "gio". A name that a
variable is given by `probe` is a place: the diagnosis asks for its cotangent.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array
from jax.nn import sigmoid

from oracle.program.probing import UNPROBED, Unprobed


def layer(gates: str, *, squash_input: bool = True, squash_output: bool = True, coupled: bool = False) -> Any:
    """The layer for the arguments of `lstm_ref.layer.forward`; what stands in `cell` is not looked at."""

    def opened(a: Array, s: Array, p: Any, ones: Array, probe: Unprobed) -> tuple[dict[str, Array], list[Array]]:
        """The values of g and of all gates, g, i, f and o; the new state is under s. And the tails."""
        pre = dict(zip(gates, jnp.unstack(a, axis=1), strict=True))
        look = {} if p is None else dict(zip(gates[1:], p, strict=True))
        pre["g"] = probe("a_g", pre["g"])
        tails = [pre["g"]]
        v = {"g": probe("g", jnp.tanh(pre["g"]) if squash_input else pre["g"])}
        for k in "if":
            if k in gates:
                seen = probe(f"a_{k}", pre[k] + look[k] * s if look else pre[k])
                tails.append(jnp.exp(-seen))
                v[k] = probe(k, sigmoid(seen))
            else:
                v[k] = probe(k, 1 - v["i"] if k == "f" and coupled else ones)
        v["s"] = probe("s", probe("i_by_g", v["i"]) * v["g"] + v["f"] * s)
        if "o" in gates:
            seen = probe("a_o", pre["o"] + look["o"] * v["s"] if look else pre["o"])
            tails.append(jnp.exp(-seen))
            v["o"] = probe("o", sigmoid(seen))
        else:
            v["o"] = probe("o", ones)
        return v, tails

    def run(
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
        *,
        probe: Unprobed = UNPROBED,
    ) -> Any:
        B, H = s0.shape
        ones, K = jnp.ones((B, H), s0.dtype), len(gates)

        def step(carry: Any, now: Any) -> tuple[Any, Any]:
            x_t, here = now
            h, s, q = probe("h_prev", carry[0]), probe("s_prev", carry[1]), carry[2]
            s_in, q = probe("s_in", s), q if V is None else probe("q_prev", q)
            a = jnp.einsum("bd,kd->bk", x_t, W) + jnp.einsum("br,kr->bk", h, U) + b
            if V is not None:
                seen = jnp.einsum("vw,bw->bv", V, jnp.concatenate(list(q), axis=1))
                a = a + jnp.concatenate([jnp.zeros((B, H), a.dtype), seen], axis=1)
            a = probe("a", a).reshape(B, K, H)
            v, tails = opened(a, s_in, p, ones, probe)
            probe.known("tails", jnp.stack(tails))
            s_rest = probe("s_rest", v["s"])
            s_by_c = probe("s_by_c", s_rest)
            c = probe("c", jnp.tanh(s_by_c) if squash_output else s_by_c)
            m = probe("m", v["o"] * c)
            out = probe("h_t", m if P is None else jnp.einsum("rh,bh->br", P, m))
            after: Any = (out, s_rest, q if V is None else jnp.stack([v["i"], v["f"], v["o"]]))
            if here is None:
                return after, (out, out)
            held = here[:, None]
            after = tuple(jnp.where(held, a, b) for a, b in zip(after, (h, s, q), strict=True))
            return after, (jnp.where(held, out, 0), after[0])

        q0 = jnp.zeros((0, B, H) if V is None else (3, B, H), s0.dtype)
        (h_T, s_T, _), (h, carried) = probe.scan(step, (h0, s0, q0), (x, _there(lengths, x)))
        probe.known("h", jnp.concatenate([h0[None], carried]))
        return h, h_T, s_T

    return run


def _there(lengths: Any, x: Array) -> Any:
    """Which steps are there (T, B), from lengths or a mask; None if all are."""
    if lengths is None:
        return None
    if lengths.dtype == bool:
        return jnp.asarray(lengths)
    return jnp.less(jnp.arange(x.shape[0])[:, None], lengths[None, :])


def gru(
    x: Array, h0: Array, W: Array, U: Array, b: Array, c: Array, reset_after: bool, *, probe: Unprobed = UNPROBED
) -> Any:
    """h of every step and the last of them, for both conventions: weights with the gates stacked r, z, n."""
    B, H = h0.shape
    W_3, b_3, U_3, c_3 = W.reshape(3, H, x.shape[2]), b.reshape(3, H), U.reshape(3, H, H), c.reshape(3, H)

    def recurrent(h: Array, k: int) -> Array:
        """U h + c of one gate."""
        return jnp.einsum("hj,bj->bh", U_3[k], h) + c_3[k]

    def step(h: Array, x_t: Array) -> tuple[Array, Array]:
        h = probe("h_prev", h)
        drive = jnp.einsum("khd,bd->bkh", W_3, x_t) + b_3
        drive = probe("a", drive.reshape(B, 3 * H)).reshape(B, 3, H)
        added = probe("k", jnp.zeros((B, 3 * H), h.dtype)).reshape(B, 3, H)  # where products with U come in
        a_r = probe("a_r", drive[:, 0] + recurrent(h, 0) + added[:, 0])
        a_z = probe("a_z", drive[:, 1] + recurrent(h, 1) + added[:, 1])
        r, z = probe("r", sigmoid(a_r)), probe("z", sigmoid(a_z))
        h_direct = probe("h_direct", h)
        v = probe.known("v", h_direct) if reset_after else probe("v", r * h_direct)
        w = probe("w", recurrent(v, 2) + added[:, 2])
        a_n = probe("a_n", drive[:, 2] + (r * w if reset_after else w))
        probe.known("tails", jnp.stack([jnp.exp(-a_r), jnp.exp(-a_z), a_n]))
        n = probe("n", jnp.tanh(a_n))
        h_kept = probe("h_kept", h_direct)
        h = probe("h_t", n + z * (h_kept - n))
        return h, h

    h_T, h = probe.scan(step, h0, x)
    probe.known("h", jnp.concatenate([h0[None], h]))
    return h, h_T
