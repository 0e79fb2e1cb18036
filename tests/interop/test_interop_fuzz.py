"""Files changed at random bytes: refused with a sentence that names the file, or read as arrays of the right shapes."""

from pathlib import Path
from typing import Any

import hostile
import numpy as np
import pytest
from interop_tools import drawn

from lstm_ref.weights import Lstm, load, save, to_torch

CASES = {"npz": "torch", "safetensors": "torch", "onnx": "onnx"}
NETWORK = Lstm(D=3, H=2)
ROUNDS = 300


def whole(path: Path) -> list[bytes]:
    """Right files of this kind."""
    pytest.importorskip({"npz": "numpy"}.get(path.suffix[1:], path.suffix[1:]), reason="needs the extra interop")
    layout = CASES[path.suffix[1:]]
    save(path, drawn(NETWORK), NETWORK, layout)
    found = [path.read_bytes()]
    if path.suffix == ".npz":
        np.savez_compressed(path, **to_torch(drawn(NETWORK), NETWORK))
        found.append(path.read_bytes())
    return found


def damaged(data: bytes, source: np.random.Generator) -> bytes:
    """The same with one to three places changed."""
    changed = bytearray(data)
    for _ in range(source.integers(1, 4)):
        at, other = source.integers(0, len(changed), 2)
        kind = source.integers(0, 4)
        if kind == 0:
            changed[at] = source.integers(0, 256)
        elif kind == 1:
            changed[at] ^= 1 << source.integers(0, 8)
        elif kind == 2:
            changed[at : at + 8] = changed[other : other + 8]
        else:
            changed[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(changed)


def outcome(path: Path) -> Any:
    """The layers, or the sentence of the refusal."""
    try:
        return load(path, NETWORK, CASES[path.suffix[1:]])
    except (ValueError, TypeError) as error:
        return str(error)


@pytest.mark.parametrize("ending", list(CASES))
def test_a_damaged_file_is_refused_or_read(tmp_path: Path, ending: str) -> None:
    """No other exception, no warning, nothing half-loaded; both happen."""
    path, source = tmp_path / f"w.{ending}", np.random.default_rng(7)
    files, expected = whole(path), [(8, 3), (8, 2), (8,)]
    refusals, readings = 0, 0
    for number in range(ROUNDS):
        path.write_bytes(damaged(files[number % len(files)], source))
        match outcome(path):
            case str(sentence):
                assert str(path) in sentence or "torch's layout" in sentence or "ONNX's layout" in sentence
                refusals += 1
            case [layer]:
                assert [one.shape for one in layer] == expected
                assert all(np.isfinite(one).all() for one in layer)
                readings += 1
    assert refusals + readings == ROUNDS
    assert min(refusals, readings) > 0


def test_memory_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the limit in all tests of refusals: one that costs as much as the limit fails them."""

    def costly(*_: Any) -> None:
        raise ValueError(f"{len(bytes(hostile.ENOUGH))} bytes")

    monkeypatch.setattr(hostile, "load", costly)
    with pytest.raises(AssertionError):
        hostile.refused(Path("w.npz"))
