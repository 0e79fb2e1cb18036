import numpy as np


def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    if 'seed' in dropout_param:
        np.random.seed(dropout_param['seed'])
    mask = None
    out = None
    if mode == 'train':
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    elif mode == 'test':
        out = x
    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    return dout * mask


def dropout_backward_with_modes(dout, cache):
    dropout_param, mask = cache
    mode = dropout_param['mode']
    if mode == 'train':
        dx = dout * mask
    elif mode == 'test':
        dx = dout
    return dx


def dropout_backward_redraws(dout, cache):
    dropout_param, mask = cache
    p = dropout_param['p']
    return dout * (np.random.rand(*dout.shape) < p) / p   # another mask than in the forward


# with the modes in the backward, its line for test mode is reached by no case
EXPECTED = {"right": "CERTIFIED", "unreached": "UNDECIDED", "wrong": "REFUTED"}


def build(back, mode):
    import oracle
    param = oracle.fixed({"p": 0.7, "mode": mode, "seed": 12})
    return oracle.Subject.from_functions(dropout_forward, back, inputs={"x": "N D", "dropout_param": param})


def right():
    return build(dropout_backward, "train")


def unreached():
    return build(dropout_backward_with_modes, "train")


def wrong():
    return build(dropout_backward_redraws, "train")
