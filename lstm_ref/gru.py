"""A gated recurrent unit over a sequence and a batch, in both conventions, and backpropagation through time.

    r_t = σ(W_r x_t + b_r + U_r h_{t-1} + c_r)                  (1)    reset gate
    z_t = σ(W_z x_t + b_z + U_z h_{t-1} + c_z)                  (2)    update gate
    n_t = tanh(W_n x_t + b_n + r_t ⊙ (U_n h_{t-1} + c_n))       (3)    reset after the product, or
    n_t = tanh(W_n x_t + b_n + U_n (r_t ⊙ h_{t-1}) + c_n)       (3')   reset before it
    h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}                       (4)

| symbol | name                                        | shape     |
| ------ | ------------------------------------------- | --------- |
| x      | input sequence                              | (T, B, D) |
| h0     | state before the first step                 | (B, H)    |
| W      | input weights, rows in the order r z n      | (3H, D)   |
| U      | recurrent weights, in the same order        | (3H, H)   |
| b c    | biases beside W x and beside U h            | (3H,)     |
| h      | outputs, or states                          | (T, B, H) |
| w      | what the loop adds to W x in (3) or (3')    | (B, H)    |
| v      | what stands in the product with U_n and c_n: h_{t-1} in (3), r ⊙ h_{t-1} in (3') | (B, H) |
| k      | cotangents of what is added to b by products with U: those of c | (T, B, 3H) |
| x_bar  | cotangent of x: ∂loss/∂x                    | as x      |

(3') is that of Cho et al. (arXiv:1406.1078), and ONNX's; (3) that of cuDNN, torch and Keras, in ONNX
`linear_before_reset=1`. Where the candidate's pre-activation is a_n, k_n is r ⊙ a_n_bar in (3) and a_n_bar in (3').
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lstm_ref.activations import complement, sigmoid, sigmoid_slope_by_tail, tanh, tanh_slope_at
from lstm_ref.checks import Array, expect_floats, expect_kind, expect_shape


class GruTape(NamedTuple):
    """What `gru_forward` leaves for `gru_backward`; x, W and U are held, not copied."""

    x: Array  # (T, B, D)
    W: Array  # (3H, D)
    U: Array  # (3H, H)
    gates: Array  # (T, 3, B, H)  r, z, n
    tails: Array  # (T, 3, B, H)  exp(-a) of r and z, and a_n
    v: Array  # (T, B, H)  h[:T] itself where the reset comes after the product
    w: Array  # (T, B, H)  U_n v + c_n
    h: Array  # (T+1, B, H)  h[0] is h0
    reset_after: bool


class GruGradients(NamedTuple):
    """The cotangents of the inputs of `gru_forward`, in their order."""

    x: Array  # (T, B, D)
    h0: Array  # (B, H)
    W: Array  # (3H, D)
    U: Array  # (3H, H)
    b: Array  # (3H,)
    c: Array  # (3H,)


def gru_forward(
    x: Array, h0: Array, W: Array, U: Array, b: Array, c: Array, reset_after: bool = True
) -> tuple[Array, Array, GruTape]:
    """The outputs of all steps, and the last of them, equations (1) to (4).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0 : (B, H) state before the first step
    W : (3H, D), U : (3H, H), b : (3H,), c : (3H,) in the order r, z, n
    reset_after : True for (3), False for (3')

    Returns
    -------
    h : (T, B, H) the outputs
    h_T : (B, H) the last of them; both are outputs, so their cotangents add up
    tape : for `gru_backward`; it holds x, W and U themselves, so do not change these before it has run

    Raises
    ------
    ValueError : a shape does not fit the others, or a size is 0
    TypeError : an array does not hold floating-point numbers of x's dtype; reset_after is neither True nor False

    Example
    -------
    >>> x, h0, W, U = np.ones((2, 1, 1)), np.ones((1, 1)), np.zeros((3, 1)), np.zeros((3, 1))
    >>> h, h_T, tape = gru_forward(x, h0, W, U, np.zeros(3), np.zeros(3))
    >>> h.ravel(), h_T
    (array([0.5 , 0.25]), array([[0.25]]))
    """
    _check_inputs(x, h0, W, U, b, c, reset_after)
    tape = _new_tape(x, h0, W, U, reset_after)
    (T, B, D), H = x.shape, h0.shape[1]
    Wx = np.matmul(x.reshape(T * B, D), W.T).reshape(T, B, 3 * H) + b
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for t in range(T):
            (r, z, n), h = tape.gates[t], tape.h[t]
            a = np.matmul(h, U[: 2 * H].T) + c[: 2 * H]
            a += Wx[t, :, : 2 * H]
            sigmoid(_by_gate(a, 2), out=tape.gates[t, :2], tail=tape.tails[t, :2])  # (1), (2)
            if not reset_after:
                np.multiply(r, h, out=tape.v[t])  # (3')
            np.add(np.matmul(tape.v[t], U[2 * H :].T), c[2 * H :], out=tape.w[t])  # (3), (3')
            added = np.multiply(r, tape.w[t]) if reset_after else tape.w[t]
            a_n = np.add(Wx[t, :, 2 * H :], added, out=tape.tails[t, 2])
            tanh(a_n, out=n)  # (3), (3')
            np.add(complement(z, tape.tails[t, 1]) * n, z * h, out=tape.h[t + 1])  # (4)
    return tape.h[1:].copy(), tape.h[T].copy(), tape


def gru_backward(h_bar: Array, h_T_bar: Array, tape: GruTape) -> GruGradients:
    """The cotangents of all inputs that follow from those of all outputs: backpropagation through time.

    Parameters
    ----------
    h_bar : (T, B, H) cotangent of h
    h_T_bar : (B, H) cotangent of h_T, which adds to that of h[T-1]
    tape : as `gru_forward` left it; it is read only

    Returns
    -------
    gradients : named by input and in their order; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output
    TypeError : a cotangent has not the dtype of its output, or the tape is another

    Example
    -------
    >>> x, h0, W, U = np.ones((2, 1, 1)), np.ones((1, 1)), np.zeros((3, 1)), np.zeros((3, 1))
    >>> h, h_T, tape = gru_forward(x, h0, W, U, np.zeros(3), np.zeros(3))
    >>> gru_backward(np.zeros((2, 1, 1)), np.ones((1, 1)), tape).h0
    array([[0.25]])
    """
    expect_kind("tape", tape, GruTape, "the tape that gru_forward returned")
    _check_cotangents(h_bar, h_T_bar, tape)
    x, W, U, gates, tails, v, _, h, reset_after = tape
    (T, B, D), H = x.shape, h.shape[2]
    a_bar, k_bar = np.empty((T, B, 3 * H), dtype=x.dtype), np.empty((T, B, 3 * H), dtype=x.dtype)
    through_product = _after_vjp if reset_after else _before_vjp
    h_next_bar = h_T_bar.copy()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for t in reversed(range(T)):
            _, z, n = gates[t]
            h_t_bar = h_bar[t] + h_next_bar  # h_t is used by the loss and by the next step
            # h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}           (4)
            n_bar = h_t_bar * complement(z, tails[t, 1])
            z_bar = h_t_bar * (h[t] - n)
            h_prev_bar = h_t_bar * z
            # n = tanh(a_n)                             (3), (3')
            a_n_bar = n_bar * tanh_slope_at(tails[t, 2])
            # a_n = W_n x + b_n + …                     (3), (3')
            r_bar, k_n_bar = through_product(a_n_bar, h_prev_bar, tape, t)
            # r, z = σ(a_r), σ(a_z)                     (1), (2)
            a_r_bar, a_z_bar = np.stack((r_bar, z_bar)) * sigmoid_slope_by_tail(gates[t, :2], tails[t, :2])
            np.concatenate((a_r_bar, a_z_bar, a_n_bar), axis=1, out=a_bar[t])
            np.concatenate((a_r_bar, a_z_bar, k_n_bar), axis=1, out=k_bar[t])
            # a_r, a_z = W x + b + U h_{t-1} + c        (1), (2)
            h_next_bar = h_prev_bar + np.matmul(a_bar[t, :, : 2 * H], U[: 2 * H])
    # W x_t + b  and  U h_{t-1} + c, the sum over all t
    rows, k_rows = a_bar.reshape(T * B, 3 * H), k_bar.reshape(T * B, 3 * H)
    x_bar = np.matmul(rows, W).reshape(T, B, D)
    W_bar = np.matmul(rows.T, x.reshape(T * B, D))
    U_rz_bar = np.matmul(k_rows[:, : 2 * H].T, h[:T].reshape(T * B, H))
    U_n_bar = np.matmul(k_rows[:, 2 * H :].T, v.reshape(T * B, H))
    U_bar = np.concatenate((U_rz_bar, U_n_bar))
    return GruGradients(x_bar, h_next_bar, W_bar, U_bar, rows.sum(axis=0), k_rows.sum(axis=0))


def _after_vjp(a_n_bar: Array, h_prev_bar: Array, tape: GruTape, t: int) -> tuple[Array, Array]:
    """The cotangents of r and of w where the reset comes after the product; that of h_{t-1} is added to."""
    H = h_prev_bar.shape[1]
    # a_n = W_n x + b_n + r ⊙ w                     (3)
    r_bar = a_n_bar * tape.w[t]
    w_bar = a_n_bar * tape.gates[t, 0]
    # w = U_n h_{t-1} + c_n                         (3)
    h_prev_bar += np.matmul(w_bar, tape.U[2 * H :])
    return r_bar, w_bar


def _before_vjp(a_n_bar: Array, h_prev_bar: Array, tape: GruTape, t: int) -> tuple[Array, Array]:
    """The cotangents of r and of w where the reset comes before the product; that of h_{t-1} is added to."""
    H = h_prev_bar.shape[1]
    # a_n = W_n x + b_n + U_n v + c_n               (3')
    v_bar = np.matmul(a_n_bar, tape.U[2 * H :])
    # v = r ⊙ h_{t-1}                               (3')
    r_bar = v_bar * tape.h[t]
    h_prev_bar += v_bar * tape.gates[t, 0]
    return r_bar, a_n_bar


def _by_gate(a: Array, K: int) -> Array:
    """The K parts of a (B, KH) as a view (K, B, H)."""
    B, width = a.shape
    return a.reshape(B, K, width // K).transpose(1, 0, 2)


def _new_tape(x: Array, h0: Array, W: Array, U: Array, reset_after: bool) -> GruTape:
    """Buffers for every step, with h0 in its place."""
    T, (B, H), dtype = len(x), h0.shape, x.dtype
    gates, tails = np.empty((2, T, 3, B, H), dtype=dtype)
    h, w = np.empty((T + 1, B, H), dtype=dtype), np.empty((T, B, H), dtype=dtype)
    h[0] = h0
    v = h[:T] if reset_after else np.empty((T, B, H), dtype=dtype)
    return GruTape(x, W, U, gates, tails, v, w, h, reset_after)


def _check_inputs(x: Array, h0: Array, W: Array, U: Array, b: Array, c: Array, reset_after: Any) -> None:
    """Raise unless the inputs of `gru_forward` fit together."""
    if not isinstance(reset_after, bool):
        raise TypeError(f"reset_after is {reset_after!r}, expected True or False")
    sizes: dict[str, int] = {}
    expect_floats("x", x)
    for name, array, letters in (
        ("x", x, "T B D"),
        ("h0", h0, "B H"),
        ("W", W, "3H D"),
        ("U", U, "3H H"),
        ("b", b, "3H"),
        ("c", c, "3H"),
    ):
        expect_floats(name, array, like=x)
        expect_shape(name, array, letters, sizes)


def _check_cotangents(h_bar: Array, h_T_bar: Array, tape: GruTape) -> None:
    """Raise unless the cotangents have the shapes and the dtype of the outputs."""
    T, B, H = tape.w.shape
    for name, array, letters in (("h_bar", h_bar, "T B H"), ("h_T_bar", h_T_bar, "B H")):
        expect_floats(name, array, like=tape.h)
        expect_shape(name, array, letters, {"T": T, "B": B, "H": H})
