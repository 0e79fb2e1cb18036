import numpy as np

def groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get('eps', 1e-5)
    N, C, H, W = x.shape
    x_group = np.reshape(x, (N, G, C // G, H, W))
    mean = np.mean(x_group, axis=(2, 3, 4), keepdims=True)
    var = np.var(x_group, axis=(2, 3, 4), keepdims=True)
    x_groupnorm = (x_group - mean) / np.sqrt(var + eps)
    x_norm = np.reshape(x_groupnorm, (N, C, H, W))
    out = x_norm * gamma + beta
    cache = (G, x_norm, var, gamma, eps)
    return out, cache

def groupnorm_backward(dout, cache):
    G, x_norm, var, gamma, eps = cache
    N, C, H, W = dout.shape
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * x_norm).sum(axis=(0, 2, 3), keepdims=True)
    d = (dout * gamma).reshape(N, G, -1)
    xg = x_norm.reshape(N, G, -1)
    M = d.shape[-1]
    dx = (M * d - d.sum(axis=-1, keepdims=True) - xg * (d * xg).sum(axis=-1, keepdims=True)) / M
    dx = dx / np.sqrt(var.reshape(N, G, 1) + eps)
    return dx.reshape(dout.shape), dgamma, dbeta

def groupnorm_backward_like_layernorm(dout, cache):
    G, x_norm, var, gamma, eps = cache
    N, C, H, W = dout.shape
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * x_norm).sum(axis=(0, 2, 3), keepdims=True)
    # sums over all channels instead of those of the group; right for G = 1
    d = (dout * gamma).reshape(N, 1, -1)
    xg = x_norm.reshape(N, 1, -1)
    M = d.shape[-1]
    dx = (M * d - d.sum(axis=-1, keepdims=True) - xg * (d * xg).sum(axis=-1, keepdims=True)) / M
    dx = dx.reshape(N, G, -1) / np.sqrt(var.reshape(N, G, 1) + eps)
    return dx.reshape(dout.shape), dgamma, dbeta

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(back):
    import oracle
    shapes = {"x": "N 3*K H W", "gamma": "1 3*K 1 1", "beta": "1 3*K 1 1", "G": oracle.fixed(3), "gn_param": oracle.fixed({})}
    return oracle.Subject.from_functions(groupnorm_forward, back, inputs=shapes)

def right(): return build(groupnorm_backward)
def wrong(): return build(groupnorm_backward_like_layernorm)
