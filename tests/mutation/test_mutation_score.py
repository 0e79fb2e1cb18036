"""The score: a fixed sample of faults in the classic node, the cell and the layer, each check with a least share."""

import pytest

from oracle.loading import load
from oracle.mutation.campaign import mutate
from oracle.mutation.manner import REFUTED

PARTS = "oracle.subjects.parts:"
CELLS = (*(f"{PARTS}cell_{name}" for name in ("seed", "standard", "vanilla")), "lstm-cifg", "lstm-fgr", "lstm-vanilla")
LAYERS = ("lstm-standard", "lstm-vanilla", "lstm-fgr", "lstm-projected", "lstm-lengths", "lstm-masked")
SAMPLES = {  # function: subjects that reach all of it
    "top_diff_is": ("lstm-classic-node",),
    "step_vjp": CELLS,
    "lstm_ref.layer.backward": LAYERS,
}
LEAST = {  # of the mutants that are refuted, the share that a check must convict alone
    "autodiff in balls": 0.95,
    "finite differences in balls": 0.95,
    "float64": 0.9,
    "float32": 0.65,
    "central differences": 0.9,
    "complex step": 0.9,
}


@pytest.mark.parametrize("function", SAMPLES)
def test_every_fault_of_the_sample_is_convicted(function):
    """No mutant survives that is neither proven nor presumed equivalent, and no check convicts less than it did."""
    found = mutate([one for name in SAMPLES[function] for one in load(name)], functions=[function], limit=24)
    assert len(found.entries) == 24
    assert found.struck == {}
    assert found.ok, [(entry.row.mutant.diff, entry.reason) for entry in found.entries if entry.reason]
    assert found.kills("certified path") >= 20
    refuted = [entry.row for entry in found.entries if entry.row.manner == REFUTED]
    assert len(refuted) >= 14
    share = {name: sum(name in row.convicts for row in refuted) / len(refuted) for name in LEAST}
    assert {name: one for name, one in share.items() if one < LEAST[name]} == {}
    others = [entry.row for entry in found.entries if entry.row.convicted and entry.row.manner != REFUTED]
    assert all("contract" in row.convicts for row in others)
    assert found.kills("contract") >= 5
