"""Mutants: every edit that the operators make of a function, each resulting source once."""

from __future__ import annotations

import ast
import copy
import difflib
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from oracle.mutation.edits import Rewritten, extent, with_changes
from oracle.mutation.operators import OPERATORS, Operator
from oracle.mutation.operators.base import Change
from oracle.mutation.scene import Scene
from oracle.mutation.source import at, grounds, parsed


@dataclass(frozen=True)
class Mutant:
    """A function with one planted fault."""

    id: str  # operator:file:line:column:n
    operator: str
    scene: Scene = field(repr=False)
    statement: ast.stmt = field(repr=False)  # the changed statement, in the original tree
    change: Change = field(repr=False)

    @functools.cached_property
    def edit(self) -> Rewritten:
        """What is planted. Raises PlantingError if it cannot be written there, which is a fault of its operator."""
        return rewritten(self.scene, *self.change)

    @property
    def line(self) -> int:
        """The line of the changed statement."""
        return self.statement.lineno

    @property
    def function(self) -> str:
        """`lstm_ref.cell.step_vjp`."""
        return f"{self.scene.function.__module__}.{self.scene.function.__qualname__}"

    @functools.cached_property
    def diff(self) -> str:
        """What the fault changes, as a unified diff."""
        name = short_file(self.scene)
        old, new = self.edit.before.splitlines(), self.edit.after.splitlines()
        return "\n".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", n=0, lineterm=""))


def short_file(scene: Scene) -> str:
    """The file of a function, named after its module: the same on every machine."""
    return (scene.function.__module__ or "module").replace(".", "/") + ".py"


def mutants(scenes: Iterable[Scene], operators: Sequence[str] | None = None) -> Iterator[Mutant]:
    """All mutants of some functions, by function and operator; no two of the same resulting source."""
    chosen = [OPERATORS[name] for name in operators or OPERATORS]
    for scene in scenes:
        known: set[tuple[int, str]] = set()
        for operator in chosen:
            yield from _of_operator(scene, operator, known)


def _of_operator(scene: Scene, operator: Operator, known: set[tuple[int, str]]) -> Iterator[Mutant]:
    numbers: dict[tuple[int, int], int] = {}
    for old, new in operator.generate(scene):
        statement = _statement(scene, old)
        source = _source(new if old is statement else substituted(statement, old, new))
        if (id(statement), source) in known or source == ast.unparse(statement):
            continue
        known.add((id(statement), source))
        line, column = extent(old)[:2]
        number = numbers[line, column] = numbers.get((line, column), -1) + 1
        name = f"{operator.name}:{short_file(scene)}:{line}:{column}:{number}"
        yield Mutant(name, operator.name, scene, statement, (old, new))


def _source(node: Any) -> str:
    """Source of a statement, or of any number of them."""
    return ast.unparse(ast.Module(node, [])) if isinstance(node, list) else ast.unparse(node)


def rewritten(scene: Scene, old: ast.AST, new: Any) -> Rewritten:
    """The edit that puts `new` in the place of a node of a scene.

    Raises
    ------
    PlantingError
        If it cannot be written there.
    """
    home = scene.home
    text, (path,) = grounds(home.text, (home.path,), home.flags)
    tree = substituted(scene.node, old, new)
    return Rewritten(scene.function, text, with_changes(text, at(parsed(text), path), [(old, new)], tree))


def substituted(tree: Any, old: ast.AST, new: Any) -> Any:
    """A copy of a tree with one node replaced; taken out of its suite if `new` is no statement at all."""
    if tree is old:
        return copy.deepcopy(new)
    found = copy.copy(tree)
    for name, value in ast.iter_fields(tree):
        if isinstance(value, ast.AST):
            setattr(found, name, substituted(value, old, new))
        elif isinstance(value, list):
            setattr(found, name, list(_substituted_list(value, old, new)))
    return found


def _substituted_list(nodes: list[Any], old: ast.AST, new: Any) -> Iterator[Any]:
    for node in nodes:
        if node is old and isinstance(new, list):
            yield from copy.deepcopy(new)
        else:
            yield substituted(node, old, new) if isinstance(node, ast.AST) else node


def _statement(scene: Scene, node: ast.AST) -> ast.stmt:
    """The innermost statement that holds a node."""
    while not isinstance(node, ast.stmt):
        node = scene.parents[node]
    return node


def check_operators(names: Sequence[str]) -> None:
    """Refuse names of operators that do not exist.

    Raises
    ------
    ValueError
        With a sentence that lists those that do.
    """
    if unknown := [name for name in names if name not in OPERATORS]:
        raise ValueError(f"there is no operator {unknown[0]!r}; the operators are {', '.join(OPERATORS)}")
