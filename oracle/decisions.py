"""Which decisions by value went one way only in all cases: what holds on the other side was judged by nothing.

A comparison is a decision, and so is the choice that `np.maximum`, `np.minimum` and `np.clip` make. That a statement
was never reached is found elsewhere (`oracle.tracing`); here both sides stand on one line, as in

    np.where(np.abs(x) > 10, 2 * g, g)
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Mapping, Set

from oracle.arithmetic.refusals import Place, Question

_CHOICES = ("maximum", "minimum")
_SHOWN = 3


class Decisions:
    """The answers that every question of order had so far."""

    def __init__(self) -> None:
        self._ways: dict[Question, set[bool]] = {}

    def add(self, ways: Mapping[Question, Set[bool]]) -> None:
        """Take in the answers of one run."""
        for question, answers in ways.items():
            self._ways.setdefault(question, set()).update(answers)

    def notes(self) -> Iterator[str]:
        """A sentence for each of the first decisions that went one way only, and how many there are more."""
        one_sided = sorted((question, answers) for question, answers in self._ways.items() if len(answers) == 1)
        for question, (answer,) in one_sided[:_SHOWN]:
            place = Place(question.file, question.line, linecache.getline(question.file, question.line).strip())
            yield f"{_said(question.name, answer)} in every case, so that nothing is known of the other side: {place}"
        if len(one_sided) > _SHOWN:
            yield f"further decisions by value that went one way only: {len(one_sided) - _SHOWN}"


def _said(name: str, answer: bool) -> str:
    """How one question was answered."""
    if name in _CHOICES:
        return f"np.{name} took its {'first' if answer else 'second'} argument everywhere"
    return f"np.{name} was {answer} everywhere"
