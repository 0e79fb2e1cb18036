import numpy as np

# examples in columns, as in the course. dW and db carry 1/m, dA_prev does not: right inside a net whose cost is a
# mean over m, where dZ of the last layer is A - Y; not the derivative of the layer by itself

def relu(Z):
    A = np.maximum(0, Z)
    return A, Z

def linear_forward(A_prev, W, b):
    Z = np.dot(W, A_prev) + b
    assert(Z.shape == (W.shape[0], A_prev.shape[1]))
    return Z, (A_prev, W, b)

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1 / m * np.dot(dZ, A_prev.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    assert (dW.shape == W.shape)
    return dA_prev, dW, db

def model(X, Y, parameters):
    grads = {}
    Z1, cache1 = linear_forward(X, parameters['W1'], parameters['b1'])
    A1, _ = relu(Z1)
    Z2, cache2 = linear_forward(A1, parameters['W2'], parameters['b2'])
    A2 = 1 / (1 + np.exp(-Z2))
    m = Y.shape[1]
    cost = -1 / m * np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    cost = np.squeeze(cost)
    dA1, grads['dW2'], grads['db2'] = linear_backward(A2 - Y, cache2)
    dZ1 = np.array(dA1, copy=True)
    dZ1[Z1 <= 0] = 0
    _, grads['dW1'], grads['db1'] = linear_backward(dZ1, cache1)
    return cost, grads

def model_twice(X, Y, parameters):
    cost, grads = model(X, Y, parameters)
    m = Y.shape[1]
    return cost, {k: g / m for k, g in grads.items()}       # "average over the examples", once more

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED", "layer_alone": "REFUTED", "layer_declared_on_all": "REFUTED"}
NAMES = ("W1", "b1", "W2", "b2")

def build(f):
    import oracle
    shapes = {"X": oracle.reals("D m", differentiated=False), "Y": oracle.integers("K m", below=2),
              "W1": "H D", "b1": "H 1", "W2": "K H", "b2": "K 1"}
    return oracle.Subject.from_loss(lambda X, Y, *p: f(X, Y, dict(zip(NAMES, p))), inputs=shapes, gradients="d{}")

def layer(**declared):
    import oracle
    return oracle.Subject.from_functions(linear_forward, linear_backward,
                                         inputs={"A_prev": "D m", "W": "H D", "b": "H 1"}, **declared)

def right(): return build(model)
def wrong(): return build(model_twice)
def layer_alone(): return layer()
def layer_declared_on_all(): return layer(mean_over="m")
