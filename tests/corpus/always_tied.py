import numpy as np

# "symmetric" hinge on the difference of a thing with itself: sits on its kink whatever x is

def forward(x, w):
    a = x @ w
    b = np.einsum("nd,dh->nh", x, w)
    return np.maximum(a, b), (x, w)

def backward(dy, cache):
    x, w = cache
    return dy @ w.T, x.T @ dy

def forward_nothing(x, w):
    return 0 * (x @ w), (x, w)

def backward_nothing(dy, cache):
    x, w = cache
    return 0 * x, 0 * w

# a tie at every point, smooth all the same: finite differences to both sides agree; and a leaf that is zero on both sides everywhere compares nothing
EXPECTED = {"tied": "CERTIFIED", "zero": "NOTHING_COMPARED"}

def build(f, b):
    import oracle
    return oracle.Subject.from_functions(f, b, inputs={"x": "N D", "w": "D H"})

def tied(): return build(forward, backward)
def zero(): return build(forward_nothing, backward_nothing)
