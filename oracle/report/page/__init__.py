"""A report as one self-contained page of HTML: verdicts, every gradient as heat maps, cotangents, curves, sources.

`page` needs the optional extra `html` (matplotlib and Jinja2); `missing` says so before anything is verified.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from oracle.subject import Subject
from oracle.verdict import Report

NEEDED = ("matplotlib", "jinja2")


def missing() -> str:
    """One sentence if the page cannot be drawn here, with the command that changes that; empty if it can."""
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not absent:
        return ""
    return f"a page needs {' and '.join(absent)}, not installed here: pip install 'gradient-oracle[html]'"


def page(
    document: dict[str, Any],
    reports: Sequence[Report],
    subjects: Sequence[Subject],
    digits: float,
    matrix: dict[str, Any] | None = None,
) -> str:
    """The page of reports on subjects; `document` is the machine-readable report, which the page holds too.

    Figures are drawn as long as the page stays small, those of subjects that failed first.
    """
    from oracle.report.page import writing
    from oracle.report.page.section import section

    drawn, length = dict[int, dict[str, Any]](), 0
    for k in sorted(range(len(reports)), key=lambda k: reports[k].ok):
        drawn[k] = section(reports[k], subjects[k], digits, drawn=length < writing.MOST)
        length += writing.size(drawn[k])
    return writing.render(document, [drawn[k] for k in range(len(reports))], matrix)
