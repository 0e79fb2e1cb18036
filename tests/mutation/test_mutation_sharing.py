"""Processes that share the mutants find what one alone finds."""

from mutation_tools import module_of

from oracle import Subject, subjects
from oracle.loading import load
from oracle.mutation import campaign
from oracle.mutation.campaign import covering, mutate
from oracle.mutation.sharing import can_share

PAIR = """
def forward(x):
    return x * x, x

def backward(y_bar, x):
    return 2 * x * y_bar
"""


def test_processes_find_what_one_finds(monkeypatch):
    """Two processes give the same mutants, in the same order, with the same checks that convict them."""
    monkeypatch.setattr(campaign, "FEW", 1)
    node = subjects.load("lstm-classic-node")
    told = []
    one, two = (
        mutate([node], functions=["top_diff_is"], limit=4, jobs=jobs, told=lambda *what: told.append(what))
        for jobs in (1, 2)
    )
    rows = [[(e.row.mutant.id, e.row.convicts, e.row.subject, e.fate, e.reason) for e in m.entries] for m in (one, two)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4
    assert told[-1] == ("judging", 4, 4)


def test_a_subject_of_the_users_own_is_not_shared():
    """Only what another process can make by its name is; the parts of lstm_ref can."""
    module = module_of(PAIR)
    own = Subject.from_functions(module.forward, module.backward, inputs={"x": "D"})
    known = [one for name in ("lstm-seed", "oracle.subjects.parts:cell_seed") for one in load(name)]
    assert can_share(known)
    assert not can_share([*known, own])


class One:
    """A mutant of which only names are known; of a thousand, one is of another function and one of another operator."""

    def __init__(self, number):
        self.id = str(number)
        self.function = "rare" if number == 777 else "often"
        self.operator = "seldom" if number == 778 else "common"


def test_a_large_sample_has_each_function_and_operator():
    """A sample that is large enough leaves no function and no operator out."""
    chosen = [one.id for one in covering([One(number) for number in range(1000)], 100)]
    assert len(chosen) == 100
    assert {"777", "778"} < set(chosen)
    assert chosen == sorted(chosen, key=int)


def test_a_small_sample_is_evenly_spread():
    """The control: too small a one takes what an even spread gives."""
    assert [one.id for one in covering([One(number) for number in range(1000)], 2)] == ["0", "500"]
