from numpy import exp, log, logaddexp, where, abs, maximum, log1p
import numpy as np

def softplus(x):
    # log(1 + e^x) without overflow
    return maximum(x, 0) + log1p(exp(-abs(x)))

def logistic(x):
    e = exp(-abs(x))
    return where(x >= 0, 1 / (1 + e), e / (1 + e))

def forward(x, beta):
    """swish with a learned beta, then softplus"""
    s = logistic(beta * x)
    y = x * s
    return softplus(y), (x, beta, s, y)

def backward(dz, cache):
    x, beta, s, y = cache
    dy = dz * logistic(y)
    ds = dy * x * s * (1 - s)
    return dy * s + ds * beta, np.sum(ds * x)

def backward_bad(dz, cache):
    x, beta, s, y = cache
    dy = dz * softplus(y)         # the function itself, not its derivative
    ds = dy * x * s * (1 - s)
    return dy * s + ds * beta, np.sum(ds * x)

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(forward, backward, inputs={"x": "N D", "beta": ""})

def wrong():
    import oracle
    return oracle.Subject.from_functions(forward, backward_bad, inputs={"x": "N D", "beta": ""})
