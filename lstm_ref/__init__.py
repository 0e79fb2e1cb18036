"""A hand-written LSTM: forward, backward and nothing else. NumPy and the standard library only.

    forward, backward                       a layer over a sequence and a batch, and backpropagation through it
    step, step_vjp                          one step of it
    network                                 layers stacked, in one direction or both, with dropout between them
    chunks, checkpointing                   sequences in chunks: carried, truncated, in little memory
    Architecture, FORWARDS, REVERSED, BOTH, WHOLE, chunked, truncated, checkpointed   what a network is made of
    drop, drop_vjp, draw_mask, dropout_mask dropout
    LstmParam, LstmState, LstmNode, LstmNetwork   the objects of nicodjimenez/lstm, to drop in
    ToyLossLayer, SquaredLossLayer, squared_error, squared_error_vjp   losses
    Variant, variant, VANILLA, NIG, NFG, NOG, NIAF, NOAF, CIFG, NP, FGR, SEED, STANDARD   which cell
    gru_forward, gru_backward               a gated recurrent unit, in both conventions
    Parameters, initial_parameters, uniform, reseeding_global_generator, from_gates, to_gates   parameters
    weights                                 torch's and ONNX's weights in and out; safetensors, npz and ONNX files
    sigmoid, sigmoid_slope, tanh, tanh_slope, sigmoid_slope_by_tail, tanh_slope_at   activations

`python -m lstm_ref` runs the demonstration of nicodjimenez/lstm.

What a layer does not need is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lstm_ref.activations import sigmoid as sigmoid
from lstm_ref.activations import sigmoid_slope as sigmoid_slope
from lstm_ref.activations import sigmoid_slope_by_tail as sigmoid_slope_by_tail
from lstm_ref.activations import tanh as tanh
from lstm_ref.activations import tanh_slope as tanh_slope
from lstm_ref.activations import tanh_slope_at as tanh_slope_at
from lstm_ref.cell import StepCotangents as StepCotangents
from lstm_ref.cell import StepTape as StepTape
from lstm_ref.cell import step as step
from lstm_ref.cell import step_vjp as step_vjp
from lstm_ref.layer import Gradients as Gradients
from lstm_ref.layer import backward as backward
from lstm_ref.layer import forward as forward
from lstm_ref.parameters import Initialiser as Initialiser
from lstm_ref.parameters import Parameters as Parameters
from lstm_ref.parameters import from_gates as from_gates
from lstm_ref.parameters import initial_parameters as initial_parameters
from lstm_ref.parameters import reseeding_global_generator as reseeding_global_generator
from lstm_ref.parameters import to_gates as to_gates
from lstm_ref.parameters import uniform as uniform
from lstm_ref.tape import Tape as Tape
from lstm_ref.variant import CIFG as CIFG
from lstm_ref.variant import FGR as FGR
from lstm_ref.variant import NFG as NFG
from lstm_ref.variant import NIAF as NIAF
from lstm_ref.variant import NIG as NIG
from lstm_ref.variant import NOAF as NOAF
from lstm_ref.variant import NOG as NOG
from lstm_ref.variant import NP as NP
from lstm_ref.variant import SEED as SEED
from lstm_ref.variant import STANDARD as STANDARD
from lstm_ref.variant import VANILLA as VANILLA
from lstm_ref.variant import VARIANTS as VARIANTS
from lstm_ref.variant import Variant as Variant
from lstm_ref.variant import variant as variant

if TYPE_CHECKING:
    from lstm_ref import checkpointing as checkpointing
    from lstm_ref import chunks as chunks
    from lstm_ref import network as network
    from lstm_ref import weights as weights
    from lstm_ref.architecture import BOTH as BOTH
    from lstm_ref.architecture import FORWARDS as FORWARDS
    from lstm_ref.architecture import REVERSED as REVERSED
    from lstm_ref.architecture import Architecture as Architecture
    from lstm_ref.classic import LstmNetwork as LstmNetwork
    from lstm_ref.classic import LstmNode as LstmNode
    from lstm_ref.classic import LstmParam as LstmParam
    from lstm_ref.classic import LstmState as LstmState
    from lstm_ref.dropout import draw_mask as draw_mask
    from lstm_ref.dropout import drop as drop
    from lstm_ref.dropout import drop_vjp as drop_vjp
    from lstm_ref.gru import GruGradients as GruGradients
    from lstm_ref.gru import GruTape as GruTape
    from lstm_ref.gru import gru_backward as gru_backward
    from lstm_ref.gru import gru_forward as gru_forward
    from lstm_ref.losses import LossLayer as LossLayer
    from lstm_ref.losses import SquaredLossLayer as SquaredLossLayer
    from lstm_ref.losses import ToyLossLayer as ToyLossLayer
    from lstm_ref.losses import squared_error as squared_error
    from lstm_ref.losses import squared_error_vjp as squared_error_vjp
    from lstm_ref.network import dropout_mask as dropout_mask
    from lstm_ref.unrolling import WHOLE as WHOLE
    from lstm_ref.unrolling import Unrolling as Unrolling
    from lstm_ref.unrolling import checkpointed as checkpointed
    from lstm_ref.unrolling import chunked as chunked
    from lstm_ref.unrolling import truncated as truncated

_MODULES = ("checkpointing", "chunks", "network", "weights")
_HOMES = {
    "architecture": ("BOTH", "FORWARDS", "REVERSED", "Architecture"),
    "classic": ("LstmNetwork", "LstmNode", "LstmParam", "LstmState"),
    "dropout": ("draw_mask", "drop", "drop_vjp"),
    "gru": ("GruGradients", "GruTape", "gru_backward", "gru_forward"),
    "losses": ("LossLayer", "SquaredLossLayer", "ToyLossLayer", "squared_error", "squared_error_vjp"),
    "network": ("dropout_mask",),
    "unrolling": ("WHOLE", "Unrolling", "checkpointed", "chunked", "truncated"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A module or name that is used for the first time."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_HOME})
