import numpy as np

# all four gates in one matrix product, (T, B, D), np.split / np.hstack

def sigm(z): return 0.5 * (1 + np.tanh(0.5 * z))

def lstm_fwd(X, h0, c0, WLSTM):
    """WLSTM: first row is the bias, then input rows, then hidden rows"""
    n, b, input_size = X.shape
    d = WLSTM.shape[1] // 4
    Hin, Hout, IFOG, C = [], [], [], []
    h, c = h0, c0
    for t in range(n):
        hin = np.hstack([np.ones((b, 1)), X[t], h])
        i, f, o, g = np.split(hin.dot(WLSTM), 4, axis=1)
        i, f, o, g = sigm(i), sigm(f), sigm(o), np.tanh(g)
        C.append(c)
        c = i * g + f * c
        h = o * np.tanh(c)
        Hin.append(hin); Hout.append(h); IFOG.append((i, f, o, g))
    C.append(c)
    return np.array(Hout), h, c, dict(Hin=Hin, IFOG=IFOG, C=C, W=WLSTM, n=n, b=b, d=d, k=input_size)


def lstm_bwd(dHout_in, dhn, dcn, cache, forget=True):
    dW = np.zeros_like(cache['W'])
    dX = np.zeros((cache['n'], cache['b'], cache['k']))
    dHout = dHout_in.copy()   # make a copy so we don't have any funny side effects
    dh, dc = dhn, dcn
    for t in reversed(range(cache['n'])):
        i, f, o, g = cache['IFOG'][t]
        tc = np.tanh(cache['C'][t + 1])
        dh = dh + dHout[t]
        dc = dc + dh * o * (1 - tc * tc)
        dA = np.hstack([dc * g * i * (1 - i),
                        dc * cache['C'][t] * f * (1 - f),
                        dh * tc * o * (1 - o),
                        dc * i * (1 - g * g)])
        dW += np.dot(cache['Hin'][t].T, dA)
        dHin = dA.dot(cache['W'].T)
        dX[t] = dHin[:, 1:1 + cache['k']]
        dh = dHin[:, 1 + cache['k']:]
        dc = dc * f if forget else dc
    return dX, dh, dc, dW


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}
SHAPES = {"X": "T B D", "h0": "B H", "c0": "B H", "WLSTM": "1+D+H 4*H"}


def right():
    import oracle
    return oracle.Subject.from_functions(lstm_fwd, lambda a, b, c, k: lstm_bwd(a, b, c, k), inputs=SHAPES)


def wrong():
    # missing forget factor: the cell is handed back as it came
    import oracle
    return oracle.Subject.from_functions(lstm_fwd, lambda a, b, c, k: lstm_bwd(a, b, c, k, forget=False), inputs=SHAPES)
