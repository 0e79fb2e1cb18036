"""The variants of the LSTM and both GRUs written again for JAX, independently of `lstm_ref`.

These import nothing that computes from `lstm_ref`. One sequence at a time, lifted to a batch by `jax.vmap`; the letters
of the rows in the weights are spelled in a word such as "gio".
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.nn import sigmoid


def layer(gates: str, *, squash_input: bool = True, squash_output: bool = True, coupled: bool = False) -> Any:
    """The layer for the arguments of `lstm_ref.layer.forward`; what stands in `cell` is not looked at."""

    def one(x: Array, h0: Array, s0: Array, there: Any, of: Any) -> Any:
        """One sequence: x (T, D), there (T,) or None."""
        W, U, b, p, V, P = of
        H = s0.shape[0]

        def step(carry: Any, now: Any) -> tuple[Any, Array]:
            (h, s, old), (x_t, here) = carry, now
            a = W @ x_t + U @ h + b
            a = a if V is None else a + jnp.concatenate([jnp.zeros(H, a.dtype), V @ old])
            pre = dict(zip(gates, a.reshape(len(gates), H), strict=True))
            look = {} if p is None else dict(zip(gates[1:], p, strict=True))
            opened = {k: sigmoid(pre[k] + look[k] * s if look else pre[k]) for k in gates if k in "if"}
            i = opened.get("i", 1.0)
            f = 1 - i if coupled else opened.get("f", 1.0)
            new = i * (jnp.tanh(pre["g"]) if squash_input else pre["g"]) + f * s
            o = sigmoid(pre["o"] + look["o"] * new if look else pre["o"]) if "o" in gates else 1.0
            out = o * (jnp.tanh(new) if squash_output else new)
            out = out if P is None else P @ out
            after = (out, new, jnp.zeros(0) if V is None else jnp.concatenate([i, f, o]))
            if here is None:
                return after, out
            return tuple(jnp.where(here, a, b) for a, b in zip(after, carry, strict=True)), jnp.where(here, out, 0)

        start = (h0, s0, jnp.zeros(0 if V is None else 3 * H, s0.dtype))
        (h_T, s_T, _), h = lax.scan(step, start, (x, there))
        return h, h_T, s_T

    def run(
        x: Array, h0: Array, s0: Array, W: Array, U: Array, b: Array, cell: Any, p: Any, V: Any, P: Any, lengths: Any
    ) -> Any:
        there = _there(lengths, x)
        axes = (1, 0, 0, None if there is None else 1, None)
        return jax.vmap(one, in_axes=axes, out_axes=(1, 0, 0))(x, h0, s0, there, (W, U, b, p, V, P))

    return run


def _there(lengths: Any, x: Array) -> Any:
    """Which steps are there (T, B), from lengths or a mask; None if all are."""
    if lengths is None:
        return None
    if lengths.dtype == bool:
        return jnp.asarray(lengths)
    return jnp.less(jnp.arange(x.shape[0])[:, None], lengths[None, :])


def gru(x: Array, h0: Array, W: Array, U: Array, b: Array, c: Array, reset_after: bool) -> Any:
    """h of every step and the last of them, for both conventions: weights with the gates stacked r, z, n."""
    H = h0.shape[1]
    U_n, c_n = U[2 * H :], c[2 * H :]

    def one(x_t: Array, h: Array) -> Any:
        drive = (W @ x_t + b).reshape(3, H)
        r, z = sigmoid(drive[:2] + (U[: 2 * H] @ h + c[: 2 * H]).reshape(2, H))
        seen = r * (U_n @ h + c_n) if reset_after else U_n @ (r * h) + c_n
        n = jnp.tanh(drive[2] + seen)
        return n + z * (h - n)

    def step(h: Array, x_t: Array) -> tuple[Array, Array]:
        h = jax.vmap(one)(x_t, h)
        return h, h

    h_T, h = lax.scan(step, h0, x)
    return h, h_T
