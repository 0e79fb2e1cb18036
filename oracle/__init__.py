"""Certifies hand-written backpropagation.

The hand-written code runs unchanged in ball arithmetic, and so does the gradient program that JAX derives once for
all shapes. If the two enclosures of a gradient entry are disjoint, the backward is refuted; if they meet and are
thin, it is certified to that many digits. There is no tolerance.

Public names are imported when they are first used: pytest loads the plugin of this package at every start, and must
not wait for NumPy.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oracle import cases as cases
    from oracle.diagnosis.probes.declared import probe as probe
    from oracle.float_mode import check_in_floats as check_in_floats
    from oracle.inputs import booleans as booleans
    from oracle.inputs import choice as choice
    from oracle.inputs import fixed as fixed
    from oracle.inputs import integers as integers
    from oracle.inputs import reals as reals
    from oracle.one_case import verify_case as verify_case
    from oracle.scripts import load_definitions as load_definitions
    from oracle.subject import Subject as Subject
    from oracle.verdict import GradientMismatch as GradientMismatch
    from oracle.verdict import Report as Report
    from oracle.verdict import Verdict as Verdict
    from oracle.verdict import WitnessesDisagree as WitnessesDisagree
    from oracle.verify import verify as verify

__version__ = "0.1.0"

_HOMES = {
    "oracle.diagnosis.probes.declared": ("probe",),
    "oracle.float_mode": ("check_in_floats",),
    "oracle.inputs": ("booleans", "choice", "fixed", "integers", "reals"),
    "oracle.one_case": ("verify_case",),
    "oracle.scripts": ("load_definitions",),
    "oracle.subject": ("Subject",),
    "oracle.verdict": ("GradientMismatch", "Report", "Verdict", "WitnessesDisagree"),
    "oracle.verify": ("verify",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


class _Package(ModuleType):
    """This package. Importing its module `verify` must not put the module where the function is expected."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "verify" and isinstance(value, ModuleType):
            value = value.verify
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name == "cases":
            return importlib.import_module("oracle.cases")
        if name not in _HOME:
            raise AttributeError(f"module 'oracle' has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOME[name]), name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *_HOME, "cases"})


sys.modules[__name__].__class__ = _Package
