"""Programs as people write them, unchanged: each gets the verdict it deserves."""

from __future__ import annotations

import registry
import pytest

import oracle

CASES = 12
PROGRAMS = [(module, name, expected) for module, name, expected in registry.programs()]
NAMES = [f"{module.__name__}.{name}" for module, name, _ in PROGRAMS]


def test_the_corpus_is_there():
    """Well over a hundred variants, right and wrong ones: an empty registry would test nothing."""
    expected = [verdict for _, _, verdict in PROGRAMS]
    assert len(PROGRAMS) > 150
    assert min(expected.count("CERTIFIED"), expected.count("REFUTED")) > 60


@pytest.mark.parametrize(("module", "name", "expected"), PROGRAMS, ids=NAMES)
def test_foreign_code_is_judged_rightly(module, name, expected):
    """A program nobody here wrote for the judge gets the verdict it deserves."""
    report = oracle.verify(getattr(module, name)(), cases=CASES, explain=False)
    assert report.verdict.name == expected, report
