"""One term of the derivative missing, or one of its factors replaced: searched among the terms of the forward."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby

from oracle.diagnosis.cause import Cause
from oracle.diagnosis.patterns.evidence import Evidence
from oracle.diagnosis.patterns.terms.search import Explained, Search
from oracle.diagnosis.patterns.words import counted, said_of

__all__ = ["FAMILIES", "changed_terms"]


def changed_terms(evidence: Evidence) -> Iterator[Cause]:
    """The change of one term with which the derivative is what the backward gives, in every gradient."""
    found = Search(evidence).explain()
    for explained in [_most_telling(found)] if found else []:
        edit = explained.edit
        claim = f"{said_of(evidence.wrong, evidence, 'is', 'are')} the derivative {edit.says}"
        claim += f", at {os.path.basename(edit.file)}:{edit.line} of the forward" if edit.file else ""
        seen = f"along generic directions of all gradients, in {counted(explained.cases)}, "
        seen += f"to {int(explained.digits)} digits"
        yield Cause(edit.kind, claim, evidence=seen, certain=True, leaves=evidence.wrong)


def _most_telling(found: list[Explained]) -> Explained:
    """Of changes that come to the same, the one of the largest expression in the first line."""
    _, first = next(groupby(found, key=lambda one: (one.edit.file, one.edit.line)))
    same_line = list(first)
    return next((one for one in reversed(same_line) if not one.edit.whole), same_line[0])


FAMILIES = {"the derivative with one summand missing or one factor replaced": changed_terms}
