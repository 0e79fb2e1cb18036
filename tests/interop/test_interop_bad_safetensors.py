"""safetensors files that are damaged or hostile: refused by their header, before the rest is read."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import SMALL, refused, sparse
from interop_tools import drawn, same

from lstm_ref.weights import Damaged, load, save, to_torch

pytest.importorskip("safetensors", reason="needs the extra interop")

NAMES = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"
DATA = 24 * 8 + 16 * 8 + 2 * 8 * 8


def header() -> dict[str, Any]:
    """A right header for SMALL."""
    found, at = {}, 0
    for name, value in to_torch(drawn(SMALL), SMALL).items():
        found[name] = {"dtype": "F64", "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    return found


def file(path: Path, text: str | bytes, data: bytes = bytes(DATA)) -> Path:
    """A file of this header."""
    head = text.encode() if isinstance(text, str) else text
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)
    return path


def changed(path: Path, name: str, **changes: Any) -> Path:
    """A file in whose header one tensor is described in another way."""
    said = header()
    said[name] = said.get(name, {}) | changes
    return file(path, json.dumps(said))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is written."""
    return tmp_path / "w.safetensors"


def test_the_file_itself_is_read(path: Path) -> None:
    """The control of all below: the right header, with metadata, is read."""
    tensors = b"".join(one.tobytes() for one in to_torch(drawn(SMALL), SMALL).values())
    file(path, json.dumps({"__metadata__": {"format": "pt"}, **header()}), tensors)
    assert same(load(path, SMALL, "torch"), drawn(SMALL))


def test_a_huge_header_is_refused(path: Path) -> None:
    """A length of 2^62 is compared with what a header can take, and nothing of it is read."""
    path.write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    message = f"w.safetensors announces a header of {1 << 62} bytes, expected at most 69632 for these weights"
    assert refused(path) == (Damaged, message)


def test_a_huge_file_is_refused(path: Path) -> None:
    """By its size, unread."""
    sparse(path, b"", 1 << 36)
    most = 8 + 69632 + DATA
    message = f"w.safetensors holds {1 << 36} bytes, expected at most {most} for these weights: nothing was read"
    assert refused(path) == (Damaged, message)


def test_a_huge_shape_is_refused(path: Path) -> None:
    """It is not the expected one, whatever it would take."""
    shape = [1 << 40, 1 << 40]
    changed(path, "weight_ih_l0", shape=shape, data_offsets=[0, 8 << 80])
    message = f"weight_ih_l0 in w.safetensors has shape ({1 << 40}, {1 << 40}), expected (8, 3)"
    assert refused(path) == (ValueError, message)


def test_a_path_for_a_name_is_refused(path: Path) -> None:
    """It is only ever a name, and not an expected one."""
    changed(path, "../../etc/passwd", dtype="F64", shape=[0], data_offsets=[0, 0])
    assert refused(path) == (ValueError, f"w.safetensors holds '../../etc/passwd', expected only {NAMES}")


def test_a_missing_tensor_is_named(path: Path) -> None:
    """With all that were expected."""
    said = header()
    del said["weight_hh_l0"]
    file(path, json.dumps(said))
    kind, message = refused(path)
    assert (kind, message[:42]) == (ValueError, "w.safetensors lacks weight_hh_l0, expected")


def test_a_name_given_twice_is_refused(path: Path) -> None:
    """JSON's readers take the last one and say nothing."""
    text = json.dumps(header())
    file(path, text[:-1] + ', "bias_hh_l0": {"dtype": "F64", "shape": [8], "data_offsets": [320, 384]}}')
    assert refused(path) == (Damaged, "w.safetensors declares 'bias_hh_l0' more than once")


@pytest.mark.parametrize("code", ["I64", "F32", "BF16", "F16", "BOOL"])
def test_another_dtype_is_refused(path: Path, code: str) -> None:
    """It is named as the file names it, or as NumPy does."""
    changed(path, "bias_hh_l0", dtype=code)
    shown = "float32" if code == "F32" else code
    message = f"bias_hh_l0 in w.safetensors holds {shown}, expected float64: convert one of them"
    assert refused(path) == (TypeError, message)


@pytest.mark.parametrize(
    ("begin", "end", "named"),
    [
        (0, 64, ""),  # of two tensors that begin alike, either may be named
        (448, 512, "bias_hh_l0 at bytes 448 to 512, expected 384 to 448: "),
        (384, 440, "bias_hh_l0 at bytes 384 to 440, expected 384 to 448: "),
    ],
    ids=["overlap", "gap", "short"],
)
def test_wrong_places_are_refused(path: Path, begin: int, end: int, named: str) -> None:
    """Tensors that share bytes, or leave some to nobody, are of no honest writer."""
    changed(path, "bias_hh_l0", data_offsets=[begin, end])
    kind, message = refused(path)
    assert kind is Damaged
    assert "tensors overlap, leave gaps or are of another size" in message
    assert message.startswith("w.safetensors places ")
    assert named in message


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"shape": [-8]}, "whole numbers for its shape and two offsets"),
        ({"shape": [8.0]}, "whole numbers for its shape and two offsets"),
        ({"shape": [True]}, "whole numbers for its shape and two offsets"),
        ({"data_offsets": [384]}, "whole numbers for its shape and two offsets"),
        ({"shape": "8"}, "dtype, shape and data_offsets"),
        ({"dtype": 64}, "dtype, shape and data_offsets"),
        ({"more": 1}, "dtype, shape and data_offsets"),
    ],
)
def test_a_wrong_description_is_refused(path: Path, changes: dict[str, Any], expected: str) -> None:
    """Numbers that are none, or keys that nobody knows."""
    changed(path, "bias_hh_l0", **changes)
    assert refused(path) == (Damaged, f"w.safetensors describes 'bias_hh_l0' wrongly, expected {expected}")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("[]", "w.safetensors has a header that is a list, expected names with their tensors"),
        ("{", "w.safetensors has no header in JSON: Expecting property name"),
        (b"\xff\xfe", "w.safetensors has no header in JSON: 'utf-8' codec can't decode"),
        ("[" * 60_000, "w.safetensors has no header in JSON: maximum recursion depth"),
        ('{"x": ' + "9" * 5000 + "}", "w.safetensors has no header in JSON: Exceeds the limit"),
        ('{"x": 3}', "w.safetensors describes 'x' wrongly, expected dtype, shape and data_offsets"),
    ],
    ids=["list", "cut", "bytes", "deep", "long number", "number"],
)
def test_a_header_that_is_none_is_refused(path: Path, text: str | bytes, start: str) -> None:
    """Whatever the reader of JSON says about it."""
    kind, message = refused(file(path, text))
    assert kind is Damaged
    assert message.startswith(start)


def test_a_file_cut_short_is_refused_at_every_length(path: Path) -> None:
    """From no byte to one too few, and with one too many."""
    save(path, drawn(SMALL), SMALL, "torch")
    whole = path.read_bytes()
    for length in [*range(0, 24), *range(24, len(whole), 61), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert refused(path)[0] is Damaged
    path.write_bytes(whole + b"\0")
    size = len(whole)
    assert refused(path) == (Damaged, f"w.safetensors holds {size + 1} bytes, expected {size} by its own header")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_unread(path: Path, protocol: int) -> None:
    """And said to be one."""
    path.write_bytes(pickle.dumps({"weight_ih_l0": np.ones((8, 3))}, protocol))
    message = "w.safetensors is a pickle, which can run code and is never read: write it as safetensors"
    assert refused(path) == (Damaged, message)


def test_numbers_that_are_none_are_refused(path: Path) -> None:
    """NaN, in a file that is intact otherwise."""
    data = np.zeros(DATA // 8)
    data[-1] = np.nan
    file(path, json.dumps(header()), data.tobytes())
    message = "bias_hh_l0 in w.safetensors holds NaN or infinity, expected finite numbers"
    assert refused(path) == (ValueError, message)


def test_what_is_no_file_is_refused(path: Path) -> None:
    """A pipe would wait, and a device never end."""
    os.mkfifo(path)
    assert refused(path) == (ValueError, "w.safetensors is no regular file, expected a file of weights")
