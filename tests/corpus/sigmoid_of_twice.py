import numpy as np

# a gated unit whose "sigmoid" is 0.5 * (1 + tanh(x)), that is sigma(2x). The pair is consistent in itself

def sigmoid(x):
    return 0.5 * (np.tanh(x) + 1.0)

def forward(x, W, V):
    g, c = sigmoid(x @ W), np.tanh(x @ V)
    return g * c, (x, W, V, g, c)

def backward(dy, cache):
    x, W, V, g, c = cache
    da = dy * c * 2 * g * (1 - g)
    db = dy * g * (1 - c * c)
    return da @ W.T + db @ V.T, x.T @ da, x.T @ db

def backward_logistic(dy, cache):
    x, W, V, g, c = cache
    da = dy * c * g * (1 - g)           # the derivative of the real sigmoid
    db = dy * g * (1 - c * c)
    return da @ W.T + db @ V.T, x.T @ da, x.T @ db

def reference_as_meant(x, W, V):
    import jax
    import jax.numpy as jnp
    return jax.nn.sigmoid(x @ W) * jnp.tanh(x @ V)

def reference_as_written(x, W, V):
    import jax.numpy as jnp
    return 0.5 * (jnp.tanh(x @ W) + 1.0) * jnp.tanh(x @ V)

EXPECTED = {"alone": "CERTIFIED", "as_written": "CERTIFIED", "as_meant": "FORWARD_DIFFERS", "wrong": "REFUTED"}
SHAPES = {"x": "B D", "W": "D H", "V": "D H"}

def build(b, reference=None):
    import oracle
    return oracle.Subject.from_functions(forward, b, inputs=SHAPES, reference=reference)

def alone(): return build(backward)
def as_written(): return build(backward, reference_as_written)
def as_meant(): return build(backward, reference_as_meant)
def wrong(): return build(backward_logistic)
