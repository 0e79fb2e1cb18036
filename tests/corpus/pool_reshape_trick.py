import numpy as np

# non overlapping pooling through a reshape

def maxpool(x, k):
    N, C, H, W = x.shape
    xr = x.reshape(N, C, H // k, k, W // k, k)
    out = xr.max(axis=3).max(axis=4)
    return out, (x, xr, out)

def maxpool_back(dout, cache):
    x, xr, out = cache
    mask = (xr == out[:, :, :, np.newaxis, :, np.newaxis])
    d, _ = np.broadcast_arrays(dout[:, :, :, np.newaxis, :, np.newaxis], xr)
    dxr = np.zeros_like(xr)
    dxr[mask] = d[mask]
    return dxr.reshape(x.shape)

def avgpool(x, k):
    N, C, H, W = x.shape
    out = x.reshape(N, C, H // k, k, W // k, k).mean(axis=(3, 5))
    return out, (x.shape, k)

def avgpool_back(dout, cache):
    shape, k = cache
    return np.repeat(np.repeat(dout, k, axis=2), k, axis=3) / (k * k)

def avgpool_back_2(dout, cache):
    shape, k = cache
    return np.kron(dout, np.ones((1, 1, k, k))) / k       # / k**2

def maxpool_back_all(dout, cache):
    x, xr, out = cache
    # everyone in the window gets it
    return np.broadcast_to(dout[:, :, :, None, :, None], xr.shape).reshape(x.shape).copy()

EXPECTED = {"right": "CERTIFIED", "average": "CERTIFIED", "wrong": "REFUTED", "wrong_average": "REFUTED"}

def build(f, b):
    import oracle
    return oracle.Subject.from_functions(f, b, inputs={"x": "N C 2*P 2*Q", "k": oracle.fixed(2)})

def right(): return build(maxpool, maxpool_back)
def average(): return build(avgpool, avgpool_back)
def wrong(): return build(maxpool, maxpool_back_all)
def wrong_average(): return build(avgpool, avgpool_back_2)
