"""The machine-readable report, `"schema": 1`."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oracle.diagnosis.cause import Cause
from oracle.verdict import FloatAccuracy, LeafReport, Report

SCHEMA = 1


def to_dict(reports: Sequence[Report], seconds: float) -> dict[str, Any]:
    """All reports as one object of plain JSON values."""
    return {
        "schema": SCHEMA,
        "ok": bool(reports) and all(report.ok for report in reports),
        "seconds": round(seconds, 3),
        "environment": reports[0].environment if reports else {},
        "subjects": [_subject(report) for report in reports],
    }


def _subject(report: Report) -> dict[str, Any]:
    return {
        "name": report.subject,
        "verdict": report.verdict.name,
        "sentence": report.verdict.value,
        "cases": report.cases,
        "redrawn": report.redrawn,
        "seed": report.seed,
        "entries": report.entries,
        "digits": _number(report.digits),
        "seconds": round(report.seconds, 3),
        "witnesses": list(report.witnesses),
        "finite_difference_digits": _number(report.testimony_digits),
        "leaves": [_leaf(leaf) for leaf in report.leaves],
        "findings": [{**dataclasses.asdict(finding), "verdict": finding.verdict.name} for finding in report.findings],
        "notes": list(report.notes),
        "not_covered": list(report.not_covered),
        "smallest": report.smallest or None,
        "diagnosis": [_cause(cause) for cause in report.diagnosis.causes],
        "ruled_out": list(report.diagnosis.ruled_out),
        "remarks": list(report.diagnosis.remarks),
        "replay": report.replay or None,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {**dataclasses.asdict(cause), "leaves": list(cause.leaves), "line": cause.line or None}


def _leaf(leaf: LeafReport) -> dict[str, Any]:
    return {
        "name": leaf.name,
        "shape": leaf.spec,
        "verdict": leaf.verdict.name,
        "digits": _number(leaf.digits),
        "entries": leaf.entries,
        "never_exercised": leaf.never_exercised,
        "wrong": leaf.wrong,
        "wrong_in_cases": leaf.in_cases,
        "worst": {**dataclasses.asdict(leaf.worst), "gap": _number(leaf.worst.gap)} if leaf.worst else None,
        "worst_case": leaf.worst_case or None,
        "float64": _accuracy(leaf.float64),
        "float32": _accuracy(leaf.float32),
    }


def _accuracy(accuracy: FloatAccuracy | None) -> dict[str, Any] | None:
    if accuracy is None:
        return None
    numbers = {name: _number(value) for name, value in dataclasses.asdict(accuracy).items() if name != "case"}
    return {**numbers, "case": accuracy.case or None}


def _number(value: float) -> float | None:
    """A JSON number; JSON has no infinities."""
    value = float(value)
    return round(value, 6) if 1e-3 < abs(value) < 1e12 else value if math.isfinite(value) else None


def dumps(document: Any) -> str:
    """JSON text that every parser reads: no NaN, no infinity, no half of a character."""
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False, default=str) + "\n"
    return text.encode("utf-8", "replace").decode("utf-8")


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all; what is no file, such as /dev/stdout, is written to."""
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    path = path.resolve()  # a link stays a link
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
