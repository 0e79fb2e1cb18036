# exact gelu, no scipy here so erf comes from math, one number at a time
import math
import numpy as np

SQRT2 = math.sqrt(2)

def phi(v):
    return 0.5 * (1.0 + math.erf(v / math.sqrt(2)))

def phi_fast(v):
    return 0.5 * (1.0 + math.erf(v / SQRT2))

def pdf(v):
    return math.exp(-0.5 * v * v) / math.sqrt(2 * math.pi)

def gelu(x, phi=phi):
    flat = x.reshape(-1)
    y = np.array([v * phi(v) for v in flat]).reshape(x.shape)
    return y, x

def gelu_fast(x):
    return gelu(x, phi_fast)

def gelu_backward(dy, x):
    dx = np.zeros(x.size)
    for n, (d, v) in enumerate(zip(dy.flatten(), x.flatten())):
        dx[n] = d * (phi(v) + v * pdf(v))
    return dx.reshape(x.shape)

def gelu_backward_logistic(dy, x):
    # derivative of x * sigmoid(1.702 x), which is "the same thing"
    s = 1 / (1 + np.exp(-1.702 * x))
    return dy * (s + 1.702 * x * s * (1 - s))

# gelu_fast divides by a root that was rounded when the module was imported, its derivative does not:
# equal to 16 digits and no more
EXPECTED = {"right": "CONSISTENT", "rounded_at_import": "CONSISTENT", "wrong": "REFUTED"}

def build(forward, backward):
    import oracle
    return oracle.Subject.from_functions(forward, backward, inputs={"x": "N D"})

def right(): return build(gelu, gelu_backward)
def rounded_at_import(): return build(gelu_fast, gelu_backward)
def wrong(): return build(gelu, gelu_backward_logistic)
