# L2 normalise both sides, scaled cosine, as in contrastive learning
import numpy as np

def l2norm(v):
    n = np.linalg.norm(v, axis=1, keepdims=True)
    return v / n, n

def similarity(a, b, logit_scale):
    u, na = l2norm(a)
    v, nb = l2norm(b)
    cos = u @ v.T
    return np.exp(logit_scale) * cos, (u, na, v, nb, cos, logit_scale)

def l2norm_back(du, u, n):
    return (du - u * np.sum(du * u, axis=1, keepdims=True)) / n

def l2norm_back_simple(du, u, n):
    return du / n       # norm treated as a constant

def similarity_back(dS, cache, l2norm_back=l2norm_back):
    u, na, v, nb, cos, logit_scale = cache
    s = np.exp(logit_scale)
    dscale = (dS * cos).sum() * s
    du = s * dS @ v
    dv = s * dS.T @ u
    return l2norm_back(du, u, na), l2norm_back(dv, v, nb), dscale

def similarity_back_simple(dS, cache):
    return similarity_back(dS, cache, l2norm_back_simple)

SHAPES = {"a": "N D", "b": "M D", "logit_scale": ""}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(similarity, similarity_back, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(similarity, similarity_back_simple, inputs=SHAPES)
