"""Sequences of unequal length in one batch: padded steps do nothing.

    h_t, s_t = h_{t-1}, s_{t-1}               (1)    on a padded step, whatever x_t is
    output at t = 0                           (2)    there

| symbol  | name                                                | shape     |
| ------- | --------------------------------------------------- | --------- |
| lengths | how many steps each sequence has, from 0 to T       | (B,)      |
| mask    | or which of its steps are there, in any pattern     | (T, B)    |
| pad     | which are padded                                    | (T, B, 1) |
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_ref.checks import Array


def padding(lengths: Any, T: int, B: int) -> Array:
    """Which steps are padded, (T, B, 1), from lengths (B,) of whole numbers or a mask (T, B) of booleans.

    Raises
    ------
    TypeError : neither whole numbers nor booleans
    ValueError : another shape, or a length outside 0…T

    Example
    -------
    >>> padding([2, 0], T=3, B=2)[..., 0]
    array([[False,  True],
           [False,  True],
           [ True,  True]])
    """
    if isinstance(lengths, np.ma.MaskedArray):
        raise TypeError("lengths is a masked array, expected whole numbers (B,) or a mask of booleans (T, B)")
    given = np.asarray(lengths)
    if given.dtype.kind == "b":
        if given.shape != (T, B):
            raise ValueError(f"lengths is a mask of shape {given.shape}, expected (T, B) with T={T}, B={B}")
        return ~given[..., np.newaxis]
    if given.dtype.kind not in "iu":
        raise TypeError(f"lengths holds {given.dtype}, expected whole numbers (B,) or a mask of booleans (T, B)")
    if given.shape != (B,):
        raise ValueError(f"lengths has shape {given.shape}, expected (B,) with B={B}")
    for row, length in enumerate(given.tolist()):
        if not 0 <= length <= T:
            raise ValueError(f"lengths[{row}] is {length}, expected a length from 0 to T={T}")
    pad: Array = np.arange(T)[:, np.newaxis, np.newaxis] >= given[:, np.newaxis]
    return pad


def hold(now: Array, before: Array, pad: Array) -> None:
    """Put what was before into the padded rows of what is now, equation (1).

    Example
    -------
    >>> now = np.array([[1.0], [2.0]])
    >>> hold(now, np.array([[3.0], [4.0]]), np.array([[False], [True]]))
    >>> now.ravel()
    array([1., 4.])
    """
    np.copyto(now, before, where=pad)


def without_padding(h: Array, pad: Array) -> Array:
    """h in fresh memory, zero on padded steps, equation (2); its own transpose, so it does for cotangents as well.

    Example
    -------
    >>> without_padding(np.array([[1.0], [2.0]]), np.array([[False], [True]])).ravel()
    array([1., 0.])
    """
    kept: Array = np.where(pad, 0.0, h)
    return kept


def set_aside(pad: Array, cotangents: list[Array]) -> list[Array]:
    """The padded rows of cotangents, which `put_back` needs; in the cotangents they become zero.

    Example
    -------
    >>> h_bar = np.array([[1.0], [2.0]])
    >>> aside = set_aside(np.array([[False], [True]]), [h_bar])
    >>> h_bar.ravel(), aside[0].ravel()
    (array([1., 0.]), array([0., 2.]))
    """
    # h_t, s_t = h_{t-1}, s_{t-1}                   (1), past the step
    aside: list[Array] = [np.where(pad, one, 0.0) for one in cotangents]
    for one in cotangents:
        np.copyto(one, 0.0, where=pad)
    return aside


def put_back(aside: list[Array], cotangents: list[Array]) -> None:
    """Add what was set aside to the cotangents of what was before the step.

    Example
    -------
    >>> h_bar = np.array([[5.0], [0.0]])
    >>> put_back([np.array([[0.0], [2.0]])], [h_bar])
    >>> h_bar.ravel()
    array([5., 2.])
    """
    for one, rest in zip(cotangents, aside, strict=True):
        one += rest
