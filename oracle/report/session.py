"""The results of many tests, as one JSON document and as lines of a terminal.

Each test's result is the document that `oracle.report.json.to_dict` makes of one report, with the test named in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from oracle.report.json import SCHEMA, dumps, to_dict
from oracle.report.text import one_line
from oracle.verdict import Report, Verdict

ERROR = "ERROR"


def document(report: Report, test: str) -> dict[str, Any]:
    """The report of one test as plain data, which any process can be sent."""
    made: dict[str, Any] = json.loads(dumps(to_dict([report], report.seconds)))
    made["subjects"][0]["test"] = test
    return made


def error_document(subject: str, error: BaseException, test: str) -> dict[str, Any]:
    """What stands in place of a report where there is none: the witnesses disagreed, or the subject is of no use."""
    entry = {
        "name": subject,
        "verdict": ERROR,
        "sentence": f"{type(error).__name__}: {error}",
        "cases": 0,
        "entries": 0,
        "digits": None,
        "seconds": 0.0,
        "leaves": [],
        "findings": [],
        "test": test,
    }
    made: dict[str, Any] = json.loads(
        dumps({"schema": SCHEMA, "ok": False, "seconds": 0.0, "environment": {}, "subjects": [entry]})
    )
    return made


def merged(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All results in one document; where there is none, nothing was compared, and that is not ok.

    >>> merged([])["ok"]
    False
    """
    environments = [document["environment"] for document in documents if document["environment"]]
    return {
        "schema": SCHEMA,
        "ok": bool(documents) and all(document["ok"] for document in documents),
        "seconds": round(sum(document["seconds"] for document in documents), 3),
        "environment": environments[0] if environments else {},
        "subjects": [subject for document in documents for subject in document["subjects"]],
    }


def summary_lines(documents: Iterable[dict[str, Any]]) -> list[str]:
    """One line for each subject: verdict, name, digits, entries, seconds.

    >>> told = {"name": "gru", "verdict": "CERTIFIED", "digits": 57.2, "entries": 25400, "seconds": 3.21}
    >>> summary_lines([{"subjects": [told]}])
    ['CERTIFIED   gru   57 digits   25,400 entries   3.2 s']
    """
    rows = [_row(subject) for document in documents for subject in document["subjects"]]
    verdicts, names = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    return ["   ".join([row[0].ljust(verdicts), row[1].ljust(names), *row[2:]]) for row in rows]


def _row(subject: dict[str, Any]) -> tuple[str, ...]:
    certified = subject["verdict"] == Verdict.CERTIFIED.name and subject["digits"] is not None
    digits = f"{math.floor(subject['digits'])} digits" if certified else "-"
    name = one_line(subject["name"])
    return subject["verdict"], name, digits, f"{subject['entries']:,} entries", f"{subject['seconds']:.1f} s"
