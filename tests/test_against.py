"""`oracle verify --against REV`: what moved, what got slower or less accurate, and nothing of the user's touched."""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from oracle import cli, verify
from oracle.comparing import CannotCompare, against
from oracle.comparing.against import Against, Gradient, Ratio
from oracle.comparing.revision import Revision, revision_of
from oracle.comparing.showing import show
from oracle.loading import load

SOURCE = """\
import numpy as np
import oracle

def forward(x, w):
    return np.tanh(x @ w), (x, w)

def backward(y_bar, cache):
    x, w = cache
    a_bar = y_bar * (1 - np.tanh(x @ w) ** 2)
    return a_bar @ w.T, x.T @ a_bar

subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"})
"""
MOVED = (("np.tanh(x @ w), (x", "np.tanh(x @ w) + 1e-9 * (x @ w), (x"), ("** 2)\n", "** 2 + 1e-9)\n"))
SLOW = (("    a_bar =", "    [np.tanh(x @ w) for _ in range(300)]\n    a_bar ="),)
INACCURATE = (("a_bar = y_bar *", "a_bar = ((1e9 + y_bar) - 1e9) *"),)
LEAVING = (("np.tanh(x @ w), (x", "np.array([[float('%.17g' % v) for v in row] for row in np.tanh(x @ w)]), (x"),)
TALKING = (("    x, w = cache\n", "    x, w = cache\n    print('hello')\n    import os\n    os.write(1, b'hello')\n"),)


def edited(text, edits):
    """The text with each edit made; what is replaced must be there once."""
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def git(*words):
    """Run git in the current folder."""
    names = ["-c", "user.name=nobody", "-c", "user.email=nobody"]
    return subprocess.run(["git", *names, *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a right backward in its one commit; modules that were loaded from it are forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git("init", "--quiet", "--initial-branch=main")
    commit(SOURCE)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def commit(text, name="right.py"):
    """Commit a file."""
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    git("add", name)
    git("commit", "--quiet", "--allow-empty", "--message", "as it was")


def compared(text=SOURCE, *, revision="HEAD", cases=2, spec="right.py:subject"):
    """What becomes of the committed subject with this text."""
    Path(spec.partition(":")[0]).write_text(text)
    (subject,) = load(spec)
    return against(subject, verify(subject, cases=cases), revision_of(revision, subject), 30, pairs=3)


def said(found):
    """What each gradient shows: in how many cases it moved, and to how many places it agrees."""
    return {one.name: (one.moved, one.places) for one in found.gradients}


# ---- what is found


def test_unchanged(repository):
    """Code that is as it was has moved nowhere, to all 40 digits."""
    found = compared()
    assert said(found) == {"x": (0, math.inf), "w": (0, math.inf)}
    assert found.unmoved
    assert all(one.now == one.then is not None for one in found.gradients)


def test_written_otherwise(repository):
    """The same derivative in other words has moved nowhere, though its floats may differ."""
    assert compared(edited(SOURCE, [("(1 - np.tanh(x @ w) ** 2)", "1 / np.cosh(x @ w) ** 2")])).unmoved


def test_moved(repository):
    """A derivative that differs by a billionth has moved, and agrees to some nine digits."""
    found = compared(edited(SOURCE, MOVED))
    assert {moved for moved, _ in said(found).values()} == {2}
    assert all(5 <= places <= 10 for _, places in said(found).values())
    assert not found.unmoved


def test_slower(repository):
    """A backward that does much more is slower; the forward beside it is not the cause."""
    found = compared(edited(SOURCE, SLOW))
    assert found.unmoved
    assert found.backward.slower
    assert found.backward.median > 5 > found.forward.median
    assert found.sizes == "B=3 D=8 H=8"


def test_less_accurate(repository):
    """A backward that cancels has lost digits, and has not moved."""
    found = compared(edited(SOURCE, INACCURATE))
    assert found.unmoved
    assert [one.less_accurate for one in found.gradients] == [True, True]
    assert not any(one.less_accurate for one in compared().gradients)


def test_compared_in_floats(repository):
    """Where the code leaves ball arithmetic floats are compared, that is said, and nothing counts as moved."""
    found = compared(edited(SOURCE, LEAVING))
    assert "left ball arithmetic" in found.in_floats
    assert found.unmoved
    assert all(places > 12 for _, places in said(found).values())


def test_a_wrong_backward_is_compared_too(repository):
    """What was wrong then and is right now has moved."""
    commit(edited(SOURCE, [("return a_bar @ w.T", "return -a_bar @ w.T")]))
    assert said(compared()) == {"x": (2, 0.0), "w": (0, math.inf)}


def test_code_that_talks(repository):
    """What the code prints, even past Python, does not get between question and answer."""
    commit(edited(SOURCE, TALKING))
    assert compared().unmoved


def test_in_a_folder_of_the_repository(repository, monkeypatch):
    """A file below, named from there, with a helper beside it, each as it was."""
    commit("def slope(h):\n    return 1 + h**2\n", "inner/helper.py")
    text = edited(
        SOURCE,
        [
            ("import oracle\n", "import oracle\nfrom helper import slope\n"),
            ("(1 - np.tanh(x @ w) ** 2)", "slope(np.tanh(x @ w))"),
        ],
    )
    commit(text, "inner/right.py")
    monkeypatch.chdir("inner")
    Path("helper.py").write_text("def slope(h):\n    return 1 - h**2\n")
    assert {moved for moved, _ in said(compared(text)).values()} == {2}


# ---- what cannot be compared


@pytest.mark.parametrize("revision", ["-x", "--output=/tmp/x", ""])
def test_no_revision(repository, revision):
    """A name that begins with a dash never reaches git."""
    with pytest.raises(CannotCompare, match=r"^'.*' is no revision; expected a commit, branch or tag, such as HEAD~1$"):
        compared(revision=revision)


def test_unknown_revision(repository):
    """A revision that is not there is named, with the repository."""
    with pytest.raises(
        CannotCompare, match=r"^there is no revision 'nowhere' in /.*; expected a commit, branch or tag"
    ):
        compared(revision="nowhere")


def test_no_repository(repository, tmp_path_factory):
    """Code that lies in no repository says so."""
    alone = tmp_path_factory.mktemp("alone") / "right.py"
    alone.write_text(SOURCE)
    with pytest.raises(CannotCompare, match=r"which is in no git repository$"):
        compared(spec=f"{alone}:subject")


def test_no_git(repository, monkeypatch):
    """Without git there is a sentence."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotCompare, match=r"^git cannot be run: "):
        compared()


@pytest.mark.parametrize(
    ("then", "why"),
    [
        ("subject = 3\n", "it cannot be loaded from HEAD: "),
        (edited(SOURCE, [("subject = ", "other = ")]), "it cannot be loaded from HEAD: "),
        ("raise SystemExit(0)\n", "it cannot be loaded from HEAD: "),
        ("import os\nos._exit(0)\n", "it cannot be loaded from HEAD: its process ended"),
        (
            edited(SOURCE, [('"w": "D H"}', '"w": "D D"}')]),
            "its inputs are others at HEAD, so the same cases cannot be drawn",
        ),
        (
            edited(
                SOURCE, [("np.tanh(x @ w), (x", "np.tanh(x @ w), x, (x"), ("(y_bar, cache", "(y_bar, z_bar, cache")]
            ),
            "its outputs are others at HEAD",
        ),
        (
            edited(SOURCE, [("x, w = cache", "x, w, z = cache")]),
            "at HEAD it failed: ValueError: not enough values to unpack",
        ),
    ],
)
def test_not_as_it_was(repository, then, why):
    """A subject that was not there, was another, or did not run then is not compared, and that is not ok."""
    commit(then)
    found = compared()
    assert found.why.startswith(why)
    assert not found.unmoved


def test_no_such_file(repository):
    """A file that did not exist then is named."""
    found = compared(spec="new.py:subject")
    assert found.why == "it cannot be loaded from HEAD: there is no file new.py"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("import oracle\n", "it cannot be loaded from HEAD: helper is not there"),
        ("    x, w = cache\n", "at HEAD it failed: helper is not there"),
    ],
)
def test_the_working_tree_is_no_stand_in(repository, monkeypatch, place, why):
    """A module that was not there then is not taken from the working tree, where Python finds it, now or later."""
    margin = place[: len(place) - len(place.lstrip())]
    text = edited(
        SOURCE,
        [(place, f"{place}{margin}from helper import slope\n"), ("(1 - np.tanh(x @ w) ** 2)", "slope(np.tanh(x @ w))")],
    )
    commit(text)
    Path("helper.py").write_text("def slope(h):\n    return 1 - h**2\n")
    monkeypatch.setenv("PYTHONPATH", str(repository))
    assert compared(text).why == why


def test_nothing_compared_is_not_unmoved():
    """A comparison without gradients is not ok."""
    revision = Revision("HEAD", "0" * 40, "/")
    assert not Against("s", revision).unmoved
    assert not Against("s", revision, gradients=(Gradient("x", cases=1, moved=1),)).unmoved
    assert Against("s", revision, gradients=(Gradient("x", cases=1),)).unmoved


# ---- nothing is touched


def snapshot(folder):
    """Path, content and time of every file below a folder, those of git included."""
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch):
    """An empty folder for temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_nothing_is_touched(repository, temporary):
    """Neither the working tree nor the repository changes, and no temporary file stays."""
    (subject,) = load("right.py:subject")
    report, before = verify(subject, cases=1), snapshot(repository)
    assert against(subject, report, revision_of("HEAD", subject), 30, pairs=2).unmoved
    assert snapshot(repository) == before
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, CannotCompare])
def test_the_folder_goes_whatever_happens(repository, temporary, monkeypatch, error):
    """An interruption, or a fault of ours, leaves no temporary file and no process behind."""
    processes, seen = [], []

    def stop(subject, report, revision, now, then, pairs):
        processes.extend([now.process, then.process])
        seen.extend(temporary.iterdir())
        raise error

    monkeypatch.setattr(sys.modules["oracle.comparing.against"], "_compared", stop)
    with pytest.raises(error):
        compared()
    assert len(seen) == 1
    assert list(temporary.iterdir()) == []
    assert [process.poll() is not None for process in processes] == [True, True]


def test_inside_of_a_hook(repository, monkeypatch):
    """What git tells its hooks of another repository does not lead astray."""
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert compared().unmoved


# ---- what is shown


def test_the_command(repository):
    """The table, the JSON and the exit code: 1 as soon as a gradient moved."""
    Path("right.py").write_text(edited(SOURCE, MOVED))
    words = ["verify", "right.py:subject", "--cases", "2", "--against", "HEAD", "--json", "found.json"]
    ran = CliRunner().invoke(cli.main, words)
    assert ran.exit_code == 1
    assert f"right.py:subject against HEAD ({git('rev-parse', 'HEAD')[:10]})" in ran.output
    document = json.loads(Path("found.json").read_text())
    assert document["ok"]
    (told,) = document["against"]
    assert (told["subject"], told["revision"], told["unmoved"]) == ("right.py:subject", "HEAD", False)
    assert [one["moved_in_cases"] for one in told["gradients"]] == [2, 2]
    assert set(told["backward_time"]) == {"ratio", "quartiles", "slower"}


def test_the_command_without_a_change(repository):
    """The control: nothing moved, exit code 0."""
    ran = CliRunner().invoke(cli.main, ["verify", "right.py:subject", "--cases", "1", "--against", "main"])
    assert ran.exit_code == 0


@pytest.mark.parametrize(("revision", "message"), [("-x", "'-x' is no revision; expected"), ("nowhere", "there is no")])
def test_misuse(repository, revision, message):
    """A revision that is none ends at once, with exit code 2 and a sentence."""
    ran = CliRunner().invoke(cli.main, ["verify", "right.py:subject", f"--against={revision}"])
    assert ran.exit_code == 2
    assert ran.output.startswith(f"Error: {message}")


def test_the_table(capsys):
    """Each gradient has a line; what is worse is said in words, not only in colour."""
    gradients = (
        Gradient("x", cases=9, moved=4, places=11.0, now=3.0, then=2.5),
        Gradient("w\x1b[2J", cases=9, now=5000.0, then=2.0),
    )
    show(
        Against(
            "s",
            Revision("v1", "0123456789abcdef", "/"),
            "",
            gradients,
            Ratio(1.0, 0.9, 1.1),
            Ratio(2.0, 1.9, 2.2),
            "T=6",
        )
    )
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "s against v1 (0123456789)",
        "gradient    moved              agrees to    ulps now    ulps then",
        "x           in 4 of 9 cases    11 digits         3.0          2.5",
        "w\\x1b[2J    no                 40 digits       5e+03          2.0    less accurate",
        "  forward 1.00 times as long (0.90 to 1.10) at T=6",
        "  backward 2.00 times as long (1.90 to 2.20) at T=6: slower",
    ]
