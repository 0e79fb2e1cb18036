"""What is written is what the JSON schemas say, and the schemas refuse what the readers refuse."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import oracle
from oracle.cases import REGIMES
from oracle.records import certificate, record, store
from oracle.records.certificate_making import certificate as certificate_of
from oracle.records.strict_json import InvalidRecord
from oracle.report.json import dumps, to_dict
from oracle.verdict import FloatAccuracy, Verdict

jsonschema = pytest.importorskip("jsonschema", reason="validates the schemas: pip install -e '.[test]'")

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
NAMES = ("report", "record", "certificate")


def schema(name: str) -> dict[str, Any]:
    """A schema, itself valid."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def errors(name: str, document: Any) -> list[str]:
    """What a schema has against a document."""
    return [error.message for error in jsonschema.Draft202012Validator(schema(name)).iter_errors(document)]


def forward(x: Any, w: Any) -> Any:
    """A layer."""
    h = np.tanh(x @ w)
    return h, (x, w, h)


def backward(h_bar: Any, cache: Any) -> Any:
    """Its backward."""
    x, w, h = cache
    a_bar = h_bar * (1 - h**2)
    return a_bar @ w.T, x.T @ a_bar


def wrong(h_bar: Any, cache: Any) -> Any:
    """One with another slope."""
    x, w, h = cache
    a_bar = h_bar * (1 + h**2)
    return a_bar @ w.T, x.T @ a_bar


INPUTS = {"x": "B D", "w": "D H"}
RIGHT = oracle.Subject.from_functions(forward, backward, inputs=INPUTS, name="right")
WRONG = oracle.Subject.from_functions(forward, wrong, inputs=INPUTS, name="wrong")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One document of each kind, as it is written."""
    right, refuted = oracle.verify(RIGHT, cases=10), oracle.verify(WRONG, cases=10)
    assert (right.verdict, refuted.verdict) == (Verdict.CERTIFIED, Verdict.REFUTED)
    path = store.save(refuted, tmp_path_factory.mktemp("records"))
    return {
        "report": json.loads(dumps(to_dict([right, refuted], 1.0))),
        "record": json.loads(path.read_text(encoding="utf-8")),
        "certificate": json.loads(dumps(certificate_of([RIGHT], [right], 30).to_dict())),
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_valid(name: str, documents: dict[str, Any]) -> None:
    """A report with a failure in it, the record of that failure, and a certificate."""
    assert errors(name, documents[name]) == []


def test_a_report_of_nothing_and_one_without_ends_are_valid() -> None:
    """No subjects; accuracies that are not finite."""
    assert errors("report", json.loads(dumps(to_dict([], 0.0)))) == []
    report = oracle.verify(RIGHT, cases=1)
    endless = FloatAccuracy(float("nan"), float("inf"), float("inf"))
    leaves = tuple(dataclasses.replace(leaf, float64=endless) for leaf in report.leaves)
    assert errors("report", json.loads(dumps(to_dict([dataclasses.replace(report, leaves=leaves)], 0.0)))) == []


def test_every_key_that_is_written_is_described(documents: dict[str, Any]) -> None:
    """Nothing is written of which the schema does not speak."""
    report, found = documents["report"], schema("report")["$defs"]
    for subject in report["subjects"]:
        assert set(subject) == set(found["subject"]["properties"])
        for leaf in subject["leaves"]:
            assert set(leaf) == set(found["leaf"]["properties"])
        for cause in subject["diagnosis"]:
            assert set(cause) == set(found["cause"]["properties"])
    assert report["subjects"][1]["diagnosis"], "the wrong subject shows a diagnosis"
    assert set(report) == set(schema("report")["properties"]) - {"against"}
    certified = documents["certificate"]["subjects"][0]
    assert set(certified) == set(schema("certificate")["$defs"]["subject"]["properties"])


@pytest.mark.parametrize("name", NAMES)
def test_every_required_key_is_missed(name: str, documents: dict[str, Any]) -> None:
    """The control: without any one of its keys a document is not valid."""
    for key in documents[name]:
        assert errors(name, {k: v for k, v in documents[name].items() if k != key}) == [
            f"{key!r} is a required property"
        ]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("report", ["subjects", 0, "verdict"], "FINE"),
        ("report", ["subjects", 0, "leaves", 0, "digits"], "all"),
        ("report", ["schema"], 2),
        ("record", ["verdict"], "CERTIFIED"),
        ("record", ["sizes", "B"], 0),
        ("record", ["sizes", "B"], 1_000_000),
        ("record", ["seed"], -1),
        ("record", ["further"], 1),
        ("certificate", ["digest"], "sha256:0"),
        ("certificate", ["subjects", 0, "verdict"], "REFUTED"),
        ("certificate", ["subjects", 0, "decimals"], 39),
        ("certificate", ["subjects", 0, "cases"], []),
        ("certificate", ["subjects"], []),
    ],
)
def test_what_is_wrong_is_not_valid(name: str, path: list[Any], value: Any, documents: dict[str, Any]) -> None:
    """One value changed: the schema refuses it, and so does the reader where there is one."""
    changed = copy.deepcopy(documents[name])
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert len(errors(name, changed)) == 1
    for reader in {"report": [], "record": [record.validated], "certificate": [certificate.validated]}[name]:
        with pytest.raises(InvalidRecord):
            reader(changed)


@pytest.mark.parametrize("name", ["report", "certificate"])
def test_further_keys_are_let_pass(name: str, documents: dict[str, Any]) -> None:
    """Of later versions, at every level."""
    changed = copy.deepcopy(documents[name])
    changed["further"] = changed["subjects"][0]["further"] = changed["subjects"][0]["leaves"][0]["further"] = {}
    assert errors(name, changed) == []


def test_the_schemas_know_all_verdicts_and_regimes() -> None:
    """As the code has them."""
    verdicts = [verdict.name for verdict in Verdict]
    assert schema("report")["$defs"]["subject"]["properties"]["verdict"]["enum"] == verdicts
    assert schema("record")["properties"]["verdict"]["enum"] == [v.name for v in Verdict if not v.ok]
    assert schema("record")["properties"]["regime"]["enum"] == list(REGIMES)
