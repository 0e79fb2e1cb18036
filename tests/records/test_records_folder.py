"""The folder of failing cases in a user's project: it stays out of git, and nothing of the user's is touched."""

from pathlib import Path

from oracle import Subject, verify
from oracle.records.store import FOLDER, save
from oracle.verdict import Report


def failed() -> Report:
    """A report with a failing case."""
    wrong = Subject.from_functions(lambda x: (2 * x, None), lambda y_bar, _: y_bar, inputs={"x": "D"})
    return verify(wrong, cases=2, explain=False)


def test_a_folder_that_is_made_keeps_itself_out_of_git(tmp_path: Path) -> None:
    """As pytest's cache does: a .gitignore that ignores all beside it, itself included."""
    path = save(failed(), tmp_path / FOLDER)
    assert path.is_file()
    assert (tmp_path / ".oracle/.gitignore").read_text().splitlines()[-1] == "*"


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    """Whoever keeps failing cases in git has removed the .gitignore, and it does not come back."""
    (tmp_path / ".oracle").mkdir()
    save(failed(), tmp_path / FOLDER)
    assert not (tmp_path / ".oracle/.gitignore").exists()


def test_a_folder_of_ones_own_gets_no_other_file(tmp_path: Path) -> None:
    """Only .oracle is ours."""
    path = save(failed(), tmp_path / "mine/failures")
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [path.name]
