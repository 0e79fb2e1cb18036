"""`lstm_ref`'s networks and long sequences on trial: stacked, reversed, in both directions, in chunks, cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import lstm_ref.checkpointing as checkpointing
import lstm_ref.chunks as chunks
import lstm_ref.layer as layer
import lstm_ref.network as network
from lstm_ref.architecture import BOTH, REVERSED, Architecture
from lstm_ref.named import parameters
from lstm_ref.unrolling import chunked as in_chunks
from lstm_ref.variant import FGR, STANDARD, VANILLA
from oracle.diagnosis.probes.declared import Probe, probe
from oracle.inputs import Spec, booleans, fixed, integers
from oracle.subject import Subject
from oracle.subjects import twins_networks as twins
from oracle.subjects.family import layer_probes

RATE, K = 0.25, 2
SIZES = {"T": (1, 5), "B": (1, 3), "D": (1, 4), "H": (1, 4)}
SMALLER = {"T": (1, 4), "B": (1, 2), "D": (1, 3), "H": (1, 3)}  # where there are two or four layers to run
SMALLEST = {"T": (1, 4), "B": (1, 2), "D": (1, 2), "H": (1, 2)}  # where gates are carried as well
LENGTHS = integers("B", below="T+1")
GATES: Final[dict[str, Any]] = {"p": "3 H", "V": "3*H 3*H"}  # what the cell with gate recurrence has beside W, U and b


def network_probes(L: int, N: int) -> dict[str, str | Probe]:
    """Where `lstm_ref.network.backward` keeps which cotangent, for L layers in N directions each.

    It takes the last layer first, and the directions of a layer in their order.
    """
    found: dict[str, str | Probe] = {}
    for l in reversed(range(L)):
        for n in range(N):
            k, store = l * N + n, ((L - 1 - l) * N + n + 1, L * N)
            found[f"hd_{k}_bar"] = probe("backward.hd_bar", of=f"hd_{k}", store=store)
            found[f"zd_{k}_bar"] = probe("backward.zd_bar", of=f"zd_{k}", store=store)
        found[f"z_{l}_bar"] = probe("backward.z_bar", of=f"z_{l}", store=((L - l) * N, L * N))  # when all have added
        if l:  # y_bar is what was given, then what each layer leaves for the one below
            found[f"y_{l - 1}_bar"] = probe("backward.y_bar", of=f"y_{l - 1}", store=(L - l + 1, L + 1))
    return found


def _network(
    architecture: Architecture, layers: Sequence[Mapping[str, str]], reference: Any, *, sizes: Any, **further: Spec
) -> Subject:
    """A network with these layers, and a mask and lengths as they are given."""
    count, R = len(layers), "R" if "P" in layers[0] else "H"

    def forward(x: Any, h0: Any, s0: Any, layers: Any, mask: Any, lengths: Any, *q0: Any) -> Any:
        own = [parameters(*map(one.get, "WUb"), **dict(zip("pVP", map(one.get, "pVP"), strict=True))) for one in layers]
        return network.forward(x, h0, s0, own, architecture, mask, lengths, *q0)

    inputs: dict[str, Spec] = {"x": "T B D", "h0": f"{count} B {R}", "s0": f"{count} B H", "layers": layers}
    inputs |= {"mask": fixed(None), "lengths": fixed(None), **further}
    N = len(architecture.directions)
    probes = network_probes(count // N, N)
    if N == 1:  # otherwise the directions come in another order than the layers
        probes |= layer_probes(
            architecture.cell, projected="P" in layers[0], padded="lengths" in further, pieces=count > 1
        )
    return Subject.from_functions(
        *_with_gates(forward, network.backward, "q0" in further),
        inputs=inputs,
        reference=reference,
        sizes=sizes,
        modules=[network],
        probes=probes,
    )


def _layer(width: str, **further: str) -> dict[str, str]:
    """The parameters of one layer of an input of this width."""
    return {"W": f"4*H {width}", "U": f"4*H {'R' if 'P' in further else 'H'}", "b": "4*H", **further}


def stacked() -> Subject:
    """Two layers of the standard cell, with dropout between them."""
    layers, twin = [_layer("D"), _layer("H")], twins.network_of([False], RATE)
    return _network(Architecture(STANDARD, rate=RATE), layers, twin, sizes=SMALLER, mask=booleans("1 T B H"))


def reversed_input() -> Subject:
    """One layer of the vanilla cell, from the last step that is there to the first."""
    layers, twin = [_layer("D", p="3 H")], twins.network_of([True])
    return _network(Architecture(VANILLA, REVERSED), layers, twin, sizes=SIZES, lengths=LENGTHS)


def bidirectional() -> Subject:
    """Two layers of the standard cell with a projection, each in both directions."""
    layers, twin = [_layer(width, P="R H") for width in ("D", "D", "2*R", "2*R")], twins.network_of([False, True])
    sizes = {**SMALLER, "T": (1, 3), "R": (1, 3)}
    return _network(Architecture(STANDARD, BOTH), layers, twin, sizes=sizes)


def gates_carried() -> Subject:
    """A layer in both directions of the cell with gate recurrence, in chunks, with its gates carried in and out."""
    layers, twin = [_layer("D", **GATES)] * 2, twins.network_of([False, True])
    architecture = Architecture(FGR, BOTH, unrolling=in_chunks(K))
    return _network(architecture, layers, twin, sizes=SMALLEST, lengths=LENGTHS, q0="2 B 3*H")


def _with_gates(forward: Callable[..., Any], backward: Callable[..., Any], carried: bool) -> tuple[Any, Any]:
    """A pair of functions; where gates are carried, those of the last step are an output as well."""

    def also_gates(*inputs: Any) -> Any:
        *outputs, tape = forward(*inputs)
        return *outputs, tape.q_T, tape

    def from_gates_too(h_bar: Any, h_T_bar: Any, s_T_bar: Any, q_T_bar: Any, tape: Any) -> Any:
        return backward(h_bar, h_T_bar, s_T_bar, tape, q_T_bar)

    return (also_gates, from_gates_too) if carried else (forward, backward)


def _sequence(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    length_of: Callable[[int], int],
    truncate: int | None = None,
    **further: Any,
) -> Subject:
    """A layer over a sequence that runs in chunks, or is truncated every so many steps."""
    cell = FGR if "V" in further else VANILLA if "p" in further else STANDARD
    R, gates = "R" if "P" in further else "H", {"q_j_bar": "chunk_by_chunk.q_j_bar"} if "q0" in further else {}
    inputs: dict[str, Spec] = {
        "x": "T B D",
        "h0": f"B {R}",
        "s0": "B H",
        "W": "4*H D",
        "U": f"4*H {R}",
        "b": "4*H",
        "cell": fixed(cell),
    }
    inputs |= {name: further.get(name, fixed(None)) for name in ("p", "V", "P", "lengths")}
    inputs |= {"q0": further["q0"]} if "q0" in further else {}
    return Subject.from_functions(
        *_with_gates(forward, backward, "q0" in further),
        inputs=inputs,
        reference=twins.sequence_of(length_of, truncate),
        sizes=(SMALLEST if "V" in further else {**SMALLER, "T": (1, 5)}) | ({"R": (1, 3)} if "P" in further else {}),
        modules=[layer],
        truncate=truncate,
        probes={"h_j_bar": "chunk_by_chunk.h_j_bar", "s_j_bar": "chunk_by_chunk.s_j_bar"}
        | gates
        | layer_probes(cell, projected="P" in further, padded="lengths" in further, pieces=True),
    )


def chunked() -> Subject:
    """The vanilla cell over chunks of two steps of sequences of unequal length, with state and cotangents carried."""
    return _sequence(partial(chunks.forward, steps=K), chunks.backward, lambda T: K, p="3 H", lengths=LENGTHS)


def checkpointed() -> Subject:
    """The standard cell with a projection over chunks of √T steps that are run again in the backward."""
    return _sequence(checkpointing.forward, checkpointing.backward, lambda T: math.ceil(math.sqrt(T)), P="R H")


def truncated() -> Subject:
    """Truncated backpropagation through time of the standard cell, cut every K steps."""
    return _sequence(partial(chunks.forward, steps=K), chunks.backward_truncated, lambda T: K, K)


def gates_chunked() -> Subject:
    """The cell with gate recurrence over chunks of unequal sequences, with its gates carried in, across and out."""
    steps, gates = partial(chunks.forward, steps=K), {**GATES, "lengths": LENGTHS, "q0": "B 3*H"}
    return _sequence(steps, chunks.backward, lambda T: K, **gates)


def gates_checkpointed() -> Subject:
    """The cell with gate recurrence and a projection over chunks of √T steps that are run again in the backward."""
    root = {**GATES, "P": "R H"}
    return _sequence(checkpointing.forward, checkpointing.backward, lambda T: math.ceil(math.sqrt(T)), **root)


def gates_truncated() -> Subject:
    """Truncated backpropagation through time of the cell with gate recurrence, cut every K steps."""
    return _sequence(partial(chunks.forward, steps=K), chunks.backward_truncated, lambda T: K, K, **GATES, q0="B 3*H")
