"""What the pytest plugin does when a test verifies a subject; everything that takes time to import is here."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any

from oracle import verify as judge
from oracle.records import saved
from oracle.report.session import document, error_document
from oracle.subject import Subject
from oracle.verdict import Report


def verify(
    subject: Subject,
    *,
    cases: int,
    seed: int,
    digits: float,
    root: Path | None,
    module: ModuleType | None,
    heard: list[dict[str, Any]],
    test: str,
    page: bool = False,
) -> Report:
    """The report on a subject; it is added to `heard`, and so is whatever prevents it.

    A failing case is saved below `root`, unless that is None. A subject that stands in the test's `module` can be
    replayed from there. With `page`, what a page says of the subject is drawn too, in this process, and is plain data.
    """
    try:
        report = judge(subject, cases=cases, seed=seed, digits=digits)
    except Exception as error:
        name = getattr(subject, "name", type(subject).__name__)
        heard.append(error_document(name, error, test))
        if page:
            heard[-1]["section"] = _error_section(heard[-1])
        raise
    if root is not None:
        report = saved(report, spec=subject.spec or _place(subject, module, root), digits=digits, root=root)
    heard.append(document(report, test))
    if page:
        from oracle.report.page.section import section

        heard[-1]["section"] = section(report, subject, digits)
    return report


def _error_section(told: dict[str, Any]) -> dict[str, Any]:
    """What a page says of a subject of which there is no report."""
    from oracle.report.page.section import without_report

    (subject,) = told["subjects"]
    return without_report(subject["name"], subject["verdict"], subject["sentence"])


def _place(subject: Subject, module: ModuleType | None, root: Path) -> str | None:
    """`path/to/test_file.py:name`, if the subject stands at the top level of the test's module."""
    file = getattr(module, "__file__", None)
    names = [name for name, value in vars(module).items() if value is subject] if module is not None else []
    if file is None or not names:
        return None
    path = Path(file)
    shown = Path(os.path.relpath(path, root)) if path.is_relative_to(root) else path
    return f"{shown.as_posix()}:{names[0]}"
