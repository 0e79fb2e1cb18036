"""From what a user names to subjects, and the sentences for what is none."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from oracle import subjects
from oracle.loading import UnknownSubject, load
from oracle.subject import Subject

DEFINITIONS = """
    import oracle

    def square(x):
        return (x * x).sum(), 2 * x

    first = oracle.Subject.from_loss(square, inputs={"x": "D"}, name="its own name")
    second = oracle.Subject.from_loss(square, inputs={"x": "B D"})
    number = 4

    def made():
        return first

    def sized(n):
        return first

    def nothing():
        return None
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a file below a fresh folder, and forgets afterwards what loading left behind."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(text: str, name: str = "mine.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return str(path)

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refusal(text: str) -> str:
    """The sentence with which a name is refused."""
    with pytest.raises(UnknownSubject) as refused:
        load(text)
    return str(refused.value.args[0])


def names(found: list[Subject]) -> list[str]:
    """How subjects are called."""
    return [subject.name for subject in found]


# ---- what is found


@pytest.mark.parametrize("name", subjects.names())
def test_registered_subjects_load_by_name(name: str) -> None:
    """Each is called as it is registered, and knows how to be made again."""
    (subject,) = load(name)
    assert isinstance(subject, Subject)
    assert (subject.name, subject.spec) == (name, name)


def test_a_file_gives_all_subjects_at_its_top_level(write: Write) -> None:
    """In order of definition, each called by its place; functions are not called."""
    path = write(DEFINITIONS)
    found = load(path)
    assert names(found) == [f"{path}:first", f"{path}:second"]
    assert [subject.spec for subject in found] == names(found)


@pytest.mark.parametrize("name", ["first", "made"])
def test_a_name_in_a_file_is_a_subject_or_makes_one(write: Write, name: str) -> None:
    """It is called as the user called it."""
    path = write(DEFINITIONS)
    (subject,) = load(f"{path}:{name}")
    assert (subject.name, list(subject.leaves)) == (f"{path}:{name}", ["x"])


def test_a_file_is_run_once(write: Write) -> None:
    """Naming it again gives the same module, and so the same functions."""
    path = write("runs = []\n" + dedent(DEFINITIONS) + "\nimport sys\nsys.counted = getattr(sys, 'counted', 0) + 1\n")
    try:
        one, other = load(f"{path}:first"), load(f"{path}:second")
        assert one[0].form.code[0] is other[0].form.code[0]
        assert sys.counted == 1  # type: ignore[attr-defined]
    finally:
        del sys.counted  # type: ignore[attr-defined]


def test_files_of_the_same_name_are_different_files(write: Write) -> None:
    """Two folders, two modules."""
    one, other = write(DEFINITIONS, "one/mine.py"), write(DEFINITIONS, "other/mine.py")
    assert load(f"{one}:first")[0].form.code[0] is not load(f"{other}:first")[0].form.code[0]


def test_a_file_imports_its_neighbours(write: Write) -> None:
    """As if it had been run in its folder."""
    write(DEFINITIONS, "neighbour_of_mine.py")
    path = write("from neighbour_of_mine import second")
    assert names(load(path)) == [f"{path}:second"]


@pytest.mark.parametrize("folder", ["with: colon", "a:b", "with space", "été"])
def test_a_path_may_hold_anything(write: Write, folder: str) -> None:
    """Colons too: what ends in .py is a file, and the last colon before a name is the one that counts."""
    path = write(DEFINITIONS, f"{folder}/mine.py")
    assert names(load(path)) == [f"{path}:first", f"{path}:second"]
    assert names(load(f"{path}:first")) == [f"{path}:first"]


def test_a_module_is_found_from_the_working_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """`module:name`, also in a package."""
    path = Path(write(DEFINITIONS, "package_of_mine/inner.py"))
    write("", "package_of_mine/__init__.py")
    monkeypatch.chdir(path.parent.parent)
    assert names(load("package_of_mine.inner:made")) == ["package_of_mine.inner:made"]


def test_messages_call_a_file_by_its_stem(write: Write) -> None:
    """Not by the name under which its module is kept."""
    path = write(DEFINITIONS, "tiny-rnn.py")
    assert load(f"{path}:first")[0].form.names[0] == "the loss of tiny-rnn.square"


# ---- what is not


@pytest.mark.parametrize("text", ["nothing", "", "a/b.txt", ".inner:x", ":x", "module:", "a b:x", "mine.py2"])
def test_what_names_nothing_is_told_what_would(text: str) -> None:
    """The registered names, and the two other forms."""
    assert refusal(text) == (
        f"there is no subject {text!r}; expected one of {', '.join(subjects.names())}, "
        "or module:name, or path/to/file.py:name"
    )


@pytest.mark.parametrize("text", ["no_such_file.py", "no_such_file.py:x", "no_such_folder/mine.py:x"])
def test_a_missing_file_is_named(text: str) -> None:
    """Without the name in it."""
    assert refusal(text) == f"there is no file {text.removesuffix(':x')!r}"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Even if it is called like one."""
    (tmp_path / "folder.py").mkdir()
    folder = str(tmp_path / "folder.py")
    assert refusal(folder) == f"{folder!r} is a directory; expected a file with subjects in it"


@pytest.mark.parametrize("module", ["no_such_module", "no_such_package.inner", "os.no_such_module"])
def test_a_missing_module_is_named(module: str) -> None:
    """With what to do about it."""
    assert refusal(f"{module}:x") == (
        f"there is no module {module!r}; run from its folder, or give path/to/file.py:name"
    )


def test_a_module_that_lacks_another_is_not_itself_missing(write: Write) -> None:
    """The user's own ImportError is the user's to see."""
    path = write("import no_such_module_at_all")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_module_at_all'$"):
        load(path)


def test_a_missing_name_is_told_with_those_there_are(write: Write) -> None:
    """The subjects of the file; or that there are none."""
    path, empty = write(DEFINITIONS), write("x = 1", "empty.py")
    assert refusal(f"{path}:third") == f"{path}:third: there is no 'third'; its subjects are first, second"
    assert refusal(f"{empty}:third") == f"{empty}:third: there is no 'third'; its subjects are none"


@pytest.mark.parametrize(("name", "kind"), [("number", "int"), ("sized", "function"), ("nothing", "NoneType")])
def test_what_is_no_subject_is_told_by_its_type(write: Write, name: str, kind: str) -> None:
    """A number, a function that wants something, and one that gives nothing."""
    path = write(DEFINITIONS)
    assert refusal(f"{path}:{name}") == (
        f"{path}:{name} is of type {kind}; expected an oracle.Subject, or a function without arguments that returns one"
    )


def test_a_file_without_subjects_is_told_what_to_do(write: Write) -> None:
    """Make one, or name what makes one."""
    path = write("x = 1")
    assert refusal(path) == (
        f"{path} defines no oracle.Subject at its top level; make one there, or name a function: {path}:name"
    )


@pytest.mark.parametrize("code", ["0", "", "1", "'text'"])
@pytest.mark.parametrize("name", ["", ":made"])
def test_a_file_that_ends_the_program_does_not_end_ours(write: Write, code: str, name: str) -> None:
    """Least of all with exit code 0, which would say that all is well."""
    path = write(f"import sys\nsys.exit({code})")
    shown = {"": "None", "0": "0", "1": "1", "'text'": "'text'"}[code]
    assert refusal(f"{path}{name}") == (
        f"{path}{name} ended the program (exit code {shown}) while it was loaded; "
        "guard that with if __name__ == '__main__', or use oracle.load_definitions"
    )


def test_a_function_that_ends_the_program_does_not_end_ours(write: Write) -> None:
    """Neither does what makes the subject."""
    path = write("import sys\ndef made():\n    sys.exit(0)")
    assert refusal(f"{path}:made").startswith(f"{path}:made ended the program (exit code 0) while it was loaded; ")


def test_a_file_that_raises_shows_its_own_error_and_leaves_no_module(write: Write) -> None:
    """Once it is mended it can be loaded."""
    path = write("import oracle\nraise ZeroDivisionError('mine')")
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError, match=r"^mine$"):
        load(path)
    assert [name for name in set(sys.modules) - before if name.startswith("mine_")] == []
    assert len(load(write(DEFINITIONS))) == 2


def test_a_file_that_is_no_python_shows_its_own_error(write: Write) -> None:
    """With its line."""
    with pytest.raises(SyntaxError, match=re.escape("'(' was never closed (mine.py, line 1)")):
        load(write("print("))


def test_a_slip_of_the_pen_is_told_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest registered name at the end of the sentence; of a directory, that it is one."""
    assert "'lstm-standrad'; did you mean lstm-standard? Expected one of " in refusal("lstm-standrad")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").mkdir()
    for text in (".", "inner", str(tmp_path)):
        assert refusal(text) == f"{text!r} is a directory; expected a file with subjects in it: path/to/file.py:name"
