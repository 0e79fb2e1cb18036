"""`oracle verify` saves failing cases, and `oracle replay` runs them again without loading what a stranger names."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oracle import cli
from oracle.records.record import validated
from oracle.records.replay import DoesNotFit, differences, replay
from oracle.subjects import load as registered
from oracle.verdict import WitnessesDisagree

SOURCE = """\
from pathlib import Path

import numpy as np
import oracle

with Path(__file__).with_name("loaded").open("a") as file:
    file.write("loaded\\n")

def forward(x, w):
    return x @ w, (x, w)

def backward(y_bar, cache):
    x, w = cache
    return y_bar @ w.T, -x.T @ y_bar

subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"})
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a wrong backward, to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "wrong.py").write_text(SOURCE)
    return tmp_path


def oracle(*words: str) -> Result:
    """The command line, run in this process."""
    return CliRunner().invoke(cli.main, words)


def written(**changes: object) -> str:
    """The path of a record that `oracle verify` would write, with changes."""
    record = {
        "schema": 1,
        "kind": "failure",
        "subject": "lstm-classic-node",
        "spec": "lstm-classic-node",
        "sizes": {"H": 1, "D": 2},
        "regime": "generic",
        "seed": 7,
        "digits": 30.0,
        "verdict": "REFUTED",
        "leaves": [],
        "versions": {"numpy": "1.0"},
    }
    Path("record.json").write_text(json.dumps({**record, **changes}))
    return "record.json"


def loaded() -> int:
    """How often the user's file was run."""
    return Path("loaded").read_text().count("loaded") if Path("loaded").exists() else 0


def test_verify_saves_and_replay_reproduces():
    """The last line of the report names the command, which needs the subject's name, and fails in the same way."""
    first = oracle("verify", "wrong.py:subject", "--cases", "4")
    assert first.exit_code == 1
    (path,) = Path(".oracle/failures").iterdir()
    line = f"  smallest failing sizes: B=1 D=1 H=1      replay: oracle replay {path} --subject wrong.py:subject"
    assert line in first.output.splitlines()
    again = oracle("replay", str(path), "--subject", "wrong.py:subject")
    assert again.exit_code == 1
    assert again.output.splitlines()[-1] == "recorded REFUTED, now REFUTED: it still fails in the same way"
    content = path.read_bytes()
    assert oracle("verify", "wrong.py:subject", "--cases", "4").exit_code == 1
    assert [(path, path.read_bytes()) for path in Path(".oracle/failures").iterdir()] == [(path, content)]


def test_no_records():
    """With --no-records nothing is written, and no command is shown."""
    ran = oracle("verify", "wrong.py:subject", "--cases", "1", "--no-records")
    assert ran.exit_code == 1
    assert "replay:" not in ran.output
    assert not Path(".oracle").exists()


@pytest.mark.parametrize("spec", ["wrong.py:subject", "wrong:subject", "wrong.py"])
def test_nothing_is_loaded_unasked(spec):
    """A file or module that a record names is not loaded; what would be is said."""
    ran = oracle("replay", written(spec=spec, subject="mine"))
    assert ran.exit_code == 2
    assert ran.output == (
        f"Error: the record is of mine, and replaying it would load {spec}, which runs that code; nothing was loaded. "
        f"If you trust it: oracle replay record.json --subject {spec}\n"
    )
    assert loaded() == 0


def test_loaded_when_asked():
    """The same file is loaded once the user names it."""
    ran = oracle("replay", written(sizes={"B": 1, "D": 1, "H": 1}), "--subject", "wrong.py:subject")
    assert ran.exit_code == 1
    assert loaded() == 1


def test_nameless():
    """A record that names no place says so."""
    ran = oracle("replay", written(spec=None))
    assert ran.exit_code == 2
    assert ran.output == (
        "Error: the record is of lstm-classic-node, but does not say where that is defined; nothing was loaded. "
        "Name it: oracle replay record.json --subject path/to/file.py:name\n"
    )


def test_registered_and_ok():
    """A registered subject needs no name; a case that is ok now gives exit code 0, and other versions are named."""
    ran = oracle("replay", written())
    assert ran.exit_code == 0
    last, versions = ran.output.splitlines()[-2:]
    assert last == "recorded REFUTED, now CERTIFIED: this case is ok now"
    assert versions.startswith("versions differ from the record: numpy 1.0, now ")


def test_other_verdict():
    """A case that fails in another way is told apart."""
    ran = oracle(
        "replay", written(sizes={"B": 1, "D": 1, "H": 1}, verdict="INACCURATE"), "--subject", "wrong.py:subject"
    )
    assert ran.exit_code == 1
    assert "recorded INACCURATE, now REFUTED: it fails in another way" in ran.output.splitlines()


def test_witnesses_disagree(monkeypatch):
    """Contradicting witnesses give exit code 3."""

    def contradict(record, subject):
        raise WitnessesDisagree("the two witnesses contradict each other")

    monkeypatch.setattr("oracle.records.replay.replay", contradict)
    ran = oracle("replay", written())
    assert ran.exit_code == 3
    assert "the two witnesses contradict each other" in ran.output


@pytest.mark.parametrize(
    ("changes", "words", "message"),
    [
        ({"schema": 2}, (), "record.json is not a record of a failing case: schema is 2; expected 1"),
        (
            {"subject": "\x1b[2J"},
            (),
            "record.json is not a record of a failing case: subject is '\\x1b[2J'; expected 1",
        ),
        (
            {"spec": "lstm-none"},
            ("--subject", "lstm-none"),
            "there is no subject 'lstm-none'; did you mean lstm-nog? Expected one of lstm-seed",
        ),
        ({}, ("--subject", "two.py"), "two.py names 2 subjects; expected one of two.py:one, two.py:two"),
        (
            {"sizes": {"T": 1}},
            (),
            "the record has the sizes T, but lstm-classic-node has H, D; name the subject that the record is of",
        ),
        (
            {"sizes": {"H": 100_000, "D": 100_000}},
            (),
            "at the record's sizes the inputs of lstm-classic-node have 80,000,700,000 entries; "
            "a replay takes at most 1,000,000",
        ),
    ],
)
def test_misuse(changes, words, message):
    """What cannot be replayed gives exit code 2 and a sentence, and nothing is allocated."""
    Path("two.py").write_text(SOURCE.replace("subject =", "one =") + "two = one\n")
    ran = oracle("replay", written(**changes), *words)
    assert ran.exit_code == 2
    assert ran.output.startswith(f"Error: {message}")


def test_replay_is_exact():
    """A replay is of the very case, and its report names it."""
    record = validated(json.loads(Path(written()).read_text()))
    again = replay(record, registered("lstm-classic-node"))
    assert (again.report.cases, again.report.redrawn, again.report.verdict.name) == (1, 0, "CERTIFIED")
    with pytest.raises(DoesNotFit):
        replay(record, registered("lstm-seed"))


def test_differences():
    """Each version that is not the recorded one is named, also where one side does not know it."""
    record = validated(json.loads(Path(written(versions={"a": "1", "b": "2", "c": "3"})).read_text()))
    assert differences(record, {"a": "1", "b": "5", "d": "4"}) == [
        "b 2, now 5",
        "c 3, now unknown",
        "d unknown, now 4",
    ]
