import numpy as np

def max_pool_forward_naive(x, pool_param):
    N, C, H, W = x.shape
    ph, pw, s = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    Ho, Wo = (H - ph) // s + 1, (W - pw) // s + 1
    out = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    out[n, c, i, j] = np.max(x[n, c, i*s:i*s+ph, j*s:j*s+pw])
    return out, (x, pool_param)

def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    ph, pw, s = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i*s:i*s+ph, j*s:j*s+pw]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, i*s+a, j*s+b] += dout[n, c, i, j]
    return dx

def max_pool_backward_assign(dout, cache):
    x, pool_param = cache
    ph, pw, s = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i*s:i*s+ph, j*s:j*s+pw]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, i*s+a, j*s+b] = dout[n, c, i, j]       # windows overlap when stride < size
    return dx

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(back):
    import oracle
    param = oracle.fixed({'pool_height': 3, 'pool_width': 2, 'stride': 1})
    return oracle.Subject.from_functions(max_pool_forward_naive, back, inputs={"x": "N C P+2 Q+1", "pool_param": param},
                                         sizes={"N": (1, 2), "C": (1, 3), "P": (1, 4), "Q": (1, 4)})

def right(): return build(max_pool_backward_naive)
def wrong(): return build(max_pool_backward_assign)
