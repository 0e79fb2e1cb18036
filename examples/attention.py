"""Multi-head attention with a mask, all in einsum.

Vaswani et al. (2017). Letters: b batch, t query position, s key position, d model width, n head, k head width.

    q = x Wq,   k = x Wk,   v = x Wv            per head
    a = softmax(q kᵀ / √k + mask)
    y = Σ_n (a v) Wo

x is (B, T, D); Wq, Wk and Wv are (D, N, K); Wo is (N, K, D). mask is a boolean (T, T): query t may look at key s.
A position always sees itself, so no row of the softmax is empty. The mask has no gradient, and says so in the
adapter: `oracle.booleans` draws it, and asks for nothing in return.

The beauty of einsum for this job: a backward line is its forward line with two names swapped.

The mistake: a softmax mixes its row, so its Jacobian is diag(a) − a aᵀ. `attention_backward_diagonal` keeps the
diagonal alone, a (1 − a), a formula remembered from the sigmoid. The gradients of Wv and Wo do not pass through
the softmax and are right; those of Wq and Wk have about the right size and often the right sign.

    oracle verify examples/attention.py:subject examples/attention.py:wrong
"""

import numpy as np

import oracle


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_forward(x, mask, Wq, Wk, Wv, Wo):
    mask = mask | np.eye(x.shape[1], dtype=bool)
    q = np.einsum("btd,dnk->bntk", x, Wq)
    k = np.einsum("bsd,dnk->bnsk", x, Wk)
    v = np.einsum("bsd,dnk->bnsk", x, Wv)
    s = np.einsum("bntk,bnsk->bnts", q, k) / np.sqrt(Wq.shape[-1])
    a = softmax(np.where(mask, s, -1e9))
    z = np.einsum("bnts,bnsk->bntk", a, v)
    y = np.einsum("bntk,nkd->btd", z, Wo)
    return y, (x, mask, Wq, Wk, Wv, Wo, q, k, v, a, z)


def softmax_backward(da, a):
    return a * (da - (da * a).sum(axis=-1, keepdims=True))


def softmax_backward_diagonal(da, a):
    return da * a * (1 - a)  # wrong: every probability depends on every score of its row


def attention_backward(dy, cache, softmax_backward=softmax_backward):
    x, mask, Wq, Wk, Wv, Wo, q, k, v, a, z = cache
    dz = np.einsum("btd,nkd->bntk", dy, Wo)
    dWo = np.einsum("bntk,btd->nkd", z, dy)
    da = np.einsum("bntk,bnsk->bnts", dz, v)
    dv = np.einsum("bnts,bntk->bnsk", a, dz)
    ds = np.where(mask, softmax_backward(da, a), 0) / np.sqrt(Wq.shape[-1])
    dq = np.einsum("bnts,bnsk->bntk", ds, k)
    dk = np.einsum("bnts,bntk->bnsk", ds, q)

    dWq = np.einsum("btd,bntk->dnk", x, dq)
    dWk = np.einsum("bsd,bnsk->dnk", x, dk)
    dWv = np.einsum("bsd,bnsk->dnk", x, dv)
    dx = np.einsum("bntk,dnk->btd", dq, Wq)
    dx += np.einsum("bnsk,dnk->bsd", dk, Wk)
    dx += np.einsum("bnsk,dnk->bsd", dv, Wv)
    return dx, dWq, dWk, dWv, dWo


def attention_backward_diagonal(dy, cache):
    return attention_backward(dy, cache, softmax_backward=softmax_backward_diagonal)


SHAPES = {"x": "B T D", "mask": oracle.booleans("T T")}
SHAPES |= {"Wq": "D N K", "Wk": "D N K", "Wv": "D N K", "Wo": "N K D"}

subject = oracle.Subject.from_functions(attention_forward, attention_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(attention_forward, attention_backward_diagonal, inputs=SHAPES)
