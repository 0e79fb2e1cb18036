import numpy as np

# scores of a bilinear model. squeeze() takes the batch axis away, too, when there is one row

def forward(x, W, y):
    s = np.squeeze(x[:, None, :] @ W @ y[:, :, None])
    return np.tanh(s), (x, W, y, np.tanh(s))

def backward(ds, cache):
    x, W, y, t = cache
    g = ds * (1 - t ** 2)
    dx = g[:, None] * (y @ W.T)
    dy = g[:, None] * (x @ W)
    return dx, np.einsum("n,ni,nj->ij", g, x, y), dy

def forward_keeps(x, W, y):
    s = np.squeeze(x[:, None, :] @ W @ y[:, :, None], axis=(1, 2))
    return np.tanh(s), (x, W, y, np.tanh(s))

# N = 1: IndexError, too many indices
EXPECTED = {"right": "CERTIFIED", "wrong": "BROKEN_CONTRACT"}
SHAPES = {"x": "N D", "W": "D E", "y": "N E"}

def right():
    import oracle
    return oracle.Subject.from_functions(forward_keeps, backward, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(forward, backward, inputs=SHAPES)
