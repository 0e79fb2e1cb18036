"""Places on objects, dictionaries, lists and modules, by dotted path: `"param.wg"`, `"layers[0].W"`, `'grads["W"]'`."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

_BRACKET = re.compile(r"""\[\s*(?:"([^"]*)"|'([^']*)'|(-?\d+))\s*\]""")


class PathError(LookupError):
    """A path that leads nowhere."""


def split(path: str) -> list[str]:
    """The steps of a path.

    >>> split('layers[0].grads["W"]')
    ['layers', '0', 'grads', 'W']
    """
    dotted = _BRACKET.sub(lambda found: "." + next(group for group in found.groups() if group is not None), path)
    return [step for step in dotted.split(".") if step]


def _step(owner: Any, step: str, path: str) -> Any:
    if isinstance(owner, Mapping):
        if step in owner:
            return owner[step]
        if step.lstrip("-").isdigit() and int(step) in owner:
            return owner[int(step)]
    elif isinstance(owner, Sequence) and step.lstrip("-").isdigit() and -len(owner) <= int(step) < len(owner):
        return owner[int(step)]
    try:
        return getattr(owner, step)
    except AttributeError:
        raise PathError(f"{path!r} leads nowhere: a {type(owner).__name__} has no {step!r}") from None


def read(root: Any, path: str) -> Any:
    """What stands at `path` below `root`.

    Raises
    ------
    PathError
        If a step is neither a key, an index nor an attribute.
    """
    for step in split(path):
        root = _step(root, step, path)
    return root


def has(root: Any, path: str) -> bool:
    """Whether something stands at `path` below `root`."""
    try:
        read(root, path)
    except PathError:
        return False
    return True


def write(root: Any, path: str, value: Any) -> None:
    """Put `value` at `path` below `root`: a key, an index or an attribute is rebound.

    Raises
    ------
    PathError
        If the owner does not exist or cannot be written to.
    """
    *owners, last = split(path)
    for step in owners:
        root = _step(root, step, path)
    if isinstance(root, MutableMapping):
        root[int(last) if last not in root and last.isdigit() and int(last) in root else last] = value
    elif isinstance(root, MutableSequence) and last.lstrip("-").isdigit():
        root[int(last)] = value
    else:
        try:
            setattr(root, last, value)
        except AttributeError as error:
            raise PathError(f"{path!r} cannot be written on a {type(root).__name__}: {error}") from None
