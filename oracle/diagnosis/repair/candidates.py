"""All edits worth trying on a wrong backward, and for each what it could change."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Hashable, Iterator, Sequence
from types import CodeType
from typing import Any

import numpy as np

from oracle.arithmetic import adapter
from oracle.diagnosis.repair.bench import Bench, Mask
from oracle.diagnosis.repair.families import BRINGING_IN, FACTORS, FAMILIES
from oracle.diagnosis.repair.flow import influences
from oracle.diagnosis.repair.orders import ORDERS, of_statements
from oracle.diagnosis.repair.places import Place, places, words_of
from oracle.diagnosis.repair.sources import Edit, Source, source_of
from oracle.diagnosis.repair.watching import Terms, Watch, readable
from oracle.forms.loss import LossForm
from oracle.mutation.source import at
from oracle.runs import Run, evaluate, in_floats, quiet

Line = tuple[str, int]
_ENDLESS = (itertools.repeat, itertools.count, itertools.cycle, iter)
# What families of edits weigh at least: those that bring something in are many, and made where the rest has failed.
LEVELS = ((1.0, (*FAMILIES, *ORDERS)), (1.5, FACTORS), (2.0, BRINGING_IN))


class Group:
    """The edits of one place, or of a whole statement, and the entries that its value flows into."""

    def __init__(self, source: Source, statement: ast.stmt, place: Place | None, influence: Mask | None) -> None:
        self.source, self.statement, self.influence = source, statement, influence
        self._place = place
        self._made: dict[int, list[Edit]] = {}

    @property
    def line(self) -> Line:
        """File and line of the statement."""
        return self.source.file, self.statement.lineno

    def edits(self, level: int) -> list[Edit]:
        """The edits of one level, in no order; made when they are asked for, since most never are."""
        if level not in self._made:
            if self._place is None:
                self._made[level] = [] if level else list(of_statements(self.source, self.statement))
            else:
                self._made[level] = list(_edits(self._place, level))
        return self._made[level]

    @property
    def as_it_stands(self) -> Hashable:
        """What tells an edit that changes nothing."""
        return None if self._place is None else Written()(self._place.node)

    def reaches(self, wrong: Mask) -> bool:
        """Whether it may change every one of these entries."""
        return self.influence is None or bool(self.influence[wrong].all())

    def flows_into(self, wrong: Mask) -> bool:
        """Whether it is known to change these entries and no other."""
        return self.influence is not None and bool((self.influence == wrong).all())

    def excess(self, wrong: Mask) -> int:
        """How many other entries it changes; as many as can be where that is not known."""
        return len(wrong) if self.influence is None else int(np.count_nonzero(self.influence & ~wrong))


def candidates(bench: Bench, sources: Sequence[Source], lines: Collection[Line] | None = None) -> list[Group]:
    """All edits of these functions, or of these lines of them, with what they flow into on this bench."""
    terms = _watched(bench, sources)
    every: list[Place] = []
    for source in sources:
        words = words_of(at(source.tree, source.path))
        for statement in source.statements:
            known = terms.get((source.code, statement.lineno))
            wanted = lines is None or (source.file, statement.lineno) in lines
            if known is not None and wanted and not _never_ends(source, statement):
                every += places(source, statement, known, words)
    flows = influences(bench, sources, every)
    groups = [Group(place.source, place.statement, place, flow) for place, flow in zip(every, flows, strict=True)]
    whole: dict[int, Group] = {}
    for group in groups:  # the outermost place of a statement comes first
        whole.setdefault(id(group.statement), Group(group.source, group.statement, None, group.influence))
    return [*groups, *whole.values()]


def _never_ends(source: Source, statement: ast.stmt) -> bool:
    """Whether a statement uses an iterator without an end: an edit might use it up, in C, where no line is counted."""
    makers = [one for one in source.statements if _makes_endless(source, one)]
    held = {ast.unparse(target) for one in makers if isinstance(one, ast.Assign) for target in one.targets}
    return statement in makers or any(ast.unparse(node) in held for node in ast.walk(statement) if _is_name(node))


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)


def _makes_endless(source: Source, statement: ast.stmt) -> bool:
    """Whether a statement names a maker of such iterators, or one that the module holds."""
    around = source.function.__globals__
    for node in ast.walk(statement):
        found = around.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = getattr(around.get(node.value.id), node.attr, None)
        if any(found is endless for endless in _ENDLESS) or isinstance(found, _ENDLESS[:3]):
            return True
    return False


def backward_sources(bench: Bench) -> list[Source]:
    """The functions with source text that run in the backward and not in the forward, each once.

    Where one function is both, its forward must go on giving the same outputs, which the bench looks at.
    """
    run = in_floats(bench.point, bench.trial.binding, lines=True, restore=False)
    if run.backward_lines is None or run.forward_lines is None:
        return []
    entered = {id(code) for code in run.backward_lines.codes}  # equal code of another module is another function
    forward = {id(code) for code in run.forward_lines.codes}
    if isinstance(bench.trial.subject.form, LossForm):
        entered, forward = entered | forward, set()
    own = [one for one in bench.trial.binding.functions if id(one.__code__) in entered - forward]
    found = {id(one.__code__): source_of(one) for one in own if not one.__module__.startswith("oracle.")}
    return [source for source in found.values() if source is not None]


def _watched(bench: Bench, sources: Sequence[Source]) -> dict[tuple[CodeType, int], Terms]:
    """What the names held at each statement."""
    single = isinstance(bench.trial.subject.form, LossForm)
    expressions = {source.code: readable(at(source.tree, source.path)) for source in sources}
    watch, run = Watch(expressions, block=1 if single else 2), Run()
    with quiet():
        evaluate(run, bench.point, adapter.Floats(np.float64), lines=watch.block)
    return watch.seen


def _edits(place: Place, level: int) -> Iterator[Edit]:
    """All edits of one place that the families of one level have."""
    for family in LEVELS[level][1]:
        for weight, node in family(place):
            yield Edit(place.source, place.statement, place.slot, node, weight)


class Written:
    """What tells expressions apart: equal for two that are written alike. Text would do, and takes ten times as long.

    >>> written = Written()
    >>> one, same, other = (ast.parse(text, mode="eval").body for text in ("f(a, -1)", "f(a,-1)", "f(a, 1)"))
    >>> written(one) == written(same), written(one) == written(other)
    (True, False)
    """

    def __init__(self) -> None:
        self._known: dict[
            int, tuple[ast.AST, Hashable]
        ] = {}  # parts are shared; kept, so that no number is given twice

    def __call__(self, node: Any) -> Hashable:
        """The key of a node, a list of them or a plain value."""
        if isinstance(node, ast.expr_context):
            return None
        if isinstance(node, ast.AST):
            if (known := self._known.get(id(node))) is None:
                parts = tuple(self(getattr(node, name, None)) for name in node._fields)
                self._known[id(node)] = known = (node, (type(node), *parts))
            return known[1]
        return tuple(map(self, node)) if isinstance(node, list) else (type(node), repr(node))
