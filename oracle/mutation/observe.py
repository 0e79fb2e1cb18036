"""One float run of a subject, watched: which functions run in the backward, and what their expressions hold."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from oracle.cases import Case
from oracle.mutation.checking import checks
from oracle.mutation.scene import PLACES, Scene, Seen, scene_of
from oracle.mutation.source import PlantingError
from oracle.point import Point
from oracle.runs import in_floats
from oracle.subject import Subject
from oracle.trial import Trial


def unequal(subject: Subject) -> Case:
    """A generic case with small sizes that are as different as their ranges allow.

    Where there are too few, B and another size may be the same, and T and another one sooner still: of two features,
    matrices would be square. A size of 1 hides what a wrong axis does, the more the more inputs have it.
    """
    sizes: dict[str, int] = {}
    uses = Counter(name for spec in subject.leaves.values() for name in spec.shape.names)
    for name in sorted(subject.sizes, key=lambda name: (subject.sizes[name][1], -uses[name])):
        low, high = subject.sizes[name]
        possible = range(low, min(high, max(low, 2) + len(sizes)) + 1)
        sizes[name] = min(possible, key=lambda size: (_clashes(name, size, sizes, uses[name]), size))
    return Case({name: sizes[name] for name in subject.sizes}, seed=11)


def _clashes(name: str, size: int, others: Mapping[str, int], uses: int) -> float:
    """How bad a size is beside others."""
    costs = {"T": 1.0, "B": 2.0}
    same = (min(costs.get(one, 4.0) for one in (name, other)) for other in others if others[other] == size)
    rows = 0.5 if {name, *(other for other in others if others[other] == size)} >= {"T", "B"} else 0.0
    return sum(same) + rows + (3.0 + uses / 100 if size == 1 else 0.0)


def backward_functions(trial: Trial) -> tuple[list[FunctionType], list[str]]:
    """The functions under test that only the backward runs, and the names of those that it shares with the forward.

    A fault in a shared one changes the forward too, so the pair may be right in itself; the code of this package and
    functions that only check their arguments are left out.
    """
    run = in_floats(Point(trial.subject, unequal(trial.subject)), trial.binding, lines=True)
    if run.error is not None:
        raise ValueError(
            f"{trial.subject.name} raised {type(run.error).__name__} before any fault was planted: {run.error}"
        )
    assert run.forward_lines is not None
    assert run.backward_lines is not None
    forward = {id(code) for code in run.forward_lines.codes}
    backward = {id(code) for code in run.backward_lines.codes}
    known = [one for one in trial.binding.functions if id(one.__code__) in backward and not _ours(one)]
    shared = sorted({one.__qualname__ for one in known if id(one.__code__) in forward and not checks(one)})
    return [one for one in known if id(one.__code__) not in forward and not checks(one)], shared


def _ours(function: FunctionType) -> bool:
    return (function.__module__ or "").split(".")[0] == "oracle"


def scenes(trial: Trial, functions: list[FunctionType]) -> list[Scene]:
    """The scenes of functions, with the values that their expressions held in two float runs of the subject."""
    bare = []
    for function in functions:
        with contextlib.suppress(PlantingError):
            bare.append(scene_of(function))
    seen, even = (_seen(trial, case, bare) for case in (unequal(trial.subject), equal(trial)))
    return [
        Scene(one.home, seen.get(one.function.__code__, {}), _square(even.get(one.function.__code__, {})))
        for one in bare
    ]


def equal(trial: Trial) -> Case:
    """A case in which all sizes are equal, as far as their ranges allow."""
    return Case({name: min(max(low, 2), high) for name, (low, high) in trial.sizes.items()}, "equal sizes", seed=12)


def _seen(trial: Trial, case: Case, bare: list[Scene]) -> dict[CodeType, dict[int, dict[str, Seen]]]:
    """What the expressions of functions held in the float run of a case."""
    seen: dict[CodeType, dict[int, dict[str, Seen]]] = {}
    with _watching({one.function.__code__: _places(one) for one in bare}, seen):
        in_floats(Point(trial.subject, case), trial.binding)
    return seen


def _square(seen: dict[int, dict[str, Seen]]) -> frozenset[str]:
    """The expressions that held square matrices."""
    every = [(text, one.shape) for line in seen.values() for text, one in line.items()]
    return frozenset(text for text, shape in every if len(shape) == 2 and shape[0] == shape[1])


def _places(scene: Scene) -> dict[str, CodeType]:
    """Every name, attribute and subscript that a function reads, to be evaluated without calling anything."""
    found: dict[str, CodeType] = {}
    for _, node in scene.every():
        if isinstance(node, PLACES) and not any(isinstance(one, ast.Call) for one in ast.walk(node)):
            text = ast.unparse(node)
            found[text] = compile(text, "<observed>", "eval")
    return found


@contextlib.contextmanager
def _watching(
    places: dict[CodeType, dict[str, CodeType]], seen: dict[CodeType, dict[int, dict[str, Seen]]]
) -> Iterator[None]:
    """Inside the block, at every line of the given code, its places are evaluated."""

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code in places else None

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            here = seen.setdefault(frame.f_code, {}).setdefault(frame.f_lineno, {})
            for text, code in places[frame.f_code].items():
                with contextlib.suppress(Exception):
                    here[text] = _look(eval(code, frame.f_globals, frame.f_locals))
        return on_line

    before = sys.gettrace()
    try:
        sys.settrace(on_call)
        yield
    finally:
        sys.settrace(before)


def _look(value: Any) -> Seen:
    """Shape, kind and whole number of a value."""
    if isinstance(value, (bool, int, np.integer)):
        return Seen((), "i", int(value))
    if isinstance(value, (np.ndarray, np.floating, float)):
        return Seen(np.shape(value), np.asarray(value).dtype.kind, identity=_memory(value))
    return Seen((), "" if value is None else "O")


def _memory(value: Any) -> int:
    """What two arrays have in common only if they are the same entries of one memory."""
    if not isinstance(value, np.ndarray):
        return id(value)
    return hash((value.__array_interface__["data"][0], value.strides))
