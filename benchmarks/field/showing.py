"""The tables of the field, at a terminal, as Markdown and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.field.alarms import Alarms
from benchmarks.field.faults import Judged, by_operator
from benchmarks.field.tools import CERTIFIED, PROGRAM_TOOLS, TRAINING, Tool
from oracle.mutation.operators import _FAMILIES

COLUMNS = (CERTIFIED, *(column for _, _, columns, _ in PROGRAM_TOOLS.values() for column in columns), *TRAINING)
Said = Callable[[Judged], dict[str, bool]]


@dataclass(frozen=True)
class Results:
    """Everything that was seen in one run."""

    faults: Sequence[Judged]
    possible: int
    preparation: float  # CPU seconds that the certified path's subjects took to get ready
    alarms: Sequence[Alarms]
    tools: Sequence[Tool]
    missing: dict[str, str]

    @property
    def columns(self) -> list[str]:
        """The columns that somebody spoke in."""
        return [name for name in COLUMNS if any(name in one.convicts for one in self.faults)]

    @property
    def ok(self) -> bool:
        """Whether the certified path convicted every fault and accused nothing correct."""
        quiet = not any(one.rejected.get(CERTIFIED) for one in self.alarms)
        return bool(self.faults or self.alarms) and quiet and not any(one.survived for one in self.faults)


def share(group: Sequence[Judged], column: str, said: Said) -> str:
    """`kills / mutants` of those that the column can take."""
    heard = [said(one)[column] for one in group if column in said(one)]
    return f"{sum(heard)}/{len(heard)}" if heard else "–"


def ordinary(one: Judged) -> dict[str, bool]:
    """What was said in the ordinary settings."""
    return one.convicts


def small(one: Judged) -> dict[str, bool]:
    """What was said behind a small loss."""
    return one.small


def families(found: Sequence[Judged]) -> dict[str, list[Judged]]:
    """The faults by family of operators: the modules of `oracle.mutation.operators`."""
    groups = by_operator(found)
    named = {one.__name__.rsplit(".", 1)[-1]: [each.name for each in one.OPERATORS] for one in _FAMILIES}
    joined = {title: [one for name in names for one in groups.get(name, [])] for title, names in named.items()}
    return {title: group for title, group in joined.items() if group}


def fault_rows(results: Results) -> list[list[str]]:
    """One row a column of the matrix: the tool, then its kills by family, in all, behind a small loss, and seconds."""
    faults = [one for one in results.faults if not one.equivalent]
    groups = families(results.faults)
    rows = [["tool", *groups, "all", "%", "loss × 1e-6", "CPU s a mutant"]]
    for column in results.columns:
        heard = [one.convicts[column] for one in faults if column in one.convicts]
        percent = f"{100 * sum(heard) / len(heard):.1f}"
        counts = [share(group, column, ordinary) for group in groups.values()]
        row = [column, *counts, share(faults, column, ordinary), percent, share(faults, column, small)]
        rows.append([*row, _seconds(results, column)])
    return rows


def _seconds(results: Results, column: str) -> str:
    """The mean CPU seconds that a faulty program took, until it was rejected or had been seen in all settings."""
    name = _tool(column)
    spent = [one.seconds[name] for one in results.faults if name in one.seconds]
    return f"{sum(spent) / len(spent):.3f}"


def _tool(column: str) -> str:
    """The tool that a column belongs to."""
    found = [name for name, (_, _, columns, _) in PROGRAM_TOOLS.items() if column in columns]
    return found[0] if found else TRAINING[0] if column in TRAINING else column


def alarm_rows(results: Results) -> list[list[str]]:
    """One row a column: the tool, then false alarms / programs by regime, and seconds in the first."""
    rows = [["tool", *(one.regime for one in results.alarms), "CPU s a program"]]
    columns = [name for name in COLUMNS if any(name in one.rejected for one in results.alarms)]
    for column in columns:
        counts = [_alarms(one, column) for one in results.alarms]
        first, name = results.alarms[0], _tool(column)
        rows.append([column, *counts, f"{first.seconds.get(name, 0.0) / max(first.programs, 1):.2f}"])
    return rows


def _alarms(one: Alarms, column: str) -> str:
    return f"{len(one.rejected[column])}/{one.programs}" if column in one.rejected else "–"


def operator_rows(results: Results) -> list[list[str]]:
    """Operators down, tools across."""
    rows = [["operator", *results.columns]]
    for name, group in by_operator(results.faults).items():
        rows.append([name, *(share(group, column, ordinary) for column in results.columns)])
    return rows


def table(rows: Sequence[Sequence[str]]) -> Table:
    """Rows as a table at a terminal, the first of them its heading."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, title in enumerate(rows[0]):
        made.add_column(title, justify="right" if number else "left")
    for row in rows[1:]:
        made.add_row(*row)
    return made


def summary(results: Results) -> list[str]:
    """The sentences below the tables."""
    faults = [one for one in results.faults if not one.equivalent]
    equivalent = [one for one in results.faults if one.equivalent]
    lines = [
        f"{len(results.faults)} of {results.possible} mutants judged, {len(equivalent)} of them equivalent: "
        f"{len(faults)} faults, {sum(one.survived for one in faults)} of which the certified path missed",
        f"the certified path took {results.preparation:.1f} CPU s to get ready",
    ]
    lines = lines if results.faults else []
    lines += [
        f"python {platform.python_version()}, numpy {metadata.version('numpy')}, "
        + ", ".join(dict.fromkeys(tool.title for tool in results.tools if tool.title != tool.name)),
    ]
    lines += [f"{name}: {why}" for name, why in results.missing.items()]
    lines += [f"{one.regime}: without {name}: {why}" for one in results.alarms for name, why in one.left_out.items()]
    lines += [f"equivalent: {one.mutant.id}, {one.equivalent}" for one in equivalent]
    lines += [f"missed by the certified path: {one.mutant.id}" for one in faults if one.survived]
    return lines


def tables(results: Results) -> list[list[list[str]]]:
    """The tables for which something was judged."""
    faults = [fault_rows(results), operator_rows(results)] if results.faults else []
    return faults + ([alarm_rows(results)] if results.alarms else [])


def show(console: Console, results: Results) -> None:
    """Everything."""
    for rows in tables(results):
        console.print(table(rows))
        console.print()
    for line in summary(results):
        console.print(line, soft_wrap=True)


def to_dict(results: Results) -> dict[str, Any]:
    """The same as plain data, every mutant included."""
    return {
        "schema": 1,
        "ok": results.ok,
        "possible_mutants": results.possible,
        "preparation_seconds": results.preparation,
        "tables": tables(results),
        "rejected": [vars(one) for one in results.alarms],
        "summary": summary(results),
        "mutants": [_plain(one) for one in results.faults],
    }


def _plain(one: Judged) -> dict[str, Any]:
    return {
        "id": one.mutant.id,
        "convicts": one.convicts,
        "small_loss": one.small,
        "seconds": one.seconds,
        "equivalent": one.equivalent,
        "diff": one.mutant.diff,
    }
