"""Checks one value of a document that may come from anywhere; each returns what it has found to be as expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from oracle.records.strict_json import InvalidRecord, shown

LONGEST_NAME: Final = 200
MOST_DIGITS: Final = 200
Value = TypeVar("Value")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


def refused(what: str, found: Any, expected: str) -> InvalidRecord:
    """The error that names what was found and what was expected."""
    return InvalidRecord(f"{what} is {shown(found)}; expected {expected}")


def members(value: Any, what: str, keys: tuple[str, ...], *, further: bool = False) -> dict[str, Any]:
    """An object with all of these keys, and with no others unless `further`."""
    if type(value) is not dict:
        raise refused(what, value, f"an object with the keys {', '.join(keys)}")
    if not further and (unknown := [key for key in value if key not in keys]):
        raise InvalidRecord(f"{what} has the unknown key {shown(unknown[0])}; expected only {', '.join(keys)}")
    if missing := [key for key in keys if key not in value]:
        raise InvalidRecord(f"{what} has no {missing[0]!r}; expected the keys {', '.join(keys)}")
    return value


def items(value: Any, what: str, most: int, item: Callable[[Any, str], Value]) -> tuple[Value, ...]:
    """A list of at most `most` items, each checked."""
    if type(value) is not list or len(value) > most:
        raise refused(what, value, f"a list of at most {most}")
    return tuple(item(part, f"{what}[{number}]") for number, part in enumerate(value))


def mapping(value: Any, what: str, most: int, item: Callable[[Any, str], Value]) -> dict[str, Value]:
    """An object with at most `most` keys, each of them a name, and each value checked."""
    if type(value) is not dict or len(value) > most:
        raise refused(what, value, f"an object with at most {most} keys")
    return {
        text(name, f"a key of {what}", LONGEST_NAME): item(part, f"{what}[{shown(name)}]")
        for name, part in value.items()
    }


def text(value: Any, what: str, longest: int) -> str:
    """Printable text that is not empty."""
    if type(value) is not str or not 1 <= len(value) <= longest or not value.isprintable():
        raise refused(what, value, f"1 to {longest} printable characters")
    return value


def sha256(value: Any, what: str) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    if type(value) is not str or not _SHA256.fullmatch(value):
        raise refused(what, value, "sha256: and 64 hexadecimal digits")
    return value


def whole(value: Any, what: str, least: int, most: int) -> int:
    """An integer within bounds."""
    if type(value) is not int or not least <= value <= most:
        raise refused(what, value, f"an integer from {least} to {most}")
    return value


def digits(value: Any, what: str = "digits") -> float:
    """A number of decimal digits."""
    if type(value) not in (int, float) or not 1 <= value <= MOST_DIGITS:
        raise refused(what, value, f"a number from 1 to {MOST_DIGITS}")
    return float(value)


def choice(value: Any, what: str, among: tuple[Value, ...]) -> Value:
    """One of some values, of the same type."""
    if type(value) is not type(among[0]) or value not in among:
        raise refused(what, value, f"{'one of ' if len(among) > 1 else ''}{', '.join(map(repr, among))}")
    chosen: Value = value
    return chosen
