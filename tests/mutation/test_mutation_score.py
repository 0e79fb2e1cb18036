"""The score: a fixed sample of faults in the classic node, the cell and the layer, each check with a least count."""

import pytest

from oracle.loading import load
from oracle.mutation.campaign import mutate

PARTS = "oracle.subjects.parts:"
LAYERS = ("lstm-standard", "lstm-vanilla", "lstm-projected", "lstm-lengths", "lstm-masked")
SAMPLES = {  # function: subjects that reach all of it, and how many of 24 mutants each check must convict alone
    "top_diff_is": (("lstm-classic-node",), (20, 20, 5, 19, 16, 19, 19)),
    "step_vjp": ((PARTS + "cell_standard", PARTS + "cell_seed", "lstm-vanilla"), (18, 18, 8, 18, 15, 18, 18)),
    "lstm_ref.layer.backward": (LAYERS, (18, 18, 7, 18, 15, 18, 18)),
}
WITNESSES = (
    "autodiff in balls",
    "finite differences in balls",
    "contract",
    "float64",
    "float32",
    "central differences",
    "complex step",
)


@pytest.mark.parametrize("function", SAMPLES)
def test_every_fault_of_the_sample_is_convicted(function):
    """No mutant survives that is not proven or presumed equivalent, and no check convicts fewer than it did."""
    names, least = SAMPLES[function]
    found = mutate([one for name in names for one in load(name)], functions=[function], limit=24)
    assert len(found.entries) == 24
    assert found.struck == {}
    assert found.ok, [(entry.row.mutant.diff, entry.reason) for entry in found.entries if entry.reason]
    assert found.kills("certified path") >= 20
    low = {name: found.kills(name) for name, count in zip(WITNESSES, least, strict=True) if found.kills(name) < count}
    assert low == {}
