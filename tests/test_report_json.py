"""The machine-readable report: strict JSON with the promised keys, in a file that is there whole or not at all."""

import dataclasses
import json
import math
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.diagnosis import Cause, Diagnosis
from oracle.report import json as report_json
from oracle.report.json import dumps, to_dict, write_atomically
from oracle.verdict import Entry, Finding, FloatAccuracy, LeafReport, Report, Verdict

LEAF = LeafReport(
    "W",
    "(H, D)",
    Verdict.REFUTED,
    entries=9000,
    digits=57.123456789,
    never_exercised=3,
    wrong=18,
    compared=18,
    in_cases=90,
    worst=Entry((3, 0), "-0.412700", "0.387100", "[-0.4127 +/- 1e-80]", "[0.3871 +/- 1e-80]", 0.7998),
    worst_case="H=6 D=3, generic, seed 7",
    float64=FloatAccuracy(3.125, 0.25, 1e-15, 7.0, 1e-12, "H=2 D=9, generic, seed 8"),
)
REPORT = Report(
    "lstm-seed",
    Verdict.REFUTED,
    (LEAF, LeafReport("b", "(H,)", Verdict.CERTIFIED, 4, 61.5)),
    pair=("forward", "backward"),
    findings=(Finding(Verdict.BROKEN_CONTRACT, "the input x was modified", "x", "H=2, small, seed 3", "a\nb"),),
    notes=("casts to float32",),
    not_covered=("H above 8, saturated",),
    witnesses=("autodiff", "finite_difference"),
    cases=100,
    redrawn=2,
    seed=7,
    seconds=1.23456,
    testimony_digits=80.5,
    smallest="H=1 D=1",
    diagnosis=Diagnosis((Cause("zero", "W is zero", leaves=("W",)),), ("a transpose",)),
    environment={"python": "3.11.0", "numpy": "2.0.0"},
)
EMPTY = Report("nothing", Verdict.NOTHING_COMPARED, ())


def refuse(constant: str) -> NoReturn:
    """What a strict parser says to NaN and infinity."""
    raise AssertionError(f"{constant} is not JSON")


def strict(text: str) -> Any:
    """The document, read by a parser that takes neither NaN nor infinity nor a key twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    text.encode("utf-8")
    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


def document(*reports: Report, seconds: float = 3.2) -> Any:
    """The reports, written and read again."""
    return strict(dumps(to_dict(reports, seconds)))


# ---- what is in it


def test_the_whole_document_is_pinned() -> None:
    """Every key that is promised, and every value where it belongs."""
    assert document(REPORT) == {
        "schema": 1,
        "ok": False,
        "seconds": 3.2,
        "environment": {"python": "3.11.0", "numpy": "2.0.0"},
        "subjects": [
            {
                "name": "lstm-seed",
                "verdict": "REFUTED",
                "sentence": "the backward is not the derivative of this forward",
                "cases": 100,
                "redrawn": 2,
                "seed": 7,
                "entries": 9004,
                "digits": 57.123457,
                "seconds": 1.235,
                "witnesses": ["autodiff", "finite_difference"],
                "finite_difference_digits": 80.5,
                "leaves": [
                    {
                        "name": "W",
                        "shape": "(H, D)",
                        "verdict": "REFUTED",
                        "digits": 57.123457,
                        "entries": 9000,
                        "never_exercised": 3,
                        "wrong": 18,
                        "wrong_in_cases": 90,
                        "worst": {
                            "index": [3, 0],
                            "got": "-0.412700",
                            "derivative": "0.387100",
                            "got_enclosure": "[-0.4127 +/- 1e-80]",
                            "derivative_enclosure": "[0.3871 +/- 1e-80]",
                            "gap": 0.7998,
                        },
                        "worst_case": "H=6 D=3, generic, seed 7",
                        "float64": {
                            "max_ulps": 3.125,
                            "bound_ratio": 0.25,
                            "detection_limit": 1e-15,
                            "saturated_ulps": 7.0,
                            "detection_limit_worst": 1e-12,
                            "case": "H=2 D=9, generic, seed 8",
                        },
                        "float32": None,
                    },
                    {
                        "name": "b",
                        "shape": "(H,)",
                        "verdict": "CERTIFIED",
                        "digits": 61.5,
                        "entries": 4,
                        "never_exercised": 0,
                        "wrong": 0,
                        "wrong_in_cases": 0,
                        "worst": None,
                        "worst_case": None,
                        "float64": None,
                        "float32": None,
                    },
                ],
                "findings": [
                    {
                        "verdict": "BROKEN_CONTRACT",
                        "message": "the input x was modified",
                        "leaf": "x",
                        "case": "H=2, small, seed 3",
                        "detail": "a\nb",
                    }
                ],
                "notes": ["casts to float32"],
                "not_covered": ["H above 8, saturated"],
                "smallest": "H=1 D=1",
                "diagnosis": [
                    {
                        "kind": "zero",
                        "claim": "W is zero",
                        "evidence": "",
                        "certain": False,
                        "leaves": ["W"],
                        "probe": "",
                        "step": None,
                        "file": "",
                        "line": None,
                        "statement": "",
                        "repair": "",
                    }
                ],
                "ruled_out": ["a transpose"],
                "remarks": [],
                "replay": None,
            }
        ],
    }


@pytest.mark.parametrize("verdict", list(Verdict))
def test_it_is_ok_if_every_subject_is(verdict: Verdict) -> None:
    """And if there is one at all: nothing verified is not ok."""
    one = dataclasses.replace(EMPTY, verdict=verdict)
    fine = dataclasses.replace(EMPTY, verdict=Verdict.CERTIFIED)
    assert document(one)["ok"] is verdict.ok
    assert document(fine, one)["ok"] is verdict.ok
    assert document(one, fine)["ok"] is verdict.ok
    assert document()["ok"] is False


def test_without_subjects_there_is_still_a_document() -> None:
    """With an empty list."""
    assert document(seconds=0.0) == {"schema": 1, "ok": False, "seconds": 0.0, "environment": {}, "subjects": []}


# ---- numbers


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.inf, None),
        (-math.inf, None),
        (math.nan, None),
        (0.0, 0.0),
        (1e-300, 1e-300),
        (1e300, 1e300),
        (57.123456789, 57.123457),
        (np.float64(2.5), 2.5),
        (np.float32(2.5), 2.5),
        (3, 3.0),
    ],
)
def test_numbers_are_finite_or_null(value: Any, written: float | None) -> None:
    """JSON has no infinities; what is large or small keeps its digits."""
    accuracy = FloatAccuracy(value, value, value)
    leaf = dataclasses.replace(LEAF, digits=value, float32=accuracy, worst=Entry((), "1", "2", gap=value))
    found = document(dataclasses.replace(REPORT, leaves=(leaf,), testimony_digits=value))["subjects"][0]
    shown = found["leaves"][0]
    numbers = [found["digits"], found["finite_difference_digits"], shown["digits"], shown["worst"]["gap"]]
    numbers += [shown["float32"][name] for name in ("max_ulps", "bound_ratio", "detection_limit")]
    assert numbers == [written] * 7


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_never_written(value: float) -> None:
    """Wherever it comes from: rather no document than one that others cannot read."""
    with pytest.raises(ValueError, match=r"^Out of range float values are not JSON compliant"):
        dumps({"anywhere": [value]})


# ---- text


@given(st.text())
def test_every_text_comes_back_as_it_was(text: str) -> None:
    """Quotes, control characters, whatever a message holds."""
    report = dataclasses.replace(REPORT, subject=text, notes=(text,))
    found = document(report)["subjects"][0]
    assert (found["name"], found["notes"]) == (text, [text])


def test_half_a_character_is_replaced() -> None:
    """A name of a file may hold bytes that no encoding has; the document is still UTF-8."""
    found = document(dataclasses.replace(REPORT, subject="caf\udce9", environment={"\ud800": "x"}))
    assert found["subjects"][0]["name"] == "caf?"
    assert found["environment"] == {"?": "x"}


def test_objects_without_a_json_form_are_written_as_text() -> None:
    """An environment may hold a path."""
    assert strict(dumps({"where": Path("a") / "b"})) == {"where": str(Path("a") / "b")}


def test_the_text_is_indented_and_ends_with_a_line_break() -> None:
    """For people who look into it, and in their letters."""
    assert dumps({"a": ["é"]}) == '{\n  "a": [\n    "é"\n  ]\n}\n'


# ---- files


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    """With its folders, readable by others, and nothing besides."""
    path = tmp_path / "new" / "folder" / "report.json"
    write_atomically(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    """In one step: who has the old one open goes on reading the old one."""
    path = tmp_path / "report.json"
    path.write_text("old")
    with path.open() as reader:
        write_atomically(path, "new and longer")
        assert reader.read() == "old"
    assert path.read_text() == "new and longer"


@pytest.mark.parametrize("broken", ["replace", "chmod"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, error: BaseException
) -> None:
    """Wherever it happens, even if the user interrupts."""
    path = tmp_path / "report.json"
    path.write_text("old")

    def fail(*arguments: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(report_json.os, broken, fail)
    with pytest.raises(type(error)):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    """What cannot be encoded is written neither in part nor as an empty file."""
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "report.json", "whole, but \ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file it leads to is replaced."""
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """A pipe, or /dev/null: as root it would be gone otherwise."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, "through the pipe")
        assert os.read(reader, 100) == b"through the pipe"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_atomically(Path(os.devnull), "nowhere")
    assert not Path(os.devnull).is_file()


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    """It is an error of the operating system, which the command line tells."""
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, "text")
    assert list(tmp_path.iterdir()) == []
