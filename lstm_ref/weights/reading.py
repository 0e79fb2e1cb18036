"""Files are read no further than they can reach if they are what is expected, and written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class Damaged(ValueError):
    """A file is not what its format says: cut short, or made wrong, perhaps on purpose."""


@contextmanager
def opened(path: Path, most: int) -> Iterator[tuple[IO[bytes], int]]:
    """The file and its size, once it is a file of at most so many bytes; nothing of it has been read.

    Raises
    ------
    ValueError : it is no regular file, or is larger than that
    OSError : it cannot be opened
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{path} is no regular file, expected a file of weights")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise Damaged(f"{path} holds {size} bytes, expected at most {most} for these weights: nothing was read")
        yield file, size


def write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; a link stays a link."""
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def expect_no_pickle(start: bytes, where: str) -> None:
    """Raise if a file starts as pickles do; only to be asked where no intact file of the format starts so.

    Example
    -------
    >>> import pickle
    >>> expect_no_pickle(pickle.dumps({}), "x")
    Traceback (most recent call last):
    lstm_ref.weights.reading.Damaged: x is a pickle, which can run code and is never read: write it as safetensors
    """
    if start[:2] in _PICKLES:
        raise Damaged(f"{where} is a pickle, which can run code and is never read: write it as safetensors")


def exactly(file: IO[bytes], count: int, where: str) -> bytes:
    """The next `count` bytes.

    Example
    -------
    >>> import io
    >>> exactly(io.BytesIO(b"ab"), 3, "x")
    Traceback (most recent call last):
    lstm_ref.weights.reading.Damaged: x ends after 2 bytes where 3 were announced
    """
    data = file.read(count)
    if len(data) != count:
        raise Damaged(f"{where} ends after {len(data)} bytes where {count} were announced")
    return data


def missing(what: str, library: str) -> ImportError:
    """What to raise where a library of the extra is not installed."""
    return ImportError(f'{what} needs {library}: pip install "gradient-oracle[interop]"; npz needs NumPy alone')
