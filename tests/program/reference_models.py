"""References in the idioms that people use, each with the specs of its inputs and two sets of sizes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax


class Model(NamedTuple):
    """A reference and what `trace` must know of it."""

    reference: Any
    specs: dict[str, str]
    sizes: list[dict[str, int]]
    kinds: Mapping[str, str] = MappingProxyType({})
    below: str = ""  # the size that bounds integer inputs
    symbolic: bool = True


def lstm(W, b, x, h, c):
    """An LSTM over time, with both final states and all outputs."""

    def step(state, x_t):
        h, c = state
        i, f, o, g = jnp.split(jnp.concatenate([x_t, h], -1) @ W.T + b, 4, -1)
        c = jax.nn.sigmoid(i) * jnp.tanh(g) + jax.nn.sigmoid(f) * c
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    (h, c), hs = lax.scan(step, (h, c), x)
    return hs, h, c


def gru(W, U, b, x, h):
    """A GRU over time."""

    def step(h, x_t):
        r, z = jnp.split(
            jax.nn.sigmoid(x_t @ W[:, :2].reshape(W.shape[0], -1) + h @ U[:, :2].reshape(U.shape[0], -1)), 2, -1
        )
        n = jnp.tanh(x_t @ W[:, 2] + r * (h @ U[:, 2] + b))
        h = (1 - z) * n + z * h
        return h, h

    return lax.scan(step, h, x)[1]


def cross_entropy(logits, labels):
    """The mean softmax cross-entropy."""
    log_p = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], 1))


def layer_norm(x, g, b):
    """Layer normalisation of the last axis."""
    mean = jnp.mean(x, -1, keepdims=True)
    return (x - mean) * lax.rsqrt(jnp.var(x, -1, keepdims=True) + 1e-5) * g + b


def batch_norm(x, g, b):
    """Batch normalisation, with the statistics as further outputs."""
    mean, var = jnp.mean(x, 0), jnp.var(x, 0)
    return (x - mean) / jnp.sqrt(var + 1e-5) * g + b, mean, var


def conv2d(x, w, b):
    """A convolution with stride and padding."""
    return lax.conv_general_dilated(x, w, (2, 1), [(1, 1), (0, 2)]) + b[:, None, None]


def max_pool(x):
    """Max pooling."""
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def attention(q, k, v, mask):
    """Masked attention."""
    scores = jnp.einsum("bid,bjd->bij", q, k) / jnp.sqrt(q.shape[-1])
    return jax.nn.softmax(jnp.where(mask, scores, -1e9)) @ v


def embedding(table, tokens, w):
    """An embedding, read with repeated tokens."""
    return jnp.tanh(table[tokens] @ w)


SMALL, OTHER = {"T": 3, "B": 2, "D": 4, "H": 5}, {"T": 1, "B": 3, "D": 1, "H": 2}
MODELS = {
    "lstm": Model(lstm, {"W": "4*H D+H", "b": "4*H", "x": "T B D", "h": "B H", "c": "B H"}, [SMALL, OTHER]),
    "gru": Model(gru, {"W": "D 3 H", "U": "H 3 H", "b": "H", "x": "T B D", "h": "B H"}, [SMALL, OTHER]),
    "cross_entropy": Model(
        cross_entropy, {"logits": "B V", "labels": "B"}, [{"B": 4, "V": 3}, {"B": 1, "V": 2}], {"labels": "int"}, "V"
    ),
    "layer_norm": Model(layer_norm, {"x": "B D", "g": "D", "b": "D"}, [{"B": 3, "D": 5}, {"B": 1, "D": 4}]),
    "batch_norm": Model(batch_norm, {"x": "B D", "g": "D", "b": "D"}, [{"B": 3, "D": 5}, {"B": 7, "D": 2}]),
    "conv2d": Model(
        conv2d,
        {"x": "B C R S", "w": "O C 3 2", "b": "O"},
        [{"B": 2, "C": 3, "R": 5, "S": 4, "O": 2}, {"B": 1, "C": 1, "R": 6, "S": 3, "O": 3}],
        symbolic=False,
    ),
    "max_pool": Model(max_pool, {"x": "B C R S"}, [{"B": 2, "C": 3, "R": 5, "S": 4}, {"B": 1, "C": 1, "R": 2, "S": 7}]),
    "attention": Model(
        attention,
        {"q": "B I D", "k": "B J D", "v": "B J H", "mask": "I J"},
        [{"B": 2, "I": 3, "J": 4, "D": 5, "H": 2}, {"B": 1, "I": 2, "J": 1, "D": 3, "H": 4}],
        {"mask": "bool"},
    ),
    "embedding": Model(
        embedding,
        {"table": "V D", "tokens": "T B", "w": "D H"},
        [{"V": 4, "T": 5, "B": 2, **{"D": 3, "H": 2}}, {"V": 2, "T": 1, "B": 1, "D": 1, "H": 3}],
        {"tokens": "int"},
        "V",
    ),
}


def drawn(model, bound, sizes, rng):
    """Inputs and cotangents of a bound program."""
    values = {}
    for name, spec in bound.inputs.items():
        kind = model.kinds.get(name, "float64")
        draw = {
            "float64": lambda shape: rng.normal(size=shape),
            "int": lambda shape: rng.integers(0, sizes[model.below], shape),
            "bool": lambda shape: rng.random(shape) < 0.7,
        }[kind]
        values[name] = draw(spec.shape)
    return values, [rng.normal(size=spec.shape) for spec in bound.cotangents]
