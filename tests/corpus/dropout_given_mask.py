import numpy as np

def dropout_net(x, mask, W1, W2, keep=0.8):
    a = np.tanh(x @ W1)
    d = a * mask / keep
    return d @ W2, (x, a, d, mask, W1, W2, keep)

def dropout_net_back(dout, cache):
    x, a, d, mask, W1, W2, keep = cache
    da = dout @ W2.T * mask / keep
    dz = da * (1 - a ** 2)
    return dz @ W1.T, x.T @ dz, d.T @ dout

def dropout_net_back_unscaled(dout, cache):
    x, a, d, mask, W1, W2, keep = cache
    da = dout @ W2.T * mask         # where has / keep gone
    dz = da * (1 - a ** 2)
    return dz @ W1.T, x.T @ dz, d.T @ dout

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def shapes():
    import oracle
    return {"x": "B D", "mask": oracle.booleans("B H"), "W1": "D H", "W2": "H K"}

def right():
    import oracle
    return oracle.Subject.from_functions(dropout_net, dropout_net_back, inputs=shapes())

def wrong():
    import oracle
    return oracle.Subject.from_functions(dropout_net, dropout_net_back_unscaled, inputs=shapes())
