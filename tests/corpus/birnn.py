import numpy as np

# bidirectional tanh rnn (batch, time, feature)

def rnn(x, W, U):
    h = np.zeros((x.shape[0], U.shape[0]))
    hs = np.empty((x.shape[0], x.shape[1], U.shape[0]))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U)
        hs[:, t] = h
    return hs

def rnn_grad(dhs, hs, x, W, U):
    dx, dW, dU = np.zeros(x.shape), np.zeros(W.shape), np.zeros(U.shape)
    dh = 0
    for t in reversed(range(x.shape[1])):
        da = (dhs[:, t] + dh) * (1 - hs[:, t] ** 2)
        dx[:, t] = da @ W.T
        dW += x[:, t].T @ da
        if t > 0:
            dU += hs[:, t - 1].T @ da
        dh = da @ U.T
    return dx, dW, dU

def birnn(x, Wf, Uf, Wb, Ub):
    f = rnn(x, Wf, Uf)
    b = rnn(x[:, ::-1], Wb, Ub)
    return np.concatenate([f, b[:, ::-1]], axis=2), (x, f, b, Wf, Uf, Wb, Ub)

def birnn_backward(dout, cache):
    x, f, b, Wf, Uf, Wb, Ub = cache
    H = f.shape[2]
    dxf, dWf, dUf = rnn_grad(dout[:, :, :H], f, x, Wf, Uf)
    dxb, dWb, dUb = rnn_grad(dout[:, ::-1, H:], b, x[:, ::-1], Wb, Ub)
    return dxf + dxb[:, ::-1], dWf, dUf, dWb, dUb

def birnn_backward_forgot_flip(dout, cache):
    x, f, b, Wf, Uf, Wb, Ub = cache
    H = f.shape[2]
    dxf, dWf, dUf = rnn_grad(dout[:, :, :H], f, x, Wf, Uf)
    dxb, dWb, dUb = rnn_grad(dout[:, :, H:], b, x[:, ::-1], Wb, Ub)   # cotangents go in at the wrong steps
    return dxf + dxb[:, ::-1], dWf, dUf, dWb, dUb

SHAPES = {"x": "B T D", "Wf": "D H", "Uf": "H H", "Wb": "D H", "Ub": "H H"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(birnn, birnn_backward, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(birnn, birnn_backward_forgot_flip, inputs=SHAPES)
