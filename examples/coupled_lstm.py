"""An LSTM whose forget gate is tied to its input gate, in the course layout (features, batch, time).

Greff et al. (2017) call it CIFG: what is written is what is forgotten, f = 1 − i. Three weight matrices
instead of four, and on most tasks as good.

    i⟨t⟩ = σ(Wi [a⟨t-1⟩; x⟨t⟩] + bi)
    g⟨t⟩ = tanh(Wg [a⟨t-1⟩; x⟨t⟩] + bg)
    c⟨t⟩ = (1 − i⟨t⟩) ∘ c⟨t-1⟩ + i⟨t⟩ ∘ g⟨t⟩
    o⟨t⟩ = σ(Wo [a⟨t-1⟩; x⟨t⟩] + bo)
    a⟨t⟩ = o⟨t⟩ ∘ tanh(c⟨t⟩)

x is (n_x, m, T_x), a0 is (n_a, m), the weights are (n_a, n_a + n_x) and the biases column vectors (n_a, 1).
The gradients come back in a dictionary, "dWi" for Wi.

The mistake: i is used twice, once to write and once, as 1 − i, to forget: di = (g − c⟨t-1⟩) ∘ dc. In
`lstm_cell_backward_half` the second use is missing: di = g ∘ dc. That line is copied from the ordinary LSTM,
where it is right. The one missing term spoils every gradient but those of the last step's output gate.

    oracle verify examples/coupled_lstm.py:subject examples/coupled_lstm.py:wrong
"""

import numpy as np

import oracle


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_cell_forward(xt, a_prev, c_prev, Wi, bi, Wg, bg, Wo, bo):
    concat = np.concatenate((a_prev, xt), axis=0)
    it = sigmoid(np.dot(Wi, concat) + bi)
    gt = np.tanh(np.dot(Wg, concat) + bg)
    ot = sigmoid(np.dot(Wo, concat) + bo)
    c_next = (1 - it) * c_prev + it * gt
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, (concat, c_prev, c_next, it, gt, ot)


def lstm_forward(x, a0, Wi, bi, Wg, bg, Wo, bo):
    n_x, m, T_x = x.shape
    n_a = a0.shape[0]
    a = np.zeros((n_a, m, T_x))
    a_next, c_next, caches = a0, np.zeros((n_a, m)), []
    for t in range(T_x):
        a_next, c_next, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, Wi, bi, Wg, bg, Wo, bo)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, (caches, Wi, Wg, Wo, x)


def lstm_cell_backward(da_next, dc_next, cache, Wi, Wg, Wo):
    concat, c_prev, c_next, it, gt, ot = cache
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dit = (gt - c_prev) * dc * it * (1 - it)
    dgt = it * dc * (1 - gt**2)
    dconcat = np.dot(Wi.T, dit) + np.dot(Wg.T, dgt) + np.dot(Wo.T, dot)
    return dconcat, (1 - it) * dc, {"i": dit, "g": dgt, "o": dot}, concat


def lstm_cell_backward_half(da_next, dc_next, cache, Wi, Wg, Wo):
    concat, c_prev, c_next, it, gt, ot = cache
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dit = gt * dc * it * (1 - it)  # wrong: i also decides what is forgotten
    dgt = it * dc * (1 - gt**2)
    dconcat = np.dot(Wi.T, dit) + np.dot(Wg.T, dgt) + np.dot(Wo.T, dot)
    return dconcat, (1 - it) * dc, {"i": dit, "g": dgt, "o": dot}, concat


def lstm_backward(da, caches, cell_backward=lstm_cell_backward):
    steps, Wi, Wg, Wo, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros_like(x)
    gradients = {f"d{w}{gate}": 0.0 for gate in "igo" for w in "Wb"}
    da_prev, dc_prev = np.zeros((n_a, m)), np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        dconcat, dc_prev, deltas, concat = cell_backward(da[:, :, t] + da_prev, dc_prev, steps[t], Wi, Wg, Wo)
        da_prev, dx[:, :, t] = dconcat[:n_a], dconcat[n_a:]
        for gate, delta in deltas.items():
            gradients[f"dW{gate}"] += np.dot(delta, concat.T)
            gradients[f"db{gate}"] += np.sum(delta, axis=1, keepdims=True)
    return {"dx": dx, "da0": da_prev, **gradients}


def lstm_backward_half(da, caches):
    return lstm_backward(da, caches, cell_backward=lstm_cell_backward_half)


SHAPES = {"x": "n_x m T", "a0": "n_a m"}
SHAPES |= {f"W{gate}": "n_a n_a+n_x" for gate in "igo"} | {f"b{gate}": "n_a 1" for gate in "igo"}
SHAPES = {name: SHAPES[name] for name in ("x", "a0", "Wi", "bi", "Wg", "bg", "Wo", "bo")}

subject = oracle.Subject.from_functions(lstm_forward, lstm_backward, inputs=SHAPES, gradients="d{}")
wrong = oracle.Subject.from_functions(lstm_forward, lstm_backward_half, inputs=SHAPES, gradients="d{}")
