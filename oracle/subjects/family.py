"""The rest of the family on trial: the variants of Greff et al., projection, lengths and masks, and both GRUs."""

from __future__ import annotations

from typing import Any, Final

from lstm_ref import gru, layer
from lstm_ref.variant import CIFG, FGR, NFG, NIAF, NIG, NOAF, NOG, STANDARD, VANILLA, Variant
from oracle.inputs import Spec, booleans, fixed, integers
from oracle.subject import Subject
from oracle.subjects import twins_family

SIZES: Final = {"T": (1, 4), "B": (1, 3), "D": (1, 4), "H": (1, 4)}


def _layer(cell: Variant, twin: Any, *, sizes: Any = SIZES, **further: Any) -> Subject:
    """A layer with this cell, the parameters that it has, and further inputs or declarations."""
    K, R = len(cell.gates), "R" if "P" in further else "H"
    inputs: dict[str, Spec] = {"x": "T B D", "h0": f"B {R}", "s0": "B H", "W": f"{K}*H D", "U": f"{K}*H {R}"}
    inputs |= {"b": f"{K}*H", "cell": fixed(cell)}
    inputs["p"] = f"{K - 1} H" if cell.peepholes else fixed(None)
    inputs["V"] = "3*H 3*H" if cell.gate_recurrence else fixed(None)
    inputs["P"] = further.pop("P", fixed(None))
    inputs["lengths"] = further.pop("lengths", fixed(None))
    return Subject.from_functions(
        layer.forward, layer.backward, inputs=inputs, reference=twin, sizes=sizes, independent="B", **further
    )


def vanilla() -> Subject:
    """Three gates, peepholes, both activations."""
    return _layer(VANILLA, twins_family.layer("gifo"))


def nig() -> Subject:
    """No input gate."""
    return _layer(NIG, twins_family.layer("gfo"))


def nfg() -> Subject:
    """No forget gate."""
    return _layer(NFG, twins_family.layer("gio"))


def nog() -> Subject:
    """No output gate."""
    return _layer(NOG, twins_family.layer("gif"))


def niaf() -> Subject:
    """No input activation."""
    return _layer(NIAF, twins_family.layer("gifo", squash_input=False))


def noaf() -> Subject:
    """No output activation."""
    return _layer(NOAF, twins_family.layer("gifo", squash_output=False))


def cifg() -> Subject:
    """Coupled input and forget gate."""
    return _layer(CIFG, twins_family.layer("gio", coupled=True))


def fgr() -> Subject:
    """Full gate recurrence."""
    return _layer(FGR, twins_family.layer("gifo"))


def projected() -> Subject:
    """The standard cell with its output projected from H to R numbers."""
    return _layer(STANDARD, twins_family.layer("gifo"), P="R H", sizes={**SIZES, "R": (1, 4)})


def lengths() -> Subject:
    """The standard cell over sequences of unequal length, from none of the steps to all."""
    return _layer(STANDARD, twins_family.layer("gifo"), lengths=integers("B", below="T+1"))


def masked() -> Subject:
    """Full gate recurrence and a projection over sequences with gaps at any step."""
    twin = twins_family.layer("gifo")
    return _layer(
        FGR, twin, P="R H", lengths=booleans("T B"), mask="lengths", sizes={**SIZES, "H": (1, 3), "R": (1, 3)}
    )


def _gru(reset_after: bool) -> Subject:
    return Subject.from_functions(
        gru.gru_forward,
        gru.gru_backward,
        inputs={
            "x": "T B D",
            "h0": "B H",
            "W": "3*H D",
            "U": "3*H H",
            "b": "3*H",
            "c": "3*H",
            "reset_after": fixed(reset_after),
        },
        reference=twins_family.gru,
        sizes=SIZES,
        independent="B",
    )


def gru_reset_after() -> Subject:
    """The GRU that resets after the recurrent product, as torch does."""
    return _gru(True)


def gru_reset_before() -> Subject:
    """The GRU that resets before the recurrent product, as in the paper."""
    return _gru(False)
