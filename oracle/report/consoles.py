"""Where results are shown: a terminal is as wide as it is, a pipe or a file as wide as it needs to be."""

from __future__ import annotations

import os
import sys

from rich.console import Console

UNLIMITED = 10_000  # columns


def output() -> Console:
    """Standard output; without a terminal no line is broken and no table left, unless COLUMNS says how wide to be."""
    console = Console(highlight=False, emoji=False)
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        console.width = UNLIMITED
    return console
