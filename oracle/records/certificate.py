"""A certificate: what was certified, and digests by which anyone can see whether they certify the same.

| key                | what stands there                                                                      |
| ------------------ | -------------------------------------------------------------------------------------- |
| schema             | 1                                                                                      |
| kind               | "certificate"                                                                          |
| digest             | of every other key of the document                                                     |
| versions           | of this tool; versions of JAX stand with the gradient programs                         |
| subjects           | a list of what follows                                                                 |
| · name, spec       | the subject, and how a user names it, or null                                          |
| · verdict          | "CERTIFIED"                                                                            |
| · digits           | to which every entry had to be known                                                   |
| · decimals         | 40: to which the gradients were rounded for the digests                                |
| · seed             | from which the cases were drawn                                                        |
| · witnesses        | who spoke                                                                              |
| · cases            | sizes, regime and seed of each case, and the digest of its gradients                   |
| · leaves           | name, shape and number of entries of each gradient, and its digest over all cases      |
| · gradients        | the digest of all gradients in all cases                                               |
| · source           | name of each module whose lines were executed, and the digest of its text              |
| · program          | JAX's version and the digest of its gradient program; null where JAX was no witness    |

Digests are `sha256:` and 64 hexadecimal digits; `oracle.records.certificate_digests` says of which bytes. Further keys
of later versions are let pass at every level. Nothing is believed before it is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oracle.arithmetic.decimal_grid import PLACES
from oracle.cases import REGIMES, Case
from oracle.records import fields
from oracle.records.certificate_digests import digest_of_document
from oracle.records.fields import LONGEST_NAME
from oracle.records.record import LARGEST_SIZE, LONGEST_SPEC, MOST_LEAVES, MOST_SIZES, MOST_VERSIONS
from oracle.records.strict_json import InvalidRecord
from oracle.verdict import Verdict

SCHEMA, KIND = 1, "certificate"
MOST_SUBJECTS, MOST_CASES, MOST_MODULES, MOST_WITNESSES = 1_000, 10_000, 1_000, 32
_SUBJECT = ("name", "spec", "verdict", "digits", "decimals", "seed", "witnesses", "cases", "leaves", "gradients")


@dataclass(frozen=True)
class CertifiedCase:
    """One case, and the digest of its gradients."""

    sizes: Mapping[str, int]
    regime: str
    seed: int
    gradients: str

    @property
    def case(self) -> Case:
        """The case to run."""
        return Case(dict(self.sizes), self.regime, self.seed)


@dataclass(frozen=True)
class CertifiedLeaf:
    """One gradient, and its digest over all cases."""

    name: str
    shape: str
    entries: int
    gradients: str


@dataclass(frozen=True)
class Program:
    """The gradient program, and the version of JAX that wrote it."""

    jax: str
    digest: str


@dataclass(frozen=True)
class Certified:
    """One certified subject."""

    name: str
    spec: str | None
    digits: float
    seed: int
    witnesses: tuple[str, ...]
    cases: tuple[CertifiedCase, ...]
    leaves: tuple[CertifiedLeaf, ...]
    gradients: str
    source: Mapping[str, str]
    program: Program | None

    @property
    def entries(self) -> int:
        """How many gradient entries were certified."""
        return sum(leaf.entries for leaf in self.leaves)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "spec": self.spec,
            "verdict": Verdict.CERTIFIED.name,
            "digits": int(self.digits) if self.digits == int(self.digits) else self.digits,
            "decimals": PLACES,
            "seed": self.seed,
            "witnesses": list(self.witnesses),
            "gradients": self.gradients,
            "source": dict(self.source),
            "program": None if self.program is None else vars(self.program),
            "leaves": [vars(leaf) for leaf in self.leaves],
            "cases": [{**vars(case), "sizes": dict(case.sizes)} for case in self.cases],
        }


@dataclass(frozen=True)
class Certificate:
    """Certified subjects, and the digest of the document that says so."""

    subjects: tuple[Certified, ...]
    versions: Mapping[str, str]
    digest: str = ""  # of the document that was read, which may hold more than is known here

    def to_dict(self) -> dict[str, Any]:
        """The certificate as plain JSON values, with its digest."""
        document = {
            "schema": SCHEMA,
            "kind": KIND,
            "versions": dict(self.versions),
            "subjects": [subject.to_dict() for subject in self.subjects],
        }
        return {"schema": SCHEMA, "kind": KIND, "digest": digest_of_document(document), **document}


def validated(document: Any) -> Certificate:
    """The certificate that a JSON value spells; keys that are not known here are let pass.

    Raises
    ------
    InvalidRecord
        If anything is missing, of another type or out of range, or the digest is not that of the content.
    """
    known = fields.members(
        document, "the certificate", ("schema", "kind", "digest", "versions", "subjects"), further=True
    )
    fields.choice(known["schema"], "schema", (SCHEMA,))
    fields.choice(known["kind"], "kind", (KIND,))
    digest = fields.sha256(known["digest"], "digest")
    found = Certificate(
        subjects=fields.items(known["subjects"], "subjects", MOST_SUBJECTS, _subject),
        versions=fields.mapping(known["versions"], "versions", MOST_VERSIONS, _name),
        digest=digest,
    )
    if not found.subjects:
        raise InvalidRecord("subjects is []; expected at least one")
    if (actual := digest_of_document(known)) != digest:
        raise InvalidRecord(f"its digest is {digest}, but its content has {actual}: it was changed after it was made")
    return found


def _subject(value: Any, what: str) -> Certified:
    known = fields.members(value, what, (*_SUBJECT, "source", "program"), further=True)
    fields.choice(known["verdict"], f"{what}.verdict", (Verdict.CERTIFIED.name,))
    fields.choice(known["decimals"], f"{what}.decimals", (PLACES,))
    program = known["program"]
    spec = known["spec"]
    found = Certified(
        name=_name(known["name"], f"{what}.name"),
        spec=None if spec is None else fields.text(spec, f"{what}.spec", LONGEST_SPEC),
        digits=fields.digits(known["digits"], f"{what}.digits"),
        seed=fields.whole(known["seed"], f"{what}.seed", 0, 2**64 - 1),
        witnesses=fields.items(known["witnesses"], f"{what}.witnesses", MOST_WITNESSES, _name),
        cases=fields.items(known["cases"], f"{what}.cases", MOST_CASES, _case),
        leaves=fields.items(known["leaves"], f"{what}.leaves", MOST_LEAVES, _leaf),
        gradients=fields.sha256(known["gradients"], f"{what}.gradients"),
        source=fields.mapping(known["source"], f"{what}.source", MOST_MODULES, fields.sha256),
        program=None if program is None else _program(program, f"{what}.program"),
    )
    if not (found.cases and found.leaves):
        raise InvalidRecord(f"{what} has no {'leaves' if found.cases else 'cases'}; expected at least one")
    return found


def _case(value: Any, what: str) -> CertifiedCase:
    known = fields.members(value, what, tuple(CertifiedCase.__dataclass_fields__), further=True)
    return CertifiedCase(
        sizes=fields.mapping(known["sizes"], f"{what}.sizes", MOST_SIZES, _size),
        regime=fields.choice(known["regime"], f"{what}.regime", REGIMES),
        seed=fields.whole(known["seed"], f"{what}.seed", 0, 2**64 - 1),
        gradients=fields.sha256(known["gradients"], f"{what}.gradients"),
    )


def _leaf(value: Any, what: str) -> CertifiedLeaf:
    known = fields.members(value, what, tuple(CertifiedLeaf.__dataclass_fields__), further=True)
    return CertifiedLeaf(
        name=_name(known["name"], f"{what}.name"),
        shape=_name(known["shape"], f"{what}.shape"),
        entries=fields.whole(known["entries"], f"{what}.entries", 0, 2**63),
        gradients=fields.sha256(known["gradients"], f"{what}.gradients"),
    )


def _program(value: Any, what: str) -> Program:
    known = fields.members(value, what, ("jax", "digest"), further=True)
    return Program(_name(known["jax"], f"{what}.jax"), fields.sha256(known["digest"], f"{what}.digest"))


def _name(value: Any, what: str) -> str:
    return fields.text(value, what, LONGEST_NAME)


def _size(value: Any, what: str) -> int:
    return fields.whole(value, what, 1, LARGEST_SIZE)
