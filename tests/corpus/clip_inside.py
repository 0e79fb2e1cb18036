import numpy as np

# rnn whose carry is clipped to [-1, 1] at every step backwards. works great. not a derivative though

def forward(x, W, U):
    h, hs = np.zeros(U.shape[0]), [np.zeros(U.shape[0])]
    for xt in x:
        h = np.tanh(W @ xt + U @ h)
        hs.append(h)
    return np.array(hs[1:]), (x, hs, W, U)

def backward(dh_all, cache, guard=lambda v: v):
    x, hs, W, U = cache
    dx, dW, dU, dh = [], np.zeros_like(W), np.zeros_like(U), 0
    for t in range(len(x))[::-1]:
        da = (dh_all[t] + dh) * (1 - hs[t + 1] ** 2)
        dx = [W.T @ da] + dx
        dW += np.outer(da, x[t])
        dU += np.outer(da, hs[t])
        dh = guard(U.T @ da)
    return np.array(dx), dW, dU

def backward_clipped(dh_all, cache):
    return backward(dh_all, cache, guard=lambda v: np.clip(v, -1, 1))

SHAPES = {"x": "T D", "W": "H D", "U": "H H"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(forward, backward, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(forward, backward_clipped, inputs=SHAPES)
