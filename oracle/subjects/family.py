"""The rest of the family on trial: the variants of Greff et al., projection, lengths and masks, and both GRUs."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from lstm_ref import gru, layer
from lstm_ref.variant import CIFG, FGR, NFG, NIAF, NIG, NOAF, NOG, STANDARD, VANILLA, Variant
from oracle.diagnosis.probes.declared import Probe, probe
from oracle.inputs import Spec, booleans, fixed, integers
from oracle.subject import Subject
from oracle.subjects import twins_family

SIZES: Final = {"T": (1, 4), "B": (1, 3), "D": (1, 4), "H": (1, 4)}

GRU_PROBES: Final[dict[str, str | Probe]] = {
    "h_t_bar": "gru_backward.h_t_bar",
    "n_bar": "gru_backward.n_bar",
    "z_bar": "gru_backward.z_bar",
    "h_kept_bar": probe("gru_backward.h_prev_bar", of="h_kept", store=(1, 2)),  # its product with z alone
    "a_n_bar": "gru_backward.a_n_bar",
    "a_r_bar": "gru_backward.a_r_bar",
    "a_z_bar": "gru_backward.a_z_bar",
    "a_bar": "gru_backward.a_bar",
    "k_bar": "gru_backward.k_bar",
    "h_next_bar": probe("gru_backward.h_next_bar", of="h_prev"),
}
AFTER_PROBES: Final[dict[str, str | Probe]] = {
    "w_bar": "_after_vjp.w_bar",
    "r_bar": "_after_vjp.r_bar",
    "h_direct_bar": probe("_after_vjp.h_prev_bar", of="h_direct"),
}
BEFORE_PROBES: Final[dict[str, str | Probe]] = {
    "v_bar": "_before_vjp.v_bar",
    "r_bar": "_before_vjp.r_bar",
    "h_direct_bar": probe("_before_vjp.h_prev_bar", of="h_direct"),
}


def layer_probes(
    cell: Variant, *, projected: bool = False, padded: bool = False, pieces: bool = False
) -> dict[str, str | Probe]:
    """Where `lstm_ref`'s layer keeps which cotangent, for a cell with these features, run once or in several pieces.

    With padding h_t_bar and s_total_bar are left out: a cotangent of a padded step that was not set aside enters there,
    and the statement that reads it would be taken for the one to blame.
    """
    stores = 4 + cell.looks_at_new_state  # the memory, c's product with o, ⊙ slope, + s_bar, + what o looks at
    found: dict[str, str | Probe] = {} if padded else {"h_t_bar": "backward.h_t_bar"}
    found |= {"m_bar": "_project_vjp.m_bar"} if projected else {}
    found |= {
        "o_bar": "step_vjp.o_bar",
        "c_bar": probe("step_vjp.c_bar", store=(2, stores)),
        "s_by_c_bar": probe("step_vjp.c_bar", store=(3, stores)),
    }
    if not padded:
        found["s_total_bar"] = probe("step_vjp.s_total_bar", of="s")
        found |= {"s_rest_bar": probe("step_vjp.c_bar", of="s_rest", store=(4, 5))} if cell.looks_at_new_state else {}
    found["g_bar"] = "step_vjp.g_bar"
    found["i_bar"] = "_couple_vjp.i_bar" if cell.coupled else "step_vjp.i_bar"
    found |= {"i_by_g_bar": probe("step_vjp.i_bar", store=(2, 3))} if cell.coupled else {}
    found["f_bar"] = "step_vjp.f_bar"
    found["s_prev_bar"] = probe("step_vjp.s_prev_bar", of="s_in")
    found |= {f"a_{gate}_bar": f"step_vjp.a_gates_bar[{k}]" for k, gate in enumerate(cell.gates)}
    found |= {"a_bar": "backward.a_bar[t]" if pieces else "backward.a_bar"}
    found |= {"h_next_bar": probe("backward.h_next_bar", of="h_prev")}
    found |= {"q_bar": probe("backward.q_bar", of="q_prev")} if cell.gate_recurrence else {}
    return found | ({"s_bar": probe("backward.s_bar", of="s_prev")} if padded else {})


def _layer(cell: Variant, twin: Any, *, sizes: Any = SIZES, **further: Any) -> Subject:
    """A layer with this cell, its parameters and further inputs or declarations; in blocks of so many steps, if any."""
    block = further.pop("block", None)
    pieces, padded = block is not None, "lengths" in further
    further["probes"] = layer_probes(cell, projected="P" in further, padded=padded, pieces=pieces)
    K, R = len(cell.gates), "R" if "P" in further else "H"
    inputs: dict[str, Spec] = {"x": "T B D", "h0": f"B {R}", "s0": "B H", "W": f"{K}*H D", "U": f"{K}*H {R}"}
    inputs |= {"b": f"{K}*H", "cell": fixed(cell)}
    inputs["p"] = f"{K - 1} H" if cell.peepholes else fixed(None)
    inputs["V"] = "3*H 3*H" if cell.gate_recurrence else fixed(None)
    inputs["P"] = further.pop("P", fixed(None))
    inputs["lengths"] = further.pop("lengths", fixed(None))
    forward = partial(layer.forward, block=block) if pieces else layer.forward
    return Subject.from_functions(
        forward, layer.backward, inputs=inputs, reference=twin, sizes=sizes, independent="B", **further
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


def blocks() -> Subject:
    """The cell with every parameter there is, its reverse loop taken two steps at a time as that of large layers is."""
    sizes = {"T": (1, 5), "B": (1, 2), "D": (1, 2), "H": (1, 2), "R": (1, 2)}
    return _layer(FGR, twins_family.layer("gifo"), P="R H", sizes=sizes, block=2)


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
        probes=GRU_PROBES | (AFTER_PROBES if reset_after else BEFORE_PROBES),
    )


def gru_reset_after() -> Subject:
    """The GRU that resets after the recurrent product, as torch does."""
    return _gru(True)


def gru_reset_before() -> Subject:
    """The GRU that resets before the recurrent product, as in the paper."""
    return _gru(False)
