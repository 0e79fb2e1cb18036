"""Registered subjects on several cores: the same reports as one after another, in the order asked for."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oracle import parallel, subjects, verify
from oracle.report.json import to_dict
from oracle.subject import Subject

ROOT = Path(__file__).resolve().parents[1]
LONG = 120  # seconds; an end that is at once takes two, and one that waits for the work several hundred
NAMES = ["lstm-classic-node", "lstm-seed"]


def told(reports):
    """What is said of each subject, but for the time it took."""
    return [{**one, "seconds": 0} for one in to_dict(reports, 0.0)["subjects"]]


def test_the_reports_are_those_of_one_process_in_the_order_asked_for() -> None:
    """Cases follow from the seed alone, and balls from the cases."""
    asked = [subjects.load(name) for name in NAMES]
    shared = [report for _, report in parallel.reports(asked, 2, cases=4, seed=5, digits=30)]
    assert [report.subject for report in shared] == NAMES
    assert told(shared) == told([verify(subject, cases=4, seed=5) for subject in asked])


def test_no_file_of_the_user_runs_twice() -> None:
    """Only what is registered is made again elsewhere, and a single subject needs no other process."""
    seed, node = (subjects.load(name) for name in NAMES)
    assert parallel.can_share([seed, node])
    assert not parallel.can_share([seed])
    assert not parallel.can_share([seed, dataclasses.replace(node, spec="mine.py:node")])
    assert not parallel.can_share([seed, dataclasses.replace(node, spec=None)])


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads are limited for the processes alone, and not where the user has said how many."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    with parallel.one_thread_each():
        assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("1", "7")
    assert "OMP_NUM_THREADS" not in os.environ
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"


def test_what_goes_wrong_elsewhere_is_raised_here() -> None:
    """The control: a subject that no process can make."""
    unknown = dataclasses.replace(subjects.load("lstm-seed"), spec="no-such-subject")
    asked: list[Subject] = [subjects.load("lstm-classic-node"), unknown]
    with pytest.raises(KeyError, match="no-such-subject"):
        list(parallel.reports(asked, 2, cases=1, seed=0, digits=30))


# ---- the end before the end


WAITING = """
import sys, time
from oracle import parallel
def wait(seconds):
    print("at work", flush=True)
    time.sleep(seconds)
if __name__ == "__main__":
    with parallel.workers(2) as submit:
        for future in [submit(wait, 600) for _ in range(4)]:
            future.result()
"""


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A program in a session of its own, as a terminal would start it."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def its_end(process: subprocess.Popen[str], sent: int, to_all: bool) -> tuple[int, str, float]:
    """Exit code, output and seconds: the output ends when the last process that could write to it has."""
    began = time.monotonic()
    (os.killpg if to_all else os.kill)(process.pid, sent)
    try:
        out, _ = process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, out, time.monotonic() - began


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals to groups of processes")
@pytest.mark.parametrize(("sent", "to_all"), [("SIGINT", True), ("SIGINT", False), ("SIGKILL", False)])
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path, sent: str, to_all: bool) -> None:
    """After Ctrl-C, and after the parent was killed, workers with ten minutes to go end at once and say nothing."""
    (tmp_path / "waiting.py").write_text(WAITING)
    process = started(tmp_path, "waiting.py")
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["at work\n"] * 2
    _, said, seconds = its_end(process, getattr(signal, sent), to_all)
    assert seconds < LONG
    assert "SpawnProcess" not in said


VERIFYING = """
import sys
from oracle.report import terminal
shown = terminal.Terminal.end
def end(self, report):
    shown(self, report)
    print("one is there", flush=True)
terminal.Terminal.end = end
from oracle.cli import main
if __name__ == "__main__":
    main(["verify", *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals to groups of processes")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_shows_what_was_judged_and_is_no_verdict(tmp_path: Path, jobs: str) -> None:
    """Exit code 130, not 1, and one line for what is known, though far more was asked for."""
    (tmp_path / "verifying.py").write_text(VERIFYING)
    names = ["lstm-seed", *(name for name in subjects.names() if name != "lstm-seed")]
    process = started(tmp_path, "verifying.py", *names, "--cases", "30", "--jobs", jobs, "--no-records")
    assert process.stdout is not None
    assert any(line == "one is there\n" for line in process.stdout)
    code, said, seconds = its_end(process, signal.SIGINT, True)
    assert code == 130
    assert f" of {len(names)} subjects judged; " in said.splitlines()[-1]
    assert said.splitlines()[-1].startswith("interrupted: ")
    assert seconds < LONG
