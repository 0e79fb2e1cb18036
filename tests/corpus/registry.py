"""The corpus as (module, name, expected) triples: foreign programs, and the verdict each of them deserves.

`module.name()` builds the subject; nothing but the modules' own code is imported before that is called.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
NOT_PROGRAMS = {"registry", "helpers", "test_corpus"}


def programs() -> Iterator[tuple[ModuleType, str, str]]:
    """Every variant of every program, with the name of its expected verdict."""
    for path in sorted(HERE.glob("*.py")):
        if path.stem in NOT_PROGRAMS:
            continue
        module = load(path.stem)
        for name, expected in module.EXPECTED.items():
            yield module, name, expected


def load(stem: str) -> ModuleType:
    """One program, imported the way its author ran it: with its own folder first on the path."""
    sys.path.insert(0, str(HERE))
    try:
        return importlib.import_module(stem)
    finally:
        sys.path.remove(str(HERE))
