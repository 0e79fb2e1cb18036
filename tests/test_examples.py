"""Every example is judged rightly, by the command line a reader of it would use."""

from __future__ import annotations

from pathlib import Path

import pytest

import oracle
from oracle.loading import load

NO_SUBJECTS = ("__init__", "read_vectors", "cuda_author")  # scripts; tests/vectors and tests/docs run them
NO_WRONG = ("paper_appendix",)
EXAMPLES = sorted(p for p in (Path(__file__).parent.parent / "examples").glob("*.py") if p.stem not in NO_SUBJECTS)
PAIRS = [path for path in EXAMPLES if path.stem not in NO_WRONG]
CASES = 8


def test_there_are_examples() -> None:
    """The folder is found, and holds at least eight subjects: an empty list would test nothing."""
    assert len(EXAMPLES) > len(PAIRS) >= 8


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_right_version_is_certified(path: Path) -> None:
    """The right version of an example is certified to 30 digits and more."""
    (subject,) = load(f"{path}:subject")
    report = oracle.verify(subject, cases=CASES)
    assert report.verdict is oracle.Verdict.CERTIFIED, report
    assert report.digits >= 30


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_the_wrong_version_is_refuted(path: Path) -> None:
    """The wrong version of an example is refuted, never merely undecided or judged in floats."""
    (subject,) = load(f"{path}:wrong")
    report = oracle.verify(subject, cases=CASES)
    assert report.verdict is oracle.Verdict.REFUTED, report
    assert "REFUTED" in str(report)
