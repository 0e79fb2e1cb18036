"""What survives a save: the gradient program, where the reference is certainly the function it was traced from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from oracle.forms.form import SIZES
from oracle.forms.functions import FunctionsForm
from oracle.reference import Reference
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.watching.sameness import same


def keep_program(old: Trial, new: Trial, gone: Iterable[str]) -> bool:
    """Hand the gradient program of one trial on to another if it is certainly its own; whether that was done.

    It is if the inputs are the same, and so is the twin; or, where there is none, the hand-written forward, which must
    then be a function by itself. `gone` names the modules that were loaded again. A program that was traced for each
    sizes is not kept: its traces would go on from the old reference.
    """
    kept = vars(old.reference).get("_traced")
    if kept is None or not kept.symbolic or "_traced" in vars(new.reference):
        return False
    if not _same_reference(old.subject, new.subject, frozenset(gone)):
        return False
    _inherit(new.reference, kept)
    return True


def _inherit(reference: Reference, program: Any) -> None:
    """Put the program where the reference would have put its own."""
    vars(reference)["_traced"] = program


def _same_reference(old: Subject, new: Subject, gone: frozenset[str]) -> bool:
    if type(old.form) is not type(new.form) or not same(_inputs(old), _inputs(new), gone):
        return False
    functions = [_derived_from(subject) for subject in (old, new)]
    return all(functions) and same(functions[0], functions[1], gone)


def _inputs(subject: Subject) -> Any:
    """All that a reference is told of the inputs: leaves, and how they are nested."""
    form: Any = subject.form
    return [dict(subject.leaves), dict(getattr(form, "inputs", {})), dict(getattr(form, "parameters", {}))]


def _derived_from(subject: Subject) -> Callable[..., Any] | None:
    """The function that is traced; None if that is more than one function."""
    if subject.reference is not None:
        return subject.reference
    if not isinstance(subject.form, FunctionsForm):
        return None
    function = subject.form.forward_function
    scope: Mapping[str, Any] = getattr(function, "__globals__", {SIZES: None})
    return None if SIZES in scope else function
