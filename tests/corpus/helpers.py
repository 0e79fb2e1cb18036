# little things shared by a few of the nets
from numpy import exp, tanh, zeros_like
import numpy as np


def sigmoid(x, deriv=False):
    """pass the activated value when deriv is set"""
    if deriv:
        return x * (1 - x)
    return 1 / (1 + exp(-x))


def dtanh(y):
    return 1 - y * y


def zeros_for(params):
    return {k: zeros_like(v) for k, v in params.items()}


def one_hot(labels, n):
    return np.eye(n)[labels]


def xavier(*shape):
    return np.random.randn(*shape) / np.sqrt(shape[-1])
