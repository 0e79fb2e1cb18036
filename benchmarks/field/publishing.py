"""The tables of the field put into the documentation: all in docs/field.md, the two most telling rows in the README.

    python -m benchmarks.field.publishing FIELD.json

FIELD.json is what `python -m benchmarks.field --json` has written. A table stands between two comments, as in
`<!-- faults -->` … `<!-- end of faults -->`; one that the run did not make stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.field.tools import CERTIFIED
from benchmarks.places import markdown, put, rows

ROOT = Path(__file__).parents[2]
DOCS, README = ROOT / "docs/field.md", ROOT / "README.md"
TELLING = (CERTIFIED, "torch gradcheck")  # the most used of the others
HEADING = ["tool, at its defaults", "faults convicted", "behind a loss × 1e-6", "correct float32 programs accused"]


def telling(docs: str) -> str:
    """The README's table, from the tables of docs/field.md."""
    faults, alarms = rows(docs, "faults"), rows(docs, "alarms")
    lines = [[name, faults[name]["all"], faults[name]["loss × 1e-6"], alarms[name]["float32"]] for name in TELLING]
    return markdown([HEADING, *lines])


def published(docs: str, readme: str, results: Mapping[str, Any]) -> tuple[str, str]:
    """Both texts with the tables of a run."""
    tables: Sequence[Any] = results["tables"]
    named = {("faults", "operators", "alarms")[k + 2 * (not results["mutants"])]: one for k, one in enumerate(tables)}
    for name, found in named.items():
        docs = put(docs, name, markdown(found))
    if results["mutants"]:
        docs = put(docs, "summary", "\n".join(f"- {line}" for line in results["summary"]))
    return docs, put(readme, "field", telling(docs))


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(path: Path) -> None:
    """Put the tables of a run into the documentation."""
    texts = [one.read_text(encoding="utf-8") for one in (DOCS, README)]
    found = published(*texts, json.loads(path.read_text(encoding="utf-8")))
    for file, text in zip((DOCS, README), found, strict=True):
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
