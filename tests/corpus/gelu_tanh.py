import numpy as np

# gelu, tanh approximation. y = .5 x (1 + tanh(k (x + a x^3)))
k = np.sqrt(2.0 / np.pi)
a = 0.044715

def gelu(x):
    u = k * (x + a * np.power(x, 3))
    th = np.tanh(u)
    return 0.5 * x * (1.0 + th), (x, th)

def dgelu(dy, cache):
    x, th = cache
    du = k * (1.0 + 3.0 * a * x ** 2)
    return dy * (0.5 * (1.0 + th) + 0.5 * x * (1.0 - th ** 2) * du)

def dgelu_value(dy, cache):
    x, th = cache
    # derivative of x^3 taken as x^2
    du = k * (1.0 + a * x ** 2)
    return dy * (0.5 * (1.0 + th) + 0.5 * x * (1.0 - th ** 2) * du)

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(gelu, dgelu, inputs={"x": "B T C"})

def wrong():
    import oracle
    return oracle.Subject.from_functions(gelu, dgelu_value, inputs={"x": "B T C"})
