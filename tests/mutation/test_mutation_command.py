"""`oracle mutate`: the matrix, the survivors, exit codes and sentences."""

import json

import pytest
from click.testing import CliRunner

from oracle.cli import main

DEFINITION = """
import numpy as np
import oracle

def forward(x, w):
    return np.tanh(x * w), (x, w, np.tanh(x * w))

def backward(y_bar, cache):
    x, w, y = cache
    a_bar = (1 - y * y) * y_bar
    if len(x) > 1000:
        a_bar = a_bar * 1000
    return a_bar * w, a_bar * x

pair = oracle.Subject.from_functions(forward, backward, inputs={"x": "D", "w": "D"})
"""


@pytest.fixture
def run():
    """Runs the command with arguments."""
    return lambda *arguments: CliRunner().invoke(main, ["mutate", *map(str, arguments)])


def test_the_matrix_is_printed_and_written(run, tmp_path):
    """Operators down, checks across, three numbers apart, exit code 0; the JSON holds every mutant."""
    path = tmp_path / "matrix.json"
    result = run("lstm-classic-node", "--operators", "flip-sign, drop-summand", "--limit", 8, "--json", path)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "8 of 8 mutants convicted on the certified path (100.0%)" in lines
    assert "of these, 8 refuted" in lines
    assert "0 proven equivalent, 0 presumed equivalent, 0 survived" in lines
    assert any(line.split()[:2] == ["all", "8"] for line in lines)
    found = json.loads(path.read_text())
    assert (found["ok"], found["mutants"], found["convicted"], found["survived"]) == (True, 8, 8, 0)
    assert found["matrix"]["drop-summand"]["autodiff in balls"] == found["matrix"]["drop-summand"]["mutants"]
    assert len(found["rows"]) == 8
    assert {row["manner"] for row in found["rows"]} == {"refuted"}
    assert found["manners"] == {"refuted": 8}
    assert all("certified path" in row["convicts"] for row in found["rows"])


def test_a_survivor_is_shown_with_its_diff_and_costs_the_exit_code(run, tmp_path, monkeypatch):
    """A line that no case executes is a survivor: exit code 1, and its diff and reason are printed."""
    from oracle.mutation.equivalence import presumed

    monkeypatch.setattr(presumed, "FRESH", 5)
    file = tmp_path / "thousand.py"
    file.write_text(DEFINITION)
    result = run(f"{file}:pair", "--operators", "drop-factor")
    assert result.exit_code == 1, result.output
    lines = [line.strip() for line in result.output.splitlines()]
    assert "its line was never executed in 10 fresh cases" in lines
    assert "-        a_bar = a_bar * 1000" in lines
    assert "+        a_bar = a_bar" in lines


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense"], "Error: there is no subject 'nonsense'; expected one of lstm-seed, "),
        (
            ["lstm-seed", "--operators", "nonsense"],
            "Error: there is no operator 'nonsense'; the operators are ",
        ),
        (
            ["lstm-seed", "--function", "nowhere"],
            "Error: there is no function 'nowhere' that only the backward of lstm-seed runs",
        ),
        (["lstm-seed", "--limit", "0"], "Usage: "),
        (["--fast", "--all"], "Error: --limit, --fast and --all exclude each other: give one of them"),
    ],
)
def test_misuse_is_a_sentence_and_exit_code_2(run, arguments, sentence):
    """Names that mean nothing are refused with a sentence that says what there is."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.output.startswith(sentence)
