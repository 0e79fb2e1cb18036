"""Wrong ways to carry gates from chunk to chunk: each is refuted in the gradients that it spoils, with its message."""

import pytest
from meta_tools import messages, mutated, outcome, smallest_refuted, wrong_leaves

from oracle import verify
from oracle.subjects import networks
from oracle.verdict import Verdict

SIZES = {"T": 5, "B": 3, "D": 3, "H": 2}
ONE = {"T": 1, "B": 1, "D": 1, "H": 1}
CARRIED = "np.zeros_like(part.q0) if truncated and n else part.q0"
HOLD, ASIDE = "_present(tape.h, tape.s, tape.q)", "aside = [] if pad is None else set_aside(pad[t], _present("
BACK = "put_back(aside, _present(h_next_bar, s_bar, q_bar))"


def heard(subject, **sizes):
    """What a case shows of a subject, at SIZES but for those that are given."""
    return outcome(subject, **{**SIZES, **sizes})


def with_chunks(monkeypatch, *changes):
    """Puts `lstm_ref.chunks` with these changes into the subjects."""
    monkeypatch.setattr(networks, "chunks", mutated("lstm_ref.chunks", *changes))


def with_layer(monkeypatch, *changes):
    """Puts `lstm_ref.layer` with these changes below the chunks of the subjects."""
    with_chunks(monkeypatch)
    monkeypatch.setattr(networks.chunks, "layer", mutated("lstm_ref.layer", *changes))


EVERY = {"x", "h0", "s0", "W", "U", "b", "p", "V", "q0"}
MUTANTS = {  # title: what is changed, in which subject, smallest sizes that show it, what is said beside the gradients
    "the cotangent stops at a border": (
        with_chunks,
        [(CARRIED, "0 * part.q0 if n else part.q0")],
        networks.gates_chunked,
        {**ONE, "T": 3},
        [],
    ),
    "the cotangent is dropped everywhere": (with_chunks, [(CARRIED, "0 * part.q0")], networks.gates_chunked, ONE, []),
    "the cotangent passes a border that nothing may pass": (
        with_chunks,
        [(CARRIED, "part.q0")],
        networks.gates_truncated,
        {**ONE, "T": 3},
        [],
    ),
    "gates are not held on padding": (
        with_layer,
        [(HOLD, "_present(tape.h, tape.s)")],
        networks.gates_chunked,
        ONE,
        ["the output out[3][0, 2] differs from the reference's (got 0.802004, the reference -1.15808)"],
    ),
    "their cotangent is not set aside on padding": (
        with_layer,
        [(f"{ASIDE}h_next_bar, s_bar, q_bar))", f"{ASIDE}h_next_bar, s_bar))"), (BACK, BACK.replace(", q_bar", ""))],
        networks.gates_chunked,
        ONE,
        [],
    ),
    "every chunk starts from the first gates": (
        with_chunks,
        [("q_j = tape.q_T", "q_j = q0")],
        networks.gates_chunked,
        {**ONE, "T": 3},
        ["the output out[0][4, 2, 1] differs from the reference's (got 0.905354, the reference 0.621761)"],
    ),
}


@pytest.mark.parametrize("title", MUTANTS)
def test_gates_carried_wrongly_are_refuted(monkeypatch, title):
    """Every gradient is refuted, since each depends on the gates, and sizes shrink to those that the bug needs."""
    plant, changes, make, smallest, said = MUTANTS[title]
    plant(monkeypatch, *changes)
    subject = make()
    found = heard(subject)
    assert found.verdict is Verdict.REFUTED
    assert wrong_leaves(found) == EVERY
    assert messages(found) == said
    assert smallest_refuted(subject) == smallest


def test_the_report_names_what_is_refuted(monkeypatch):
    """The control's message: which function is no derivative of which, how many gradients, and the smallest sizes."""
    with_chunks(monkeypatch, (CARRIED, "0 * part.q0 if n else part.q0"))
    report = verify(networks.gates_chunked(), cases=12, explain=False)
    assert report.verdict is Verdict.REFUTED
    assert report.smallest == "T=3 B=1 D=1 H=1"
    first, entry, *_ = str(report).splitlines()
    assert first.endswith("also_gates: 9 of 9 gradients REFUTED")
    assert entry.split(maxsplit=2)[:2] == ["q0[0,", "4]"]
    assert "got 0, but the derivative is 1.29419      6 of 6 entries wrong" in entry


@pytest.mark.parametrize("plant", [with_chunks, with_layer])
@pytest.mark.parametrize("make", [networks.gates_chunked, networks.gates_truncated])
def test_the_right_ones_are_certified(monkeypatch, plant, make):
    """The control: the same modules, made anew without a change, are certified at the same sizes and values."""
    plant(monkeypatch)
    found = heard(make())
    assert found.verdict is Verdict.CERTIFIED
    assert messages(found) == []


def test_a_border_shows_nothing_before_it(monkeypatch):
    """The control: within its first chunk a truncation that lets gates pass is the derivative."""
    with_chunks(monkeypatch, (CARRIED, "part.q0"))
    assert heard(networks.gates_truncated(), T=2).verdict is Verdict.CERTIFIED
