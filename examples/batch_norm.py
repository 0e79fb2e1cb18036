"""Batch normalisation, taken apart into the nodes of its computational graph as in a course assignment.

Ioffe & Szegedy (2015), training mode, over the rows of x (N, D):

    μ = 1/N Σ x,   v = 1/N Σ (x − μ)²,   x̂ = (x − μ) / sqrt(v + ε),   out = γ x̂ + β

Each step of the forward is one node, and the backward walks the same nodes in reverse. Mind `1.0 / N`: N comes
from x.shape, so this is a rounded float before any number system could help, unless arithmetic on plain numbers
is followed as well. It is, and the right version is certified for N = 3, 5 and 7 as for 4.

The mistake: x − μ is used twice, in the numerator and in the variance. `batchnorm_backward_one_branch` computes
the gradient that comes through the variance, and then does not add it: the name dxmu is simply assigned a
second time. Python does not mind.

    oracle verify examples/batch_norm.py:subject examples/batch_norm.py:wrong
"""

import numpy as np

import oracle


def batchnorm_forward(x, gamma, beta):
    N, D = x.shape
    eps = 1e-5

    mu = 1.0 / N * np.sum(x, axis=0)  # node 1: mean
    xmu = x - mu  # node 2: centre
    sq = xmu**2  # node 3: square
    var = 1.0 / N * np.sum(sq, axis=0)  # node 4: variance
    sqrtvar = np.sqrt(var + eps)  # node 5: standard deviation
    ivar = 1.0 / sqrtvar  # node 6: invert
    xhat = xmu * ivar  # node 7: normalise
    out = gamma * xhat + beta  # nodes 8 and 9: scale and shift

    return out, (xhat, gamma, xmu, ivar, sqrtvar)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar = cache
    N, D = dout.shape

    dbeta = np.sum(dout, axis=0)  # node 9
    dgamma = np.sum(dout * xhat, axis=0)  # node 8
    dxhat = dout * gamma

    divar = np.sum(dxhat * xmu, axis=0)  # node 7
    dxmu = dxhat * ivar  # first branch
    dsqrtvar = -1.0 / sqrtvar**2 * divar  # node 6
    dvar = 0.5 * 1.0 / sqrtvar * dsqrtvar  # node 5
    dsq = 1.0 / N * np.ones((N, D)) * dvar  # node 4
    dxmu += 2 * xmu * dsq  # node 3: second branch

    dmu = -1 * np.sum(dxmu, axis=0)  # node 2
    dx = dxmu + 1.0 / N * np.ones((N, D)) * dmu  # node 1
    return dx, dgamma, dbeta


def batchnorm_backward_one_branch(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar = cache
    N, D = dout.shape

    dbeta = np.sum(dout, axis=0)  # node 9
    dgamma = np.sum(dout * xhat, axis=0)  # node 8
    dxhat = dout * gamma

    divar = np.sum(dxhat * xmu, axis=0)  # node 7
    dsqrtvar = -1.0 / sqrtvar**2 * divar  # node 6
    dvar = 0.5 * 1.0 / sqrtvar * dsqrtvar  # node 5
    dsq = 1.0 / N * np.ones((N, D)) * dvar  # node 4
    dxmu = 2 * xmu * dsq  # node 3
    dxmu = dxhat * ivar  # wrong: this is the other branch, and it wanted +=

    dmu = -1 * np.sum(dxmu, axis=0)  # node 2
    dx = dxmu + 1.0 / N * np.ones((N, D)) * dmu  # node 1
    return dx, dgamma, dbeta


SHAPES = {"x": "N D", "gamma": "D", "beta": "D"}

subject = oracle.Subject.from_functions(batchnorm_forward, batchnorm_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(batchnorm_forward, batchnorm_backward_one_branch, inputs=SHAPES)
