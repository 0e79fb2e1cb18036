"""One planted fault: which text of which function is replaced, what kind of mistake that is, and where it stands."""

from __future__ import annotations

import importlib
import inspect
import operator
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any

BOUNDARY = "index or boundary"
CARRY = "recurrent carry"
DERIVATIVE = "derivative of another function"
STAGE = "formula fed the wrong stage"
VARIABLE = "copy-paste of a wrong variable"
INPUT = "input gradient alone"
SHAPE = "only some shapes"
PATH = "one path missing"
ALGEBRA = "wrong linear algebra"
SCALE = "constant scale"
FACTOR = "spurious factor"
LEAK = "state leaks into the next call"
CLASSES = (BOUNDARY, CARRY, DERIVATIVE, STAGE, VARIABLE, INPUT, SHAPE, PATH, ALGEBRA, SCALE, FACTOR, LEAK)


class StaleFault(ValueError):
    """The code has changed, and a fault of the catalogue no longer fits it."""


@dataclass(frozen=True)
class Fault:
    """A replacement of text that stands exactly once in one function, and that makes the backward wrong.

    `subject` is the registered subject that shows it, `function` is `module:qualified.name`, `cause` one of CLASSES.
    """

    name: str
    subject: str
    cause: str
    function: str
    old: str
    new: str

    @cached_property
    def target(self) -> FunctionType:
        """The function that the fault is planted in."""
        module, _, path = self.function.partition(":")
        found: Any = operator.attrgetter(path)(importlib.import_module(module))
        assert isinstance(found, FunctionType), f"{self.function} is no function"
        return found

    @cached_property
    def place(self) -> tuple[str, int]:
        """The file, and the line on which the replaced text begins.

        Raises
        ------
        StaleFault
            If the text does not stand exactly once in the function.
        """
        lines, first = inspect.getsourcelines(self.target)
        text = "".join(lines)
        if (count := text.count(self.old)) != 1:
            raise StaleFault(
                f"the fault {self.name!r} replaces {self.old!r}, which stands {count} times in {self.function}; "
                "expected once: adapt the fault to the code as it is now"
            )
        return self.target.__code__.co_filename, first + text[: text.index(self.old)].count("\n")

    @property
    def line(self) -> int:
        """The line that is wrong once the fault is planted."""
        return self.place[1]

    @property
    def edit(self) -> tuple[FunctionType, str, str]:
        """What is planted: the function, the text, and what stands in its place."""
        assert self.place
        return self.target, self.old, self.new


def rows(prefix: str, subject: str, function: str, *faults: tuple[str, str, str, str]) -> tuple[Fault, ...]:
    """The faults of one function, given as (name, cause, old text, new text)."""
    return tuple(Fault(f"{prefix}: {name}", subject, cause, function, old, new) for name, cause, old, new in faults)
