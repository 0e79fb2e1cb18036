"""Cases in which every value of every option and single switch is met: what holds for one mode alone is no repair."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from oracle.coverage import Switches
from oracle.draws import key

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.trial import Trial


def covering(trial: Trial, cases: Sequence[Case]) -> list[Case]:
    """The cases, and one more at the sizes of the last for each value of a switch that none of them meets.

    The trial is that of the whole subject: where its options are settled there is nothing left to meet.
    """
    found = list(cases)
    switches = Switches(trial.subject.leaves)
    for label in unmet(trial, found):
        if label in switches.at(found[-1].seed) or not found:
            continue
        seed = switches.best(_seeds(found[-1].seed, label), [frozenset({label})])
        found.append(dataclasses.replace(found[-1], seed=seed))
    return found


def unmet(trial: Trial, cases: Iterable[Case]) -> list[str]:
    """The values of options and single switches that none of these cases draws: `p=0.1`."""
    switches = Switches(trial.subject.leaves)
    met = frozenset[str]().union(*(switches.at(case.seed) for case in cases))
    return [label for labels in switches.labels.values() for label in labels if label not in met]


def _seeds(seed: int, label: str) -> Iterator[int]:
    for attempt in count():
        yield key(seed, "covering", label, attempt) % 2**32
