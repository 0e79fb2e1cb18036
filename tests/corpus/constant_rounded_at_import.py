import numpy as np

# averages over three frames. The third is computed once, when the module is imported
FRAMES = 3
third = 1. / FRAMES

def smooth(x, w):
    y = np.zeros((x.shape[0] - FRAMES + 1, x.shape[1]))
    for t in range(y.shape[0]):
        y[t] = w * (x[t] + x[t + 1] + x[t + 2]) / 3
    return y, (x, w)

def smooth_back(dy, cache):
    x, w = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(dy.shape[0]):
        for k in range(FRAMES):
            dx[t + k] += third * w * dy[t]
            dw += third * x[t + k] * dy[t]
    return dx, dw

def smooth_back_short(dy, cache):
    x, w = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(dy.shape[0]):
        for k in range(FRAMES):
            dx[t + k] += 0.3333 * w * dy[t]         # a literal that is not a third
            dw += 0.3333 * x[t + k] * dy[t]
    return dx, dw

# right to 16 digits, and no more can be said of it
EXPECTED = {"right": "CONSISTENT", "wrong": "REFUTED"}
SHAPES = {"x": "T+2 D", "w": "D"}

def right():
    import oracle
    return oracle.Subject.from_functions(smooth, smooth_back, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(smooth, smooth_back_short, inputs=SHAPES)
