"""Weights in and out: torch's `nn.LSTM` and `nn.GRU`, ONNX's LSTM and GRU; as safetensors, npz and ONNX models.

    Lstm, Gru                                   what the weights are expected to be: all shapes follow from it
    from_torch, to_torch, gradients_to_torch    a state dict, and ours
    from_onnx, to_onnx, gradients_to_onnx       the tensors W, R, B, P of the operators, and ours
    load, save                                  files
    GruParameters, Damaged                      the parameters of a GRU; what is raised for a damaged file

NumPy alone is needed, and for safetensors and models the extra `interop`, which is imported when a file of that kind is
read or written. Pickles are neither read nor written.
"""

from lstm_ref.weights.configuration import Gru as Gru
from lstm_ref.weights.configuration import GruParameters as GruParameters
from lstm_ref.weights.configuration import Lstm as Lstm
from lstm_ref.weights.exchange import from_onnx as from_onnx
from lstm_ref.weights.exchange import from_torch as from_torch
from lstm_ref.weights.exchange import gradients_to_onnx as gradients_to_onnx
from lstm_ref.weights.exchange import gradients_to_torch as gradients_to_torch
from lstm_ref.weights.exchange import to_onnx as to_onnx
from lstm_ref.weights.exchange import to_torch as to_torch
from lstm_ref.weights.files import load as load
from lstm_ref.weights.files import save as save
from lstm_ref.weights.reading import Damaged as Damaged
