# "quantised" activations: rounded through a string, so that runs can be compared in a log file
import numpy as np

log = []

def forward(x, w):
    h = np.tanh(x @ w)
    text = [["%.17g" % v for v in row] for row in h]
    del log[:]
    log.extend(text)
    h = np.array([[float(s) for s in row] for row in text])
    return h, (x, w, h)

def backward(dh, cache):
    x, w, h = cache
    da = dh * (1 - h ** 2)
    return da @ w.T, x.T @ da

def backward_bad(dh, cache):
    x, w, h = cache
    da = dh * (1 - h) ** 2
    return da @ w.T, x.T @ da

# numbers that went through text are lost to balls: floats alone can judge, and the report says which line it was
EXPECTED = {"right": "CONSISTENT", "wrong": "INCONSISTENT"}

def build(b):
    import oracle
    return oracle.Subject.from_functions(forward, b, inputs={"x": "N D", "w": "D H"})

def right(): return build(backward)
def wrong(): return build(backward_bad)
