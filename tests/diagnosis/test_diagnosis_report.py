"""Whole reports of refuted backwards, line by line: what is wrong, where and why, in plain text and in JSON."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lstm_ref.cell as cell
import oracle
from oracle import subjects
from oracle.loading import load
from oracle.mutation.planting import Text, planted
from oracle.report.json import to_dict

ROOT = Path(__file__).parents[2]
CARRY = ("np.multiply(s_total_bar, f, out=s_prev_bar)", "np.copyto(s_prev_bar, s_total_bar)")
TANH = ("np.multiply(h_bar, c, out=o_bar)", "np.multiply(h_bar, g * i + s_prev * f, out=o_bar)")
DOWN = "seen in 5 of 5 cases, down to T=1 B=1 D=1 H=1"


def line_of(text, new):
    """The number of the one line of a planted text that holds what was planted."""
    (line,) = [k for k, one in enumerate(text.splitlines(), 1) if new in one]
    return line


def with_faults(*faults):
    """The report with faults planted in the cell's backward, and the lines on which they stand."""
    with planted(*(Text(cell.step_vjp, old, new) for old, new in faults)) as texts:
        report = oracle.verify(subjects.load("lstm-standard"), cases=3)
    lines = [line_of(text.text, new) for text in texts[:1] for _, new in faults]
    return report, lines


def plain(report):
    """The lines of a report; what JAX says where it is no witness is JAX's own, and changes with it."""
    return [line for line in str(report).splitlines() if not line.startswith("  JAX is no witness")]


def expected(name, **lines):
    """The lines of a report as they are kept, with these numbers of lines of code."""
    text = (Path(__file__).parent / "reports" / f"{name}.txt").read_text(encoding="utf-8")
    for fault, line in lines.items():
        text = text.replace(f"{{{fault}}}", str(line))
    return text.splitlines()


def told(report):
    """The causes in JSON, each without what is empty in it, and its file by its last two names."""
    causes = to_dict([report], 0.0)["subjects"][0]["diagnosis"]
    short = [{key: value for key, value in cause.items() if value not in ("", None, [])} for cause in causes]
    return [{**one, "file": "/".join(one["file"].split(os.sep)[-2:])} if "file" in one else one for one in short]


NO_F = "the factor f is missing, here or on a line of its own"
FIRST_OF_ONE = {
    "kind": "wrong-cotangent",
    "claim": "first wrong cotangent, backwards in time: s_prev_bar at t=4",
    "evidence": f"everything it is computed from is right; wrong at every step; {DOWN}; {NO_F}",
    "certain": False,
    "probe": "s_prev_bar",
    "step": 4,
    "file": "lstm_ref/cell.py",
    "statement": "np.copyto(s_prev_bar, s_total_bar)",
    "repair": "np.copyto(s_prev_bar, s_total_bar * f)",
}


def test_one_wrong_cotangent():
    """The carry without its forget factor: the line, everything before it right, and what the line would be."""
    report, (carry,) = with_faults(CARRY)
    assert plain(report) == expected("one", carry=carry)
    assert told(report) == [{**FIRST_OF_ONE, "line": carry}]


def test_two_bugs():
    """A second one, s for tanh(s): two findings, each at its own line, and each with its repair."""
    report, (carry, tanh) = with_faults(CARRY, TANH)
    assert plain(report) == expected("two", carry=carry, tanh=tanh)
    first, second = told(report)
    assert first == {
        **FIRST_OF_ONE,
        "claim": "first wrong cotangent, backwards in time: o_bar at t=4",
        "evidence": f"everything it is computed from is right; wrong at every step; {DOWN}",
        "certain": True,
        "probe": "o_bar",
        "line": tanh,
        "statement": "np.multiply(h_bar, g * i + s_prev * f, out=o_bar)",
        "repair": "np.multiply(h_bar, c, out=o_bar)",
    }
    assert second == {
        **FIRST_OF_ONE,
        "claim": "another wrong cotangent: s_prev_bar at t=4",
        "evidence": "wrong even from the author's own values of what it is computed from; wrong at every step; "
        f"{DOWN}; {NO_F}",
        "line": carry,
    }


def test_the_gates_of_a_gru():
    """Without probes and without a repair: the factor that is left out, by its place in the forward."""
    (subject,) = load(f"{ROOT / 'examples' / 'gru.py'}:wrong")
    report = oracle.verify(subject, cases=3)
    assert plain(report) == expected("gru")
    (cause,) = told(report)
    assert (cause["kind"], cause["certain"], cause["leaves"]) == ("replaced-factor", True, ["x", "h0", "W", "U", "b"])


def test_nothing_but_hints():
    """Where nothing is certain, hints come with what was ruled out."""
    (subject,) = load(f"{ROOT / 'examples' / 'conv2d.py'}:wrong")
    report = oracle.verify(subject, cases=3)
    assert plain(report) == expected("hints")
    assert [(cause["kind"], cause["certain"]) for cause in told(report)] == [
        ("above-size", False),
        ("inputs-only", False),
    ]
    assert to_dict([report], 0.0)["subjects"][0]["ruled_out"][:2] == ["a clip of entries", "a clip by norm"]


@pytest.mark.parametrize("subject", ["lstm-standard", "lstm-seed"])
def test_a_faulty_copy_of_the_tree(subject, tmp_path):
    """Edited in a copy of the files, `oracle verify` names the lines that were edited, and no other."""
    for folder in ("lstm_ref", "oracle"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "lstm_ref" / "cell.py"
    text = file.read_text(encoding="utf-8")
    faults = (CARRY, TANH) if subject == "lstm-standard" else (CARRY,)  # the seed's cell has no tanh(s)
    for old, new in faults:
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "oracle", "verify", subject, "--cases", "3"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    said = [line.split("   cell.py:") for line in ran.stdout.splitlines() if "wrong cotangent" in line]
    assert ran.returncode == 1, ran.stderr
    assert sorted(place for _, place in said) == sorted(f"{line_of(text, new)}   {new}" for _, new in faults)
