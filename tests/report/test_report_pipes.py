"""Output that is no terminal: as wide as it needs to be, and whoever stops reading changes no verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oracle.report.consoles import UNLIMITED, output

ROOT = Path(__file__).resolve().parents[2]
RIGHT = """
import numpy as np, oracle
def forward(x, w):
    return np.tanh(x * w), (x, w)
def backward(y_bar, cache):
    x, w = cache
    a_bar = (1 - np.tanh(x * w) ** 2) * y_bar
    return a_bar * w, a_bar * x
subject = oracle.Subject.from_functions(forward, backward, inputs={"a_long_name_of_an_input": "D", "w": "D"})
"""


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A program whose output is a pipe, as in the log of a build."""
    kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def after_the_first_line(process: subprocess.Popen[str]) -> tuple[str, int, str]:
    """The first line, and what comes of a program whose reader goes after it: exit code and complaints."""
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    return first, process.wait(timeout=120), said


@pytest.mark.parametrize(
    ("text", "code", "word"), [(RIGHT, 0, "CERTIFIED"), (RIGHT.replace("a_bar * x", "a_bar * w"), 1, "REFUTED")]
)
def test_who_stops_reading_changes_no_verdict(tmp_path: Path, text: str, code: int, word: str) -> None:
    """As with | head -1: the exit code is the verdict's, and nothing is complained of."""
    (tmp_path / "mine.py").write_text(text)
    found = started(tmp_path, "oracle", "verify", "mine.py", "--cases", "30", "--no-records", "--certificate", "c.json")
    first, ended, said = after_the_first_line(found)
    assert first.startswith(f"{word}  mine.py:subject  ")
    assert ended == code
    assert [line for line in said.splitlines() if not line.startswith("no certificate: ")] == []
    assert (tmp_path / "c.json").exists() is (code == 0)


def test_the_demonstration_ends_when_nobody_reads() -> None:
    """Without a traceback."""
    first, ended, said = after_the_first_line(started(ROOT, "lstm_ref"))
    assert first.startswith("iter  0: y_pred = [")
    assert (ended, said) == (0, "")


def test_the_demonstration_has_help_and_refuses_what_it_does_not_know() -> None:
    """Nothing is trained for either."""
    out, _ = (helped := started(ROOT, "lstm_ref", "--help")).communicate(timeout=60)
    assert (helped.returncode, "iter " in out) == (0, False)
    assert out.startswith("usage: python -m lstm_ref [-h]\n")
    out, said = (refused := started(ROOT, "lstm_ref", "--no-such")).communicate(timeout=60)
    assert (refused.returncode, out) == (2, "")
    assert "unrecognized arguments: --no-such" in said


def test_a_log_has_the_table_with_every_column(tmp_path: Path) -> None:
    """No terminal means no limit of width: the header is there, and each gradient has one row."""
    (tmp_path / "mine.py").write_text(RIGHT)
    out, _ = started(tmp_path, "oracle", "verify", "mine.py", "--cases", "5").communicate(timeout=120)
    header, first, second = out.splitlines()[1:4]
    assert header.split()[:2] == ["gradient", "verdict"]
    assert header.rstrip().endswith("worst case")
    assert (first.split()[0], second.split()[0]) == ("a_long_name_of_an_input", "w")


def test_a_width_that_was_said_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS holds without a terminal too."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert output().width == UNLIMITED
    monkeypatch.setenv("COLUMNS", "47")
    assert output().width == 47
