# GPT attention: one matrix for q, k, v, causal mask, heads by reshape
import numpy as np


def split_heads(a, nh):
    B, T, C = a.shape
    return a.reshape(B, T, nh, C // nh).transpose(0, 2, 1, 3)


def merge_heads(a):
    B, nh, T, hs = a.shape
    return a.transpose(0, 2, 1, 3).reshape(B, T, nh * hs)


def forward(x, Wqkv, bqkv, Wo, n_head):
    B, T, C = x.shape
    qkv = x @ Wqkv + bqkv
    q, k, v = (split_heads(a, n_head) for a in np.split(qkv, 3, axis=2))
    att = (q @ k.transpose(0, 1, 3, 2)) * (1.0 / np.sqrt(k.shape[-1]))
    att = np.where(np.tril(np.ones((T, T))) == 0, -np.inf, att)
    att = np.exp(att - att.max(-1, keepdims=True))
    att = att / att.sum(-1, keepdims=True)
    y = merge_heads(att @ v)
    return y @ Wo, (x, Wqkv, Wo, q, k, v, att, y)


def backward(dout, cache, scaled=True):
    x, Wqkv, Wo, q, k, v, att, y = cache
    B, T, C = x.shape
    n_head = q.shape[1]
    dWo = np.einsum('bti,btj->ij', y, dout)
    dy = split_heads(dout @ Wo.T, n_head)
    datt = dy @ v.transpose(0, 1, 3, 2)
    dv = att.transpose(0, 1, 3, 2) @ dy
    dpre = att * (datt - (datt * att).sum(-1, keepdims=True))
    dpre = dpre * (1.0 / np.sqrt(k.shape[-1])) if scaled else dpre
    dq = dpre @ k
    dk = dpre.transpose(0, 1, 3, 2) @ q
    dqkv = np.concatenate([merge_heads(a) for a in (dq, dk, dv)], axis=2)
    dWqkv = x.reshape(-1, C).T @ dqkv.reshape(-1, 3 * C)
    return dqkv @ Wqkv.T, dWqkv, dqkv.sum((0, 1)), dWo


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(back):
    import oracle
    shapes = {"x": "B T 2*K", "Wqkv": "2*K 6*K", "bqkv": "6*K", "Wo": "2*K 2*K", "n_head": oracle.fixed(2)}
    return oracle.Subject.from_functions(forward, back, inputs=shapes)


def right():
    return build(backward)


def wrong():
    # 1/sqrt(d) in the forward alone; with heads of width 1 nobody can tell
    return build(lambda dout, cache: backward(dout, cache, scaled=False))
