import numpy as np

# GRU as the GPU libraries have it: the reset gate multiplies *after* the recurrent product,
# so there are two biases for the candidate

def σ(x): return np.reciprocal(1 + np.exp(-x))

def gru(x, h, Wx, Wh, bx, bh):
    H = h.size
    cache = []
    ys = np.zeros((x.shape[0], H))
    for t in range(x.shape[0]):
        gx, gh = np.dot(Wx, x[t]) + bx, np.dot(Wh, h) + bh
        r = σ(gx[:H] + gh[:H])
        u = σ(gx[H:-H] + gh[H:-H])
        n = np.tanh(gx[-H:] + r * gh[-H:])
        cache.append([x[t], h, r, u, n, gh[-H:]])
        h = (1 - u) * n + u * h
        ys[t] = h
    return ys, (cache, Wx, Wh)

dtanh = lambda n: 1 - np.square(n)
dsig = lambda s: s * (1 - s)

def gru_grad(dys, c, dact=dtanh):
    cache, Wx, Wh = c
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    dbx, dbh = np.zeros(Wx.shape[0]), np.zeros(Wx.shape[0])
    dx = []
    dh = np.zeros(dys.shape[1])
    for t in reversed(range(len(cache))):
        xt, h, r, u, n, m = cache[t]
        dh = dh + dys[t]
        dn = dh * (1 - u) * dact(n)
        du = dh * (h - n) * dsig(u)
        dr = dn * m * dsig(r)
        dgx = np.concatenate([dr, du, dn])
        dgh = np.concatenate([dr, du, dn * r])
        dWx += dgx[:, None] * xt[None, :]
        dWh += dgh[:, None] * h[None, :]
        dbx += dgx
        dbh += dgh
        dx += [Wx.T @ dgx]
        dh = dh * u + Wh.T @ dgh
    dx.reverse()
    return np.vstack(dx), dh, dWx, dWh, dbx, dbh

def gru_grad_bad(dys, c):
    return gru_grad(dys, c, dact=dsig)      # sigmoid' on a tanh

SHAPES = dict(x="T D", h="H", Wx="3*H D", Wh="3*H H", bx="3*H", bh="3*H")
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(gru, gru_grad, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(gru, gru_grad_bad, inputs=SHAPES)
