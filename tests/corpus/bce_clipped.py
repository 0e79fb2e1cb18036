import numpy as np

EPS = 1e-12

def logistic_regression(w, b, X, t):
    t = t.astype(float)
    z = X.dot(w) + b
    y = 1 / (1 + np.exp(-z))
    yc = np.clip(y, EPS, 1 - EPS)
    loss = -(t * np.log(yc) + (1 - t) * np.log(1 - yc)).mean()
    return loss, (X, t, y)

def logistic_regression_back(dloss, cache):
    X, t, y = cache
    dz = dloss * (y - t) / len(t)
    return X.T.dot(dz), dz.sum()

def logistic_regression_back_clipped(dloss, cache):
    X, t, y = cache
    inside = (y > EPS) & (y < 1 - EPS)
    dz = dloss * (y - t) * inside / len(t)
    return X.T.dot(dz), dz.sum()

def logistic_regression_back2(dloss, cache):
    X, t, y = cache
    # chain rule applied once too often: (y - t) already contains y(1-y)
    dz = dloss * (y - t) * y * (1 - y) / len(t)
    return X.T.dot(dz), dz.sum()

# the usual backward forgets the clip: right as long as it does not bite, refuted where it does (saturated inputs)
EXPECTED = {"usual": "REFUTED", "right": "CERTIFIED", "wrong": "REFUTED"}

# X and t are data: they get no gradient, so this is a loss with two gradients, not a layer
def both(backward):
    def loss_and_gradients(w, b, X, t):
        loss, cache = logistic_regression(w, b, X, t)
        return (loss,) + backward(1.0, cache)
    return loss_and_gradients

def build(f, w="D"):
    import oracle
    return oracle.Subject.from_loss(f, inputs={"w": w, "b": "", "X": oracle.reals("N D", differentiated=False),
                                                   "t": oracle.booleans("N")}, gradients=("w", "b"))

def usual():
    import oracle
    return build(both(logistic_regression_back), oracle.reals("D", low=-9.0, high=9.0))   # large enough for the clip to bite

def right():
    return build(both(logistic_regression_back_clipped))

def wrong():
    return build(both(logistic_regression_back2))
