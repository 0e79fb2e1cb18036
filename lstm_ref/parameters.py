"""The parameters of one layer: their names, their shapes, and where their first values come from.

An initialiser is a function from a shape to an array. Parameters are drawn gate by gate in the order g, i, f, o, all
weights before all biases, so that the same initialiser gives the same numbers to a layer and to `LstmParam`.

The weights of one gate stand in one array (H, D+H), which multiplies z = [x, h_prev]; a layer keeps the two parts of
all gates in W (4H, D) and U (4H, H). A cell without one of the gates has three of them, and H is R where the output
is projected to R numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np

from lstm_ref.checks import Array, expect_kind, expect_size
from lstm_ref.named import Parameters as Parameters
from lstm_ref.named import parameters
from lstm_ref.variant import SEED, Variant

Initialiser = Callable[[tuple[int, ...]], Array]

GATES = ("g", "i", "f", "o")


def uniform(
    generator: np.random.Generator | None = None, low: float = -0.1, high: float = 0.1, dtype: Any = float
) -> Initialiser:
    """An initialiser that draws evenly from [low, high), each time anew, and rounds to `dtype`.

    Parameters
    ----------
    generator : where the numbers come from; absent, a fresh one that differs from run to run
    low, high : the bounds
    dtype : of the arrays

    Returns
    -------
    initialiser : shape -> array; the global generator of NumPy is neither read nor changed

    Example
    -------
    >>> draw = uniform(np.random.default_rng(5), low=1.0, high=2.0)
    >>> first, second = draw((2, 3)), draw((2, 3))
    >>> first.shape, (first >= 1.0).all(), (first < 2.0).all(), (first == second).any()
    ((2, 3), np.True_, np.True_, np.False_)
    """
    source = np.random.default_rng() if generator is None else generator
    return lambda shape: source.uniform(low, high, shape).astype(dtype)


def reseeding_global_generator(shape: tuple[int, ...]) -> Array:
    """The original's initialiser: sets NumPy's global generator to seed 0, then draws evenly from [-0.1, 0.1).

    Every array of one shape comes out the same, so all four gates start alike, and a backward that mixes them up goes
    unnoticed. It is needed to reproduce published runs of nicodjimenez/lstm, and for nothing else: it is the one
    function of this package that touches the global generator, and leaves it where the original leaves it.

    Example
    -------
    >>> reseeding_global_generator((3,)).round(3), reseeding_global_generator((3,)).round(3)
    (array([0.01 , 0.043, 0.021]), array([0.01 , 0.043, 0.021]))
    """
    low, high = -0.1, 0.1
    np.random.seed(0)
    return np.random.rand(*shape) * (high - low) + low


def initial_parameters(
    mem_cell_ct: int,
    x_dim: int,
    initialiser: Initialiser | None = None,
    cell: Variant = SEED,
    *,
    projection: int | None = None,
    forget_bias: float | None = None,
) -> Parameters:
    """The parameters of a layer with H = mem_cell_ct cells and D = x_dim inputs, as `initialiser` draws them.

    Parameters
    ----------
    mem_cell_ct, x_dim : H and D, at least 1
    initialiser : shape -> array; absent, `uniform()`
    cell : which cell; its peepholes and V are drawn after weights and biases, in that order
    projection : R, at least 1, for a layer whose output is projected; P is drawn last
    forget_bias : what all biases of the forget gate are instead, such as 1.0, so that a new layer remembers

    Raises
    ------
    ValueError, TypeError : a size is not a whole number of at least 1; a forget bias that is no finite number, or is
        given for a cell whose forget gate has no bias; the cell is no Variant

    Example
    -------
    >>> [parameter.shape for parameter in initial_parameters(2, 3)]
    [(8, 3), (8, 2), (8,)]
    >>> from lstm_ref.variant import STANDARD
    >>> initial_parameters(2, 3, cell=STANDARD, forget_bias=1.0).b[4:6]
    array([1., 1.])
    """
    if projection is not None:
        expect_size("projection", projection)
    expect_kind("cell", cell, Variant, "a Variant, such as SEED or STANDARD")
    H, R, K = mem_cell_ct, projection or mem_cell_ct, len(cell.gates)
    draw = uniform() if initialiser is None else initialiser
    weights, biases = initial_gates(H, x_dim, draw, R, K)
    if forget_bias is not None:
        _set_forget_bias(biases, cell, forget_bias)
    W, U = (np.concatenate([weight[:, part] for weight in weights]) for part in (np.s_[:x_dim], np.s_[x_dim:]))
    p = draw((K - 1, H)) if cell.peepholes else None
    V = draw((3 * H, 3 * H)) if cell.gate_recurrence else None
    P = draw((R, H)) if projection else None
    return parameters(W, U, np.concatenate(biases), p=p, V=V, P=P)


def initial_gates(
    mem_cell_ct: int, x_dim: int, initialiser: Initialiser | None = None, R: int | None = None, K: int = len(GATES)
) -> tuple[list[Array], list[Array]]:
    """The K weights (H, D+R) and the K biases (H,), drawn in that order; R is H unless it is given."""
    expect_size("mem_cell_ct", mem_cell_ct)
    expect_size("x_dim", x_dim)
    draw = uniform() if initialiser is None else initialiser
    weights = [draw((mem_cell_ct, x_dim + (R or mem_cell_ct))) for _ in range(K)]
    biases = [draw((mem_cell_ct,)) for _ in range(K)]
    return weights, biases


def _set_forget_bias(biases: list[Array], cell: Variant, forget_bias: float) -> None:
    """Put `forget_bias` in the place of the forget gate's biases."""
    if "f" not in cell.gates:
        raise ValueError(f"forget_bias is {forget_bias!r}, but the {cell.name!r} cell has no forget gate with a bias")
    if isinstance(forget_bias, bool) or not isinstance(forget_bias, int | float) or not isfinite(forget_bias):
        raise ValueError(f"forget_bias is {forget_bias!r}, expected a finite number such as 1.0")
    bias = biases[cell.gates.index("f")]
    biases[cell.gates.index("f")] = np.full_like(bias, forget_bias)


def from_gates(weights: Sequence[Array], biases: Sequence[Array]) -> Parameters:
    """The parameters of a layer from those of its gates; gradients are put together in the same way.

    Parameters
    ----------
    weights : four arrays (H, D+H), in the order g, i, f, o; the first D columns belong to x
    biases : four arrays (H,), in the same order

    Returns
    -------
    parameters : copies

    Example
    -------
    >>> weights = [np.array([[k, 10.0 * k]]) for k in (1, 2, 3, 4)]
    >>> from_gates(weights, [np.zeros(1)] * 4).U.ravel()
    array([10., 20., 30., 40.])
    """
    H, D = len(biases[0]), weights[0].shape[1] - len(biases[0])
    W = np.concatenate([weight[:, :D] for weight in weights])
    U = np.concatenate([weight[:, D:] for weight in weights])
    b = np.concatenate([bias[:H] for bias in biases])
    return Parameters(W, U, b)


def to_gates(parameters: Parameters) -> tuple[list[Array], list[Array]]:
    """The four weights (H, D+H) and the four biases (H,) of a layer's parameters: the inverse of `from_gates`.

    Example
    -------
    >>> weights, biases = to_gates(Parameters(np.ones((4, 2)), np.zeros((4, 1)), np.arange(4.0)))
    >>> weights[0], biases[3]
    (array([[1., 1., 0.]]), array([3.]))
    """
    W, U, b = parameters
    rows = [slice(k * len(b) // 4, (k + 1) * len(b) // 4) for k in range(4)]
    return [np.hstack((W[gate], U[gate])) for gate in rows], [b[gate].copy() for gate in rows]
