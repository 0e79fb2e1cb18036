"""A record: everything that one failing case follows from, and what it showed.

| key         | what stands there                                                                             |
| ----------- | --------------------------------------------------------------------------------------------- |
| schema      | 1                                                                                             |
| kind        | "failure"                                                                                     |
| subject     | the subject's name                                                                            |
| spec        | how a user names it: a registered name, `module:name`, `path/to/file.py:name`, or null         |
| sizes       | name to integer                                                                               |
| regime      | one of `oracle.cases.REGIMES`                                                                 |
| seed        | an integer                                                                                    |
| digits      | to which every entry had to be known                                                          |
| verdict     | the name of a verdict that is not ok                                                          |
| leaves      | for each gradient its name, verdict, and how many entries were wrong of how many in one case  |
| versions    | of what the verdict depends on                                                                |

Nothing is believed before it is checked: a record may come from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from oracle.cases import REGIMES, Case
from oracle.records.strict_json import InvalidRecord, shown
from oracle.verdict import Verdict

SCHEMA, KIND = 1, "failure"
LARGEST_SIZE, MOST_SIZES, MOST_LEAVES, MOST_VERSIONS = 100_000, 100, 2_000, 32
LONGEST_NAME, LONGEST_SPEC = 200, 1_000
MOST_DIGITS = 200
Value = TypeVar("Value")
_NOT_OK = tuple(verdict.name for verdict in Verdict if not verdict.ok)


@dataclass(frozen=True)
class Leaf:
    """What was found for one gradient."""

    name: str
    verdict: str
    wrong: int = 0
    compared: int = 0


@dataclass(frozen=True)
class Record:
    """One failing case of one subject."""

    subject: str
    spec: str | None
    sizes: Mapping[str, int]
    regime: str
    seed: int
    digits: float
    verdict: str
    leaves: tuple[Leaf, ...]
    versions: Mapping[str, str]

    @property
    def case(self) -> Case:
        """The case to run."""
        return Case(dict(self.sizes), self.regime, self.seed)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {
            "schema": SCHEMA,
            "kind": KIND,
            "subject": self.subject,
            "spec": self.spec,
            "sizes": dict(self.sizes),
            "regime": self.regime,
            "seed": self.seed,
            "digits": self.digits,
            "verdict": self.verdict,
            "leaves": [vars(leaf) for leaf in self.leaves],
            "versions": dict(self.versions),
        }


def validated(document: Any) -> Record:
    """The record that a JSON value spells.

    Raises
    ------
    InvalidRecord
        If anything is missing, unknown, of another type or out of range.
    """
    known = _object(document, "the record", ("schema", "kind", *Record.__dataclass_fields__))
    _choice(known["schema"], "schema", (SCHEMA,))
    _choice(known["kind"], "kind", (KIND,))
    return Record(
        subject=_text(known["subject"], "subject", LONGEST_NAME),
        spec=None if known["spec"] is None else _text(known["spec"], "spec", LONGEST_SPEC),
        sizes=_mapping(known["sizes"], "sizes", MOST_SIZES, lambda value, what: _whole(value, what, 1, LARGEST_SIZE)),
        regime=_choice(known["regime"], "regime", REGIMES),
        seed=_whole(known["seed"], "seed", 0, 2**64 - 1),
        digits=_digits(known["digits"]),
        verdict=_choice(known["verdict"], "verdict", _NOT_OK),
        leaves=_leaves(known["leaves"]),
        versions=_mapping(
            known["versions"], "versions", MOST_VERSIONS, lambda value, what: _text(value, what, LONGEST_NAME)
        ),
    )


def _leaves(value: Any) -> tuple[Leaf, ...]:
    if type(value) is not list or len(value) > MOST_LEAVES:
        raise _refused("leaves", value, f"a list of at most {MOST_LEAVES}")
    return tuple(_leaf(part, f"leaves[{number}]") for number, part in enumerate(value))


def _leaf(value: Any, what: str) -> Leaf:
    known = _object(value, what, tuple(Leaf.__dataclass_fields__))
    return Leaf(
        name=_text(known["name"], f"{what}.name", LONGEST_NAME),
        verdict=_choice(known["verdict"], f"{what}.verdict", tuple(Verdict.__members__)),
        wrong=_whole(known["wrong"], f"{what}.wrong", 0, 2**63),
        compared=_whole(known["compared"], f"{what}.compared", 0, 2**63),
    )


# ---- one value


def _refused(what: str, found: Any, expected: str) -> InvalidRecord:
    return InvalidRecord(f"{what} is {shown(found)}; expected {expected}")


def _object(value: Any, what: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if type(value) is not dict:
        raise _refused(what, value, f"an object with the keys {', '.join(keys)}")
    if unknown := [key for key in value if key not in keys]:
        raise InvalidRecord(f"{what} has the unknown key {shown(unknown[0])}; expected only {', '.join(keys)}")
    if missing := [key for key in keys if key not in value]:
        raise InvalidRecord(f"{what} has no {missing[0]!r}; expected the keys {', '.join(keys)}")
    return value


def _mapping(value: Any, what: str, most: int, item: Callable[[Any, str], Value]) -> dict[str, Value]:
    if type(value) is not dict or len(value) > most:
        raise _refused(what, value, f"an object with at most {most} keys")
    return {
        _text(name, f"a key of {what}", LONGEST_NAME): item(part, f"{what}[{shown(name)}]")
        for name, part in value.items()
    }


def _text(value: Any, what: str, longest: int) -> str:
    if type(value) is not str or not 1 <= len(value) <= longest or not value.isprintable():
        raise _refused(what, value, f"1 to {longest} printable characters")
    return value


def _whole(value: Any, what: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _refused(what, value, f"an integer from {least} to {most}")
    return value


def _digits(value: Any) -> float:
    if type(value) not in (int, float) or not 1 <= value <= MOST_DIGITS:
        raise _refused("digits", value, f"a number from 1 to {MOST_DIGITS}")
    return float(value)


def _choice(value: Any, what: str, among: tuple[Value, ...]) -> Value:
    if type(value) is not type(among[0]) or value not in among:
        raise _refused(what, value, f"{'one of ' if len(among) > 1 else ''}{', '.join(map(repr, among))}")
    chosen: Value = value
    return chosen
