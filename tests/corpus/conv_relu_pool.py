"""A toy CNN: conv, relu, maxpool, dense. Windows in which every relu is dead are exact ties of zeros, and harmless."""
import numpy as np


def forward(x, w, v):
    n, h, wd = x.shape
    k = w.shape[-1]
    col = np.array([x[:, i:i + h - k + 1, j:j + wd - k + 1] for i in range(k) for j in range(k)])   # (k*k, n, h', w')
    z = np.einsum("pnhw,fp->nfhw", col, w.reshape(len(w), -1))
    a = z * (z > 0)
    p = a.reshape(n, len(w), z.shape[2] // 2, 2, z.shape[3] // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    p = p.reshape(p.shape[:4] + (4,))
    arg = p.argmax(-1)
    pooled = p.max(-1)
    return np.tensordot(pooled, v, axes=3), (x, w, v, col, z, arg, pooled)


def backward(dy, cache):
    x, w, v, col, z, arg, pooled = cache
    dv = np.tensordot(pooled, dy, axes=(0, 0))
    dp = np.multiply.outer(dy, v)
    da = np.zeros(dp.shape + (4,))
    np.put_along_axis(da, arg[..., None], dp[..., None], axis=-1)
    da = da.reshape(dp.shape + (2, 2)).transpose(0, 1, 2, 4, 3, 5).reshape(z.shape)
    dz = da * (z > 0)
    dw = np.einsum("nfhw,pnhw->fp", dz, col).reshape(w.shape)
    dcol = np.einsum("nfhw,fp->pnhw", dz, w.reshape(len(w), -1))
    dx = np.zeros_like(x)
    k = w.shape[-1]
    for p in range(k * k):
        i, j = divmod(p, k)
        dx[:, i:i + z.shape[2], j:j + z.shape[3]] += dcol[p]
    return dx, dw, dv


def backward_no_relu(dy, cache):
    x, w, v, col, z, arg, pooled = cache
    return backward(dy, (x, w, v, col, np.ones_like(z), arg, pooled))     # missing activation derivative


SHAPES = {"x": "N 2*P+1 2*Q+1", "w": "F 2 2", "v": "F P Q"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def right():
    import oracle
    return oracle.Subject.from_functions(forward, backward, inputs=SHAPES)


def wrong():
    import oracle
    return oracle.Subject.from_functions(forward, backward_no_relu, inputs=SHAPES)
