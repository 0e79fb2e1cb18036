"""A convolution layer by im2col, with stride and padding.

Every patch of the padded image becomes a column, and the convolution becomes one matrix product:

    cols = im2col(pad(x))             (C·K·L, N·P·Q)
    out  = w · cols + b               (F, N·P·Q), then reshaped to (N, F, P, Q)

x is (N, C, H, W), w is (F, C, K, L), b is (F), and P = (H + 2 pad − K) // stride + 1, Q likewise with W and L.
Backward, the same product is transposed, and col2im adds every column's gradient back to the pixels it came
from; pixels in the overlap of several patches collect several terms.

The mistake: `col2im_dense` adds the columns back side by side, as if the stride were 1. With stride 1 it is the
same function, and stride 1 is what the layer was tested with. With stride 2 the gradients of w and b are still
right, and dx is not: only some shapes, and only the input.

    oracle verify examples/conv2d.py:subject examples/conv2d.py:wrong
"""

import numpy as np

import oracle


def output_size(x_shape, K, L, stride, pad):
    N, C, H, W = x_shape
    return (H + 2 * pad - K) // stride + 1, (W + 2 * pad - L) // stride + 1


def im2col(x, K, L, stride, pad):
    N, C, H, W = x.shape
    P, Q = output_size(x.shape, K, L, stride, pad)
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    cols = np.zeros((C, K, L, N, P, Q))
    for i in range(K):
        for j in range(L):
            window = x[:, :, i : i + stride * P : stride, j : j + stride * Q : stride]
            cols[:, i, j] = window.transpose(1, 0, 2, 3)
    return cols.reshape(C * K * L, N * P * Q)


def col2im(cols, x_shape, K, L, stride, pad):
    N, C, H, W = x_shape
    P, Q = output_size(x_shape, K, L, stride, pad)
    cols = cols.reshape(C, K, L, N, P, Q)
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(K):
        for j in range(L):
            window = cols[:, i, j].transpose(1, 0, 2, 3)
            x[:, :, i : i + stride * P : stride, j : j + stride * Q : stride] += window
    return x[:, :, pad : pad + H, pad : pad + W]


def col2im_dense(cols, x_shape, K, L, stride, pad):
    N, C, H, W = x_shape
    P, Q = output_size(x_shape, K, L, stride, pad)
    cols = cols.reshape(C, K, L, N, P, Q)
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(K):
        for j in range(L):
            x[:, :, i : i + P, j : j + Q] += cols[:, i, j].transpose(1, 0, 2, 3)  # wrong: where is stride?
    return x[:, :, pad : pad + H, pad : pad + W]


def conv_forward(x, w, b, stride, pad):
    F, C, K, L = w.shape
    P, Q = output_size(x.shape, K, L, stride, pad)
    cols = im2col(x, K, L, stride, pad)
    out = w.reshape(F, -1) @ cols + b[:, None]
    out = out.reshape(F, x.shape[0], P, Q).transpose(1, 0, 2, 3)
    return out, (x.shape, w, cols, stride, pad)


def conv_backward(dout, cache, col2im=col2im):
    x_shape, w, cols, stride, pad = cache
    F, C, K, L = w.shape
    db = dout.sum(axis=(0, 2, 3))
    dout = dout.transpose(1, 0, 2, 3).reshape(F, -1)
    dw = (dout @ cols.T).reshape(w.shape)
    dcols = w.reshape(F, -1).T @ dout
    return col2im(dcols, x_shape, K, L, stride, pad), dw, db


def conv_backward_dense(dout, cache):
    return conv_backward(dout, cache, col2im=col2im_dense)


# H + 3 and W + 2 keep the image at least as large as the kernel.
SHAPES = {"x": "N C H+3 W+2", "w": "F C 3 2", "b": "F", "stride": oracle.fixed(2), "pad": oracle.fixed(1)}

subject = oracle.Subject.from_functions(conv_forward, conv_backward, inputs=SHAPES)
wrong = oracle.Subject.from_functions(conv_forward, conv_backward_dense, inputs=SHAPES)
