"""Layer normalisation over the last axis, the way one writes it for a small GPT.

Ba, Kiros & Hinton (2016). Every token is normalised by itself, then scaled and shifted:

    μ = mean(x),   s = 1 / sqrt(mean((x − μ)²) + ε)
    x̂ = (x − μ) s
    y = γ ∘ x̂ + β

x is (B, T, C); γ and β are (C). Going back, μ and s depend on x as well, and each sends something home:

    dx̂ = γ ∘ dy
    dx  = s (dx̂ − mean(dx̂) − x̂ mean(dx̂ ∘ x̂))

The mistake: `layernorm_backward_frozen` takes μ and s for constants, dx = s dx̂. γ and β get exactly the right
gradients, so a check of "the parameters" is content, and a network on top of it trains, only worse. A test
loss of sum(y) makes matters odder still: with γ = 1 its true dx is zero.

    oracle verify examples/layer_norm.py:subject examples/layer_norm.py:wrong
"""

import numpy as np

import oracle

eps = 1e-5


def layernorm_forward(x, w, b):
    mean = x.mean(-1, keepdims=True)
    xshift = x - mean
    var = (xshift**2).mean(-1, keepdims=True)
    rstd = 1.0 / np.sqrt(var + eps)
    norm = xshift * rstd
    out = norm * w + b
    return out, (norm, w, rstd)


def layernorm_backward(dout, cache):
    norm, w, rstd = cache
    dw = (dout * norm).sum((0, 1))
    db = dout.sum((0, 1))
    dnorm = dout * w
    dx = dnorm - dnorm.mean(-1, keepdims=True) - norm * (dnorm * norm).mean(-1, keepdims=True)
    dx *= rstd
    return dx, dw, db


def layernorm_backward_frozen(dout, cache):
    norm, w, rstd = cache
    dw = (dout * norm).sum((0, 1))
    db = dout.sum((0, 1))
    dx = dout * w * rstd  # wrong: mean and variance move with x
    return dx, dw, db


SHAPES = {"x": "B T C", "w": "C", "b": "C"}

subject = oracle.Subject.from_functions(layernorm_forward, layernorm_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(layernorm_forward, layernorm_backward_frozen, inputs=SHAPES)
