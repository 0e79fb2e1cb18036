# dilated causal convolution over time, (batch, channel, time), wavenet style
import numpy as np


def forward(x, w, dilation):
    B, C, T = x.shape
    O, _, K = w.shape
    y = np.zeros((B, O, T))
    for k in range(K):
        s = k * dilation
        if s >= T:
            break
        y[:, :, s:] += np.tensordot(x[:, :, :T - s], w[:, :, k], axes=(1, 1)).transpose(0, 2, 1)
    return y, (x, w, dilation)


def backward(dy, cache):
    x, w, dilation = cache
    T = x.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(min(w.shape[2], -(-T // dilation))):
        s = k * dilation
        dx[:, :, :T - s] += np.tensordot(dy[:, :, s:], w[:, :, k], axes=(1, 0)).transpose(0, 2, 1)
        dw[:, :, k] = np.tensordot(dy[:, :, s:], x[:, :, :T - s], axes=((0, 2), (0, 2)))
    return dx, dw


def backward_flipped(dy, cache):
    x, w, dilation = cache
    T = x.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(min(w.shape[2], -(-T // dilation))):
        s = k * dilation
        dx[:, :, :T - s] += np.tensordot(dy[:, :, s:], w[:, :, -k - 1], axes=(1, 0)).transpose(0, 2, 1)  # flipped "because convolution"
        dw[:, :, k] = np.tensordot(dy[:, :, s:], x[:, :, :T - s], axes=((0, 2), (0, 2)))
    return dx, dw


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(back):
    import oracle
    return oracle.Subject.from_functions(forward, back, inputs={"x": "B C T", "w": "O C K", "dilation": oracle.fixed(2)})


def right():
    return build(backward)


def wrong():
    return build(backward_flipped)
