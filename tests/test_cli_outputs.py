"""Where results are to be written: whatever keeps them from being written is said before anything is judged."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from oracle.cli import main
from oracle.commands.common import Misuse
from oracle.commands.outputs import expect_file_or_folders, expect_writable

SUBJECT = """
import oracle
subject = oracle.Subject.from_functions(lambda x: (2 * x, None), lambda y_bar, _: 2 * y_bar, inputs={"x": "D"})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a right subject, where nothing may be judged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.py").write_text(SUBJECT)
    return tmp_path


@pytest.fixture
def nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any work fails the test."""
    for place in ("oracle.session.verify", "oracle.mutation.campaign._stands", "oracle.vectors.answers"):
        monkeypatch.setattr(place, lambda *_, **__: pytest.fail("it was judged"))


VERIFY, MUTATE, VECTORS = ("verify", "right.py"), ("mutate", "right.py"), ("vectors", "--subject", "right.py")
NO_ROOM = "no file can be made in /proc: "


@pytest.mark.usefixtures("nothing_is_judged")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*VERIFY, "--json", ""), "cannot write '': expected the name of a file"),
        ((*VERIFY, "--html", "new/p.html"), "cannot write new/p.html: there is no directory {here}/new; make it first"),
        ((*VERIFY, "--json", "right.py/r.json"), "cannot write right.py/r.json: {here}/right.py is not a directory"),
        (
            (*VERIFY, "--certificate", "c.json", "--html", "./c.json"),
            "--html and --certificate both name c.json; give each a file of its own",
        ),
        (
            (*VERIFY, "--html", "m.json", "--kill-matrix", "m.json"),
            "--kill-matrix and --html both name m.json; give each a file of its own",
        ),
        ((*MUTATE, "--json", "new/m.json"), "cannot write new/m.json: there is no directory {here}/new; make it first"),
        ((*VECTORS, "--out", ""), "cannot write to '': expected the name of a folder"),
        ((*VECTORS, "--out", "new/v"), "cannot write new/v: there is no directory {here}/new; make it first"),
    ],
)
def test_a_bad_path_is_a_sentence_before_anything_is_judged(folder: Path, words: list[str], message: str) -> None:
    """Exit code 2, one sentence, and nothing was made."""
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, done.output) == (2, f"Error: {message.format(here=folder)}\n")
    assert os.listdir(folder) == ["right.py"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write in, not even root")
@pytest.mark.usefixtures("folder", "nothing_is_judged")
@pytest.mark.parametrize(
    "words", [(*VERIFY, "--json", "/proc/x"), (*MUTATE, "--json", "/proc/x"), (*VECTORS, "--out", "/proc/x")]
)
def test_only_trying_tells_where_permissions_do_not(words: list[str]) -> None:
    """In /proc root may write by its permissions, yet no file can be made there."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert done.output.startswith(f"Error: cannot write /proc/x: {NO_ROOM}")


def test_good_paths_leave_no_trace(folder: Path) -> None:
    """The control: what can be written is not refused, whether it is there already or not; and nothing is changed."""
    (folder / "old.json").write_text("old")
    expect_writable({"--json": "old.json", "--html": "new.html", "--certificate": None}, {"--kill-matrix": "m.json"})
    assert sorted(os.listdir(folder)) == ["old.json", "right.py"]
    assert (folder / "old.json").read_text() == "old"


@pytest.mark.usefixtures("folder")
def test_folders_of_a_report_of_pytest_may_be_made_later() -> None:
    """As those of its own reports are; but not where a file is in the way."""
    expect_file_or_folders("new/folder/report.json")
    with pytest.raises(Misuse, match=r"right.py is not a directory"):
        expect_file_or_folders("right.py/folder/report.json")


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs devices")
def test_devices_are_written_to_and_take_several_results() -> None:
    """What is no file is not replaced, so that nothing is lost."""
    expect_writable({"--json": os.devnull, "--html": os.devnull})


def test_a_link_to_itself_is_a_sentence(folder: Path) -> None:
    """It has no place that a file could have."""
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(Misuse, match=r"cannot write loop"):
        expect_writable({"--json": "loop"})
