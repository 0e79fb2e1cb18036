"""The tools by name; each really runs, at its defaults. What is not installed is left out, with a sentence."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.field.programs import Program

PROGRAM_TOOLS: Final = {  # name: module, function, columns, precision in which faulty programs are put before it
    "torch slow": ("torch_gradcheck", "slow", ("torch gradcheck",), "float64"),
    "torch fast": ("torch_gradcheck", "fast", ("torch gradcheck, fast",), "float64"),
    "jax": ("jax_check_grads", "check", ("jax check_grads, x64",), "float64"),
    "jax float32": ("jax_check_grads", "check", ("jax check_grads",), "float32"),
    "autograd": ("autograd_check_grads", "check", ("autograd check_grads",), "float64"),
    "scipy": ("scipy_check_grad", "check", ("scipy check_grad < 1e-6",), "float64"),
    "course": ("course", "readings", ("course, < 1e-7", "course, < 1e-4"), "float64"),
}
CERTIFIED: Final = "certified path"
TRAINING: Final = ("loss goes down", "loss ends as low")


@dataclass(frozen=True)
class Tool:
    """A tool that judges programs."""

    name: str
    title: str  # with its version
    columns: tuple[str, ...]  # one for each reading of what it says
    dtype: str
    function: Callable[[Program], Any]

    def rejects(self, program: Program) -> tuple[bool, ...]:
        """Whether it rejects a program, by column; what raises is rejected, since the user sees it."""
        try:
            said = self.function(program)
        except (Exception, SystemExit):
            return (True,) * len(self.columns)
        return said if isinstance(said, tuple) else (bool(said),)


def tool(name: str) -> Tool:
    """The tool of this name.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    module, function, columns, dtype = PROGRAM_TOOLS[name]
    found = importlib.import_module(f"{__name__}.{module}")
    return Tool(name, getattr(found, "TITLE", "course"), columns, dtype, getattr(found, function))


def installed() -> tuple[list[Tool], dict[str, str]]:
    """The tools that are there, and of the others what is missing."""
    found, missing = [], {}
    for name in PROGRAM_TOOLS:
        try:
            found.append(tool(name))
        except ImportError as error:
            missing[name] = f"{error.name or error} is not installed"
    return found, missing
