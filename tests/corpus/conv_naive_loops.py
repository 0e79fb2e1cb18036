import numpy as np

def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, [(0,), (0,), (pad,), (pad,)], 'constant')
    Ho, Wo = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    out[n, f, i, j] = np.sum(xp[n, :, i*stride:i*stride+HH, j*stride:j*stride+WW] * w[f]) + b[f]
    return out, (x, w, b, conv_param)

def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    N, F, Ho, Wo = dout.shape
    HH, WW = w.shape[2:]
    xp = np.pad(x, [(0,), (0,), (pad,), (pad,)], 'constant')
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    sl = np.s_[n, :, i*stride:i*stride+HH, j*stride:j*stride+WW]
                    dw[f] += xp[sl] * dout[n, f, i, j]
                    dxp[sl] += w[f] * dout[n, f, i, j]
    return dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]], dw, np.sum(dout, axis=(0, 2, 3))

def conv_backward_square(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    N, F, Ho, Wo = dout.shape
    HH, WW = w.shape[2:]
    xp = np.pad(x, [(0,), (0,), (pad,), (pad,)], 'constant')
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(min(Ho, Wo)):      # was range(Ho), min silences the index error on tall images
                    sl = np.s_[n, :, i*stride:i*stride+HH, j*stride:j*stride+WW]
                    dw[f] += xp[sl] * dout[n, f, i, j]
                    dxp[sl] += w[f] * dout[n, f, i, j]
    return dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]], dw, np.sum(dout, axis=(0, 2, 3))

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(back):
    import oracle
    shapes = {"x": "N C 2*P+1 2*Q+1", "w": "F C 3 3", "b": "F", "conv_param": oracle.fixed({"stride": 2, "pad": 1})}
    return oracle.Subject.from_functions(conv_forward_naive, back, inputs=shapes, sizes={"N": (1, 2), "C": (1, 3), "F": (1, 3), "P": (1, 3), "Q": (1, 4)})

def right(): return build(conv_backward_naive)
def wrong(): return build(conv_backward_square)
