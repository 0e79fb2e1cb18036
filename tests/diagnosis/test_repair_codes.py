"""Many edits in one compiled function are the same edits as one by one."""

import numpy as np
import pytest
from repair_tools import INPUTS, LSTM, RNN, changed, subject_of

from oracle.diagnosis.repair import filling
from oracle.diagnosis.repair.bench import Bench, carrying
from oracle.diagnosis.repair.candidates import backward_sources, candidates
from oracle.diagnosis.repair.filling import Codes
from oracle.diagnosis.repair.finding import _small
from oracle.trial import Trial

WRONG = {LSTM: ("g_bar = s_bar * i", "g_bar = s_bar * o"), RNN: ("U_bar += a_bar.T @ h[t]", "U_bar += a_bar.T @ h[0]")}


def entries(bench, edit, code):
    """What the gradients are with the code of an edit; nothing where it fails."""
    with np.errstate(all="ignore"), carrying(edit.source.function, code):
        found = bench.entries()
    return None if found is None else found.tolist()


@pytest.mark.parametrize("base", WRONG, ids=["lstm", "rnn"])
def test_edits_compiled_together_are_those_compiled_alone(base, monkeypatch):
    """Of each statement some edits of every place: the gradients are the same to the last bit, whichever is chosen."""
    trial = Trial(subject_of(changed(base, WRONG[base]), INPUTS[base]), 30)
    with trial.binding.untouched():
        bench = Bench(trial, _small(trial, 2))
        groups = candidates(bench, backward_sources(bench))
        batches = [edits[:3] for group in groups if (edits := group.edits(0))]
        together = Codes(batches)
        every = [edit for edits in batches for edit in edits]
        joint = [together.of(edit) for edit in every]
        monkeypatch.setattr(filling, "_of_all", lambda chunks: None)
        alone = Codes(batches)
        single = [alone.of(edit) for edit in every]
        assert [code is None for code in joint] == [code is None for code in single]
        pairs = [(edit, one, other) for edit, one, other in zip(every, joint, single, strict=True) if one is not None]
        assert len(pairs) > 30
        known = [(entries(bench, edit, one), entries(bench, edit, other)) for edit, one, other in pairs]
    assert [repr(one) for one, _ in known] == [repr(other) for _, other in known]
    assert len({repr(one) for one, _ in known}) > 10  # the control: edits differ from each other
