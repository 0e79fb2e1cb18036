"""An LSTM with peephole connections, as a class that keeps its gradients beside its weights.

Gers & Schmidhuber (2000). The gates may look at the cell: input and forget gate at the old one, the output
gate at the new one.

    i = σ(W_i [x, h⁻] + p_i ∘ c⁻ + b_i)
    f = σ(W_f [x, h⁻] + p_f ∘ c⁻ + b_f)
    g = tanh(W_g [x, h⁻] + b_g)
    c = f ∘ c⁻ + i ∘ g
    o = σ(W_o [x, h⁻] + p_o ∘ c + b_o)
    h = o ∘ tanh(c)

One sequence at a time: xs is (T, D), the states start at zero, W is (4H, D+H) in the order i f g o and p is
(3, H). `forward` returns all h as (T, H), `backward` fills self.dW, self.dp, self.db and returns the gradient
for xs.

The mistake: the cell is used three times in a step: for h, for the next cell, and for the output gate
through p_o. `BlindPeepholeLSTM.backward` forgets the third. It is the ordinary LSTM's backward
with the gradients of p bolted on, which is how most peephole implementations come into being. The gradient of
p_o itself is right at the last step, so a test with T = 1 on p alone passes.

    oracle verify examples/peephole_lstm.py:subject examples/peephole_lstm.py:wrong
"""

import numpy as np

import oracle


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class PeepholeLSTM:
    def __init__(self, input_size, hidden_size):
        D, H = input_size, hidden_size
        self.H = H
        self.W = np.random.randn(4 * H, D + H) / np.sqrt(D + H)
        self.p = np.random.randn(3, H) * 0.1
        self.b = np.zeros(4 * H)
        self.b[H : 2 * H] = 1.0  # remember by default

    def forward(self, xs):
        H = self.H
        pi, pf, po = self.p
        h, c = np.zeros(H), np.zeros(H)
        self.tape, hs = [], []
        for x in xs:
            z = np.concatenate((x, h))
            a = self.W @ z + self.b
            c_prev = c
            i = sigmoid(a[:H] + pi * c_prev)
            f = sigmoid(a[H : 2 * H] + pf * c_prev)
            g = np.tanh(a[2 * H : 3 * H])
            c = f * c_prev + i * g
            o = sigmoid(a[3 * H :] + po * c)
            h = o * np.tanh(c)
            self.tape.append((z, i, f, g, o, c_prev, c))
            hs.append(h)
        return np.array(hs)

    def backward(self, dhs):
        H = self.H
        pi, pf, po = self.p
        self.dW, self.dp, self.db = np.zeros_like(self.W), np.zeros_like(self.p), np.zeros_like(self.b)
        dxs = np.zeros((len(self.tape), self.W.shape[1] - H))
        dh, dc = np.zeros(H), np.zeros(H)
        for t in range(len(self.tape) - 1, -1, -1):
            z, i, f, g, o, c_prev, c = self.tape[t]
            dh = dh + dhs[t]
            do = dh * np.tanh(c) * o * (1 - o)
            dc = dc + dh * o * (1 - np.tanh(c) ** 2) + self.through_output_gate(do, po)
            di = dc * g * i * (1 - i)
            df = dc * c_prev * f * (1 - f)
            dg = dc * i * (1 - g**2)
            da = np.concatenate((di, df, dg, do))
            self.dW += np.outer(da, z)
            self.db += da
            self.dp += np.array([di * c_prev, df * c_prev, do * c])
            dz = self.W.T @ da
            dxs[t], dh = dz[:-H], dz[-H:]
            dc = dc * f + di * pi + df * pf
        return dxs

    def through_output_gate(self, do, po):
        return do * po


class BlindPeepholeLSTM(PeepholeLSTM):
    def through_output_gate(self, do, po):
        return 0.0 * po  # wrong: the output gate looked at c, so c hears from the output gate


SHAPES = {"W": "4*H D+H", "p": "3 H", "b": "4*H"}

subject = oracle.Subject.from_object(
    lambda D, H, **_: PeepholeLSTM(D, H), inputs={"xs": "T D"}, parameters=SHAPES, gradients="d{}"
)
wrong = oracle.Subject.from_object(
    lambda D, H, **_: BlindPeepholeLSTM(D, H), inputs={"xs": "T D"}, parameters=SHAPES, gradients="d{}"
)
