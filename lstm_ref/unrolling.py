"""How a layer walks along its sequence: a forward, and the backward that belongs to it.

| unrolling           | outputs | gradients                        | memory          |
| ------------------- | ------- | -------------------------------- | --------------- |
| `WHOLE`             | same    | the derivative                   | grows as T      |
| `chunked(steps)`    | same    | the derivative                   | grows as T      |
| `checkpointed()`    | same    | the derivative                   | grows as √T     |
| `truncated(k)`      | same    | stopped at every k-th step       | grows as T      |

Output, state and, with gate recurrence, the gates are carried from chunk to chunk: each serves every cell.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from lstm_ref import checkpointing, chunks, layer
from lstm_ref.checks import expect_size
from lstm_ref.layer import Gradients


class Unrolling(NamedTuple):
    """`forward` and `backward`, of the arguments of those of `lstm_ref.layer`."""

    forward: Callable[..., tuple[Any, Any, Any, Any]]
    backward: Callable[..., Gradients]


WHOLE = Unrolling(layer.forward, layer.backward)


def chunked(steps: int) -> Unrolling:
    """The sequence in chunks of so many steps, with state and cotangents carried between them.

    Raises
    ------
    ValueError, TypeError : `steps` is not a whole number of at least 1

    Example
    -------
    >>> chunked(steps=2).backward.__name__
    'backward'
    """
    expect_size("steps", steps)
    return Unrolling(partial(chunks.forward, steps=steps), chunks.backward)


def truncated(k: int) -> Unrolling:
    """Truncated backpropagation through time: no cotangent crosses steps k, 2k, …

    Raises
    ------
    ValueError, TypeError : k is not a whole number of at least 1

    Example
    -------
    >>> truncated(k=2).backward.__name__
    'backward_truncated'
    """
    expect_size("k", k)
    return Unrolling(partial(chunks.forward, steps=k), chunks.backward_truncated)


def checkpointed(steps: int | None = None) -> Unrolling:
    """The sequence in chunks, each run again in the backward; √T steps long unless `steps` says otherwise.

    Raises
    ------
    ValueError, TypeError : `steps` is not a whole number of at least 1

    Example
    -------
    >>> checkpointed().forward.keywords
    {'steps': None}
    """
    if steps is not None:
        expect_size("steps", steps)
    return Unrolling(partial(checkpointing.forward, steps=steps), checkpointing.backward)
