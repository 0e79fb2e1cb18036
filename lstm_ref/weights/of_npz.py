"""npz files: zip archives of arrays, whose every declaration is checked before any numbers are read.

Declared sizes of members are compared with the expected ones before anything is decompressed, and no member is
decompressed beyond its expected size, so that an archive cannot unfold into more than the weights take. Object arrays,
which are pickles, are refused by their header.
"""

from __future__ import annotations

import errno
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from lstm_ref.checks import Array
from lstm_ref.weights.checking import expect_declared, nbytes, short, shown, total
from lstm_ref.weights.configuration import Shape, Shapes
from lstm_ref.weights.reading import Damaged, exactly, expect_no_pickle, opened

_HEADER = 1 << 12  # bytes that the header of one array may take; NumPy writes 128
_ARCHIVE = 1 << 16  # bytes left for what belongs to no member
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    UnicodeDecodeError,
)  # what the reader of archives raises about one that is damaged
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others decompress without a bound
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read(path: Path, shapes: Shapes, dtype: Any) -> dict[str, Array]:
    """The tensors of a file, which are exactly those expected.

    Raises
    ------
    Damaged, ValueError, TypeError : the file is damaged, or holds something else
    """
    most = total(shapes, dtype) + _ARCHIVE + 2 * _HEADER * len(shapes)
    with opened(path, most) as (file, _), _damage(str(path)):
        expect_no_pickle(file.read(2), str(path))  # an archive starts with PK
        archive = zipfile.ZipFile(file)
        members = _members(str(path), archive, shapes, dtype)
        heads = {name: _head(str(path), name, archive, member) for name, member in members.items()}
        expect_declared(str(path), {name: (shape, kind) for name, (shape, kind, _) in heads.items()}, shapes, dtype)
        return {
            name: _numbers(f"{name} in {path}", archive, members[name], shape, dtype, heads[name][2])
            for name, shape in shapes.items()
        }


def written(tensors: dict[str, Array]) -> bytes:
    """The file that holds these tensors, not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, tensor in tensors.items():
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(tensor), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), array.getvalue())  # the same bytes at any time
    return buffer.getvalue()


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Inside the block, what the readers of zip and npy raise about a damaged file is said of it."""
    try:
        yield
    except _DAMAGE as error:
        raise Damaged(f"{where} is no intact npz file: {short(error, str)}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the start of the file
            raise
        raise Damaged(f"{where} is no intact npz file: it points outside itself") from error


def _members(where: str, archive: zipfile.ZipFile, shapes: Shapes, dtype: Any) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by tensor, once names, sizes and methods are those expected."""
    names = [member.filename for member in archive.infolist()]
    if len(set(names)) < len(names):
        raise Damaged(f"{where} holds {short(next(n for n in names if names.count(n) > 1))} more than once")
    expected = {f"{name}.npy": name for name in shapes}
    if surplus := [name for name in names if name not in expected]:
        raise ValueError(f"{where} holds {short(surplus[0])}, expected only {shown(expected)}")
    members = {expected[member.filename]: member for member in archive.infolist()}
    for name, member in members.items():
        _expect_member(where, member, nbytes(shapes[name], dtype))
    return members


def _expect_member(where: str, member: zipfile.ZipInfo, size: int) -> None:
    """Raise unless a member can be an array of so many bytes, and is packed in a way that is read."""
    if member.compress_type not in _METHODS or member.flag_bits & 1:
        raise Damaged(f"{where} packs {member.filename} in a way that is not read, expected stored or deflated")
    if not size < member.file_size <= size + _HEADER:
        sizes = f"{member.file_size} bytes, expected {size} and a header of at most {_HEADER}"
        raise Damaged(f"{where} declares {member.filename} as {sizes}: nothing was unpacked")


def _head(where: str, name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[Shape, str, bool]:
    """Shape and dtype that the header of an array declares, and whether its columns come first."""
    with archive.open(member) as stream:
        try:
            shape, by_columns, dtype = _read_header(stream)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise  # of the archive
        except Exception as error:  # NumPy hands the header to Python's own parsers, which raise what they like
            raise Damaged(f"{name} in {where} has no header of an array: {short(error, str)}") from None
    if dtype.hasobject:
        raise TypeError(f"{name} in {where} holds objects, which are pickles and never read, expected numbers")
    return shape, str(dtype), by_columns


def _read_header(stream: IO[bytes]) -> tuple[Shape, bool, np.dtype[Any]]:
    """What NumPy reads from the header at the start of a stream."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"version {version}, expected (1, 0) or (2, 0)")
    return _HEADERS[version](stream, max_header_size=_HEADER)


def _numbers(
    where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, shape: Shape, dtype: Any, by_columns: bool
) -> Array:
    """The array behind the header; reading to the end has the checksum compared."""
    size = nbytes(shape, dtype)
    with archive.open(member) as stream:
        _read_header(stream)
        data = exactly(stream, size, where)
        if stream.read(1):
            raise Damaged(f"{where} goes on after {size} bytes, where it should end")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")
