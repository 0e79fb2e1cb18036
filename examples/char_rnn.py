"""A character-level RNN in one short script, everything at module level.

Training reads a text, learns to guess the next character, and prints what it dreams up on the way:

    python examples/char_rnn.py some.txt

    h_t = tanh(Wxh x_t + Whh h_{t-1} + bh)
    p_t = softmax(Why h_t + by)
    loss = −Σ_t log p_t[target_t]

x_t is a one-hot column (V, 1), h_t is (H, 1). `lossFun` takes two lists of character numbers and the last hidden
state, and returns the loss, the five gradients, each clipped in place to ±5 against explosions, and the last
hidden state.

A script like this needs no rewriting to be checked. The weights are read and written as names of this module
(`owner`), and the clipping is declared: it is then verified to be exactly a clip at 5 of the true gradient. hprev
gets no gradient, and none is asked for.

The mistake: `lossFun_forgetful` never carries dhnext from one step to the one before. Each step learns from its own
character alone. The loss goes down all the same, and at seq_length = 1 there is no difference.

    oracle verify examples/char_rnn.py:subject examples/char_rnn.py:wrong
"""

import sys

import numpy as np

import oracle

# hyperparameters
hidden_size = 100  # size of hidden layer of neurons
vocab_size = 65  # number of unique characters, set from the data
seq_length = 25  # number of steps to unroll the RNN for
learning_rate = 1e-1

# model parameters, set by init()
Wxh = Whh = Why = bh = by = None


def init():
    global Wxh, Whh, Why, bh, by
    Wxh = np.random.randn(hidden_size, vocab_size) * 0.01  # input to hidden
    Whh = np.random.randn(hidden_size, hidden_size) * 0.01  # hidden to hidden
    Why = np.random.randn(vocab_size, hidden_size) * 0.01  # hidden to output
    bh = np.zeros((hidden_size, 1))  # hidden bias
    by = np.zeros((vocab_size, 1))  # output bias


def lossFun(inputs, targets, hprev):
    xs, hs, ps = {}, {-1: np.copy(hprev)}, {}
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros_like(by)
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        y = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    # backward pass
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        draw = (1 - hs[t] * hs[t]) * dh
        dbh += draw
        dWxh += np.dot(draw, xs[t].T)
        dWhh += np.dot(draw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, draw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


def lossFun_forgetful(inputs, targets, hprev):
    xs, hs, ps = {}, {-1: np.copy(hprev)}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros_like(by)
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        y = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy)  # wrong: h_t is also what the next step remembers, + dhnext
        draw = (1 - hs[t] * hs[t]) * dh
        dbh += draw
        dWxh += np.dot(draw, xs[t].T)
        dWhh += np.dot(draw, hs[t - 1].T)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


def sample(h, ix, n):
    ixes = []
    for _ in range(n):
        x = np.zeros((vocab_size, 1))
        x[ix] = 1
        h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
        y = np.exp(np.dot(Why, h) + by)
        ix = np.random.choice(vocab_size, p=(y / y.sum()).ravel())
        ixes.append(ix)
    return ixes


if __name__ == "__main__":
    data = open(sys.argv[1]).read()
    chars = sorted(set(data))
    vocab_size = len(chars)
    number = {ch: i for i, ch in enumerate(chars)}
    init()
    memory = [np.zeros_like(param) for param in (Wxh, Whh, Why, bh, by)]
    hprev, p = np.zeros((hidden_size, 1)), 0
    for n in range(10001):
        if p + seq_length + 1 >= len(data):
            hprev, p = np.zeros((hidden_size, 1)), 0
        inputs = [number[ch] for ch in data[p : p + seq_length]]
        targets = [number[ch] for ch in data[p + 1 : p + seq_length + 1]]
        if n % 1000 == 0:
            print("----\n" + "".join(chars[i] for i in sample(hprev, inputs[0], 200)))
        loss, *grads, hprev = lossFun(inputs, targets, hprev)
        for param, dparam, mem in zip((Wxh, Whh, Why, bh, by), grads, memory):
            mem += dparam * dparam
            param += -learning_rate * dparam / np.sqrt(mem + 1e-8)  # adagrad
        p += seq_length


characters = oracle.integers("T", below="V")
HOW = dict(
    inputs={"inputs": characters, "targets": characters, "hprev": oracle.reals("H 1", differentiated=False)},
    parameters={"Wxh": "H V", "Whh": "H H", "Why": "V H", "bh": "H 1", "by": "V 1"},
    gradients=("Wxh", "Whh", "Why", "bh", "by"), owner=sys.modules[__name__], clip=5.0,
)  # fmt: skip

subject = oracle.Subject.from_loss(lossFun, **HOW)
wrong = oracle.Subject.from_loss(lossFun_forgetful, **HOW)
