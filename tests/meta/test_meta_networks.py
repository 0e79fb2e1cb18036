"""Wrong networks and wrong chunks: each is refuted in the gradients that it spoils, and in no other."""

from functools import partial

import pytest
from meta_tools import messages, mutated, outcome, smallest_refuted, wrong_leaves

from lstm_ref import chunks
from oracle import verify
from oracle.subjects import networks
from oracle.verdict import Verdict

SIZES = {"T": 5, "B": 3, "D": 3, "H": 2, "R": 3}
FIRST = {"x", *(f"layers.0.{name}" for name in "WUb")}
LOWER = {"x", *(f"layers.{k}.{name}" for k in (0, 1) for name in "WUbP")}
ALL = {"x", "h0", "s0", "W", "U", "b"}
ONE = {"T": 1, "B": 1, "D": 1, "H": 1}
PROJECTED = {**ONE, "R": 1}

Z_BAR = "z_bar = z_bar + zd_bar[::d]"
H_BAR = "hd_bar = np.split(y_bar, N, axis=-1)[n][::d]"
DROP = "y_bar = drop_vjp(z_bar, kept, rate)"
STOP_H, STOP_S = "np.zeros_like(part.h0) if truncated and n", "np.zeros_like(part.s0) if truncated and n"
AGAIN = "x[chunks[n]], h[n], s[n], W"
MUTANTS = {  # title: subject, module, change, gradients that are wrong at SIZES, smallest sizes at which one is
    "the mask is forgotten": (
        networks.stacked,
        "network",
        (DROP, "y_bar = drop_vjp(z_bar, True, rate)"),
        FIRST | {"h0", "s0"},
        {**ONE, "H": 2},  # a drawn mask keeps at least one unit
    ),
    "the mask does not scale": (
        networks.stacked,
        "network",
        (DROP, "y_bar = drop_vjp(z_bar, kept, 0.0)"),
        FIRST | {"h0", "s0"},
        ONE,
    ),
    "input cotangents not turned back": (
        networks.bidirectional,
        "network",
        (Z_BAR, "z_bar = z_bar + zd_bar"),
        LOWER | {"h0", "s0"},
        {**PROJECTED, "T": 2},
    ),
    "= for += over directions": (
        networks.bidirectional,
        "network",
        (Z_BAR, "z_bar = zd_bar[::d]"),
        LOWER | {"h0", "s0"},
        PROJECTED,
    ),
    "output cotangents not turned": (
        networks.reversed_input,
        "network",
        (H_BAR, H_BAR.replace("[::d]", "")),
        FIRST | {"layers.0.p", "h0", "s0"},
        {**ONE, "T": 2},
    ),
    "halves of the output swapped": (
        networks.bidirectional,
        "network",
        (H_BAR, H_BAR.replace("[n]", "[N - 1 - n]")),
        LOWER | {"h0", "s0"} | {f"layers.{k}.{name}" for k in (2, 3) for name in "WUbP"},
        PROJECTED,
    ),
    "no cotangent of the state": (
        networks.chunked,
        "chunks",
        ("else part.s0", "else 0 * part.s0"),
        ALL | {"p"},
        ONE,
    ),
    "run again from the first state": (
        networks.checkpointed,
        "checkpointing",
        (AGAIN, "x[chunks[n]], h[n], s[0], W"),
        ALL | {"P"},
        {**PROJECTED, "T": 3},
    ),
    "run again from the last output": (
        networks.checkpointed,
        "checkpointing",
        (AGAIN, "x[chunks[n]], h[-1], s[n], W"),
        ALL | {"P"},
        {**PROJECTED, "T": 3},
    ),
    "parameters of the first chunk only": (
        networks.chunked,
        "chunks",
        ("np.add(total, part, out=total)", "total[...] = part"),
        {"W", "U", "b", "p"},
        {**ONE, "T": 3, "B": 2},  # chunks of two steps, and lengths as they are drawn
    ),
}


def heard(subject, **sizes):
    """What a case shows of a subject, at SIZES but for those that are given."""
    return outcome(subject, **{name: {**SIZES, **sizes}[name] for name in subject.sizes})


def planted(monkeypatch, subject, name, *changes):
    """A subject of networks whose module `name` has these changes."""
    monkeypatch.setattr(networks, name, mutated(f"lstm_ref.{name}", *changes))
    return subject()


@pytest.mark.parametrize("title", MUTANTS)
def test_wrong_networks_are_refuted(monkeypatch, title):
    """Exactly the gradients that the bug spoils are refuted, and the sizes shrink to those that the bug needs."""
    subject, name, change, leaves, smallest = MUTANTS[title]
    planted_one = planted(monkeypatch, subject, name, change)
    assert wrong_leaves(heard(planted_one)) == leaves
    assert smallest_refuted(planted_one) == smallest


@pytest.mark.parametrize("make", [networks.stacked, networks.bidirectional, networks.checkpointed, networks.chunked])
def test_the_right_ones_are_certified(make):
    """The control: at the same sizes and values the modules as they stand are certified."""
    found = heard(make())
    assert found.verdict is Verdict.CERTIFIED
    assert messages(found) == []


TRUNCATED = {
    "not at all": ((STOP_H, "part.h0 if True"), (STOP_S, "part.s0 if True")),
    "the state only": ((STOP_H, "part.h0 if True"),),
    "the output only": ((STOP_S, "part.s0 if True"),),
    "all borders but the first": ((STOP_H, f"{STOP_H} > 1"), (STOP_S, f"{STOP_S} > 1")),
}


@pytest.mark.parametrize("title", TRUNCATED)
def test_truncations_that_cut_otherwise_are_refuted(monkeypatch, title):
    """What passes a border that nothing may pass shows at one step more than a chunk has."""
    planted_one = planted(monkeypatch, networks.truncated, "chunks", *TRUNCATED[title])
    assert wrong_leaves(heard(planted_one, T=2)) == set()
    assert wrong_leaves(heard(planted_one)) == ALL
    assert smallest_refuted(planted_one) == {**ONE, "T": 3}


@pytest.mark.parametrize("k", [1, 3])
def test_truncations_at_other_steps_are_refuted(k):
    """Cut every step, or every three, where every two are declared."""
    forward = partial(chunks.forward, steps=k)
    report = verify(networks._sequence(forward, chunks.backward_truncated, lambda T: k, 2), cases=12, explain=False)
    assert report.verdict is Verdict.REFUTED
    assert report.smallest == f"T={min(k + 1, 3)} B=1 D=1 H=1"


def test_a_truncation_is_certified_at_every_length():
    """Beyond its steps the twin, which is cut alike, certifies every gradient, over several borders."""
    for steps in (3, 4, 5):
        found = heard(networks.truncated(), T=steps)
        assert found.verdict is Verdict.CERTIFIED
        assert (found.witnesses, messages(found)) == (["autodiff"], [])
