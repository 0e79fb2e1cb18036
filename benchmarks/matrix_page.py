"""The kill matrix of a run, its numbers and its survivors put into docs/mutation.md.

oracle mutate --all --json matrix.json
python -m benchmarks.matrix_page matrix.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from benchmarks.places import markdown, put

PAGE = Path(__file__).parents[1] / "docs/mutation.md"
ORDER = ("survived", "proven equivalent", "presumed equivalent")
_LONG = "with another effect than the original, while all gradients stayed certified"
_SHORT = "with another effect, all gradients certified"


def matrix(found: Mapping[str, Any]) -> str:
    """Operators down, checks across, and all of them in the end."""
    rows: Mapping[str, Mapping[str, int]] = found["matrix"]
    checks = [name for name in next(iter(rows.values())) if name != "mutants"]
    body = [[name, *(str(row[column]) for column in ("mutants", *checks))] for name, row in rows.items()]
    whole = [str(sum(row[column] for row in rows.values())) for column in ("mutants", *checks)]
    kills = [str(sum(check in row["convicts"] for row in found["rows"])) for check in checks]
    total = ["**all**", *(f"**{count}**" for count in [whole[0], *kills])]
    return markdown([["operator", "mutants", *checks], *body, total])


def numbers(found: Mapping[str, Any]) -> str:
    """What the run says besides, in a few sentences."""
    mutants, possible = found["mutants"], found["possible_mutants"]
    which = f"All {mutants:,} possible mutants" if mutants == possible else f"A sample of {mutants:,} of {possible:,}"
    late = sum(row["fate"] == "convicted" and "reason" in row for row in found["rows"])
    manners = ", ".join(f"{count:,} {name}" for name, count in found["manners"].items())
    return "\n".join(
        [
            f"{which}, over {len(found['functions'])} functions and {len(found['subjects'])} subjects.",
            f"Raw score: {found['convicted']:,} convicted on the certified path ({found['raw_score']:.1%}), namely",
            f"{manners}; {late} of them only by the fresh cases that survivors are put before.",
            f"Of the others, {found['proven']} are proven equivalent, {found['presumed']} are presumed equivalent, and",
            f"{found['survived']} survived: exit code {int(not found['ok'])}.",
            f"{found['mutants_per_second']:.0f} mutants a second on the certified path, in seconds of one busy core,",
            "planting included.",
        ]
    )


def survivors(found: Mapping[str, Any]) -> str:
    """Every mutant that is not convicted, with its change and the reason."""
    left = sorted((row for row in found["rows"] if row["fate"] in ORDER), key=lambda row: ORDER.index(row["fate"]))
    lines = [[row["fate"], row["id"], _change(row["diff"]), row["reason"].replace(_LONG, _SHORT)] for row in left]
    return markdown([["fate", "mutant", "change", "reason"], *lines]).replace("--:", "---")


def _change(diff: str) -> str:
    """What stood there, and what stands there now."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    old, new = (" ".join(line[1:].strip() for line in lines if line[:1] == sign) for sign in "-+")
    return " → ".join(f"`{text.strip()}`".replace("|", "\\|") for text in (old, new))


def filled(page: str, found: Mapping[str, Any]) -> str:
    """The page with what a run found."""
    for name, make in (("matrix", matrix), ("numbers", numbers), ("survivors", survivors)):
        page = put(page, name, make(found))
    return page


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(path: Path) -> None:
    """Put a run into the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page, json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
