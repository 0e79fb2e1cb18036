"""JSON, read as strictly as the standard says and a little more: what a stranger's file may hold is bounded."""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 8
_LONGEST_INTEGER = 20  # characters; 2^64 has 20 digits


class InvalidRecord(ValueError):
    """A file is not a record; the message says what was found and what was expected."""


def parse(content: bytes) -> Any:
    """The value that UTF-8 encoded JSON text spells.

    Raises
    ------
    InvalidRecord
        If it is not UTF-8, not JSON, too deeply nested, or holds a duplicate key or a number out of range.

    Examples
    --------
    >>> parse(b'{"T": 3}')
    {'T': 3}
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRecord(f"it is not UTF-8 text: byte {error.start} cannot be decoded") from None
    _refuse_depth(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_real,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise InvalidRecord(f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None


def _refuse_depth(text: str) -> None:
    """Count brackets outside of strings, before a parser recurses into them."""
    depth, quoted, escaped = 0, False, False
    for character in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = character == "\\", character != '"'
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > DEEPEST:
                raise InvalidRecord(f"it is nested more than {DEEPEST} deep; a record is nested 3 deep")
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidRecord(f"the key {shown(name)} stands twice in one object; expected once")
        found[name] = value
    return found


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise InvalidRecord(f"an integer of {len(text)} digits is out of range; expected at most {_LONGEST_INTEGER}")
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InvalidRecord(f"the number {shown(text)} is out of range; expected a finite one")
    return value


def _constant(text: str) -> float:
    raise InvalidRecord(f"{text} is not JSON; expected a finite number")


def shown(value: object) -> str:
    """A value as a message shows it: short, and without control characters."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
