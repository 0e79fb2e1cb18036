"""What is said to whoever declares a subject for the first time: which option is meant, and what there is to name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oracle.forms.form import ContractError, SubjectError

_SHOWN = 12  # names


def as_dict(option: str, value: Any, example: str) -> dict[str, Any]:
    """An option that must be a mapping, as a dictionary.

    >>> as_dict("parameters", {"W": "D H"}, "")
    {'W': 'D H'}
    """
    if isinstance(value, Mapping):
        return dict(value)
    raise SubjectError(
        f"{option}= is of type {type(value).__name__}; expected a dictionary of shapes by name, such as {example}"
    )


def returned(value: Any, wanted: Sequence[str], who: str) -> Any:
    """What a backward returned; nothing is refused where gradients of inputs are expected."""
    if value is None:
        names, it = ", ".join(wanted), "it" if len(wanted) == 1 else "them"
        gradients = f"{len(wanted)} gradient{'' if len(wanted) == 1 else 's'}"
        raise ContractError(
            f"{who} returned None; expected {gradients}: {names}; say with input_gradients= where the object keeps "
            f"{it}, or declare {it} oracle.reals(..., differentiated=False) if none is computed"
        )
    return value


def there(target: Any, rule: str | Mapping[str, str]) -> str:
    """The option that leads to a place that is not there, and the names that are.

    >>> from types import SimpleNamespace
    >>> there(SimpleNamespace(W=1, dW=2), "{}_diff")
    "; that is where gradients='{}_diff' looks; the object has W, dW"
    """
    names = [name for name in getattr(target, "__dict__", {}) if not name.startswith("_")]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    option = f"gradients={rule!r}" if isinstance(rule, str) else "gradients="
    return f"; that is where {option} looks; the object has {shown or 'no attributes'}"
