"""How long after a save the verdict stands on the terminal, for the command as a user runs it.

    python benchmarks/watch.py [--saves N]

Each save replaces the file, as editors do, with a backward that is now wrong, now right. Seconds run from the moment
in which the file is there to that in which the line with the verdict has been read. `lstm-seed` is watched in a copy of
lstm_ref. Nothing here is a test; the goal is printed beside.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.5  # seconds
OWN = """\
import numpy as np
import oracle

def forward(x, w, b):
    h = np.tanh(x @ w + b)
    return h, (x, w, h)

def backward(h_bar, cache):
    x, w, h = cache
    a_bar = h_bar * (1 - h**2)
    return a_bar @ w.T, x.T @ a_bar, a_bar.sum(axis=0)

subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H", "b": "H"})
"""
NEGATED = """

_right = backward


def backward(*given):
    found = _right(*given)
    return {name: -value for name, value in (found._asdict() if hasattr(found, "_asdict") else found).items()}
"""


def measure(subject: str, file: Path, right: str, wrong: str, folder: Path, saves: int) -> list[float]:
    """Seconds from each save to its verdict."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "NO_COLOR": "1"}
    program = f"import sys; sys.path[:0] = [{str(folder)!r}]; from oracle.cli import main; main(['watch', {subject!r}])"
    command = [sys.executable, "-c", program]
    took = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder) as process:
        try:
            _await(process, "CERTIFIED to")
            for number in range(saves):
                text, verdict = (right, "CERTIFIED") if number % 2 else (wrong, "REFUTED")
                fresh = file.with_suffix(".new")
                fresh.write_text(text)
                os.replace(fresh, file)
                began = time.perf_counter()
                _await(process, verdict)
                took.append(time.perf_counter() - began)
                time.sleep(2.0 if verdict == "REFUTED" else 0.5)  # the cause has been looked for; cases are being heard
        finally:
            process.kill()
    return took


def _await(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return
    raise RuntimeError(f"the watch ended before it said {word}")


def own(saves: int) -> list[float]:
    """A subject of one file, without a twin."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "dense.py"
        file.write_text(OWN)
        return measure("dense.py:subject", file, OWN, OWN.replace("1 - h**2", "1 + h**2"), Path(name), saves)


def registered(saves: int) -> list[float]:
    """`lstm-seed`, with its twin, edited in a copy of lstm_ref."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / "lstm_ref", Path(name) / "lstm_ref")
        file = Path(name) / "lstm_ref" / "layer.py"
        right = file.read_text()
        return measure("lstm-seed", file, right, right + NEGATED, Path(name), saves)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=10, help="of each subject")
    saves = parser.parse_args().saves
    print(f"seconds from the save to the verdict, {saves} saves each; the goal is {GOAL}")
    for name, run in (("one file, no twin", own), ("lstm-seed", registered)):
        took = run(saves)
        print(f"{name:20}  median {statistics.median(took):.2f}   worst {max(took):.2f}")


if __name__ == "__main__":
    main()
