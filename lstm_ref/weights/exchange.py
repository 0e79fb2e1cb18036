"""Weights in memory: from another layout to ours and back, and gradients likewise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstm_ref.checks import Array
from lstm_ref.weights.checking import expect_tensors
from lstm_ref.weights.configuration import Configuration, Layout, expect_configuration
from lstm_ref.weights.of_onnx import ONNX
from lstm_ref.weights.of_torch import TORCH
from lstm_ref.weights.own import OWN

LAYOUTS = {"own": OWN, "torch": TORCH, "onnx": ONNX}


def from_torch(state: Mapping[str, Any], configuration: Configuration) -> list[Any]:
    """The parameters of each layer and direction from a state dict of torch's `nn.LSTM` or `nn.GRU`.

    Names, orders and what becomes of the two biases stand in `lstm_ref.weights.of_torch`.

    Parameters
    ----------
    state : names to arrays, or torch's tensors; those of a part of a module, such as `lstm.weight_ih_l0`, have to be
        picked and renamed first
    configuration : Lstm or Gru: what the state dict is expected to hold

    Returns
    -------
    layers : Parameters or GruParameters, for layer l and the n-th of N directions at l·N + n; copies

    Raises
    ------
    ValueError : torch has no such network; a tensor is missing, surplus, of another shape, or not finite
    TypeError : a tensor is no array, or one of another dtype; configuration is none

    Example
    -------
    >>> import numpy as np
    >>> from lstm_ref.weights.configuration import Lstm
    >>> state = {"weight_ih_l0": np.array([[1.0], [2.0], [3.0], [4.0]]), "weight_hh_l0": np.ones((4, 1))}
    >>> from_torch(state, Lstm(D=1, H=1, bias=False))[0].W.ravel()
    array([3., 1., 2., 4.])
    """
    return _in(state, configuration, TORCH, "the state dict")


def to_torch(layers: list[Any], configuration: Configuration) -> dict[str, Array]:
    """The state dict of torch's `nn.LSTM` or `nn.GRU` for these parameters: the inverse of `from_torch`.

    An LSTM's b becomes `bias_ih`, and `bias_hh` is zero.

    Parameters
    ----------
    layers : Parameters or GruParameters, as `from_torch` returns them
    configuration : Lstm or Gru: what they are expected to be

    Returns
    -------
    state : names to arrays, copies; `{name: torch.from_numpy(array) …}` is what `load_state_dict` takes

    Raises
    ------
    ValueError : torch has no such network; the layers are not those of the configuration; without biases, one is not 0
    TypeError : a parameter is no array, or one of another dtype; configuration is none

    Example
    -------
    >>> import numpy as np
    >>> from lstm_ref.parameters import Parameters
    >>> from lstm_ref.weights.configuration import Lstm
    >>> layer = Parameters(np.array([[3.0], [1.0], [2.0], [4.0]]), np.ones((4, 1)), np.array([7.0, 5.0, 6.0, 8.0]))
    >>> to_torch([layer], Lstm(D=1, H=1))["bias_ih_l0"]
    array([5., 6., 7., 8.])
    """
    return out(layers, configuration, TORCH)


def gradients_to_torch(gradients: list[Any], configuration: Configuration) -> dict[str, Array]:
    """The gradients that torch has for the parameters of `to_torch`, from those of ours.

    Those of both biases of an LSTM are that of b.

    Parameters
    ----------
    gradients : of each layer and direction, as `backward`, `gru_backward` or a network's `layers` name them
    configuration : Lstm or Gru

    Raises
    ------
    ValueError, TypeError : as `to_torch`

    Example
    -------
    >>> import numpy as np
    >>> from lstm_ref.parameters import Parameters
    >>> from lstm_ref.weights.configuration import Lstm
    >>> gradient = Parameters(np.ones((4, 1)), np.ones((4, 1)), np.array([7.0, 5.0, 6.0, 8.0]))
    >>> gradients_to_torch([gradient], Lstm(D=1, H=1))["bias_hh_l0"]
    array([5., 6., 7., 8.])
    """
    return out(gradients, configuration, TORCH, gradients=True)


def from_onnx(tensors: Mapping[str, Any], configuration: Configuration) -> list[Any]:
    """The parameters of each layer and direction from the tensors of ONNX's operators LSTM or GRU.

    Orders and what becomes of the two biases stand in `lstm_ref.weights.of_onnx`; `load` reads a model.

    Parameters
    ----------
    tensors : W_l0, R_l0, B_l0, P_l0 of the first operator, W_l1, … of the next
    configuration : Lstm or Gru: what the operators are expected to be

    Returns
    -------
    layers : Parameters or GruParameters, for layer l and the n-th of N directions at l·N + n; copies

    Raises
    ------
    ValueError : ONNX has no such operator; a tensor is missing, surplus, of another shape, or not finite
    TypeError : a tensor is no array, or one of another dtype; configuration is none

    Example
    -------
    >>> import numpy as np
    >>> from lstm_ref.weights.configuration import Gru
    >>> tensors = {"W_l0": np.array([[[1.0], [2.0], [3.0]]]), "R_l0": np.ones((1, 3, 1))}
    >>> from_onnx(tensors, Gru(D=1, H=1, bias=False))[0].W.ravel()
    array([2., 1., 3.])
    """
    return _in(tensors, configuration, ONNX, "what is given")


def to_onnx(layers: list[Any], configuration: Configuration) -> dict[str, Array]:
    """The tensors of ONNX's operators LSTM or GRU for these parameters: the inverse of `from_onnx`.

    An LSTM's b becomes the first half of B, and the second is zero.

    Parameters
    ----------
    layers : Parameters or GruParameters, as `from_onnx` returns them
    configuration : Lstm or Gru: what they are expected to be

    Raises
    ------
    ValueError : ONNX has no such operator; the layers are not those of the configuration; without biases, one is not 0
    TypeError : a parameter is no array, or one of another dtype; configuration is none

    Example
    -------
    >>> import numpy as np
    >>> from lstm_ref.parameters import Parameters
    >>> from lstm_ref.weights.configuration import Lstm
    >>> layer = Parameters(np.ones((4, 1)), np.ones((4, 1)), np.array([4.0, 1.0, 3.0, 2.0]))
    >>> to_onnx([layer], Lstm(D=1, H=1))["B_l0"]
    array([[1., 2., 3., 4., 0., 0., 0., 0.]])
    """
    return out(layers, configuration, ONNX)


def gradients_to_onnx(gradients: list[Any], configuration: Configuration) -> dict[str, Array]:
    """The gradients of the tensors of `to_onnx`, from those of our parameters.

    Those of both halves of an LSTM's B are that of b.

    Parameters
    ----------
    gradients : of each layer and direction, as `backward`, `gru_backward` or a network's `layers` name them
    configuration : Lstm or Gru

    Raises
    ------
    ValueError, TypeError : as `to_onnx`

    Example
    -------
    >>> import numpy as np
    >>> from lstm_ref.parameters import Parameters
    >>> from lstm_ref.weights.configuration import Lstm
    >>> gradient = Parameters(np.ones((4, 1)), np.ones((4, 1)), np.array([4.0, 1.0, 3.0, 2.0]))
    >>> gradients_to_onnx([gradient], Lstm(D=1, H=1))["B_l0"]
    array([[1., 2., 3., 4., 1., 2., 3., 4.]])
    """
    return out(gradients, configuration, ONNX, gradients=True)


def layout_named(name: Any) -> Layout:
    """The layout of this name."""
    if not isinstance(name, str) or name not in LAYOUTS:
        raise ValueError(f"layout is {name!r}, expected one of {', '.join(LAYOUTS)}")
    return LAYOUTS[name]


def out(layers: Any, configuration: Configuration, layout: Layout, *, gradients: bool = False) -> dict[str, Array]:
    """The tensors of a layout."""
    expect_configuration(configuration)
    layout.refuse(configuration)
    return layout.write(layers, configuration, gradients)


def _in(tensors: Any, configuration: Configuration, layout: Layout, where: str) -> list[Any]:
    """The parameters from tensors of a layout, once they are those expected."""
    expect_configuration(configuration)
    layout.refuse(configuration)
    arrays = expect_tensors(where, tensors, layout.shapes(configuration), configuration.dtype)
    return layout.read(arrays, configuration)
