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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oracle.cases import REGIMES, Case
from oracle.records.fields import LONGEST_NAME, choice, digits, items, mapping, members, text, whole
from oracle.verdict import Verdict

SCHEMA, KIND = 1, "failure"
LARGEST_SIZE, MOST_SIZES, MOST_LEAVES, MOST_VERSIONS = 100_000, 100, 2_000, 32
LONGEST_SPEC = 1_000
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
    known = members(document, "the record", ("schema", "kind", *Record.__dataclass_fields__))
    choice(known["schema"], "schema", (SCHEMA,))
    choice(known["kind"], "kind", (KIND,))
    return Record(
        subject=text(known["subject"], "subject", LONGEST_NAME),
        spec=None if known["spec"] is None else text(known["spec"], "spec", LONGEST_SPEC),
        sizes=mapping(known["sizes"], "sizes", MOST_SIZES, lambda value, what: whole(value, what, 1, LARGEST_SIZE)),
        regime=choice(known["regime"], "regime", REGIMES),
        seed=whole(known["seed"], "seed", 0, 2**64 - 1),
        digits=digits(known["digits"]),
        verdict=choice(known["verdict"], "verdict", _NOT_OK),
        leaves=items(known["leaves"], "leaves", MOST_LEAVES, _leaf),
        versions=mapping(
            known["versions"], "versions", MOST_VERSIONS, lambda value, what: text(value, what, LONGEST_NAME)
        ),
    )


def _leaf(value: Any, what: str) -> Leaf:
    known = members(value, what, tuple(Leaf.__dataclass_fields__))
    return Leaf(
        name=text(known["name"], f"{what}.name", LONGEST_NAME),
        verdict=choice(known["verdict"], f"{what}.verdict", tuple(Verdict.__members__)),
        wrong=whole(known["wrong"], f"{what}.wrong", 0, 2**63),
        compared=whole(known["compared"], f"{what}.compared", 0, 2**63),
    )
