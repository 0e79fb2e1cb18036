"""What the README shows is so: its two reports, its code, its ten-line test under xdist, its list of commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from docs_pages import Fence, fences, same

from oracle.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARRY = "np.multiply(s_total_bar, f, out=s_prev_bar)", "s_prev_bar[...] = s_total_bar"
PROPERTY = "import numpy as np\nimport oracle\nfrom hypothesis import Phase, given, settings\n\n"


def block(beginning: str) -> Fence:
    """The one fenced block of the README that begins so."""
    (found,) = [fence for fence in fences(README) if fence.content.startswith(beginning)]
    return found


def run(*words: str, within: Path) -> str:
    """What a command of this Python prints in a folder, whose modules come first."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(within),
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=within,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )
    return f"{done.stdout}exit code {done.returncode}\n"


def test_the_first_report_is_what_the_command_prints(tmp_path: Path) -> None:
    """Of the LSTM as it is; the closing line is left out."""
    command, _, printed = block("$ oracle verify").content.partition("\n")
    got = run(*command.removeprefix("$ ").split(), within=tmp_path)
    assert got.endswith("exit code 0\n")
    assert same(printed + "…\n", got), got


def test_the_second_report_is_what_it_prints_without_the_factor(tmp_path: Path) -> None:
    """In a copy of `lstm_ref` whose carry lacks the factor f."""
    shutil.copytree(ROOT / "lstm_ref", tmp_path / "lstm_ref")
    cell = tmp_path / "lstm_ref" / "cell.py"
    text = cell.read_text(encoding="utf-8")
    assert text.count(CARRY[0]) == 1
    cell.write_text(text.replace(*CARRY), encoding="utf-8")
    got = run("oracle", "verify", "lstm-standard", within=tmp_path)
    assert got.endswith("exit code 1\n")
    assert same(block("REFUTED").content + "…\n", got), got


def test_the_code_of_the_reader_s_own_backward_runs() -> None:
    """It defines a pair and a subject, verifies it, and asserts that all is well."""
    module = ModuleType("readme")
    code = block("import numpy as np\nimport oracle\n").content
    exec(compile(code, "README.md", "exec"), vars(module))
    assert vars(module)["report"].ok


@pytest.mark.parametrize(("slope", "outcome"), [("(1 - h**2)", "1 passed"), ("(1 - h)", "1 failed")])
def test_ten_lines_certify_under_xdist(tmp_path: Path, slope: str, outcome: str) -> None:
    """The pair and the test, in one file, with two workers; and the control, with a wrong slope."""
    pytest.importorskip("xdist", reason="runs tests in parallel: pip install pytest-xdist")
    pair = block("import numpy as np\nimport oracle\n").content.partition("\nsubject =")[0]
    text = (pair + "\n" + block("def test_backward(verify_gradients)").content).replace("(1 - h**2)", slope)
    (tmp_path / "test_mine.py").write_text(text, encoding="utf-8")
    got = run("pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "test_mine.py", within=tmp_path)
    assert outcome in got
    assert ("CERTIFIED   test_mine.forward" in got) == (outcome == "1 passed")


def test_the_property_test_passes(tmp_path: Path) -> None:
    """With the imports that it names and the subject of before."""
    pair = block("import numpy as np\nimport oracle\n").content.partition("report =")[0]
    text = PROPERTY + pair + "\n\n" + block("# the first case traces").content
    (tmp_path / "test_mine.py").write_text(text, encoding="utf-8")
    assert "1 passed" in run("pytest", "-q", "-p", "no:cacheprovider", "test_mine.py", within=tmp_path)


def test_every_command_that_is_listed_is_there() -> None:
    """With its options; and none of the others is left out, but the list of subjects."""
    lines = block("oracle verify --html PAGE").content.splitlines()
    named = set()
    for line in lines:
        _, name, *rest = line.split("  ")[0].split()
        command = main.get_command(click.Context(main), name)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("-")} <= options
        named.add(name)
    assert named == set(COMMANDS) - {"subjects"}


def test_a_report_that_is_not_so_is_told() -> None:
    """The control of comparing: another count of entries is another report."""
    printed = block("$ oracle verify").content.partition("\n")[2]
    (entries,) = re.findall(r"cases, ([\d,]+) entries", printed)
    assert same(printed, printed)
    assert not same(printed, printed.replace(entries, "1", 1))
