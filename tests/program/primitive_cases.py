"""JAX functions of whole arrays; with those of `primitive_entries` they use every primitive that has a rule."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from primitive_entries import MAKERS as MAKERS
from primitive_entries import maker, normal, shape


@maker
def structural(rng):
    """What moves entries about."""
    size = shape(rng)
    x, axis = normal(rng, *size), int(rng.integers(3))
    yield lambda x: lax.broadcast_in_dim(x, (2, *size, 3), (1, 2, 3)), [x]
    yield lambda x: lax.broadcast_in_dim(x, (4, 7), (0,)), [normal(rng, 4)]
    yield lambda x: lax.reshape(x, (size[0] * size[1], size[2])), [x]
    yield lambda x: jnp.squeeze(x[:, None]), [x]
    yield lambda x: lax.squeeze(x, (1,)), [normal(rng, 3, 1, 2)]
    order = tuple(rng.permutation(3).tolist())
    yield lambda x: lax.transpose(x, order), [x]
    yield lambda x: lax.reshape(x, (size[0] * size[1], size[2]), (1, 0, 2)), [x]
    yield lambda x: lax.rev(x, (axis,)), [x]
    yield lambda x: lax.concatenate([x, 2 * x, x], axis), [x]
    yield lambda x: jnp.stack([x, 2 * x], axis), [x]
    yield jax.grad(lambda x: jnp.sum(jnp.sin(jnp.stack([x, 2 * x], axis)))), [x]
    yield lambda x: lax.tile(x, (2, 1, 3)), [x]
    yield lambda x: jnp.split(x, [1], axis), [x]
    yield lambda x: jnp.split(x, 1, axis)[0], [x]
    yield lambda x: [3 * part for part in x], [normal(rng, 2, 3)]
    yield lambda x: [3 * part for part in x], [normal(rng, 1, 3)]
    yield lambda x: lax.slice(x, (0, 1, 0), (2, 2, 2), (1, 1, 2)), [x]
    yield lambda x: lax.pad(x, -1.0, [(1, 2, 1), (0, -1, 0), (-1, 1, 2)]), [x]
    yield lambda x: lax.pad(x, 0.5, []), [normal(rng, 1)[0]]
    yield lambda x: x + lax.broadcasted_iota("float64", size, axis), [x]
    yield lambda n: n + lax.broadcasted_iota("int32", size, axis), [np.zeros(size, np.int32)]


@maker
def reductions(rng):
    """Reductions over axes."""
    x = normal(rng)
    for axes in ((0,), (1, 2), (0, 1, 2), ()):
        yield lambda x, axes=axes: jnp.sum(x, axes), [x]
        yield lambda x, axes=axes: jnp.prod(x, axes), [x]
        yield lambda x, axes=axes: jnp.max(x, axes), [x]
        yield lambda x, axes=axes: jnp.min(x, axes), [x]
        yield lambda x, axes=axes: (jnp.any(x > 1, axes), jnp.all(x > -1, axes)), [x]
    for axis in range(3):
        yield lambda x, axis=axis: (lax.argmax(x, axis, "int32"), lax.argmin(x, axis, "int64")), [x]
    yield lambda x: (jnp.sum(x, 0), jnp.prod(x, 0)), [np.zeros((0, 3))]


@maker
def products(rng):
    """Products of matrices over all kinds of axes."""
    a, b = normal(rng, 2, 3, 4), normal(rng, 2, 4, 5)
    yield jnp.matmul, [a, b]
    for spec in ("abc,acd->abd", "abc,acd->db", "abc,acd->bd", "abc,dce->abde", "abc,acd->abcd"):
        yield lambda a, b, spec=spec: jnp.einsum(spec, a, b), [a, b]
    yield jnp.outer, [a[0, 0], b[0, 0]]
    yield jnp.dot, [a[0, 0], b[0, :, 0]]
    yield jnp.matmul, [np.zeros((2, 0)), np.zeros((0, 3))]


@maker
def running(rng):
    """Running sums, products and extremes."""
    x = normal(rng)
    for function in (lax.cumsum, lax.cumprod, lax.cummax, lax.cummin, lax.cumlogsumexp):
        for axis in range(3):
            yield lambda x, f=function, k=axis: f(x, axis=k), [x]
            yield lambda x, f=function, k=axis: f(x, axis=k, reverse=True), [x]
    yield lambda x: lax.cumsum(x, axis=0), [np.zeros((0, 2))]


@maker
def sorts(rng):
    """Sorting, alone and with other operands."""
    x = normal(rng)
    for axis in range(3):
        yield lambda x, k=axis: lax.sort(x, dimension=k), [x]
        yield lambda x, k=axis: lax.sort((x, x * x, lax.broadcasted_iota("int32", x.shape, k)), dimension=k), [x]
    yield jax.grad(lambda x: jnp.sum(jnp.sort(x, 1) * jnp.arange(x.shape[1])[:, None])), [x]


@maker
def windows(rng):
    """Pooling, its derivative and its tangent."""
    x = normal(rng, 2, 6, 7, 3)
    for window, strides, padding in (
        ((1, 2, 2, 1), (1, 2, 2, 1), "VALID"),
        ((1, 3, 2, 1), (1, 2, 1, 1), "SAME"),
        ((1, 2, 3, 1), (1, 3, 2, 1), ((0, 0), (1, 0), (0, 2), (0, 0))),
    ):
        for init, function in ((0.0, lax.add), (-np.inf, lax.max), (np.inf, lax.min)):
            pool = lambda x, a=init, f=function, w=window, s=strides, p=padding: lax.reduce_window(x, a, f, w, s, p)
            yield pool, [x]
            yield jax.grad(lambda x, pool=pool: jnp.sum(jnp.sin(pool(x)))), [x]
            yield lambda x, pool=pool: jax.jvp(pool, (x,), (jnp.cos(x),)), [x]
    dilated = dict(base_dilation=(1, 2, 1, 1), window_dilation=(1, 1, 2, 1))
    yield lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 1, 1, 1), "VALID", **dilated), [x]


@maker
def convolutions(rng):
    """Convolutions with strides, padding, dilation and groups, and their derivatives."""
    x, w = normal(rng, 2, 6, 7, 4), normal(rng, 3, 2, 4, 5)
    numbers = ("NHWC", "HWIO", "NHWC")
    for strides, padding, left, right in (
        ((1, 1), "VALID", (1, 1), (1, 1)),
        ((2, 1), "SAME", (1, 1), (1, 2)),
        ((1, 2), [(2, 1), (0, 3)], (2, 1), (1, 1)),
        ((1, 1), [(-1, 0), (1, -1)], (1, 3), (2, 1)),
    ):
        convolve = lambda x, w, s=strides, p=padding, a=left, b=right: lax.conv_general_dilated(
            x, w, s, p, a, b, numbers
        )
        yield convolve, [x, w]
        yield jax.grad(lambda x, w, f=convolve: jnp.sum(jnp.sin(f(x, w))), (0, 1)), [x, w]
    grouped = lambda x, w: lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=numbers, feature_group_count=2
    )
    yield grouped, [x, normal(rng, 3, 2, 2, 6)]
    yield jax.grad(lambda x, w: jnp.sum(jnp.sin(grouped(x, w))), (0, 1)), [x, normal(rng, 3, 2, 2, 6)]
    yield lambda x, w: lax.conv_general_dilated(x, w, (2,), [(1, 1)]), [normal(rng, 2, 3, 5), normal(rng, 4, 3, 2)]
    yield jnp.convolve, [normal(rng, 5), normal(rng, 3)]


@maker
def slices(rng):
    """Slices at computed places, outside included."""
    x = normal(rng, 4, 5, 3)
    for first in ((0, 0, 0), (2, 3, 1), (9, -4, 2)):
        at = [np.int64(k) for k in first]
        yield lambda x, a, b, c: lax.dynamic_slice(x, (a, b, c), (2, 3, 1)), [x, *at]
        yield lambda x, a, b, c: lax.dynamic_update_slice(x, x[:2, :3, :2] * 2, (a, b, c)), [x, *at]
    yield lambda x, k: lax.dynamic_index_in_dim(x, k, 1), [x, np.int32(-1)]


@maker
def gathers(rng):
    """Reading at computed places, outside included, in each mode."""
    x, at = normal(rng, 4, 5, 3), rng.integers(-1, 6, (2, 3))
    for mode in ("clip", "fill", "promise_in_bounds"):
        for axis in range(3):
            place = (slice(None),) * axis
            yield lambda x, at, m=mode, p=place: x.at[(*p, at)].get(mode=m), [x, at]
        yield lambda x, a, b, m=mode: x.at[a, :, b].get(mode=m), [x, at[0], at[1]]
        yield lambda n, at, m=mode: n.at[at].get(mode=m), [rng.integers(0, 9, 4), at]
    yield lambda x, at: x.at[at].get(mode="fill", fill_value=-7.0), [x, at]
    yield lambda x, at: jnp.take_along_axis(x, at, 1), [normal(rng, 2, 5), at % 5]
    yield jax.vmap(lambda x, at: lax.dynamic_slice(x, (at, 0), (2, 2))), [x, rng.integers(-1, 6, 4)]
    yield lambda b, at: b.at[at].get(mode="fill"), [normal(rng, 4) > 0, at]
    yield lambda x, at: x.at[:, at].get(mode="fill"), [np.zeros((0, 2)), at]
    yield lambda x, at: x.at[:, at].add(1.0), [np.zeros((0, 2)), at]
    dims = lax.GatherDimensionNumbers((1, 2), (), (0, 1))
    for mode in ("clip", "fill"):
        yield (
            lambda x, at, m=mode: lax.gather(x, at, dims, (2, 3), mode=m),
            [normal(rng, 4, 5), np.array([[0, 0], [3, 1], [2, 2], [-1, 0], [1, 4]])],
        )


@maker
def scatters(rng):
    """Writing at computed places, outside and repeated ones included, in each mode."""
    x, at = normal(rng, 4, 5, 3), rng.integers(-1, 6, 5)
    for mode in ("clip", "drop", "promise_in_bounds"):
        y = normal(rng, 4, 5, 3)
        for name in ("add", "subtract", "multiply", "min", "max"):
            yield lambda x, at, y, f=name, m=mode: getattr(x.at[:, at], f)(y, mode=m), [x, at, y]
        yield lambda x, at, y, m=mode: x.at[at, 1].set(y, mode=m), [x, np.array([3, 1, -5]), normal(rng, 3, 3)]
        yield lambda n, at, m=mode: n.at[at].add(2, mode=m), [rng.integers(0, 9, 6), at]
    yield lambda x, at: x.at[at].set(7.0, mode="drop"), [normal(rng, 3), np.array([2, 9])]
    yield jax.grad(lambda x, at: jnp.sum(jnp.sin(x[at, 1]))), [x, at % 4]
    yield jax.vmap(lambda x, at, y: x.at[at].add(y)), [normal(rng, 4, 6), rng.integers(0, 6, (4, 3)), normal(rng, 4, 3)]
    yield lambda x: x.at[jnp.array([0, 2])].add(1.0, unique_indices=True), [normal(rng, 3)]


@maker
def loops(rng):
    """Scans in both directions and of length 0, maps and while loops."""
    x = normal(rng, 5, 3)
    for reverse in (False, True):
        yield (
            lambda x, r=reverse: lax.scan(lambda c, row: (jnp.tanh(c + row), c * row), x[0], x, reverse=r),
            [x],
        )
    yield lambda x: lax.scan(lambda c, row: (c + row, c * 2), jnp.ones(3), x), [np.zeros((0, 3))]
    yield lambda x: lax.scan(lambda c, _: (c * 1.5, None), x, None, length=3)[0], [x]
    yield lambda x: lax.scan(lambda c, v: (c + v, v * c), 0.0, x), [normal(rng, 4)]
    yield lambda x: lax.map(lambda row: jnp.sum(row) * row, x), [x]
    yield lambda x: lax.fori_loop(0, 3, lambda k, v: v * 2 + k, x), [x]
    yield lambda x, n: lax.fori_loop(0, n, lambda k, v: v * 2 + k, x), [x, np.int64(4)]
    yield lambda x: lax.while_loop(lambda v: jnp.sum(v) < 50, lambda v: v * 2 + 1, x), [np.abs(x)]
    y = normal(rng, 3)
    yield lambda x, y: lax.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, c[1] * y), (0, x)), [x, y]


@maker
def branches(rng):
    """Branches by number, outside included, and by truth."""
    x = normal(rng)
    for which in (-3, 0, 1, 2, 7):
        yield (
            lambda k, x: lax.switch(k, [lambda v: v, lambda v: 2 * v, lambda v: jnp.sin(v)], x),
            [np.int32(which), x],
        )
    square, sine = lambda v: jnp.sum(v * v), lambda v: jnp.sin(jnp.sum(v))
    for sign in (1, -1):
        yield jax.grad(lambda x, s=sign: lax.cond(s * jnp.sum(x) > 0, square, sine, x)), [x]
    yield lambda x: lax.cond(jnp.sum(x) > 0, lambda v: (v, v * v), lambda v: (-v, v), x), [x]


@jax.custom_vjp
def _with_rule(x):
    return jnp.tanh(x)


_with_rule.defvjp(lambda x: (jnp.tanh(x), x), lambda x, bar: (bar,))


@maker
def calls(rng):
    """Calls: jitted, rematerialised, and with rules of their own."""
    x = normal(rng)
    yield jax.jit(lambda x: jax.jit(jnp.sin)(x) * 2), [x]
    yield jax.checkpoint(lambda x: jnp.sin(jnp.cos(x))), [x]
    yield jax.grad(jax.checkpoint(lambda x: jnp.sum(jnp.sin(jnp.cos(x))))), [x]
    yield jax.nn.relu, [x]
    yield _with_rule, [x]


@maker
def linear(rng):
    """Triangular systems and factorisations."""
    for lower in (False, True):
        for left in (False, True):
            for transposed in (False, True):
                for unit in (False, True):
                    keywords = dict(left_side=left, lower=lower, transpose_a=transposed, unit_diagonal=unit)
                    a = normal(rng, 2, 3, 3) + 3 * np.eye(3)
                    b = normal(rng, 2, *((3, 4) if left else (4, 3)))
                    yield lambda a, b, k=keywords: lax.linalg.triangular_solve(a, b, **k), [a, b]
    a = normal(rng, 2, 4, 4)
    yield jnp.linalg.cholesky, [a @ np.swapaxes(a, 1, 2) + np.eye(4)]
    yield lax.linalg.lu, [a]
    yield lax.linalg.lu, [normal(rng, 3, 5)]
    yield lax.linalg.lu, [normal(rng, 5, 3)]
    yield lambda p: lax.linalg.lu_pivots_to_permutation(p, 5), [np.array([[2, 2, 4], [0, 3, 3]], np.int32)]
    yield jnp.linalg.solve, [a, normal(rng, 2, 4, 3)]
    yield jnp.linalg.inv, [a]
    yield jnp.linalg.det, [a]
    yield lambda a: jnp.linalg.slogdet(a)[1], [a]
