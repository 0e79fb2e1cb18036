"""Files that are not what they are said to be, and what reading one costs."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from lstm_ref.weights import Lstm, load

SMALL = Lstm(D=3, H=2)  # 48 + 32 + 16 … bytes: a few hundred
ENOUGH = 1 << 20  # bytes that refusing may take; what is refused declares far more


def refused(path: Path, configuration: Any = SMALL, layout: str = "torch", **options: Any) -> tuple[type, str]:
    """The kind and text of the refusal, the path left out, once it has cost little memory."""
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, TypeError)) as caught:
            load(path, configuration, layout, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < ENOUGH
    return caught.type, str(caught.value).replace(str(path), path.name)


def sparse(path: Path, start: bytes, size: int) -> None:
    """A file of this size on paper, which begins so and takes no room."""
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(size)
