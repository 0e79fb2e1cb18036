"""Where rules are kept: one per primitive, with the parameters it understands.

A rule is asked once per equation and sizes (`bind`), and answers with a step: a function of the arithmetic and
the raw operands. A parameter that a rule does not name must have a value known to change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from oracle.program.blocks import is_number
from oracle.program.errors import UnsupportedPrimitive

Step: TypeAlias = Callable[..., Any]


@dataclass(slots=True)
class Spec:
    """Shape and dtype that the program declares for an operand or a result."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def number(self) -> bool:
        """Whether the arithmetic computes it, rather than NumPy's integers and booleans."""
        return is_number(self.dtype)


@dataclass(slots=True)
class Site:
    """One equation with all its dimensions known."""

    name: str
    params: dict[str, Any]
    ins: tuple[Spec, ...]
    outs: tuple[Spec, ...]
    varied: bool  # whether an operand depends on differentiated inputs
    plans: dict[str, Any]

    def refuse(self, why: str) -> UnsupportedPrimitive:
        """The exception for an equation that this primitive's rule does not cover."""
        return UnsupportedPrimitive(f"the reference needs the primitive {self.name!r} {why}; write it without, please")


@dataclass(frozen=True)
class Rule:
    """How a primitive is bound, and the parameters that the binding looks at."""

    bind: Callable[[Site], Step]
    params: frozenset[str] | None = frozenset()  # None: whatever they are
    neutral: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


RULES: dict[str, Rule] = {}
_PLACEMENT = frozenset({"sharding", "out_sharding"})  # on which device, never which value
_NEUTRAL: dict[str, tuple[Any, ...]] = {"accuracy": (None,), "out_dtype": (None,)}


def _harmless(value: Any, known: tuple[Any, ...]) -> bool:
    """Whether a parameter has a value that changes nothing."""
    return any(type(value) is type(one) and value == one for one in known)


def rule(
    *names: str, params: tuple[str, ...] | None = (), neutral: Mapping[str, tuple[Any, ...]] | None = None
) -> Callable[[Callable[[Site], Step]], Callable[[Site], Step]]:
    """Register a binding under primitive names; `neutral` lists parameter values that change nothing.

    With `params=None` the rule sees to every parameter itself.
    """

    def register(binding: Callable[[Site], Step]) -> Callable[[Site], Step]:
        for name in names:
            if name in RULES:
                raise ValueError(f"two rules for the primitive {name!r}: keep one")
            RULES[name] = Rule(
                binding, None if params is None else frozenset(params) | _PLACEMENT, _NEUTRAL | dict(neutral or {})
            )
        return binding

    return register


def bind(site: Site) -> Step:
    """The step of an equation.

    Raises
    ------
    UnsupportedPrimitive
        If there is no rule for the primitive, or one of its parameters is not understood.
    """
    found = RULES.get(site.name)
    if found is None:
        raise UnsupportedPrimitive(
            f"the reference needs the primitive {site.name!r}, which has no rule; write it with others, please"
        )
    for key, value in site.params.items():
        if found.params is not None and key not in found.params and not _harmless(value, found.neutral.get(key, ())):
            raise site.refuse(f"with {key}={value!r}, which its rule does not know")
    return found.bind(site)
