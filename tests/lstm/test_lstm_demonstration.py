"""`python -m lstm_ref` reproduces the published run."""

import re
import subprocess
import sys
from pathlib import Path


def test_the_demonstration_learns_as_published() -> None:
    """It prints 100 iterations; the first line is the published one, the last loss is below 3e-06."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-W", "error", "-m", "lstm_ref"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    lines = run.stdout.splitlines()
    form = re.compile(r"iter ([ \d]\d): y_pred = \[(?:[ -]0\.\d{5}, ){3}[ -]0\.\d{5}\], loss: (\d\.\d{3}e-\d\d)")
    found = [match for line in lines if (match := form.fullmatch(line))]
    assert lines[0] == "iter  0: y_pred = [ 0.04135,  0.06930,  0.11699,  0.16562], loss: 7.535e-01"
    assert [int(match[1]) for match in found] == list(range(100))
    assert float(found[-1][2]) < 3e-6
    assert run.stderr == ""
