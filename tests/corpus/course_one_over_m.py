import numpy as np

# layers of examples in columns, as in the course: dW and db carry 1/m, dA_prev does not

def linear_activation_forward(A_prev, W, b):
    Z = np.dot(W, A_prev) + b
    A = np.maximum(0.1 * Z, Z)
    assert(A.shape == (W.shape[0], A_prev.shape[1]))
    return A, ((A_prev, W, b), Z)

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1 / m * np.dot(dZ, A_prev.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    assert (dW.shape == W.shape)
    return dA_prev, dW, db

def linear_activation_backward(dA, cache):
    linear_cache, Z = cache
    dZ = np.array(dA, copy=True)
    dZ[Z < 0] *= 0.1
    return linear_backward(dZ, linear_cache)

# declared: 1/m on W and b, and nothing on A_prev
EXPECTED = {"declared": "CERTIFIED", "undeclared": "REFUTED", "declared_on_all": "REFUTED"}

def build(**kw):
    import oracle
    return oracle.Subject.from_functions(linear_activation_forward, linear_activation_backward,
                                         inputs={"A_prev": "D m", "W": "H D", "b": "H 1"}, **kw)

def declared(): return build(mean_over={"W": "m", "b": "m"})
def undeclared(): return build()
def declared_on_all(): return build(mean_over="m")
