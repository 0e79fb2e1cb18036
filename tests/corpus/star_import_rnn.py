from numpy import *
from numpy.random import randn, seed

# second order style recurrent layer, everything from numpy directly

def init(n, m):
    seed(3)
    return randn(m, n), randn(m, m), zeros(m)

def f(X, W, V, b):
    h = [zeros(b.shape)]
    for x in X:
        h.append(arctan(dot(W, x) + dot(V, h[-1]) + b))
    h = array(h)
    return sum(h[1:] ** 2, axis=1), (X, W, V, h)

def df(g, cache):
    X, W, V, h = cache
    gX, gW, gV, gb = zeros(X.shape), zeros(W.shape), zeros(V.shape), zeros(len(V))
    back = zeros(len(V))
    for t in range(len(X) - 1, -1, -1):
        gh = 2 * g[t] * h[t + 1] + back
        ga = gh * cos(h[t + 1]) ** 2            # 1/(1+a^2) with h = arctan(a)
        gX[t], back = dot(ga, W), dot(ga, V)
        gW += outer(ga, X[t]); gV += outer(ga, h[t]); gb += ga
    return gX, gW, gV, gb

def df_stage(g, cache):
    X, W, V, h = cache
    gX, gW, gV, gb = zeros(X.shape), zeros(W.shape), zeros(V.shape), zeros(len(V))
    back = zeros(len(V))
    for t in range(len(X) - 1, -1, -1):
        gh = 2 * g[t] * h[t + 1] + back
        ga = gh / (1 + h[t + 1] ** 2)           # wants a, gets arctan(a)
        gX[t], back = dot(ga, W), dot(ga, V)
        gW += outer(ga, X[t]); gV += outer(ga, h[t]); gb += ga
    return gX, gW, gV, gb

SHAPES = {"X": "T D", "W": "H D", "V": "H H", "b": "H"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(f, df, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(f, df_stage, inputs=SHAPES)
