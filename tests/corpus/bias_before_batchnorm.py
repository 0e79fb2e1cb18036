import numpy as np

# dense + batch norm. The bias is subtracted again by the mean: its gradient is zero, whatever one does

def forward(x, W, b):
    z = x @ W + b
    zc = z - z.mean(0)
    s = np.sqrt((zc ** 2).mean(0) + 1e-3)
    return zc / s, (x, W, zc, s)

def dz(dy, zc, s):
    n = zc / s
    return (dy - dy.mean(0) - n * (dy * n).mean(0)) / s

def backward(dy, cache):
    x, W, zc, s = cache
    d = dz(dy, zc, s)
    return d @ W.T, x.T @ d, d.sum(0)

def backward_dead(dy, cache):
    x, W, zc, s = cache
    d = dz(dy, zc, s)
    return d @ W.T, x.T @ d, np.zeros(W.shape[1])

def backward_wrong(dy, cache):
    x, W, zc, s = cache
    d = dz(dy, zc, s)
    return d @ W.T, x.T @ d, dy.sum(0)      # upstream cotangent for the delta

# no case can exercise b, and the reader has to be told so
EXPECTED = {"summed": "CERTIFIED", "dead": "NOTHING_COMPARED", "wrong": "REFUTED"}

def build(b):
    import oracle
    return oracle.Subject.from_functions(forward, b, inputs={"x": "N D", "W": "D H", "b": "H"})

def summed(): return build(backward)
def dead(): return build(backward_dead)
def wrong(): return build(backward_wrong)
