"""Weights in files: safetensors, npz and ONNX models; never pickles."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lstm_ref.weights import model, of_npz, of_safetensors
from lstm_ref.weights.checking import expect_finite
from lstm_ref.weights.configuration import Configuration, Layout, expect_configuration
from lstm_ref.weights.exchange import layout_named, out
from lstm_ref.weights.reading import write

_ENDINGS = (".safetensors", ".npz", ".onnx")


def load(
    path: str | os.PathLike[str],
    configuration: Configuration,
    layout: str | None = None,
    *,
    nodes: Sequence[str] | None = None,
    most: int | None = None,
) -> list[Any]:
    """The parameters of each layer and direction from a file that holds exactly those of the configuration.

    Names, shapes, dtypes and sizes that the file declares are compared with the expected ones before anything is
    allocated or unpacked for them; if anything is wrong, nothing is returned.

    Parameters
    ----------
    path : .safetensors, .npz or .onnx
    configuration : Lstm or Gru: what the file is expected to hold
    layout : "own", "torch" or "onnx": whose names and orders; absent, "own", and of a model "onnx"
    nodes : of a model: the names of its operators, one a layer; absent, it has no others of their kind
    most : of a model: how many bytes it may hold; absent, what these weights take, and little more

    Returns
    -------
    layers : Parameters or GruParameters, for layer l and the n-th of N directions at l·N + n

    Raises
    ------
    Damaged : the file is cut short, or made wrong (it is a ValueError)
    ValueError : no such layout or ending; a tensor is missing, surplus, of another shape, or not finite; the layout
        cannot hold such a network; an operator computes something else; numbers stand in another file
    TypeError : a tensor holds numbers of another dtype, or objects
    ImportError : the library that reads the format is not installed
    OSError : the file cannot be opened

    Example
    -------
    >>> import tempfile
    >>> from lstm_ref import initial_parameters
    >>> from lstm_ref.weights import Lstm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/small.npz", [initial_parameters(2, 3)], Lstm(D=3, H=2), "torch")
    ...     load(f"{folder}/small.npz", Lstm(D=3, H=2), "torch")[0].W.shape
    (8, 3)
    """
    path, chosen = _chosen(path, configuration, layout)
    shapes, dtype = chosen.shapes(configuration), configuration.dtype
    if path.suffix == ".onnx":
        tensors = model.read(path, shapes, configuration, nodes, most)
    elif nodes is not None or most is not None:
        raise ValueError(f"nodes and most belong to ONNX models, but {path} is none")
    else:
        reader = of_npz.read if path.suffix == ".npz" else of_safetensors.read
        tensors = reader(path, shapes, dtype)
    expect_finite(str(path), tensors)
    return chosen.read(tensors, configuration)


def save(
    path: str | os.PathLike[str], layers: list[Any], configuration: Configuration, layout: str | None = None
) -> None:
    """Write a file that `load` reads, whole or not at all.

    Parameters
    ----------
    path : .safetensors, .npz or .onnx; what is there is replaced
    layers : Parameters or GruParameters, as `load` returns them
    configuration : Lstm or Gru: what they are expected to be
    layout : "own", "torch" or "onnx"; absent, "own", and of a model "onnx"

    Raises
    ------
    ValueError, TypeError : no such layout or ending; the layout cannot hold such a network; the layers are not those
        of the configuration
    ImportError : the library that writes the format is not installed
    OSError : the file cannot be written

    Example
    -------
    >>> from lstm_ref import initial_parameters
    >>> from lstm_ref.weights import Lstm
    >>> save("small.pt", [initial_parameters(2, 3)], Lstm(D=3, H=2))
    Traceback (most recent call last):
    ValueError: small.pt ends with '.pt', expected .safetensors, .npz or .onnx
    """
    path, chosen = _chosen(path, configuration, layout)
    tensors = out(layers, configuration, chosen)
    if path.suffix == ".onnx":
        data = model.written(tensors, configuration)
    else:
        data = (of_npz if path.suffix == ".npz" else of_safetensors).written(tensors)
    write(path, data)


def _chosen(path: str | os.PathLike[str], configuration: Configuration, layout: str | None) -> tuple[Path, Layout]:
    """Path and layout, once they go together and the layout can hold such a network."""
    path = Path(path)
    if path.suffix not in _ENDINGS:
        raise ValueError(f"{path} ends with {path.suffix!r}, expected .safetensors, .npz or .onnx")
    expect_configuration(configuration)
    default = "onnx" if path.suffix == ".onnx" else "own"
    chosen = layout_named(default if layout is None else layout)
    if path.suffix == ".onnx" and chosen.name != layout_named("onnx").name:
        raise ValueError(f"layout is {layout!r}, but {path} is a model, whose layout is 'onnx'")
    chosen.refuse(configuration)
    return path, chosen
