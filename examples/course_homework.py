"""A student's homework: a fully connected layer with ReLU, and a test of one line.

    y = max(x W + b, 0)
    ā = ȳ ∘ [y > 0],   x̄ = ā Wᵀ,   W̄ = xᵀ ā,   b̄ = Σ ā

x is (N, D), W is (D, M), b is (M). The functions have the names and signatures that courses hand out: forward returns
the output and a cache, backward takes the upstream gradient and the cache.

The mistake: the student tests the mask on the upstream gradient instead of the output, in `dout > 0`. For an upstream
gradient that happens to be positive (that of a sum, which is what one tries first) the two differ only where the
network is off, and training still works, rather worse.

The teacher hands out the last lines of this file. The student runs

    pytest examples/course_homework.py
    oracle verify examples/course_homework.py:subject examples/course_homework.py:wrong
"""

import numpy as np

import oracle


def affine_relu_forward(x, w, b):
    out = np.maximum(x @ w + b, 0)
    return out, (x, w, out)


def affine_relu_backward(dout, cache):
    x, w, out = cache
    da = dout * (out > 0)
    return da @ w.T, x.T @ da, da.sum(axis=0)


def affine_relu_backward_first_try(dout, cache):
    x, w, out = cache
    da = dout * (dout > 0)  # wrong: the layer is off where its output is zero, whatever comes from above
    return da @ w.T, x.T @ da, da.sum(axis=0)


SHAPES = {"x": "N D", "w": "D M", "b": "M"}
subject = oracle.Subject.from_functions(affine_relu_forward, affine_relu_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(affine_relu_forward, affine_relu_backward_first_try, inputs=SHAPES)


def test_my_backward(verify_gradients):
    verify_gradients(subject)
