"""What could be wrong with one term of a derivative: the summand missing, a factor left out or replaced.

Each edit says how far the value at a place of the forward moves, given how far it moves in truth; so the slope of the
edited forward is what a backward gives that has this very fault, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from oracle.diagnosis.patterns.terms.uses import Application, Factor, Product, Sum, Use, Uses
from oracle.diagnosis.patterns.terms.watch import Move, Watch

MISSING, REPLACED, SIGN = "missing-summand", "replaced-factor", "sign"
Formula = Callable[[Any, Any], Any]
Look = Callable[[Watch, int], Any]  # a value at the base point, in this pass


@dataclass(frozen=True)
class Edit:
    """One fault of one term, or of two; `says` completes "every gradient is the derivative …"."""

    kind: str
    says: str
    moves: dict[int, Move]
    file: str
    line: int
    followed: tuple[int, ...] = ()
    whole: bool = False  # whether it is about all that a name is given
    cuts: bool = False  # whether it severs what one pass of a loop hands to the next
    silent: str = ""  # an output whose cotangent is left out


def frozen(uses: Iterable[Use], file: str) -> Edit:
    """Nothing moves at these places."""
    places = tuple(uses)
    through = " and ".join(_place(use) for use in places)
    summands = "one summand missing, the one" if len(places) == 1 else "two summands missing, those"
    moves: dict[int, Move] = {use.number: lambda watch, turn, value, base: base.copy() for use in places}
    says = f"with {summands} through {through}"
    return Edit(MISSING, says, moves, file, places[-1].line, whole=any(use.assigned for use in places))


def scaled(use: Use, file: str, factor: float) -> Edit:
    """What moves at the place is multiplied by a constant."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        return base + (value - base) * factor

    if factor == -1.0:
        says, kind = "with the wrong sign of the summand", SIGN
    else:
        says, kind = f"with {'twice' if factor == 2.0 else 'half'} the summand", REPLACED
    return Edit(kind, f"{says} through {_place(use)}", {use.number: move}, file, use.line)


def left_out(factor: Factor, use: Use, file: str) -> Edit:
    """The derivative of a product to one factor without the other factor."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        return base + (value - base) / watch.base[factor.other][turn]

    says = f"with the factor {factor.other_text} of {factor.within} left out on the way to {use.text}"
    return Edit(REPLACED, says, {factor.number: move}, file, use.line)


def exchanged(factor: Factor, use: Use, file: str, name: str, look: Look) -> Edit:
    """The derivative of a product to one factor with another value in place of the other factor."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        return base + (value - base) * (look(watch, turn) / watch.base[factor.other][turn])

    says = f"with {factor.other_text} replaced by {name} in the derivative of {factor.within} to {use.text}"
    return Edit(REPLACED, says, {factor.number: move}, file, use.line)


def altered(factor: Factor, use: Use, file: str, words: str, formula: Callable[[Any], Any]) -> Edit:
    """The derivative of a product to one factor with a function of the other factor in its place."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        other = watch.base[factor.other][turn]
        return base + (value - base) * (formula(other) / other)

    replaced = words.format(y=_bracketed(factor.other_text))
    says = f"with {factor.other_text} replaced by {replaced} in the derivative of {factor.within} to {use.text}"
    return Edit(REPLACED, says, {factor.number: move}, file, use.line)


def slope_of(application: Application, use: Use, file: str, words: str, formula: Formula) -> Edit:
    """A function of one argument with another derivative."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        before = watch.base[application.argument][turn]
        moved = base + formula(base, before) * (watch.present[application.argument] - before)
        if not application.in_place:
            return moved
        value[...] = moved
        return value

    says = words.format(f=application.text)
    return Edit(REPLACED, says, {application.result: move}, file, use.line, (application.argument,))


def other_matrix(product: Product, side: int, use: Use, file: str, name: str, look: Look) -> Edit:
    """A product of matrices whose derivative to one factor has another value in place of the other."""
    numbers = (product.left, product.right)

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        own = [watch.base[number][turn] for number in numbers]
        steps = [watch.present[number] - before for number, before in zip(numbers, own, strict=True)]
        own[side] = look(watch, turn)
        moved = base + np.matmul(steps[0], own[1]) + np.matmul(own[0], steps[1])
        if not product.in_place:
            return moved
        value[...] = moved
        return value

    of, to = product.texts[side], product.texts[1 - side]
    says = f"with {of} replaced by {name} in the derivative of {product.text} to {to}"
    return Edit(REPLACED, says, {product.result: move}, file, use.line, numbers)


def without_term(total: Sum, use: Use, file: str) -> Edit:
    """The derivative of a function at one of the two terms of its argument, instead of at their sum."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        return base + (value - base) * _AT[total.function](base / watch.base[total.term][turn])

    says = f"with {total.other_text} left out of the derivative of {total.text}"
    return Edit(REPLACED, says, {total.number: move}, file, use.line)


_AT: dict[str, Callable[[Any], Any]] = {
    "log": lambda ratio: ratio,
    "sqrt": np.sqrt,
}  # f'(a) / f'(a + b), by (a + b) / a


def in_pass(use: Use, file: str, index: int, words: str, inside: bool) -> Edit:
    """Nothing moves at a place in one pass, or in all others."""

    def move(watch: Watch, turn: int, value: Any, base: Any) -> Any:
        chosen = turn == index % len(watch.base[use.number])
        return base.copy() if chosen is inside else value

    says = f"with one summand missing {words}, the one through {_place(use)}"
    cuts = index == 0 and not inside
    return Edit(MISSING, says, {use.number: move}, file, use.line, whole=use.assigned, cuts=cuts)


def unheard(output: str, edit: Edit | None = None) -> Edit:
    """The cotangent of an output left out, alone or with another edit."""
    says = f"with the cotangent of {output} left out"
    if edit is None:
        return Edit(MISSING, says, {}, "", 0, silent=output)
    return replace(edit, says=f"{edit.says}, and {says}", silent=output)


SLOPES: tuple[tuple[str, Formula], ...] = (
    ("without the derivative of {f}", lambda y, a: 1.0),
    ("with y itself as the derivative of y = {f}", lambda y, a: y),
    ("with y (1 - y) as the derivative of y = {f}", lambda y, a: y * (1.0 - y)),
    ("with 1 - y**2 as the derivative of y = {f}", lambda y, a: 1.0 - y * y),
    ("with 1 - y as the derivative of y = {f}", lambda y, a: 1.0 - y),
    ("with y**2 as the derivative of y = {f}", lambda y, a: y * y),
    ("with 1 - a**2 as the derivative of {f}, a its argument", lambda y, a: 1.0 - a * a),
    ("with a (1 - a) as the derivative of {f}, a its argument", lambda y, a: a * (1.0 - a)),
    ("with 1 - tanh(y)**2 as the derivative of y = {f}", lambda y, a: 1.0 - np.tanh(y) ** 2),
    ("with 1 - tanh(a)**2 as the derivative of {f}, a its argument", lambda y, a: 1.0 - np.tanh(a) ** 2),
    ("with σ(y) (1 - σ(y)) as the derivative of y = {f}", lambda y, a: _sigmoid(y) * (1.0 - _sigmoid(y))),
)

FORMULAS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("1 - {y}", lambda y: 1.0 - y),
    ("1 - {y}**2", lambda y: 1.0 - y * y),
    ("{y} * (1 - {y})", lambda y: y * (1.0 - y)),
    ("{y}**2", lambda y: y * y),
    ("1 / {y}", lambda y: 1.0 / y),
    ("tanh({y})", np.tanh),
    ("σ({y})", lambda y: _sigmoid(y)),
)


def _sigmoid(y: Any) -> Any:
    return (np.tanh(y / 2.0) + 1.0) / 2.0


def _bracketed(text: str) -> str:
    """An expression as a part of another."""
    plain = text.replace("_", "a").replace(".", "a").isalnum() or text.endswith((")", "]"))
    return text if plain and " " not in text else f"({text})"


def _place(use: Use) -> str:
    """`hs[t - 1] in np.dot(Whh, hs[t - 1])`, or the statement where the use is all of it."""
    return _short(use.within) if use.assigned else f"{use.text} in {_short(use.within)}"


def _short(text: str, most: int = 72) -> str:
    """The beginning of what is long."""
    return text if len(text) <= most else text[: most - 1].rstrip(" ,") + "…"


# ---- which edits there are


def summands(every: Iterable[Uses], watch: Watch) -> Iterator[tuple[Use, Edit]]:
    """The forward without each of its summands, in the order of its text."""
    for uses in every:
        for use in uses.uses.values():
            if use.number in watch.base:
                yield use, frozen([use], uses.file)


def factors(every: Iterable[Uses], watch: Watch, alive: frozenset[int]) -> Iterator[Iterator[Edit]]:
    """Edits of factors, the simplest kinds first."""
    listed = list(every)
    pairs = [(f, uses.uses[f.number], uses.file) for uses in listed for f in uses.factors]
    pairs = [(f, use, file) for f, use, file in pairs if f.number in alive and _fits(watch, f)]
    yield (left_out(factor, use, file) for factor, use, file in pairs)
    yield (edit for uses in listed for edit in _slopes(uses, watch))
    yield (
        edit for uses in listed for factor, use, file in pairs for edit in _exchanged(uses, watch, factor, use, file)
    )
    yield (
        exchanged(factor, use, file, f"1 - {name}", _complement(factor.number, name))
        for factor, use, file in pairs
        for name in _in_every_scope(watch, factor.number)
    )
    yield (edit for uses in listed for edit in _matrices(uses, watch))
    yield (altered(factor, use, file, *formula) for factor, use, file in pairs for formula in FORMULAS)
    yield (edit for uses in listed for edit in _sums(uses, watch))


def _exchanged(uses: Uses, watch: Watch, factor: Factor, use: Use, file: str) -> Iterator[Edit]:
    """A product with another name in place of one factor, in the file that it stands in."""
    if file == uses.file:
        for name in _in_every_scope(watch, factor.number):
            yield exchanged(factor, use, file, name, _in_scope(factor.number, name))
        for other in _later(uses, watch, factor.number):
            yield exchanged(factor, use, file, other.target, _at(other.number))


def _complement(number: int, name: str) -> Look:
    """1 less what a name held when a place was passed."""
    return lambda watch, turn: 1.0 - watch.scopes[number][turn][name]


def _slopes(uses: Uses, watch: Watch) -> Iterator[Edit]:
    """Functions of one argument with another derivative."""
    for application in uses.applications:
        if application.result in watch.base and _elementwise(watch, application):
            for words, formula in SLOPES:
                yield slope_of(application, uses.uses[application.result], uses.file, words, formula)


def _sums(uses: Uses, watch: Watch) -> Iterator[Edit]:
    """Functions of a sum, with their derivative at one of its terms."""
    for total in uses.sums:
        if total.number in watch.base and total.term in watch.base and total.function in _AT:
            yield without_term(total, uses.uses[total.number], uses.file)


def _matrices(uses: Uses, watch: Watch) -> Iterator[Edit]:
    """Products of matrices with another name in place of one factor."""
    for product in uses.products:
        if {product.left, product.right, product.result} <= watch.base.keys():
            named = uses.uses[product.result]
            for side, number in enumerate((product.left, product.right)):
                for name in _in_every_scope(watch, number):
                    yield other_matrix(product, side, named, uses.file, name, _in_scope(number, name))
                for use in _later(uses, watch, number):
                    name = f"the {use.target} given next" if use.target == product.texts[side] else use.target
                    yield other_matrix(product, side, named, uses.file, name, _at(use.number))


def _in_scope(number: int, name: str) -> Look:
    """What a name held when a place was passed."""
    return lambda watch, turn: watch.scopes[number][turn][name]


def _at(number: int) -> Look:
    """What passed at a place."""
    return lambda watch, turn: watch.base[number][turn]


def passes(every: Iterable[Uses], watch: Watch, alive: frozenset[int]) -> Iterator[Edit]:
    """Summands that are missing in the first or last pass of a loop, or in all passes but that one."""
    for uses in every:
        for use in uses.uses.values():
            if use.number in alive and len(watch.base[use.number]) > 1:
                for index, words in ((0, "first"), (-1, "last")):
                    yield in_pass(use, uses.file, index, f"in the {words} pass", inside=True)
                    yield in_pass(use, uses.file, index, f"in all passes but the {words}", inside=False)


def multiples(every: Iterable[Uses], alive: frozenset[int]) -> Iterator[Edit]:
    """Each summand with the wrong sign, doubled and halved."""
    for factor in (-1.0, 2.0, 0.5):
        for uses in every:
            for use in uses.uses.values():
                if use.number in alive:
                    yield scaled(use, uses.file, factor)


def _fits(watch: Watch, factor: Factor) -> bool:
    """Whether both factors were recorded at the same passes, the other no larger than this one."""
    own, other = watch.base.get(factor.number, []), watch.base.get(factor.other, [])
    if not own or len(own) != len(other):
        return False
    return all(np.broadcast_shapes(a.shape, b.shape) == a.shape for a, b in zip(own, other, strict=True))


def _elementwise(watch: Watch, application: Application) -> bool:
    """Whether the function gave a value of the same shape at each pass."""
    given, got = watch.base.get(application.argument, []), watch.base.get(application.result, [])
    return len(given) == len(got) and all(a.shape == y.shape for a, y in zip(given, got, strict=True))


def _later(uses: Uses, watch: Watch, number: int) -> Iterator[Use]:
    """What names are given at the same passes, before or after, in the shape of a use."""
    own = watch.base[number]
    for use in uses.uses.values():
        given = watch.base.get(use.number, [])
        fits = len(given) == len(own) and all(a.shape == b.shape for a, b in zip(given, own, strict=True))
        if use.assigned and fits:
            yield use


def _in_every_scope(watch: Watch, number: int) -> list[str]:
    """The local names that hold numbers in the shape of a use at each of its passes."""
    passes = watch.scopes.get(number, [])
    return [name for name in (passes[0] if passes else {}) if all(name in names for names in passes)]
