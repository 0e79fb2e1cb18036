"""Which decisions by value went one way only in all cases: what holds on the other side was judged by nothing.

A comparison is a decision, and so is the choice that `np.maximum`, `np.minimum` and `np.clip` make, the sign that
`np.abs` takes away, the whole number that `np.floor` or `int` gives, the place that `np.argmax` finds and the order
that `np.sort` makes. That a statement was never reached is found elsewhere (`oracle.tracing`); here both sides stand on
one line, as in

    np.where(np.abs(x) > 10, 2 * g, g)
"""

from __future__ import annotations

import linecache
from collections.abc import Hashable, Iterator, Mapping, Set

from oracle.arithmetic.refusals import Place, Question

_CHOICES = ("maximum", "minimum")
_SIGNS = ("absolute", "fabs", "sign", "signbit", "heaviside", "copysign", "hypot", "arctan2")
_WHOLE = ("floor", "ceil", "trunc", "rint", "floor_divide")
_PLACES = ("argmax", "argmin", "searchsorted")
_SHOWN = 3


class Decisions:
    """The answers that every decision by value had so far."""

    def __init__(self) -> None:
        self._ways: dict[Question, set[Hashable]] = {}

    def add(self, ways: Mapping[Question, Set[Hashable]]) -> None:
        """Take in the answers of one run."""
        for question, answers in ways.items():
            known = self._ways.setdefault(question, set())
            if len(known) < 2:
                known.update(answers)

    def answers(self, question: Question) -> Set[Hashable]:
        """The answers that one of them had."""
        return self._ways.get(question, set())

    def notes(self) -> Iterator[str]:
        """A sentence for each of the first lines whose decisions went one way only, and how many there are more."""
        said: dict[tuple[str, int], dict[str, None]] = {}
        for question in sorted(self._ways):
            if len(answers := self._ways[question]) == 1:
                (answer,) = answers
                said.setdefault((question.file, question.line), {})[_said(question.name, answer)] = None
        for (file, line), ways in list(said.items())[:_SHOWN]:
            place = Place(file, line, linecache.getline(file, line).strip())
            yield (
                f"{' and '.join(ways)} everywhere in every case, so that nothing is known of the other side: {place}"
            )
        if len(said) > _SHOWN:
            yield f"further decisions by value that went one way only: {len(said) - _SHOWN}"


def _said(name: str, answer: Hashable) -> str:
    """How one decision fell."""
    if name in _CHOICES:
        return f"np.{name} took its {'first' if answer else 'second'} argument"
    if name in _SIGNS:
        return f"np.{name} met {'positive' if answer else 'negative'} numbers"
    if name in _WHOLE:
        return f"np.{name} gave {answer}"
    if name in ("remainder", "fmod"):
        return f"np.{name} took {answer} times the divisor away"
    if name in _PLACES:
        return f"np.{name} gave place {answer}"
    return _OTHERS.get(name, f"np.{name} was {answer}").format(answer=answer)


_OTHERS = {
    "condition": "the condition was {answer}",
    "int": "the integer part was {answer}",
    "truth": "the truth value was {answer}",
    "is_integer": "is_integer() was {answer}",
    "sort": "sorting found one order",
    "maximum along an axis": "the largest along an axis stood at place {answer}",
    "minimum along an axis": "the smallest along an axis stood at place {answer}",
}
