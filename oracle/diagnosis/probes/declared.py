"""What a subject declares of its probes: which local variable of the backward is which cotangent.

    probes={"o_bar": "do_input", "s_bar": "step_vjp.s_total_bar", "a_i_bar": "a_gates_bar[1]"}

| place                | the cotangent is                                                             |
| -------------------- | ---------------------------------------------------------------------------- |
| `"do"`               | the local variable `do` of any function of the code under test               |
| `"backward.do"`      | that of the function `backward`, where several have one                      |
| `"da[1]"`, `"da[t]"` | a part of a local variable; names in the index are local variables too       |
| `"self.do"`          | what an attribute holds                                                      |
| `'return["do"]'`     | a part of what the backward returns                                          |
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.forms.form import GRADIENT_RULES, SubjectError

RETURNED = "__returned__"
_ORDERS = ("reversed", "forward")


@dataclass(frozen=True)
class Probe:
    """One cotangent: its place in the backward, the place of the twin that it belongs to, and how to read it."""

    place: str
    of: str = ""
    order: str = "reversed"
    store: tuple[int, int] | None = None

    @property
    def expression(self) -> ast.expr:
        """The place as an expression."""
        text = self.place.strip()
        text = RETURNED + text[len("return") :] if text == "return" or text.startswith(("return[", "return.")) else text
        return ast.parse(text, mode="eval").body

    def places(self, name: str) -> list[str]:
        """What its place of the twin may be called, the likeliest first."""
        return [self.of] if self.of else [place for place in map(_undone(name), GRADIENT_RULES) if place]


def _undone(name: str) -> Callable[[str], str]:
    """What a naming rule made `name` of: `{}_bar` made `o_bar` of `o`."""

    def of(rule: str) -> str:
        before, after = rule.split("{}")
        fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
        return name[len(before) : len(name) - len(after)] if fits else ""

    return of


def probe(place: str, *, of: str = "", order: str = "reversed", store: tuple[int, int] | None = None) -> Probe:
    """The cotangent that stands at a place of the backward, with what `probes={"name": "place"}` cannot say.

    Parameters
    ----------
    place : str
        A local variable, as `"do"`, `"backward.do"`, `"da[1]"`, `"self.do"` or `'return["do"]'`.
    of : str, optional
        The place of the twin; by default what the usual naming rules make of the probe's name: `o` of `o_bar` or `do`.
    order : "reversed" or "forward"
        Whether the values of one step after the other come last step first, as in most backwards.
    store : (k, n), optional
        The k-th value of the n that the place is given in one step; by default the last, however many.

    Raises
    ------
    ValueError
        If one of them is not understood.

    Examples
    --------
    >>> probe("c_bar", of="c", store=(1, 2)).store
    (1, 2)
    """
    return checked(Probe(place, of, order, store))


def checked(one: Any) -> Probe:
    """A probe whose parts are understood."""
    one = Probe(one) if isinstance(one, str) else one
    if not isinstance(one, Probe):
        raise SubjectError(f'a probe is of type {type(one).__name__}; expected a place such as "do", or oracle.probe')
    try:
        expression = one.expression
    except (SyntaxError, ValueError):
        expression = ast.Constant(None)
    while isinstance(expression, ast.Attribute | ast.Subscript):
        expression = expression.value
    if not isinstance(expression, ast.Name):
        raise SubjectError(f'the probe place {one.place!r} is no local variable; expected one such as "do" or "da[1]"')
    if one.order not in _ORDERS:
        raise SubjectError(f"order={one.order!r} of the probe at {one.place!r} must be 'reversed' or 'forward'")
    if one.store is not None and not _is_choice(one.store):
        raise SubjectError(f"store={one.store!r} of the probe at {one.place!r} must be (k, n) with 1 <= k <= n")
    return one


def _is_choice(store: Any) -> bool:
    """Whether a value is (k, n) with 1 <= k <= n."""
    if not isinstance(store, tuple) or len(store) != 2 or not all(type(part) is int for part in store):
        return False
    return bool(1 <= store[0] <= store[1])


def parse(probes: Mapping[str, Any] | None) -> dict[str, Probe]:
    """The declared probes by name.

    Raises
    ------
    SubjectError
        If they are no mapping of names to places.
    """
    if probes is None:
        return {}
    if not isinstance(probes, Mapping):
        raise SubjectError(
            f'probes= is of type {type(probes).__name__}; expected places by name, such as {{"o_bar": "do"}}'
        )
    return {str(name): checked(one) for name, one in probes.items()}


def takes_probe(reference: Callable[..., Any] | None) -> bool:
    """Whether a reference marks places: it takes the keyword `probe`."""
    try:
        parameters = inspect.signature(reference).parameters if reference is not None else {}
    except (TypeError, ValueError):
        return False
    named = parameters.get("probe")
    return named is not None and named.kind is named.KEYWORD_ONLY


def plain(reference: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The reference as a function of the inputs alone."""
    if reference is None or not takes_probe(reference):
        return reference
    twin = reference

    def unprobed(*arrays: Any) -> Any:
        from oracle.program.probing import UNPROBED

        return twin(*arrays, probe=UNPROBED)

    return unprobed
