"""Calculations for every NumPy function that balls know, by the function's dotted name.

`np` is NumPy or what stands for it; `a` draws inputs. Each calculation is run in both and compared.
"""

from __future__ import annotations

from typing import Any

from arithmetic_tools import Calculation


def _writing(write: Any) -> Calculation:
    """A calculation whose result is an array that was written into."""

    def calculation(np: Any, a: Any) -> Any:
        target = np.zeros((4, 5))
        target += a(4, 5)
        write(np, a, target)
        return target

    return calculation


FUNCTIONS: dict[str, list[Calculation]] = {
    # moving elements
    "reshape": [lambda np, a: np.reshape(a(4, 6), (3, -1)), lambda np, a: np.reshape(a(4, 6), (2, 12), order="F")],
    "ravel": [lambda np, a: np.ravel(a(3, 4)), lambda np, a: np.ravel(a())],
    "transpose": [lambda np, a: np.transpose(a(2, 3, 4)), lambda np, a: np.transpose(a(2, 3, 4), (1, 2, 0))],
    "permute_dims": [lambda np, a: np.permute_dims(a(2, 3, 4), (2, 0, 1))],
    "matrix_transpose": [lambda np, a: np.matrix_transpose(a(2, 3, 4))],
    "swapaxes": [lambda np, a: np.swapaxes(a(2, 3, 4), 0, -1)],
    "moveaxis": [lambda np, a: np.moveaxis(a(2, 3, 4), 0, -1), lambda np, a: np.moveaxis(a(2, 3), [0, 1], [1, 0])],
    "rollaxis": [lambda np, a: np.rollaxis(a(2, 3, 4), 2)],
    "squeeze": [lambda np, a: np.squeeze(a(1, 3, 1)), lambda np, a: np.squeeze(a(1, 3, 1), axis=0)],
    "expand_dims": [lambda np, a: np.expand_dims(a(3, 4), 1), lambda np, a: np.expand_dims(a(), 0)],
    "split": [lambda np, a: np.split(a(4, 6), 3, axis=1), lambda np, a: np.split(a(6), [1, 4])],
    "array_split": [lambda np, a: np.array_split(a(7, 2), 3)],
    "hsplit": [lambda np, a: np.hsplit(a(4, 6), 2)],
    "vsplit": [lambda np, a: np.vsplit(a(4, 6), 2)],
    "dsplit": [lambda np, a: np.dsplit(a(2, 3, 4), 2)],
    "unstack": [lambda np, a: np.unstack(a(3, 2))],
    "flip": [lambda np, a: np.flip(a(3, 4)), lambda np, a: np.flip(a(3, 4), axis=1)],
    "fliplr": [lambda np, a: np.fliplr(a(3, 4))],
    "flipud": [lambda np, a: np.flipud(a(3, 4))],
    "roll": [lambda np, a: np.roll(a(3, 4), 1), lambda np, a: np.roll(a(3, 4), -2, axis=1)],
    "rot90": [lambda np, a: np.rot90(a(3, 4)), lambda np, a: np.rot90(a(2, 3, 3), 2, axes=(1, 2))],
    "tile": [lambda np, a: np.tile(a(3), (2, 2)), lambda np, a: np.tile(a(2, 1), 3)],
    "repeat": [lambda np, a: np.repeat(a(2, 3), 2), lambda np, a: np.repeat(a(2, 3), [1, 2], axis=0)],
    "take": [lambda np, a: np.take(a(4, 3), [0, 2], axis=0), lambda np, a: np.take(a(4, 3), 5)],
    "take_along_axis": [lambda np, a: np.take_along_axis(a(3, 4), a.integers(3, 1), axis=1)],
    "diagonal": [lambda np, a: np.diagonal(a(3, 4), offset=1), lambda np, a: np.diagonal(a(2, 3, 3), axis1=1, axis2=2)],
    "delete": [lambda np, a: np.delete(a(4, 3), 1, axis=0)],
    "resize": [lambda np, a: np.resize(a(3), (2, 4))],
    "broadcast_to": [lambda np, a: np.broadcast_to(a(3), (2, 3))],
    "atleast_1d": [lambda np, a: np.atleast_1d(a()), lambda np, a: np.atleast_1d(a(), a(2))],
    "atleast_2d": [lambda np, a: np.atleast_2d(a(3))],
    "atleast_3d": [lambda np, a: np.atleast_3d(a(3, 2))],
    "broadcast_arrays": [lambda np, a: np.broadcast_arrays(a(3, 1), a(1, 4))],
    "meshgrid": [lambda np, a: np.meshgrid(a(2), a(3)), lambda np, a: np.meshgrid(a(2), a(3), indexing="ij")],
    "lib.stride_tricks.sliding_window_view": [
        lambda np, a: np.lib.stride_tricks.sliding_window_view(a(5, 6), (2, 3)),
        lambda np, a: np.lib.stride_tricks.sliding_window_view(a(5, 6), 3, axis=1),
    ],
    "lib.stride_tricks.as_strided": [
        lambda np, a: np.lib.stride_tricks.as_strided(a(6), (4, 3), (8, 8)),
        lambda np, a: np.lib.stride_tricks.as_strided(
            x := a(4, 6), (2, 3, 2, 2), (*(2 * s for s in x.strides), *x.strides)
        ),
        lambda np, a: np.lib.stride_tricks.as_strided(x := a.complex(6), (4, 3), x.strides * 2),
    ],
    "extract": [lambda np, a: np.extract(np.array([True, False, True]), a(3)), lambda np, a: np.extract(x := a(5), x)],
    "compress": [lambda np, a: np.compress([True, False, True], a(3, 2), axis=0)],
    "copy": [lambda np, a: np.copy(a(2, 3)), lambda np, a: np.copy(a())],
    # describing
    "shape": [lambda np, a: np.shape(a(2, 3)), lambda np, a: np.shape(a())],
    "ndim": [lambda np, a: np.ndim(a(2, 3))],
    "size": [lambda np, a: np.size(a(2, 3)), lambda np, a: np.size(a(2, 3), 1)],
    "iscomplexobj": [lambda np, a: np.iscomplexobj(a(2)), lambda np, a: np.iscomplexobj(a.complex(2))],
    "isrealobj": [lambda np, a: np.isrealobj(a(2)), lambda np, a: np.isrealobj(a.complex(2))],
    "result_type": [lambda np, a: np.result_type(a(2), a.complex(2)), lambda np, a: np.result_type(a(2), np.int64)],
    "can_cast": [lambda np, a: np.can_cast(a(2).dtype, np.complex128)],
    "common_type": [lambda np, a: np.common_type(a(2), a.complex(2)) == np.complex128],
    "shares_memory": [lambda np, a: np.shares_memory(x := a(4), x[1:]), lambda np, a: np.shares_memory(a(4), a(4))],
    "may_share_memory": [
        lambda np, a: np.may_share_memory(x := a(4), x.T),
        lambda np, a: np.may_share_memory(a(4), a(4)),
    ],
    "isscalar": [lambda np, a: np.isscalar(a()), lambda np, a: np.isscalar(a(2))],
    "iscomplex": [lambda np, a: np.iscomplex(a.complex(3)), lambda np, a: np.iscomplex(a(3))],
    "isreal": [lambda np, a: np.isreal(a.complex(3)), lambda np, a: np.isreal(a(3))],
    "real": [lambda np, a: np.real(a.complex(3)), lambda np, a: np.real(a(3))],
    "imag": [lambda np, a: np.imag(a.complex(3)), lambda np, a: np.imag(a(3))],
    "angle": [lambda np, a: np.angle(a.complex(3)), lambda np, a: np.angle(a.complex(3), deg=True)],
    "array_repr": [lambda np, a: np.array_repr(np.ones(3) + 0 * a(3))],
    "array_str": [lambda np, a: np.array_str(np.ones(3) + 0 * a(3))],
    "array2string": [lambda np, a: np.array2string(np.ones(3) + 0 * a(3))],
    # joining
    "concatenate": [
        lambda np, a: np.concatenate([a(2, 3), a(1, 3)]),
        lambda np, a: np.concatenate((a(2, 3), a.integers(2, 2)), axis=1),
        lambda np, a: np.concatenate((a(2, 3), a(2)[:, None]), axis=-1),
        lambda np, a: np.concatenate([a(2), a.complex(2)]),
        lambda np, a: np.concatenate([a(2, 3), a(1, 3)], axis=None),
    ],
    "stack": [lambda np, a: np.stack([a(2), a(2)]), lambda np, a: np.stack((a(2, 3), a(2, 3)), axis=2)],
    "hstack": [lambda np, a: np.hstack((a(2), a(3))), lambda np, a: np.hstack([a(2, 3), a(2, 1)])],
    "vstack": [lambda np, a: np.vstack((a(3), a(3))), lambda np, a: np.vstack([a(2, 3), a(3)])],
    "row_stack": [lambda np, a: np.row_stack((a(3), a(2, 3)))],
    "dstack": [lambda np, a: np.dstack((a(2, 3), a(2, 3)))],
    "column_stack": [lambda np, a: np.column_stack((a(3), a(3, 2)))],
    "block": [lambda np, a: np.block([[a(2, 2), a(2, 1)], [a(1, 2), a(1, 1)]])],
    "append": [lambda np, a: np.append(a(2, 3), a()), lambda np, a: np.append(a(2, 3), a(1, 3), axis=0)],
    "insert": [lambda np, a: np.insert(a(4), 1, 2.5), lambda np, a: np.insert(a(2, 3), 0, a(2), axis=1)],
    "where": [
        lambda np, a: np.where(a(3, 4) > 0, a(3, 4), 0.0),
        lambda np, a: np.where(a(3, 1) > 0, a(4), a.complex(3, 4)),
        lambda np, a: np.where(a(3) > 0, 1, a()),
        lambda np, a: np.where(a(2, 3)),
        lambda np, a: np.where(True, a(), a()),
    ],
    "select": [lambda np, a: np.select([(x := a(5)) > 1, x > 0], [x, x**2], default=-1.5)],
    "choose": [lambda np, a: np.choose(a.integers(5, below=2), [a(5), a(5)])],
    "pad": [
        lambda np, a: np.pad(a(2, 3), 1),
        lambda np, a: np.pad(a(2, 3), ((0, 1), (2, 0)), mode="constant", constant_values=1.5),
        lambda np, a: np.pad(a(2, 3), ((0, 0), (1, 1)), "constant"),
        lambda np, a: np.pad(a(4), 2, mode="reflect"),
        lambda np, a: np.pad(a(4), (1, 2), mode="edge"),
        lambda np, a: np.pad(a(4), 2, mode="wrap"),
        lambda np, a: np.pad(a(4), 2, mode="symmetric"),
    ],
    "tril": [lambda np, a: np.tril(a(3, 4)), lambda np, a: np.tril(a(2, 3, 3), -1)],
    "triu": [lambda np, a: np.triu(a(3, 4)), lambda np, a: np.triu(a.complex(3, 3), 1)],
    "diag": [lambda np, a: np.diag(a(3)), lambda np, a: np.diag(a(2), -1), lambda np, a: np.diag(a(3, 4), 1)],
    "diagflat": [lambda np, a: np.diagflat(a(2, 2), 1)],
    # writing
    "copyto": [
        _writing(lambda np, a, t: np.copyto(t, a(5))),
        _writing(lambda np, a, t: np.copyto(t, a(4, 5), where=a(4, 5) > 0)),
    ],
    "put": [_writing(lambda np, a, t: np.put(t, [0, 7, -1], a(3)))],
    "putmask": [_writing(lambda np, a, t: np.putmask(t, a(4, 5) > 0, a(4, 5)))],
    "place": [_writing(lambda np, a, t: np.place(t, a(4, 5) > 0, a(3)))],
    "put_along_axis": [
        _writing(lambda np, a, t: np.put_along_axis(t, a.integers(4, 1), 2.5, axis=1)),
        _writing(lambda np, a, t: np.put_along_axis(t, a.integers(4, 1), a(4, 1), axis=1)),
    ],
    "fill_diagonal": [
        _writing(lambda np, a, t: np.fill_diagonal(t, 1.5)),
        _writing(lambda np, a, t: np.fill_diagonal(t, a(4))),
    ],
    # reducing
    "sum": [
        lambda np, a: np.sum(a(3, 4)),
        lambda np, a: np.sum(a(3, 4, 2), axis=(0, 2)),
        lambda np, a: np.sum(a(3, 4), axis=-1, keepdims=True),
        lambda np, a: np.sum(a(3, 4), axis=0, where=a(3, 4) > 0),
        lambda np, a: np.sum(a(3, 4), axis=1, initial=2.5),
        lambda np, a: np.sum(a(0, 4), axis=0),
        lambda np, a: np.sum(a.complex(3, 4), axis=0),
        lambda np, a: np.sum([a(), a(), 1.5]),
        lambda np, a: np.sum(a(3, 4), 1, None, None, True),
    ],
    "prod": [lambda np, a: np.prod(a(3, 4)), lambda np, a: np.prod(a(3, 4), axis=1, keepdims=True)],
    "max": [
        lambda np, a: np.max(a(3, 4)),
        lambda np, a: np.max(a(3, 4), axis=0, keepdims=True),
        lambda np, a: np.max(a(3, 4), axis=1, initial=1.0),
        lambda np, a: np.max(a(3, 4, 2), axis=(1, 2)),
        lambda np, a: np.max(a(3, 4), 0, None, True),
    ],
    "amax": [lambda np, a: np.amax(a(3, 4), 1)],
    "min": [lambda np, a: np.min(a(3, 4)), lambda np, a: np.min(a(3, 4), axis=1)],
    "amin": [lambda np, a: np.amin(a(3, 4), 0)],
    "any": [lambda np, a: np.any(a(3, 4)), lambda np, a: np.any(np.floor(a(3, 4) / 2), axis=0)],
    "all": [lambda np, a: np.all(a(3, 4)), lambda np, a: np.all(np.floor(a(3, 4) / 2), axis=1, keepdims=True)],
    "mean": [
        lambda np, a: np.mean(a(3, 4)),
        lambda np, a: np.mean(a(3, 4, 2), axis=(0, 2), keepdims=True),
        lambda np, a: np.mean(a(3, 4), axis=0, where=a(3, 4) > -1),
        lambda np, a: np.mean(a.complex(3)),
    ],
    "average": [
        lambda np, a: np.average(a(3, 4)),
        lambda np, a: np.average(a(3, 4), axis=1, weights=a(4, low=1)),
        lambda np, a: np.average(a(3, 4), weights=a(3, 4, low=1), axis=0, returned=True),
    ],
    "var": [
        lambda np, a: np.var(a(3, 4)),
        lambda np, a: np.var(a(3, 4), axis=0, ddof=1, keepdims=True),
        lambda np, a: np.var(a.complex(5)),
    ],
    "std": [lambda np, a: np.std(a(3, 4), axis=1), lambda np, a: np.std(a(5), ddof=1)],
    "ptp": [lambda np, a: np.ptp(a(3, 4)), lambda np, a: np.ptp(a(3, 4), axis=1)],
    "cumsum": [lambda np, a: np.cumsum(a(3, 4)), lambda np, a: np.cumsum(a(3, 4), axis=1)],
    "cumprod": [lambda np, a: np.cumprod(a(3, 4)), lambda np, a: np.cumprod(a(3, 4), axis=0)],
    "diff": [lambda np, a: np.diff(a(5)), lambda np, a: np.diff(a(3, 4), n=2, axis=1)],
    "trace": [lambda np, a: np.trace(a(3, 4)), lambda np, a: np.trace(a(2, 3, 3), axis1=1, axis2=2)],
    "argmax": [
        lambda np, a: np.argmax(a(3, 4)),
        lambda np, a: np.argmax(a(3, 4), axis=1),
        lambda np, a: np.argmax(a(3, 4), axis=0, keepdims=True),
    ],
    "argmin": [lambda np, a: np.argmin(a(3, 4)), lambda np, a: np.argmin(a(3, 4), axis=-1)],
    "argsort": [lambda np, a: np.argsort(a(3, 4)), lambda np, a: np.argsort(a(3, 4), axis=0)],
    "sort": [lambda np, a: np.sort(a(3, 4)), lambda np, a: np.sort(a(3, 4), axis=None)],
    "median": [
        lambda np, a: np.median(a(3, 4)),
        lambda np, a: np.median(a(3, 4), axis=0),
        lambda np, a: np.median(a(3, 4), axis=1, keepdims=True),
    ],
    "searchsorted": [
        lambda np, a: np.searchsorted(np.sort(a(6)), a(3)),
        lambda np, a: np.searchsorted(np.sort(a(6)), a(), side="right"),
    ],
    "digitize": [
        lambda np, a: np.digitize(a(3, 4), [-1.0, 0.5, 2.0]),
        lambda np, a: np.digitize(a(3, 4), [2.0, 0.5, -1.0]),
        lambda np, a: np.digitize(a(), np.sort(a(4)), right=True),
    ],
    "isin": [
        lambda np, a: np.isin(np.floor(a(3, 4)), [[0.0, 1.0]]),
        lambda np, a: np.isin(np.floor(a(6)), [0.0, -1.0], invert=True),
        lambda np, a: np.isin(a(), a(2)),
    ],
    "nonzero": [lambda np, a: np.nonzero(np.floor(a(3, 4) / 2))],
    "flatnonzero": [lambda np, a: np.flatnonzero(np.floor(a(3, 4) / 2))],
    "argwhere": [lambda np, a: np.argwhere(np.floor(a(3, 4) / 2))],
    "count_nonzero": [lambda np, a: np.count_nonzero(np.floor(a(3, 4) / 2), axis=0)],
    "nansum": [lambda np, a: np.nansum(a(3, 4), axis=0)],
    "nanprod": [lambda np, a: np.nanprod(a(3, 4))],
    "nanmax": [lambda np, a: np.nanmax(a(3, 4), axis=1)],
    "nanmin": [lambda np, a: np.nanmin(a(3, 4))],
    "nanmean": [lambda np, a: np.nanmean(a(3, 4), axis=0, keepdims=True)],
    "nanvar": [lambda np, a: np.nanvar(a(3, 4), axis=0)],
    "nanstd": [lambda np, a: np.nanstd(a(3, 4))],
    "nanargmax": [lambda np, a: np.nanargmax(a(3, 4), axis=1)],
    "nanargmin": [lambda np, a: np.nanargmin(a(3, 4))],
    "nancumsum": [lambda np, a: np.nancumsum(a(3, 4), axis=1)],
    "nancumprod": [lambda np, a: np.nancumprod(a(3, 4))],
    "nanmedian": [lambda np, a: np.nanmedian(a(3, 4), axis=1)],
    # products
    "dot": [
        lambda np, a: np.dot(a(3), a(3)),
        lambda np, a: np.dot(a(3, 4), a(4)),
        lambda np, a: np.dot(a(4), a(4, 3)),
        lambda np, a: np.dot(a(3, 4), a(4, 2)),
        lambda np, a: np.dot(a(2, 3, 4), a(4, 2)),
        lambda np, a: np.dot(a(2, 3, 4), a(5, 4, 2)),
        lambda np, a: np.dot(a(), a(3)),
        lambda np, a: np.dot(a(3, 1), a(1, 4)),
        lambda np, a: np.dot(a.complex(3, 2), a(2, 2)),
        lambda np, a: np.dot(a.integers(2, 3), a(3)),
        lambda np, a: np.dot(a(2, 0), a(0, 3)),
    ],
    "tensordot": [
        lambda np, a: np.tensordot(a(2, 3, 4), a(3, 4, 5)),
        lambda np, a: np.tensordot(a(2, 3, 4), a(4, 2), axes=([2, 0], [0, 1])),
        lambda np, a: np.tensordot(a(2, 3), a(3, 4), axes=1),
        lambda np, a: np.tensordot(a(2), a(3), axes=0),
    ],
    "inner": [
        lambda np, a: np.inner(a(3), a(3)),
        lambda np, a: np.inner(a(2, 3), a(4, 3)),
        lambda np, a: np.inner(a(), a(2)),
    ],
    "vdot": [lambda np, a: np.vdot(a.complex(2, 3), a.complex(2, 3)), lambda np, a: np.vdot(a(3), a(3))],
    "outer": [lambda np, a: np.outer(a(3), a(4)), lambda np, a: np.outer(a(2, 2), a(3))],
    "kron": [lambda np, a: np.kron(a(2, 3), a(3, 2)), lambda np, a: np.kron(a(2), a(2, 2))],
    "cross": [
        lambda np, a: np.cross(a(3), a(3)),
        lambda np, a: np.cross(a(4, 3), a(3)),
        lambda np, a: np.cross(a(3, 4), a(3, 4), axis=0),
    ],
    "einsum": [
        lambda np, a: np.einsum("ij,jk->ik", a(3, 4), a(4, 2)),
        lambda np, a: np.einsum("ij,jk", a(3, 4), a(4, 2)),
        lambda np, a: np.einsum("bij,bjk->bik", a(2, 3, 4), a(2, 4, 2)),
        lambda np, a: np.einsum("...ij,...jk->...ik", a(2, 3, 4), a(4, 2)),
        lambda np, a: np.einsum("bhqd,bhkd->bhqk", a(2, 2, 3, 4), a(2, 2, 5, 4)),
        lambda np, a: np.einsum("ii->i", a(3, 3)),
        lambda np, a: np.einsum("ii", a(3, 3)),
        lambda np, a: np.einsum("ij->ji", a(3, 4)),
        lambda np, a: np.einsum("ij->", a(3, 4)),
        lambda np, a: np.einsum("i,j,k->kij", a(2), a(3), a(4)),
        lambda np, a: np.einsum("ij,ij->i", a(3, 4), a(3, 4)),
        lambda np, a: np.einsum("ij,jk,kl->il", a(2, 3), a(3, 4), a(4, 2), optimize=True),
        lambda np, a: np.einsum("ijk,j->ik", a(2, 3, 4), a(3)),
        lambda np, a: np.einsum("iij,j->i", a(3, 3, 2), a(2)),
        lambda np, a: np.einsum("...i->...", a(2, 3)),
        lambda np, a: np.einsum("ij,kj->ik", a.complex(2, 3), a(2, 3)),
        lambda np, a: np.einsum("i...,i...->...", a(3, 2, 2), a(3, 2)),
    ],
    "linalg.multi_dot": [lambda np, a: np.linalg.multi_dot([a(2, 3), a(3, 4), a(4)])],
    "linalg.matrix_power": [
        lambda np, a: np.linalg.matrix_power(a(3, 3), 3),
        lambda np, a: np.linalg.matrix_power(a(2, 2), 0),
    ],
    "linalg.norm": [
        lambda np, a: np.linalg.norm(a(3, 4)),
        lambda np, a: np.linalg.norm(a(3, 4), axis=1, keepdims=True),
        lambda np, a: np.linalg.norm(a(5), ord=1),
        lambda np, a: np.linalg.norm(a(5), ord=np.inf),
        lambda np, a: np.linalg.norm(a(3, 4), ord=2, axis=-1),
        lambda np, a: np.linalg.norm(a.complex(5)),
    ],
    "linalg.inv": [lambda np, a: np.linalg.inv(a(3, 3)), lambda np, a: np.linalg.inv(a.complex(3, 3))],
    "linalg.solve": [lambda np, a: np.linalg.solve(a(3, 3), a(3)), lambda np, a: np.linalg.solve(a(3, 3), a(3, 2))],
    "linalg.det": [lambda np, a: np.linalg.det(a(3, 3))],
    "correlate": [lambda np, a, m=m: np.correlate(a(6), a(3), m) for m in ("valid", "same", "full")]
    + [lambda np, a: np.correlate(a.complex(6), a.complex(4), "same")],
    "convolve": [lambda np, a, m=m: np.convolve(a(6), a(3), m) for m in ("valid", "same", "full")]
    + [lambda np, a: np.convolve(a(2), a(5)), lambda np, a: np.convolve(a(6), a(4), "same")],
    # element by element
    "clip": [
        lambda np, a: np.clip(a(3, 4), -1, 1),
        lambda np, a: np.clip(a(3, 4), None, 0.5),
        lambda np, a: np.clip(a(3, 4), a(4, high=-1), a(4, low=1)),
        lambda np, a: np.clip(a(3), min=-0.5, max=0.5),
        lambda np, a: np.clip(x := a(3), -1, 1, out=x),
    ],
    "round": [
        lambda np, a: np.round(a(3, 4)),
        lambda np, a: np.round(a(3, 4), 2),
        lambda np, a: np.round(100 * a(3), -1),
    ],
    "around": [lambda np, a: np.around(a(3, 4), 1)],
    "fix": [lambda np, a: np.fix(a(3, 4))],
    "isclose": [lambda np, a: np.isclose(x := a(3), x + np.array([0.0, 1e-9, 1e-3]))],
    "allclose": [lambda np, a: np.allclose(x := a(3), x + 1e-9), lambda np, a: np.allclose(a(3), a(3))],
    "array_equal": [lambda np, a: np.array_equal(x := a(3), x.copy()), lambda np, a: np.array_equal(a(3), a(2))],
    "array_equiv": [lambda np, a: np.array_equiv(x := a(3), x[None, :])],
    "nan_to_num": [lambda np, a: np.nan_to_num(a(3, 4))],
    "sinc": [lambda np, a: np.sinc(a(3, 4))],
    "bincount": [
        lambda np, a: np.bincount(a.integers(6), weights=a(6)),
        lambda np, a: np.bincount(a.integers(6), weights=a(6), minlength=8),
    ],
    "trapezoid": [lambda np, a: np.trapezoid(a(5), dx=0.5), lambda np, a: np.trapezoid(a(3, 4), np.sort(a(4)), axis=1)],
    "apply_along_axis": [
        lambda np, a: np.apply_along_axis(lambda v: v * v[0], 0, a(3, 4)),
        lambda np, a: np.apply_along_axis(lambda v: v.sum(), 1, a(3, 4)),
    ],
    "piecewise": [
        lambda np, a: np.piecewise(x := a(5), [x < 0, x >= 0], [lambda v: v * v, 0.5]),
        lambda np, a: np.piecewise(x := a(3, 2), [x < -1, x > 1], [-1, lambda v: v / 3, lambda v: v + 1]),
        lambda np, a: np.piecewise(x := a(4), x > 0, [lambda v: 2 * v, 0]),
    ],
    "iterable": [lambda np, a: [np.iterable(a(3)), np.iterable(a())]],
    "ndenumerate": [lambda np, a: [(index, value * 2) for index, value in np.ndenumerate(a(2, 3))]],
    # constructors
    "zeros": [lambda np, a: np.zeros((2, 3)), lambda np, a: np.zeros(2, dtype=int), lambda np, a: np.zeros(2, complex)],
    "ones": [lambda np, a: np.ones(3), lambda np, a: np.ones((2, 1), dtype="float64"), lambda np, a: np.ones(2, bool)],
    "empty": [lambda np, a: np.empty((2, 0)), lambda np, a: np.empty(2).shape, lambda np, a: np.empty(0, int)],
    "full": [lambda np, a: np.full((2, 3), 0.1), lambda np, a: np.full(2, 7), lambda np, a: np.full(2, a())],
    "zeros_like": [
        lambda np, a: np.zeros_like(a(2, 3)),
        lambda np, a: np.zeros_like(a.integers(3)),
        lambda np, a: np.zeros_like([1.5, 2]),
    ],
    "ones_like": [lambda np, a: np.ones_like(a(2, 3)), lambda np, a: np.ones_like(a.integers(3), dtype=float)],
    "empty_like": [lambda np, a: np.empty_like(a(2, 0)), lambda np, a: np.empty_like(a.complex(2)).dtype],
    "full_like": [
        lambda np, a: np.full_like(a(2, 3), 0.1),
        lambda np, a: np.full_like(a.integers(3), 7),
        lambda np, a: np.full_like(a(2), a()),
    ],
    "eye": [lambda np, a: np.eye(3), lambda np, a: np.eye(2, 3, 1), lambda np, a: np.eye(2, dtype=bool)],
    "identity": [lambda np, a: np.identity(3)],
    "tri": [lambda np, a: np.tri(3, 4, 1)],
    "array": [
        lambda np, a: np.array([1.5, 2]),
        lambda np, a: np.array([1, 2]),
        lambda np, a: np.array([1, 2], dtype=float),
        lambda np, a: np.array(a(2, 3)),
        lambda np, a: np.array([a(), a(), 1]),
        lambda np, a: np.array([[a(), 1], (2, a())]),
        lambda np, a: np.array([a(3), [1, 2, 3]]),
        lambda np, a: np.array(a(3), ndmin=2),
        lambda np, a: np.array([a(2).tolist(), a(2).tolist()]),
        lambda np, a: np.array(a(3), dtype=complex),
        lambda np, a: np.array([True, False]),
        lambda np, a: np.array([a(), 1j]),
        lambda np, a: np.array([]),
        lambda np, a: np.array(a(2, 2).flat),
    ],
    "asarray": [
        lambda np, a: np.asarray(x := a(3)) is x,
        lambda np, a: np.asarray(x := a.integers(3)) is x,
        lambda np, a: np.asarray([a(), 2]),
        lambda np, a: np.asarray(a(3), dtype=np.float64),
        lambda np, a: np.asarray(a()),
        lambda np, a: np.asarray(0.0),
        lambda np, a: np.shares_memory(x := a(3), np.asarray(x, dtype=complex)),
    ],
    "asanyarray": [lambda np, a: np.asanyarray(a(3))],
    "ascontiguousarray": [lambda np, a: np.ascontiguousarray(a(3, 2).T)],
    "asfortranarray": [lambda np, a: np.asfortranarray(a(3, 2))],
    "asarray_chkfinite": [lambda np, a: np.asarray_chkfinite(a(3))],
    "require": [lambda np, a: np.require(a(3))],
    "arange": [
        lambda np, a: np.arange(5),
        lambda np, a: np.arange(2, 8, 3),
        lambda np, a: np.arange(0, 1, 0.3),
        lambda np, a: np.arange(3.0),
        lambda np, a: np.arange(4, dtype=float),
        lambda np, a: np.arange(1, a(low=2.0, high=5.0)),
        lambda np, a: np.arange(start=1, stop=3),
    ],
    "linspace": [
        lambda np, a: np.linspace(0, 1, 7),
        lambda np, a: np.linspace(a(), a(), 4, endpoint=False),
        lambda np, a: np.linspace(0, 1, 3, retstep=True),
        lambda np, a: np.linspace(a(2), a(2), 3),
        lambda np, a: np.linspace(1, 2, 1),
    ],
    "logspace": [lambda np, a: np.logspace(-1, 2, 4)],
    "fromiter": [lambda np, a: np.fromiter((v * 2 for v in a(3)), dtype=float)],
}
"""Every function with a rule in balls, and calculations that use it."""

OTHERS: dict[str, Calculation] = {
    "r_": lambda np, a: np.r_[a(3), a(), 1.5],
    "c_": lambda np, a: np.c_[a(3), a(3, 2)],
    "r_ of numbers": lambda np, a: np.r_[1.5, 2, 3],
    "r_ of slices": lambda np, a: np.r_[0:4],
    "mgrid": lambda np, a: np.mgrid[0:2, 0:3],
    "ogrid": lambda np, a: np.ogrid[0:2, 0:3],
    "ix_": lambda np, a: a(4, 5)[np.ix_([0, 2], [1, 3])],
    "vectorize": lambda np, a: np.vectorize(lambda v: v * 2 if v > 0 else v / 3)(a(3, 4)),
    "vectorize of two": lambda np, a: np.vectorize(lambda v, w: v * w)(a(3, 1), a(4)),
    "nditer": lambda np, a: _walked(np, a(2, 3)),
    "ndindex": lambda np, a: [a(2, 3)[index] for index in np.ndindex(2, 3)],
    "newaxis": lambda np, a: a(3)[:, np.newaxis] * a(2),
    "pi": lambda np, a: np.sin(a(3) * np.pi),
    "indices of plain numbers": lambda np, a: np.cumsum(np.array([1, 2, 3])),
    "unique of integers": lambda np, a: np.unique(a.integers(10), return_counts=True),
    "divmod": lambda np, a: np.divmod(a(3), 0.7),
    "errstate": lambda np, a: _quietly(np, a(3, low=0.5)),
    "finfo": lambda np, a: a(2) + np.finfo(np.float64).eps,
    "issubdtype": lambda np, a: np.issubdtype(a(2).dtype, np.floating),
    "float64 as a dtype": lambda np, a: a(2).dtype == np.float64,
    "nested": lambda np, a: np.array([np.dot(a(3), a(3)) for _ in range(2)]).reshape(2, 1),
}
"""What is not a function with a rule of its own."""


def _walked(np: Any, x: Any) -> Any:
    """Each element doubled by way of its multi-index."""
    walk = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not walk.finished:
        x[walk.multi_index] = x[walk.multi_index] * 2
        walk.iternext()
    return x


def _quietly(np: Any, x: Any) -> Any:
    """A logarithm in a context that silences NumPy's warnings."""
    with np.errstate(all="ignore"):
        return np.log(x)
