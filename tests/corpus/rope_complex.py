"""Rotary embedding through complex numbers, then causal-free attention scores."""
import numpy as np


def precompute_freqs_cis(dim, end, theta=10000.0):
    freqs = 1.0 / (theta ** (np.arange(0, dim, 2)[: (dim // 2)] / dim))
    t = np.arange(end)
    return np.exp(1j * np.outer(t, freqs))


def rotate(x, cis):
    """x: (B, T, 2K) -> pairs as complex numbers, turned, back to pairs"""
    z = (x[..., 0::2] + 1j * x[..., 1::2]) * cis
    out = np.empty(x.shape)
    out[..., 0::2], out[..., 1::2] = z.real, z.imag
    return out


def rope_scores(q, k):
    cis = precompute_freqs_cis(q.shape[-1], q.shape[1])
    qr, kr = rotate(q, cis), rotate(k, cis)
    return np.einsum("btd,bsd->bts", qr, kr), (qr, kr, cis)


def rope_scores_backward(ds, cache):
    qr, kr, cis = cache
    dqr = np.einsum("bts,bsd->btd", ds, kr)
    dkr = np.einsum("bts,btd->bsd", ds, qr)
    return rotate(dqr, np.conj(cis)), rotate(dkr, cis.conj())


def rope_scores_backward_same(ds, cache):
    qr, kr, cis = cache
    dqr = np.einsum("bts,bsd->btd", ds, kr)
    dkr = np.einsum("bts,btd->bsd", ds, qr)
    return rotate(dqr, cis), rotate(dkr, cis)     # the same turn once more instead of back


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(back):
    import oracle
    return oracle.Subject.from_functions(rope_scores, back, inputs={"q": "B T 2*K", "k": "B T 2*K"})


def right():
    return build(rope_scores_backward)


def wrong():
    return build(rope_scores_backward_same)
