"""`lstm_ref`'s networks and long sequences on trial: stacked, reversed, in both directions, in chunks, truncated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import lstm_ref.checkpointing as checkpointing
import lstm_ref.chunks as chunks
import lstm_ref.layer as layer
import lstm_ref.network as network
from lstm_ref.architecture import BOTH, REVERSED, Architecture
from lstm_ref.parameters import Parameters
from lstm_ref.variant import SEED, STANDARD, Variant
from oracle.inputs import booleans, fixed
from oracle.subject import Subject
from oracle.subjects import twins_networks as twins

RATE = 0.25
SIZES = {"T": (1, 5), "B": (1, 3), "D": (1, 4), "H": (1, 4)}
SMALLER = {"T": (1, 4), "B": (1, 2), "D": (1, 3), "H": (1, 3)}  # where there are two or four layers to run
K = 2


def _network(
    architecture: Architecture, inputs: Sequence[str], reference: Any, *, sizes: Any = SIZES, masked: bool = False
) -> Subject:
    """A network whose layers take inputs of these widths, with a drawn mask if it is `masked`."""
    count = len(inputs)
    layers = [{"W": f"4*H {width}", "U": "4*H H", "b": "4*H"} for width in inputs]
    mask = {"mask": booleans(f"{count - 1} T B H")} if masked else {}

    def forward(x: Any, h0: Any, s0: Any, layers: Any, mask: Any = None) -> Any:
        return network.forward(x, h0, s0, [Parameters(**one) for one in layers], architecture, mask)

    return Subject.from_functions(
        forward,
        network.backward,
        inputs={"x": "T B D", "h0": f"{count} B H", "s0": f"{count} B H", "layers": layers, **mask},
        reference=reference,
        sizes=sizes,
        modules=[network],
    )


def stacked() -> Subject:
    """Two layers of the standard cell, with dropout between them."""
    architecture = Architecture(STANDARD, rate=RATE)
    return _network(architecture, ["D", "H"], twins.network_of(True, [False], RATE), sizes=SMALLER, masked=True)


def reversed_input() -> Subject:
    """One layer of the seed's cell, from the last step to the first."""
    return _network(Architecture(SEED, REVERSED), ["D"], twins.network_of(False, [True]))


def bidirectional() -> Subject:
    """Two layers of the standard cell, each in both directions."""
    widths = ["D", "D", "2*H", "2*H"]
    return _network(
        Architecture(STANDARD, BOTH), widths, twins.network_of(True, [False, True]), sizes=SMALLER | {"T": (1, 3)}
    )


def _sequence(
    forward: Callable[..., Any], backward: Callable[..., Any], cell: Variant, truncate: int | None = None
) -> Subject:
    """A layer over a sequence that runs in chunks, or is truncated every so many steps."""
    return Subject.from_functions(
        forward,
        backward,
        inputs={
            "x": "T B D",
            "h0": "B H",
            "s0": "B H",
            "W": "4*H D",
            "U": "4*H H",
            "b": "4*H",
            "cell": fixed(cell),
        },
        reference=twins.sequence_of(cell.tanh_of_state, truncate),
        sizes=SIZES if truncate is None else SMALLER | {"T": (1, 5)},
        modules=[layer],
        truncate=truncate,
    )


def chunked() -> Subject:
    """The standard cell over chunks of two steps, with state and cotangents carried."""
    return _sequence(partial(chunks.forward, steps=2), chunks.backward, STANDARD)


def checkpointed() -> Subject:
    """The standard cell over chunks of √T steps that are run again in the backward."""
    return _sequence(checkpointing.forward, checkpointing.backward, STANDARD)


def truncated() -> Subject:
    """Truncated backpropagation through time of the standard cell, cut every K steps."""
    return _sequence(partial(chunks.forward, steps=K), chunks.backward_truncated, STANDARD, K)
