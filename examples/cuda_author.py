"""A CUDA author tests a kernel with known answers; nothing of ours but the files in vectors/ is needed.

    python examples/cuda_author.py vectors/lstm-standard.json

`kernel` stands for the author's library, called through ctypes, say: an LSTM layer in float32 with the gates in the
order i, f, g, o, as cuDNN and torch have them, and weights as (4H, D) and (4H, H). Here it is NumPy in float32, so that
the script runs without a GPU. What an author writes is `answers`: the vectors' layout in, the kernel's layout out, and
back. The vectors stack the gates in the order g, i, f, o.

Only cases of the regime float32 are run: their inputs are float32 numbers, so the answers are the exact gradients of
what the kernel was given. Errors are shown relative to the largest entry of a gradient. Rounding in float32 makes some
1e-7 of it, a wrong formula something of order one; the script ends with exit code 1 if half of the digits are gone.
"""

import json
import sys
from pathlib import Path

import numpy as np

GONE = 2.0**-12  # half of float32's 24 bits


# ---- the kernel: float32, gates i f g o


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def kernel_forward(x, h, s, W, U, b):
    tape, outputs = [], []
    for x_t in x:
        a = x_t @ W.T + h @ U.T + b
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        before = h, s
        s = f * s + i * g
        h = o * np.tanh(s)
        tape.append((x_t, *before, i, f, g, o, s))
        outputs.append(h)
    return np.stack(outputs), h, s, tape


def kernel_backward(h_bar, h_last_bar, s_last_bar, W, U, tape):
    W_bar, U_bar, b_bar, x_bar = np.zeros_like(W), np.zeros_like(U), np.zeros_like(W[:, 0]), []
    carry, s_bar = h_last_bar, s_last_bar
    for (x_t, h_prev, s_prev, i, f, g, o, s), h_t_bar in zip(reversed(tape), h_bar[::-1], strict=True):
        total, c = h_t_bar + carry, np.tanh(s)
        s_bar = s_bar + total * o * (1 - c * c)
        gates = s_bar * g * i * (1 - i), s_bar * s_prev * f * (1 - f), s_bar * i * (1 - g * g), total * c * o * (1 - o)
        a_bar = np.concatenate(gates, axis=1)
        s_bar = s_bar * f
        W_bar += a_bar.T @ x_t
        U_bar += a_bar.T @ h_prev
        b_bar += a_bar.sum(axis=0)
        x_bar.append(a_bar @ W)
        carry = a_bar @ U
    return np.stack(x_bar[::-1]), carry, s_bar, W_bar, U_bar, b_bar


# ---- the author's part: layouts


def reordered(array, order, into):
    """Blocks of rows that stand in one order of gates, in another."""
    blocks = dict(zip(order, np.split(array, 4), strict=True))
    return np.concatenate([blocks[gate] for gate in into])


def answers(inputs, cotangents, backward=kernel_backward):
    """The gradients that the kernel gives, by the vectors' names and in their layout."""
    x, h0, s0 = (inputs[name].astype(np.float32) for name in ("x", "h0", "s0"))
    W, U, b = (reordered(inputs[name].astype(np.float32), "gifo", "ifgo") for name in ("W", "U", "b"))
    *_, tape = kernel_forward(x, h0, s0, W, U, b)
    found = backward(*(cotangents[f"out[{k}]"].astype(np.float32) for k in range(3)), W, U, tape)
    named = dict(zip(("x", "h0", "s0", "W", "U", "b"), found, strict=True))
    return named | {name: reordered(named[name], "ifgo", "gifo") for name in ("W", "U", "b")}


# ---- the comparison


def array(entry):
    """An array of the file; read_vectors.py shows how to check its sum."""
    return np.array(entry["values"]).reshape(entry["shape"])


def errors(path, backward=kernel_backward):
    """For each case in float32 its sizes, and the error of each gradient relative to its largest entry."""
    for case in json.loads(Path(path).read_text(encoding="utf-8"))["cases"]:
        if case["regime"] == "float32":
            parts = ("inputs", "cotangents", "gradients")
            inputs, cotangents, gradients = ({k: array(v) for k, v in case[part].items()} for part in parts)
            got = answers(inputs, cotangents, backward)
            yield case["sizes"], {k: np.abs(got[k] - v).max() / np.abs(v).max() for k, v in gradients.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} vectors/lstm-standard.json")
    found = list(errors(sys.argv[1]))
    for sizes, by_name in found:
        print(sizes, *(f"{name} {error:.0e}" for name, error in by_name.items()))
    wrong = sorted({name for _, by_name in found for name, error in by_name.items() if not error < GONE})
    if not found:
        sys.exit("no case of this file is in float32")
    sys.exit(f"wrong: {', '.join(wrong)}" if wrong else 0)
