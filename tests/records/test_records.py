"""Records: the same failure makes the same file, and nothing that is not a record is read as one."""

import json
import os
from pathlib import Path

import pytest

from oracle.cases import Case
from oracle.records import FOLDER, InvalidRecord, Leaf, command, load, save, saved
from oracle.records.record import validated
from oracle.records.store import LARGEST_FILE
from oracle.records.strict_json import DEEPEST, parse
from oracle.verdict import LeafReport, Report, Verdict

VALID = {
    "schema": 1,
    "kind": "failure",
    "subject": "gru",
    "spec": "models/gru.py:subject",
    "sizes": {"T": 1, "H": 2},
    "regime": "generic",
    "seed": 7,
    "digits": 30.0,
    "verdict": "REFUTED",
    "leaves": [{"name": "W", "verdict": "REFUTED", "wrong": 3, "compared": 4}],
    "versions": {"python": "3.11.7", "numpy": "2.4.6"},
}
LEAF = VALID["leaves"][0]
TEXT = json.dumps(VALID)


def report(**changes: object) -> Report:
    """A report on a failure."""
    leaf = LeafReport("W", "(H,)", Verdict.REFUTED, entries=40, digits=0.0, wrong=3, compared=4)
    made = {
        "subject": "gru",
        "verdict": Verdict.REFUTED,
        "leaves": (leaf,),
        "failing_case": Case({"T": 1, "H": 2}, "generic", 7),
        "environment": VALID["versions"],
        "seconds": 1.5,
    }
    return Report(**{**made, **changes})


# ---- saving


def test_saved_and_loaded(tmp_path):
    """What is saved is loaded."""
    path = save(report(), tmp_path, spec="models/gru.py:subject")
    record = load(path)
    assert record.to_dict() == VALID
    assert json.loads(path.read_text()) == VALID
    assert record.case == Case({"T": 1, "H": 2}, "generic", 7)
    assert record.leaves == (Leaf("W", "REFUTED", 3, 4),)


def test_same_failure_same_file(tmp_path):
    """A failure saved twice is one file, byte for byte, whatever the time it took."""
    first = save(report(), tmp_path, spec="a:b")
    content = first.read_bytes()
    assert save(report(seconds=99.0), tmp_path, spec="a:b") == first
    assert first.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"subject": "lstm"}, {}),
        ({"verdict": Verdict.INACCURATE}, {}),
        ({"failing_case": Case({"T": 2, "H": 2}, "generic", 7)}, {}),
        ({"failing_case": Case({"T": 1, "H": 2}, "zeros", 7)}, {}),
        ({"failing_case": Case({"T": 1, "H": 2}, "generic", 8)}, {}),
        ({}, {"spec": "a:c"}),
        ({}, {"digits": 40}),
    ],
)
def test_other_failure_other_file(tmp_path, changes, options):
    """Another failure is another file."""
    first = save(report(), tmp_path, spec="a:b")
    assert save(report(**changes), tmp_path, **{"spec": "a:b", **options}) != first


def test_nothing_to_save(tmp_path):
    """A report without a failing case cannot be saved."""
    with pytest.raises(ValueError, match=r"^the report on gru has no failing case to save$"):
        save(report(failing_case=None), tmp_path)


def test_hostile_names(tmp_path):
    """Control characters are written out, and a spec that holds some is not repeated."""
    record = load(save(report(subject="\x1b[31m[red]\n\ud800" + "x" * 300), tmp_path, spec="a\x1b:b"))
    assert record.subject.startswith("\\x1b[31m[red]\\n\\ud800xxx")
    assert len(record.subject) == 200
    assert record.spec is None


def test_saved_puts_the_command_on_the_report(tmp_path):
    """A failing report gets the command that replays it, relative to the folder; one that is ok gets none."""
    told = saved(report(), spec="models/gru.py:subject", digits=30, root=tmp_path)
    (path,) = (tmp_path / FOLDER).iterdir()
    assert told.replay == f"oracle replay .oracle/failures/{path.name} --subject models/gru.py:subject"
    assert str(told).endswith(f"replay: {told.replay}")
    fine = report(verdict=Verdict.CERTIFIED, failing_case=None)
    assert saved(fine, spec=None, digits=30, root=tmp_path) is fine


@pytest.mark.parametrize(
    ("changes", "why"),
    [({}, ""), ({"failing_case": Case({"T": 1}, seed=-1)}, "seed is -1; expected an integer from 0 to")],
)
def test_what_cannot_be_saved_costs_a_note(tmp_path, changes, why):
    """Where a record cannot be written, the report stays, with a note."""
    (tmp_path / ".oracle").write_text("in the way")
    told = saved(report(**changes), spec=None, digits=30, root=tmp_path)
    assert (told.verdict, told.replay) == (Verdict.REFUTED, "")
    assert told.notes[-1].startswith(f"the failing case could not be saved: {why}")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("lstm-seed", "oracle replay f.json"),
        ("m:s", "oracle replay f.json --subject m:s"),
        ("a b.py:$(s)", "oracle replay f.json --subject 'a b.py:$(s)'"),
        (None, "oracle replay f.json --subject path/to/file.py:name"),
    ],
)
def test_command(spec, expected):
    """Whatever is not registered must be named by whoever replays it, quoted for a shell."""
    assert command("f.json", spec) == expected


# ---- reading


def without(key: str) -> dict[str, object]:
    """The valid record without one key."""
    return {name: value for name, value in VALID.items() if name != key}


KEYS = ", ".join(VALID)
NAME = "1 to 200 printable characters"
REFUSED = {
    "list": ([], f"the record is []; expected an object with the keys schema, kind, {', '.join(list(VALID)[2:])}"),
    "unknown key": ({**VALID, "x": 1}, f"the record has the unknown key 'x'; expected only {KEYS}"),
    "schema": ({**VALID, "schema": 2}, "schema is 2; expected 1"),
    "schema as text": ({**VALID, "schema": "1"}, "schema is '1'; expected 1"),
    "schema as real": ({**VALID, "schema": 1.0}, "schema is 1.0; expected 1"),
    "schema as truth": ({**VALID, "schema": True}, "schema is True; expected 1"),
    "kind": ({**VALID, "kind": "certificate"}, "kind is 'certificate'; expected 'failure'"),
    "subject empty": ({**VALID, "subject": ""}, f"subject is ''; expected {NAME}"),
    "subject null": ({**VALID, "subject": None}, f"subject is None; expected {NAME}"),
    "subject long": ({**VALID, "subject": "x" * 201}, f"subject is '{'x' * 56}...; expected {NAME}"),
    "subject control": ({**VALID, "subject": "a\x1b"}, f"subject is 'a\\x1b'; expected {NAME}"),
    "subject bidirectional": ({**VALID, "subject": "\u202e"}, f"subject is '\\u202e'; expected {NAME}"),
    "subject surrogate": ({**VALID, "subject": "\ud800"}, f"subject is '\\ud800'; expected {NAME}"),
    "spec number": ({**VALID, "spec": 3}, "spec is 3; expected 1 to 1000 printable characters"),
    "spec line": ({**VALID, "spec": "a\nb"}, "spec is 'a\\nb'; expected 1 to 1000 printable characters"),
    "sizes list": ({**VALID, "sizes": [1]}, "sizes is [1]; expected an object with at most 100 keys"),
    "size zero": ({**VALID, "sizes": {"T": 0}}, "sizes['T'] is 0; expected an integer from 1 to 100000"),
    "size large": ({**VALID, "sizes": {"T": 100_001}}, "sizes['T'] is 100001; expected an integer from 1 to 100000"),
    "size real": ({**VALID, "sizes": {"T": 2.0}}, "sizes['T'] is 2.0; expected an integer from 1 to 100000"),
    "size truth": ({**VALID, "sizes": {"T": True}}, "sizes['T'] is True; expected an integer from 1 to 100000"),
    "size name": ({**VALID, "sizes": {"\n": 1}}, f"a key of sizes is '\\n'; expected {NAME}"),
    "regime list": ({**VALID, "regime": ["generic"]}, "regime is ['generic']; expected one of 'generic', 'size one', "),
    "regime": ({**VALID, "regime": "cosy"}, "regime is 'cosy'; expected one of 'generic', 'size one', "),
    "seed negative": ({**VALID, "seed": -1}, f"seed is -1; expected an integer from 0 to {2**64 - 1}"),
    "seed large": ({**VALID, "seed": 2**64}, f"seed is {2**64}; expected an integer from 0 to {2**64 - 1}"),
    "digits zero": ({**VALID, "digits": 0}, "digits is 0; expected a number from 1 to 200"),
    "digits many": ({**VALID, "digits": 201}, "digits is 201; expected a number from 1 to 200"),
    "digits text": ({**VALID, "digits": "30"}, "digits is '30'; expected a number from 1 to 200"),
    "digits truth": ({**VALID, "digits": True}, "digits is True; expected a number from 1 to 200"),
    "verdict": (
        {**VALID, "verdict": "CERTIFIED"},
        "verdict is 'CERTIFIED'; expected one of 'REFUTED', 'INCONSISTENT', ",
    ),
    "leaves": ({**VALID, "leaves": {}}, "leaves is {}; expected a list of at most 2000"),
    "leaf": (
        {**VALID, "leaves": ["W"]},
        "leaves[0] is 'W'; expected an object with the keys name, verdict, wrong, compared",
    ),
    "leaf without": (
        {**VALID, "leaves": [{"name": "W"}]},
        "leaves[0] has no 'verdict'; expected the keys name, verdict, wrong, compared",
    ),
    "leaf unknown": (
        {**VALID, "leaves": [{**LEAF, "x": 1}]},
        "leaves[0] has the unknown key 'x'; expected only name, verdict, wrong, compared",
    ),
    "leaf name": ({**VALID, "leaves": [{**LEAF, "name": 1}]}, f"leaves[0].name is 1; expected {NAME}"),
    "leaf verdict": (
        {**VALID, "leaves": [{**LEAF, "verdict": "FINE"}]},
        "leaves[0].verdict is 'FINE'; expected one of 'REFUTED', ",
    ),
    "leaf wrong": (
        {**VALID, "leaves": [{**LEAF, "wrong": -1}]},
        "leaves[0].wrong is -1; expected an integer from 0 to ",
    ),
    "leaf compared": (
        {**VALID, "leaves": [{**LEAF, "compared": "all"}]},
        "leaves[0].compared is 'all'; expected an integer from 0 to ",
    ),
    "versions": ({**VALID, "versions": {"numpy": 2}}, f"versions['numpy'] is 2; expected {NAME}"),
    "versions list": ({**VALID, "versions": []}, "versions is []; expected an object with at most 32 keys"),
    **{f"no {key}": (without(key), f"the record has no '{key}'; expected the keys {KEYS}") for key in VALID},
}


def test_valid():
    """The record that every refused one was made from is accepted, and so are the ends of its ranges."""
    assert validated(VALID).to_dict() == VALID
    ends = {"spec": None, "sizes": {"T": 100_000}, "seed": 2**64 - 1, "digits": 200.0, "leaves": [], "versions": {}}
    assert validated({**VALID, **ends}).to_dict() == {**VALID, **ends}
    assert validated({**VALID, "sizes": {}, "seed": 0, "digits": 1}).digits == 1.0


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    """Each change of the valid record is refused with a sentence, from a file too."""
    document, message = REFUSED[name]
    path = tmp_path / "record.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidRecord) as refusal:
        load(path)
    found = str(refusal.value).removeprefix(f"{path} is not a record of a failing case: ")
    assert found.startswith(message)
    assert found.isprintable()
    assert len(found) < 400


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is not JSON: line 1, column 1: Expecting value"),
        (b"\xff", "it is not UTF-8 text: byte 0 cannot be decoded"),
        (b"\xef\xbb\xbf{}", "it is not JSON: line 1, column 1: Unexpected UTF-8 BOM (decode using utf-8-sig)"),
        (TEXT[:-1].encode(), f"it is not JSON: line 1, column {len(TEXT)}: Expecting ',' delimiter"),
        (TEXT.encode() + b"x", f"it is not JSON: line 1, column {len(TEXT) + 1}: Extra data"),
        (b'{"a": NaN}', "NaN is not JSON; expected a finite number"),
        (b'{"a": -Infinity}', "-Infinity is not JSON; expected a finite number"),
        (b'{"a": 1e999}', "the number '1e999' is out of range; expected a finite one"),
        (b'{"a": 1, "a": 1}', "the key 'a' stands twice in one object; expected once"),
        (b"1" * 5000, "an integer of 5000 digits is out of range; expected at most 20"),
        (b"[" * 200_000, f"it is nested more than {DEEPEST} deep; a record is nested 3 deep"),
        (b'{"a":' * 200_000, f"it is nested more than {DEEPEST} deep; a record is nested 3 deep"),
        (b'"' + b"\\" * 10 + b'"[[[[[[[[[', f"it is nested more than {DEEPEST} deep; a record is nested 3 deep"),
    ],
)
def test_not_strict_json(content, message):
    """What is not strict JSON, or is meant to break a parser, is refused with a sentence."""
    with pytest.raises(InvalidRecord) as refusal:
        parse(content)
    assert str(refusal.value) == message


def test_brackets_in_text():
    """Brackets inside of text do not count as nesting."""
    assert parse(b'{"a": "[[[[[[[[[[\\"[[[["}') == {"a": '[[[[[[[[[["[[[['}


def test_truncated_anywhere():
    """No beginning of a record is a record."""
    for length in range(len(TEXT)):
        with pytest.raises(InvalidRecord):
            validated(parse(TEXT[:length].encode()))


def test_file_limits(tmp_path):
    """A file that is too large, is no regular file, or is not there, is refused without being read to its end."""
    large, pipe = tmp_path / "large", tmp_path / "pipe"
    large.write_bytes(b" " * (LARGEST_FILE - len(TEXT)) + TEXT.encode())
    assert load(large).to_dict() == VALID
    large.write_bytes(b" " * (LARGEST_FILE - len(TEXT) + 1) + TEXT.encode())
    os.mkfifo(pipe)
    expected = {
        large: f"it is larger than {LARGEST_FILE} bytes",
        pipe: "it is not a regular file",
        Path("/dev/zero"): "it is not a regular file",
        tmp_path: "it is not a regular file",
        tmp_path / "nothing": "it cannot be read: No such file or directory",
    }
    for path, why in expected.items():
        with pytest.raises(InvalidRecord) as refusal:
            load(path)
        assert str(refusal.value) == f"{path} is not a record of a failing case: {why}"
