"""safetensors files, whose header is checked before the rest of the file is read.

The file is eight bytes with the length of the header, the header as JSON, and the numbers. Where the header declares
other names, shapes, types or places than expected, or more than one tensor of a name, nothing else of it is read.
The library decodes what has passed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

import numpy as np

from lstm_ref.checks import Array
from lstm_ref.weights.checking import expect_declared, nbytes, short, total
from lstm_ref.weights.configuration import Shape, Shapes
from lstm_ref.weights.reading import Damaged, exactly, expect_no_pickle, missing, opened

_MARK = 8  # bytes with the length of the header
_METADATA, _ENTRY = 1 << 16, 1 << 10  # bytes left for what a writer says of the file, and of each tensor
_DTYPES = {"F64": "float64", "F32": "float32"}


def read(path: Path, shapes: Shapes, dtype: Any) -> dict[str, Array]:
    """The tensors of a file, which are exactly those expected.

    Raises
    ------
    Damaged, ValueError, TypeError : the file is damaged, or holds something else
    ImportError : safetensors is not installed
    """
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load
    except ImportError as error:
        raise missing("reading safetensors", "safetensors") from error
    where, data = str(path), total(shapes, dtype)
    longest = _METADATA + _ENTRY * len(shapes)
    with opened(path, _MARK + longest + data) as (file, size):
        header = _header(file, size, where, longest)
        entries = _entries(header, where)
        expect_declared(where, {name: one[:2] for name, one in entries.items()}, shapes, dtype)
        _expect_places(where, entries, dtype)
        if size != _MARK + len(header) + data:
            raise Damaged(f"{where} holds {size} bytes, expected {_MARK + len(header) + data} by its own header")
        numbers = exactly(file, data, where)
    try:
        tensors = load(len(header).to_bytes(_MARK, "little") + header + numbers)
    except SafetensorError as error:
        raise Damaged(f"{where} is damaged: {error}") from error
    return {name: np.asarray(tensors[name]) for name in shapes}


def written(tensors: dict[str, Array]) -> bytes:
    """The file that holds these tensors."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise missing("writing safetensors", "safetensors") from error
    data: bytes = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})
    return data


def _header(file: IO[bytes], size: int, where: str, longest: int) -> bytes:
    """The header, once its announced length is one that it can have."""
    mark = exactly(file, _MARK, where)
    length = int.from_bytes(mark, "little")
    if length > longest:
        expect_no_pickle(mark, where)
        raise Damaged(f"{where} announces a header of {length} bytes, expected at most {longest} for these weights")
    if _MARK + length > size:
        raise Damaged(f"{where} ends after {size} bytes where a header of {length} was announced")
    return exactly(file, length, where)


def _entries(header: bytes, where: str) -> dict[str, tuple[Shape, str, int, int]]:
    """Shape, dtype, begin and end of each tensor that the header declares."""
    try:
        declared = json.loads(header.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except Damaged as error:
        raise Damaged(f"{where} {error}") from None
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{where} has no header in JSON: {short(error, str)}") from None
    if not isinstance(declared, dict):
        raise Damaged(f"{where} has a header that is a {type(declared).__name__}, expected names with their tensors")
    declared.pop("__metadata__", None)
    return {name: _entry(where, name, one) for name, one in declared.items()}


def _entry(where: str, name: str, declared: Any) -> tuple[Shape, str, int, int]:
    """What the header says of one tensor."""
    known = {"dtype": str, "shape": list, "data_offsets": list}
    if not isinstance(declared, dict) or {key: type(value) for key, value in declared.items()} != known:
        raise Damaged(f"{where} describes {short(name)} wrongly, expected dtype, shape and data_offsets")
    numbers = [*declared["shape"], *declared["data_offsets"]]
    if len(declared["data_offsets"]) != 2 or any(type(number) is not int or number < 0 for number in numbers):
        raise Damaged(f"{where} describes {short(name)} wrongly, expected whole numbers for its shape and two offsets")
    begin, end = declared["data_offsets"]
    kind = str(declared["dtype"])
    return tuple(declared["shape"]), _DTYPES.get(kind, kind), begin, end


def _expect_places(where: str, entries: dict[str, tuple[Shape, str, int, int]], dtype: Any) -> None:
    """Raise unless the tensors lie one behind the other, each as long as its shape says."""
    at = 0
    for name, (shape, _, begin, end) in sorted(entries.items(), key=lambda entry: entry[1][2:]):
        if (begin, end) != (at, at + nbytes(shape, dtype)):
            places = f"at bytes {begin} to {end}, expected {at} to {at + nbytes(shape, dtype)}"
            raise Damaged(f"{where} places {name} {places}: tensors overlap, leave gaps or are of another size")
        at = end


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, whose names are all different."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Damaged(f"declares {short(next(name for name in names if names.count(name) > 1))} more than once")
    return found
