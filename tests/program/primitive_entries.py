"""JAX functions of single entries and of pairs, in several shapes, dtypes and parameters.

Each maker draws arguments from a generator and yields pairs of a function and its arguments.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Case = tuple[Callable[..., Any], list[np.ndarray]]
SMOOTH = "exp exp2 expm1 tanh logistic cbrt square sin cos tan sinh cosh atan asinh erf erfc neg"
MAKERS: dict[str, Callable[[np.random.Generator], Iterator[Case]]] = {}


def maker(make):
    """Register a maker of cases under its name."""
    MAKERS[make.__name__] = make
    return make


def shape(rng, rank=3):
    """Pairwise different sizes, so that a mixed up axis shows."""
    return tuple(int(n) for n in rng.permutation([2, 3, 4, 5, 6])[:rank])


def normal(rng, *size):
    """Normal numbers, of a random shape if none is given."""
    return rng.normal(size=size or shape(rng))


@maker
def smooth(rng):
    """Functions of one entry that have no kink in their domain."""
    x = normal(rng)
    for name in SMOOTH.split():
        yield getattr(lax, name), [x]
    for name in ["log", "sqrt", "rsqrt", "log1p"]:
        yield getattr(lax, name), [np.abs(x) + 0.25]
    for name in ["asin", "acos", "atanh"]:
        yield getattr(lax, name), [np.tanh(x)]
    yield lax.acosh, [1.5 + np.abs(x)]
    yield lax.logistic, [100 * x]


@maker
def kinked(rng):
    """Functions of one entry with kinks or jumps."""
    x = 3 * normal(rng)
    for function in (lax.abs, lax.sign, lax.floor, lax.ceil, jnp.round):
        yield function, [x]
    yield lambda x: lax.clamp(-1.0, x, 2.0), [x]


@maker
def pairs(rng):
    """Functions of two entries, and powers."""
    size = shape(rng)
    x, y = normal(rng, *size), normal(rng, *size)
    for function in (lax.add, lax.sub, lax.mul, lax.div, lax.atan2, lax.max, lax.min, lax.rem):
        yield function, [x, y]
    yield lax.pow, [np.abs(x) + 0.1, y]
    yield lambda x: x ** jnp.arange(4), [normal(rng, 3, 4)]
    for exponent in (-3, -1, 2, 3, 7):
        yield lambda x, n=exponent: lax.integer_pow(x, n), [x]
    yield lambda x: 2.0 * x - x[0, 0, 0], [x]
    yield jax.grad(lambda x: jnp.sum(jnp.sin(x) * jnp.cos(x))), [x]


@maker
def comparisons(rng):
    """Comparisons of floats and of integers with many ties, and what is selected by them."""
    size = shape(rng)
    x, y = np.round(normal(rng, *size)), np.round(normal(rng, *size))
    for function in (lax.lt, lax.le, lax.gt, lax.ge, lax.eq, lax.ne):
        yield function, [x, y]
        yield function, [x.astype(np.int64), y.astype(np.int64)]
    yield lax.is_finite, [x]
    yield lambda x: jnp.where(x > 0, x, 2 * x), [normal(rng)]
    yield lambda x: lax.select_n(jnp.arange(3) % 3, x, 2 * x, 3 * x), [normal(rng, 3)]
    yield lambda m, n: lax.select_n(m, n, 2 * n), [x > y, x.astype(np.int64)]


@maker
def conversions(rng):
    """Casts between floats, integers, booleans and complex numbers."""
    x = 5 * normal(rng)
    for kind in ("int32", "int64", "bool", "complex128", "float64"):
        yield lambda x, kind=kind: x.astype(kind), [x]
        yield lambda x, kind=kind: (x > 0).astype(kind), [x]
        yield lambda x, kind=kind: x.astype("int64").astype(kind), [x]


@maker
def copies(rng):
    """What changes nothing."""
    x = normal(rng)
    yield lax.stop_gradient, [x]
    yield lambda x: jnp.array(x, copy=True), [x]
    yield lax.optimization_barrier, [x]
    yield lambda x, y: lax.optimization_barrier((x, y)), [x, x]


@maker
def whole_numbers(rng):
    """Integers and booleans."""
    size = shape(rng)
    n, m = rng.integers(-9, 10, size), rng.integers(1, 9, size)
    for function in (lax.add, lax.sub, lax.mul, lax.max, lax.min, lax.div, lax.rem):
        yield function, [n, m]
    for function in (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor, lax.shift_left, lax.shift_right_arithmetic):
        yield function, [n, m]
    for function in (lax.neg, lax.abs, lax.sign, lax.square, lax.bitwise_not):
        yield function, [n]
    yield lambda n: lax.integer_pow(n, 3), [n]
    yield lax.shift_right_logical, [m.astype(np.uint64), m.astype(np.uint64) % 3]
    yield lambda n, m: (n // m, n % m, -n // m), [n, m]
    yield lambda n: lax.clamp(jnp.int64(-2), n, jnp.int64(3)), [n]
    for function in (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor):
        yield function, [n > 0, m > 3]
    yield lax.bitwise_not, [n > 0]
    yield lambda n: (n.sum(1), n.max(0), n.min(2), (n % 3).prod(1), jnp.cumsum(n, 1), jnp.argmax(n, 2)), [n]
    yield lambda n: jnp.sort(n, 1), [n]
    yield lambda n, m: jnp.einsum("abc,abd->acd", n, m), [n, m]


@maker
def complexes(rng):
    """Complex numbers and their parts."""
    size = shape(rng)
    x, y = normal(rng, *size), normal(rng, *size)
    yield lax.complex, [x, y]
    z = x + 1j * y
    for function in (lax.real, lax.imag, lax.conj, lax.exp, lax.sin, lax.neg, jnp.square, lax.log, lax.tanh):
        yield function, [z]
    yield lambda x: lax.conj(x), [x]
    yield lambda x, z: x * z + z / (2 + x), [x, z]
    yield lambda z: jnp.sum(z, 1), [z]
    yield lambda z: jnp.einsum("abc,dbc->ad", z, z), [z]
    yield lambda z: z**3, [z]
    yield jax.grad(lambda x: jnp.sum(jnp.real(jnp.exp(1j * x) * (1 + 2j)))), [x]
