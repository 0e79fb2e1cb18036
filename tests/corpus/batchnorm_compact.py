"""Compact batch norm, and the spatial one that folds pixels into the batch."""
import numpy as np


def bn_forward(x, gamma, beta, eps=1e-5):
    mu, var = x.mean(axis=0), x.var(axis=0)
    xn = (x - mu) / np.sqrt(var + eps)
    return gamma * xn + beta, (xn, gamma, var, eps)


def bn_backward_alt(dout, cache):
    xn, gamma, var, eps = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xn).sum(axis=0)
    dx = gamma / (N * np.sqrt(var + eps)) * (N * dout - dbeta - xn * dgamma)
    return dx, dgamma, dbeta


def bn_backward_dof(dout, cache):
    xn, gamma, var, eps = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xn).sum(axis=0)
    # someone changed N to N-1 in the variance ("unbiased")
    dx = gamma / np.sqrt(var + eps) * (dout - dbeta / N - xn * dgamma / (N - 1))
    return dx, dgamma, dbeta


def spatial_bn_forward(x, gamma, beta):
    N, C, H, W = x.shape
    out, cache = bn_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache


def spatial_bn_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = bn_backward_alt(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta


def spatial_bn_backward_mixed(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = bn_backward_alt(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    # (W, H) for (H, W): fine on square images
    return dx.reshape(N, W, H, C).transpose(0, 3, 2, 1), dgamma, dbeta


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED", "spatial": "CERTIFIED", "wrong_spatial": "REFUTED"}
FLAT, IMAGE = {"x": "N D", "gamma": "D", "beta": "D"}, {"x": "N C H W", "gamma": "C", "beta": "C"}


def right():
    import oracle
    return oracle.Subject.from_functions(bn_forward, bn_backward_alt, inputs=FLAT)


def wrong():
    import oracle
    return oracle.Subject.from_functions(bn_forward, bn_backward_dof, inputs=FLAT, sizes={"N": (2, 8)})


def spatial():
    import oracle
    return oracle.Subject.from_functions(spatial_bn_forward, spatial_bn_backward, inputs=IMAGE)


def wrong_spatial():
    import oracle
    return oracle.Subject.from_functions(spatial_bn_forward, spatial_bn_backward_mixed, inputs=IMAGE)
