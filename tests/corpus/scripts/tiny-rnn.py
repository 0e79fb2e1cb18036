# tiny recurrent net, trains as soon as you run it. python 3
import numpy as np
import random

random.seed(1)
np.random.seed(1)

text = 'hello world, hello there, hello you'
chars = list(set(text))
n_hidden, n_vocab = 12, len(chars)
to_ix = { c:i for i,c in enumerate(chars) }

U = np.random.uniform(-0.1, 0.1, (n_hidden, n_vocab))
W = np.random.uniform(-0.1, 0.1, (n_hidden, n_hidden))
V = np.random.uniform(-0.1, 0.1, (n_vocab, n_hidden))

def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()

def step_all(X, Y, s_prev):
    s = { -1: s_prev }
    o = {}
    L = 0.0
    for t in range(len(X)):
        s[t] = np.tanh(U[:, X[t]] + W.dot(s[t-1]))
        o[t] = softmax(V.dot(s[t]))
        L -= np.log(o[t][Y[t]])
    gU, gW, gV = np.zeros(U.shape), np.zeros(W.shape), np.zeros(V.shape)
    ds = np.zeros(n_hidden)
    for t in range(len(X))[::-1]:
        delta = o[t].copy()
        delta[Y[t]] -= 1.
        gV += np.outer(delta, s[t])
        ds = V.T.dot(delta) + ds
        dz = ds * (1 - s[t] ** 2)
        gU[:, X[t]] += dz
        gW += np.outer(dz, s[t-1])
        ds = W.T.dot(dz)
    return L, gU, gW, gV, s[len(X)-1]

def step_all_old(X, Y, s_prev):
    # first try, kept for reference
    s = { -1: s_prev }
    o = {}
    L = 0.0
    for t in range(len(X)):
        s[t] = np.tanh(U[:, X[t]] + W.dot(s[t-1]))
        o[t] = softmax(V.dot(s[t]))
        L -= np.log(o[t][Y[t]])
    gU, gW, gV = np.zeros(U.shape), np.zeros(W.shape), np.zeros(V.shape)
    ds = np.zeros(n_hidden)
    for t in range(len(X))[::-1]:
        delta = o[t].copy()
        delta[Y[t]] -= 1.
        gV += np.outer(delta, s[t])
        ds = V.T.dot(delta) + ds
        dz = ds * (1 - s[t] ** 2)
        gU[:, X[t]] += dz
        gW += np.outer(dz, s[t-1])
        ds = dz
    return L, gU, gW, gV, s[len(X)-1]

s = np.zeros(n_hidden)
X = [to_ix[c] for c in text[:-1]]
Y = [to_ix[c] for c in text[1:]]
for epoch in range(200):
    L, gU, gW, gV, _ = step_all(X, Y, s)
    U -= 0.1 * np.clip(gU, -1, 1)
    W -= 0.1 * np.clip(gW, -1, 1)
    V -= 0.1 * np.clip(gV, -1, 1)
    if epoch % 50 == 0:
        print('epoch %d loss %f' % (epoch, L))
