"""The kill matrix that `oracle mutate --json` wrote, read for a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = 1
_MOST = 50_000_000  # bytes
_COUNTS = ("mutants", "convicted", "proven", "presumed", "survived")


class NoMatrix(ValueError):
    """What was given is not a kill matrix; the message says why."""


def read(path: str | Path) -> dict[str, Any]:
    """The matrix of a file as rows and columns.

    Raises
    ------
    NoMatrix
        If the file cannot be read or holds something else.
    """
    try:
        if Path(path).stat().st_size > _MOST:
            raise NoMatrix(f"{path} is larger than {_MOST // 1_000_000} MB; expected what oracle mutate --json wrote")
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise NoMatrix(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, NoMatrix):
            raise
        raise NoMatrix(f"{path} is not JSON; expected what oracle mutate --json wrote") from error
    return parsed(document, str(path))


def parsed(document: Any, name: str) -> dict[str, Any]:
    """Rows and columns with the share of mutants that each check convicts.

    >>> made = {"schema": 1, "mutants": 2, "convicted": 2, "proven": 0, "presumed": 0, "survived": 0}
    >>> found = parsed({**made, "matrix": {"sign": {"mutants": 2, "contract": 1}}}, "matrix.json")
    >>> found["checks"], found["rows"][0]["cells"]
    (['contract'], [{'kills': 1, 'share': 50}])
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not _is_matrix(document.get("matrix")):
        raise NoMatrix(f"{name} is not a kill matrix of schema {SCHEMA}; expected what oracle mutate --json wrote")
    if not all(_is_count(document.get(key)) for key in _COUNTS):
        raise NoMatrix(f"{name} does not say how many mutants there were; expected what oracle mutate --json wrote")
    matrix: dict[str, dict[str, int]] = document["matrix"]
    checks = list(dict.fromkeys(check for row in matrix.values() for check in row if check != "mutants"))
    rows = [
        {
            "operator": operator,
            "mutants": row["mutants"],
            "cells": [_cell(row.get(check, 0), row["mutants"]) for check in checks],
        }
        for operator, row in matrix.items()
    ]
    subjects = document.get("subjects")
    names = [str(one) for one in subjects] if isinstance(subjects, list) else []
    return {"checks": checks, "rows": rows, "subjects": names, **{key: document[key] for key in _COUNTS}}


def _cell(kills: int, mutants: int) -> dict[str, int]:
    return {"kills": kills, "share": round(100 * min(1.0, kills / mutants)) if mutants else 0}


def _is_matrix(value: Any) -> bool:
    """Whether a value is a mapping of operators to counts, the number of mutants among them."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(
            isinstance(row, dict) and "mutants" in row and all(_is_count(count) for count in row.values())
            for row in value.values()
        )
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
