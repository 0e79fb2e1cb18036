"""Whether probes stand where something is: a typing error in a name must not pass for a probe that saw all right."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import TYPE_CHECKING

from oracle.cases import Case
from oracle.diagnosis.probes.declared import RETURNED, Probe
from oracle.diagnosis.probes.truth import Twin
from oracle.forms.form import SubjectError
from oracle.forms.loss import LossForm
from oracle.point import Point
from oracle.runs import in_floats

if TYPE_CHECKING:
    from oracle.trial import Trial


def expect_places(trial: Trial, case: Case) -> None:
    """Every probe names a variable that some function of the backward has.

    Raises
    ------
    SubjectError
        If one names none, with the name that comes nearest.
    """
    if not trial.subject.probes:
        return
    entered, others = _codes(trial.settled(case), case)
    for name, one in trial.subject.probes.items() if entered else ():
        function, base, attributes = _parts(one, {code.co_name for code in (*entered, *others)})
        own = [code for code in (*entered, *others) if function in ("", code.co_name)]
        if base != RETURNED and not any(_has(code, base, attributes) for code in own):
            known = {word for code in entered for word in (code.co_names if attributes else _variables(code))}
            raise SubjectError(
                f"the probe {name} stands at {one.place!r}, but the backward has no such variable"
                f"{_meant(attributes[-1] if attributes else base, sorted(known - {'self'}))}"
            )


def unmarked(trial: Trial, case: Case) -> Iterator[str]:
    """Of which probes the reference says nothing, asked at the sizes of a case."""
    subject = trial.subject
    if subject.probes and subject.twin is None:
        yield "probes are not examined: the reference marks no places; give a twin that takes the keyword probe"
    asked = subject.probes and subject.twin is not None
    marked = Twin(subject).marked(case.sizes) if asked else frozenset()
    for name, one in subject.probes.items() if marked else ():
        if not any(place in marked for place in one.places(name)):
            wanted = " or ".join(map(repr, dict.fromkeys(one.places(name)))) or "of this name"
            yield (
                f"the probe {name} is not examined: the reference marks no place {wanted}, but "
                f"{', '.join(sorted(marked))}; oracle.probe(..., of=) says which is meant"
            )


def _parts(one: Probe, functions: Iterable[str]) -> tuple[str, str, list[str]]:
    """The function, the variable and the attributes that a place names, each empty where it names none."""
    node, attributes = one.expression, list[str]()
    while isinstance(node, ast.Attribute | ast.Subscript):
        attributes += [node.attr] if isinstance(node, ast.Attribute) else []
        node = node.value
    base = node.id if isinstance(node, ast.Name) else ""
    attributes.reverse()
    if attributes and base in functions:
        return base, attributes[0], attributes[1:]
    return "", base, attributes


def _codes(trial: Trial, case: Case) -> tuple[list[CodeType], list[CodeType]]:
    """The code that runs in the backward, and that of functions that do not run at all; nothing if it fails here."""
    run = in_floats(Point(trial.subject, case), trial.binding, lines=True)
    if run.error is not None or run.forward_lines is None or run.backward_lines is None:
        return [], []
    backward, forward = set(run.backward_lines.codes), set(run.forward_lines.codes)
    entered = forward | backward if isinstance(trial.subject.form, LossForm) else backward
    idle = {one.__code__ for one in trial.binding.functions} - forward - backward
    return [part for code in entered for part in _nested(code)], [part for code in idle for part in _nested(code)]


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _variables(code: CodeType) -> Iterator[str]:
    return (name for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars) if not name.startswith("."))


def _has(code: CodeType, base: str, attributes: Iterable[str]) -> bool:
    """Whether a function has a variable of this name, and anything is said of these attributes."""
    return base in _variables(code) and all(name in code.co_names for name in attributes)


def _meant(name: str, known: list[str]) -> str:
    """`; did you mean a_bar?`, or what there is."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; it has {', '.join(known[:8])}"
