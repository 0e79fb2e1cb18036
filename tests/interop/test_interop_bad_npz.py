"""npz files that are damaged or hostile: refused by what they declare, before anything is unpacked."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import SMALL, refused, sparse
from interop_tools import drawn, same

from lstm_ref.weights import Damaged, load, save, to_torch
from lstm_ref.weights.reading import exactly

NAMES = "weight_ih_l0.npy, weight_hh_l0.npy, bias_ih_l0.npy, bias_hh_l0.npy"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is written."""
    return tmp_path / "w.npz"


def tensors(**changes: Any) -> dict[str, Any]:
    """The arrays of SMALL, with some replaced; None takes one out."""
    every: dict[str, Any] = {**to_torch(drawn(SMALL), SMALL), **changes}
    return {name: value for name, value in every.items() if value is not None}


def npy(array: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    """The array as a file of its own."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """An archive of these bytes."""
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def members(**changes: Any) -> dict[str, bytes]:
    """The members of a right archive, with some replaced."""
    return {f"{name}.npy": npy(value) for name, value in tensors().items()} | {
        name.replace("__", "."): value for name, value in changes.items()
    }


@pytest.mark.parametrize("writer", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(path: Path, writer: Any) -> None:
    """The control of all below: stored and compressed, and with arrays by columns."""
    writer(path, **tensors())
    assert same(load(path, SMALL, "torch"), drawn(SMALL))
    writer(path, **{name: np.asfortranarray(value) for name, value in tensors().items()})
    assert same(load(path, SMALL, "torch"), drawn(SMALL))


def test_numpy_reads_what_we_write(path: Path) -> None:
    """And the same network gives the same bytes."""
    save(path, drawn(SMALL), SMALL, "torch")
    first = path.read_bytes()
    with np.load(path, allow_pickle=False) as found:
        assert {name: found[name].tolist() for name in found} == {n: v.tolist() for n, v in tensors().items()}
    save(path, drawn(SMALL), SMALL, "torch")
    assert path.read_bytes() == first


def test_a_member_that_unfolds_is_refused(path: Path) -> None:
    """2^28 zeros in 261 KB are refused by the size that they declare; in a larger archive by its own size."""
    archive(path, members(bias_hh_l0__npy=npy(np.zeros(8)) + bytes(1 << 24)))
    declared = len(npy(np.zeros(8))) + (1 << 24)
    size = f"{declared} bytes, expected 64 and a header of at most 4096"
    assert refused(path) == (Damaged, f"w.npz declares bias_hh_l0.npy as {size}: nothing was unpacked")


def test_a_member_that_unfolds_further_than_it_declares_is_cut(path: Path) -> None:
    """Where the archive lies about the size, no more is unpacked than it says, and the checksum shows it."""
    archive(path, members(bias_hh_l0__npy=npy(np.zeros(8)) + bytes(1 << 24)))
    data, right = bytearray(path.read_bytes()), len(npy(np.zeros(8)))
    lie = (right + (1 << 24)).to_bytes(4, "little")
    assert data.count(lie) == 2
    path.write_bytes(bytes(data).replace(lie, right.to_bytes(4, "little")))
    kind, message = refused(path)
    assert kind is Damaged
    assert message == "w.npz is no intact npz file: Bad CRC-32 for file 'bias_hh_l0.npy'"


def test_a_huge_file_is_refused(path: Path) -> None:
    """By its size, unread."""
    sparse(path, b"PK\x03\x04", 1 << 36)
    kind, message = refused(path)
    assert kind is Damaged
    assert message.endswith("for these weights: nothing was read")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(path: Path, method: int) -> None:
    """Their readers unpack a block whatever it unfolds into."""
    archive(path, members(), method)
    message = "w.npz packs weight_ih_l0.npy in a way that is not read, expected stored or deflated"
    assert refused(path) == (Damaged, message)


def test_an_encrypted_member_is_refused(path: Path) -> None:
    """By its flag."""
    archive(path, members(), zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    message = "w.npz packs weight_ih_l0.npy in a way that is not read, expected stored or deflated"
    assert refused(path) == (Damaged, message)


@pytest.mark.parametrize("name", ["../../x.npy", "/etc/passwd", "weight_ih_l0", "archive/data.pkl"])
def test_surplus_members_are_refused(path: Path, name: str) -> None:
    """Paths among them, and those of torch's own archives."""
    archive(path, members() | {name: npy(np.zeros(1))})
    assert refused(path) == (ValueError, f"w.npz holds {name!r}, expected only {NAMES}")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_is_refused(path: Path) -> None:
    """Readers of archives take the last one and say nothing."""
    with zipfile.ZipFile(path, "w") as out:
        for name, data in [*members().items(), ("bias_hh_l0.npy", npy(np.ones(8)))]:
            out.writestr(name, data)
    assert refused(path) == (Damaged, "w.npz holds 'bias_hh_l0.npy' more than once")


def test_objects_are_refused_unread(path: Path) -> None:
    """They are pickles; their header says so."""

    class Trap:
        def __reduce__(self) -> Any:
            return exec, ("raise SystemExit('the pickle was read')",)

    objects = np.empty(8, dtype=object)
    objects[:] = [Trap()] * 8
    archive(path, members(bias_hh_l0__npy=npy(objects)))
    message = "bias_hh_l0 in w.npz holds objects, which are pickles and never read, expected numbers"
    assert refused(path) == (TypeError, message)


def test_a_pickle_is_refused_unread(path: Path) -> None:
    """Whatever its name says."""
    path.write_bytes(pickle.dumps(tensors()))
    message = "w.npz is a pickle, which can run code and is never read: write it as safetensors"
    assert refused(path) == (Damaged, message)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"bias_hh_l0": None}, ValueError, "w.npz lacks bias_hh_l0, expected "),
        ({"bias_hh_l0": np.zeros((1, 8))}, ValueError, "bias_hh_l0 in w.npz has shape (1, 8), expected (8,)"),
        ({"bias_hh_l0": np.zeros(8, dtype=int)}, TypeError, "bias_hh_l0 in w.npz holds int64, expected float64: "),
        ({"bias_hh_l0": np.zeros(8, dtype=">f8")}, TypeError, "bias_hh_l0 in w.npz holds >f8, expected float64: "),
        ({"bias_hh_l0": np.zeros(16, dtype="f4")}, ValueError, "bias_hh_l0 in w.npz has shape (16,), expected (8,)"),
        ({"bias_hh_l0": np.full(8, np.nan)}, ValueError, "bias_hh_l0 in w.npz holds NaN or infinity, expected finite"),
        ({"bias_hh_l0": np.zeros(8, dtype=[("x", "f8")])}, TypeError, "bias_hh_l0 in w.npz holds [('x', '<f8')], "),
    ],
    ids=["missing", "shape", "integers", "byte order", "size", "NaN", "records"],
)
def test_wrong_arrays_are_refused(path: Path, changes: dict[str, Any], kind: type, message: str) -> None:
    """By name, with what was given and what was expected."""
    np.savez(path, **tensors(**changes))
    found = refused(path)
    assert found[0] is kind
    assert found[1].startswith(message)


def test_a_short_array_is_refused(path: Path) -> None:
    """By its header or by the size that the archive declares."""
    np.savez(path, **tensors(bias_hh_l0=np.zeros(7)))
    assert refused(path) == (ValueError, "bias_hh_l0 in w.npz has shape (7,), expected (8,)")
    np.savez(path, **tensors(weight_ih_l0=np.zeros((8, 300))))
    assert refused(path)[0] is Damaged


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (npy(np.zeros(8)) + bytes(8), "bias_hh_l0 in w.npz goes on after 64 bytes, where it should end"),
        (npy(np.zeros(8))[:-8], "bias_hh_l0 in w.npz ends after 56 bytes where 64 were announced"),
        (bytes(192), "bias_hh_l0 in w.npz has no header of an array: the magic string is not correct"),
        (npy(np.zeros(8), (3, 0)), "bias_hh_l0 in w.npz has no header of an array: version (3, 0), expected (1, 0)"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(180), "bias_hh_l0 in w.npz has no header of an array: EOF: "),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': ".ljust(192), "bias_hh_l0 in w.npz has no header of an array: "),
        (npy(np.zeros(8)).replace(b"'<f8'", b"[[[]]"), "bias_hh_l0 in w.npz has no header of an array: "),
        (npy(np.zeros(8)).replace(b"(8,)", b"(-8)"), "bias_hh_l0 in w.npz has no header of an array: "),
    ],
    ids=["long", "short", "no magic", "version", "huge header", "cut header", "no dtype", "no shape"],
)
def test_wrong_members_are_refused(path: Path, data: bytes, message: str) -> None:
    """Whatever NumPy's reader of headers says of them."""
    archive(path, members(bias_hh_l0__npy=data))
    kind, found = refused(path)
    assert kind is Damaged
    assert found.startswith(message)


def test_a_file_cut_short_is_refused_at_every_length(path: Path) -> None:
    """From no byte to one too few."""
    save(path, drawn(SMALL), SMALL, "torch")
    whole = path.read_bytes()
    for length in [*range(0, 8), *range(8, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert refused(path)[0] is Damaged


def test_a_changed_number_is_seen(path: Path) -> None:
    """By the checksum of its member."""
    save(path, drawn(SMALL), SMALL, "torch")
    data = bytearray(path.read_bytes())
    data[data.index(b"NUMPY") + 123] ^= 1  # the first number of the first array
    path.write_bytes(bytes(data))
    assert refused(path) == (Damaged, "w.npz is no intact npz file: Bad CRC-32 for file 'weight_ih_l0.npy'")


def test_a_stream_that_ends_early_is_said_to() -> None:
    """The sentence of all formats."""
    with pytest.raises(Damaged, match=r"^x ends after 1 bytes where 2 were announced$"):
        exactly(io.BytesIO(b"a"), 2, "x")
