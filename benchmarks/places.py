"""Places in the documentation that a run fills: between `<!-- name -->` and `<!-- end of name -->`."""

from __future__ import annotations

import re
from collections.abc import Sequence


def _between(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)", re.DOTALL)


def put(text: str, name: str, content: str) -> str:
    """The text with other content at a named place.

    Raises
    ------
    ValueError
        If there is no such place, or more than one.

    >>> put("<!-- a -->\\nold\\n<!-- end of a -->", "a", "new")
    '<!-- a -->\\nnew\\n<!-- end of a -->'
    """
    found, count = _between(name).subn(lambda match: f"{match[1]}{content}{match[2]}", text)
    if count != 1:
        raise ValueError(f"there are {count} places called {name!r} in the text; expected one")
    return found


def rows(text: str, name: str) -> dict[str, dict[str, str]]:
    """The table at a named place: rows by their first cell, cells by heading."""
    found = _between(name).search(text)
    if found is None:
        raise ValueError(f"there is no place called {name!r} in the text")
    lines = [line for line in found[0].splitlines() if line.startswith("|")]
    heading, _, *body = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines)
    return {cells[0]: dict(zip(heading, cells, strict=True)) for cells in body}


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table, the first of them its heading.

    >>> print(markdown([["tool", "all"], ["torch", "3/4"]]))
    | tool | all |
    | --- | --: |
    | torch | 3/4 |
    """
    lines = [*table[:1], ["---", *["--:"] * (len(table[0]) - 1)], *table[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
