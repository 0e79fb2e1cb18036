"""The score: a fixed sample of faults in the classic node, the cell and the layer, each check with a least count."""

import pytest

from oracle.loading import load
from oracle.mutation.campaign import mutate

SAMPLES = {  # function: subject, and how many of 24 mutants each check must convict alone
    "top_diff_is": ("lstm-classic-node", (20, 20, 5, 19, 16, 19, 19)),
    "step_vjp": ("oracle.subjects.parts:cell_standard", (20, 20, 8, 20, 18, 20, 20)),
    "lstm_ref.layer.backward": ("lstm-standard", (18, 18, 7, 18, 17, 18, 18)),
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
    subject, least = SAMPLES[function]
    found = mutate(load(subject), functions=[function], limit=24)
    assert len(found.entries) == 24
    assert found.struck == {}
    assert found.ok, [(entry.row.mutant.diff, entry.reason) for entry in found.entries if entry.reason]
    assert found.kills("certified path") >= 22
    low = {name: found.kills(name) for name, count in zip(WITNESSES, least, strict=True) if found.kills(name) < count}
    assert low == {}
