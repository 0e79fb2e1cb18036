"""Files of every kind: whole or not at all, the same bits again, and a clear word where a library is missing."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interop_tools import NETWORKS, OPERATORS, drawn, same

from lstm_ref import BOTH, VARIANTS
from lstm_ref.weights import Gru, Lstm, load, save

ENDINGS = ["npz", "safetensors"]
LAYOUTS = {"torch": NETWORKS, "onnx": OPERATORS, "own": NETWORKS | OPERATORS}


def written(path: Path, configuration: Any, layout: str) -> list[Any]:
    """The layers that have been saved there."""
    pytest.importorskip("safetensors" if path.suffix == ".safetensors" else "numpy", reason="needs the extra interop")
    layers = drawn(configuration)
    save(path, layers, configuration, layout)
    return layers


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("layout", "name"), [(layout, name) for layout, networks in LAYOUTS.items() for name in networks]
)
def test_every_network_comes_back_bit_for_bit(tmp_path: Path, layout: str, name: str, ending: str) -> None:
    """In every layout that can hold it."""
    path, configuration = tmp_path / f"w.{ending}", LAYOUTS[layout][name]
    layers = written(path, configuration, layout)
    assert same(load(path, configuration, layout), layers)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("cell", list(VARIANTS))
def test_every_variant_comes_back_in_our_own_layout(tmp_path: Path, cell: str, ending: str) -> None:
    """All of them, in float32, with projection and in both directions."""
    path = tmp_path / f"w.{ending}"
    configuration = Lstm(D=3, H=4, layers=2, directions=BOTH, cell=cell, projection=2, dtype="float32")
    layers = written(path, configuration, "own")
    assert same(load(path, configuration), layers)


@pytest.mark.parametrize("ending", [*ENDINGS, "onnx"])
def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, what was there stays, and nothing is left beside it."""
    pytest.importorskip("safetensors", reason="needs the extra interop")
    pytest.importorskip("onnx", reason="needs the extra interop")
    path, configuration = tmp_path / f"w.{ending}", Gru(D=2, H=2)
    layout = "onnx" if ending == "onnx" else None
    save(path, drawn(configuration, seed=1), configuration, layout)

    def full(*_: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises(OSError, match="no space left"):
            save(path, drawn(configuration, seed=2), configuration, layout)
    assert same(load(path, configuration, layout), drawn(configuration, seed=1))
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it points to is replaced."""
    configuration = Gru(D=2, H=2)
    (tmp_path / "link.npz").symlink_to(tmp_path / "w.npz")
    save(tmp_path / "link.npz", drawn(configuration), configuration)
    assert (tmp_path / "link.npz").is_symlink()
    assert same(load(tmp_path / "w.npz", configuration), drawn(configuration))


@pytest.mark.parametrize(
    ("ending", "library", "layout"),
    [("safetensors", "safetensors.numpy", "own"), ("onnx", "onnx", "onnx")],
)
def test_a_missing_library_is_named(
    tmp_path: Path, ending: str, library: str, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the extra that installs it, reading and writing; and nothing is written."""
    path, configuration = tmp_path / f"w.{ending}", Gru(D=2, H=2)
    format_name = "ONNX" if ending == "onnx" else ending
    monkeypatch.setitem(sys.modules, library, None)
    message = (
        f'{format_name} needs {library.split(".")[0]}: pip install "gradient-oracle[interop]"; npz needs NumPy alone'
    )
    with pytest.raises(ImportError) as caught:
        save(path, drawn(configuration), configuration, layout)
    assert str(caught.value) == f"writing {message}"
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"")
    with pytest.raises(ImportError) as caught:
        load(path, configuration, layout)
    assert str(caught.value) == f"reading {message}"


def test_npz_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the two."""
    configuration = NETWORKS["lstm"]
    for library in ("safetensors", "safetensors.numpy", "onnx", "torch"):
        monkeypatch.setitem(sys.modules, library, None)
    save(tmp_path / "w.npz", drawn(configuration), configuration, "torch")
    assert same(load(tmp_path / "w.npz", configuration, "torch"), drawn(configuration))


def test_a_wrong_layout_is_not_taken_for_another(tmp_path: Path) -> None:
    """Names tell them apart."""
    configuration = NETWORKS["lstm"]
    save(tmp_path / "w.npz", drawn(configuration), configuration, "torch")
    with pytest.raises(ValueError, match=r"^.*w\.npz holds 'weight_ih_l0\.npy', expected only W_l0\.npy, "):
        load(tmp_path / "w.npz", configuration, "onnx")


def test_what_comes_back_can_be_written_in(tmp_path: Path) -> None:
    """Arrays of one's own, not views of the file."""
    configuration = NETWORKS["lstm"]
    save(tmp_path / "w.npz", drawn(configuration), configuration)
    for parameter in load(tmp_path / "w.npz", configuration)[0]:
        parameter[...] = np.zeros_like(parameter)
        assert parameter.flags.owndata
