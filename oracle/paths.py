"""Places on objects, dictionaries, lists and modules, by dotted path: `"param.wg"`, `"layers[0].W"`, `'grads["W"]'`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"""\.?([^.\[\]]+)|\[\s*(?:"([^"]*)"|'([^']*)'|(-?[0-9]+))\s*\]""")
_PLAIN = re.compile(r"[^.\[\]]+")
_INDEX = re.compile(r"-?[0-9]+")


class PathError(LookupError):
    """A path that leads nowhere."""


def split(path: str) -> list[str]:
    """The steps of a path.

    Raises
    ------
    PathError
        If it is empty, or a bracket in it does not close.

    Examples
    --------
    >>> split('layers[0].grads["W"]')
    ['layers', '0', 'grads', 'W']
    """
    return list(_steps(path))


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    """The steps; kept, since the same few paths are followed at every evaluation."""
    steps, position = [], 0
    while found := _STEP.match(path, position):
        steps.append(next(group for group in found.groups() if group is not None))
        position = found.end()
    if not steps or position < len(path):
        raise PathError(f"""{path!r} is not a path; expected one such as "param.wg", "layers[0].W" or 'grads["W"]'""")
    return tuple(steps)


def join(steps: Iterable[str]) -> str:
    """The path with these steps.

    >>> join(["layers", "0", "grads", "a.b"])
    'layers.0.grads["a.b"]'
    """
    return "".join(f".{step}" if _PLAIN.fullmatch(step) else f'["{step}"]' for step in steps).removeprefix(".")


def _key(owner: Mapping[Any, Any], step: str) -> Any:
    """The key of a mapping that a step means: text, or a number written as text."""
    return int(step) if step not in owner and _INDEX.fullmatch(step) and int(step) in owner else step


def _step(owner: Any, step: str, path: str) -> Any:
    if isinstance(owner, Mapping):
        if (key := _key(owner, step)) in owner:
            return owner[key]
    elif isinstance(owner, Sequence) and _INDEX.fullmatch(step) and -len(owner) <= int(step) < len(owner):
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
    """Put `value` at `path` below `root`: a key, an index or an attribute is rebound, the one that `read` would find.

    Raises
    ------
    PathError
        If the owner does not exist or cannot be written to.
    """
    *owners, last = split(path)
    for step in owners:
        root = _step(root, step, path)
    try:
        if isinstance(root, MutableMapping) and (_key(root, last) in root or not hasattr(root, last)):
            root[_key(root, last)] = value
        elif isinstance(root, MutableSequence) and _INDEX.fullmatch(last):
            root[int(last)] = value
        else:
            setattr(root, last, value)
    except (AttributeError, IndexError, TypeError) as error:
        raise PathError(f"{path!r} cannot be written on a {type(root).__name__}: {error}") from None
