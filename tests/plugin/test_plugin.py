"""The pytest plugin, as users meet it: in a process of its own, through the entry point of an installation."""

import json
import re
import shlex
from pathlib import Path

import pytest
from plugin_tools import ENTRY_POINT, Ran, pytest_in, python

TEN_LINES = """\
import numpy as np, oracle
def forward(x, w):
    h = np.tanh(x @ w)
    return h, (x, w, h)
def backward(h_bar, cache):
    x, w, h = cache
    a_bar = h_bar * (1 - h ** 2)
    return a_bar @ w.T, x.T @ a_bar
def test_backward(verify_gradients):
    verify_gradients(oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"}))
"""

FAILING = (
    TEN_LINES.replace("h ** 2)", "h)")
    + """
wrong = oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"}, name="wrong")

def test_wrong(verify_gradients):
    assert 1 + 1 == 2
    verify_gradients(wrong)
"""
)

MIXED = (
    TEN_LINES
    + """
HOSTILE = "[bold red]\\x1b[31mevil\\r\\nCERTIFIED"
hostile = oracle.Subject.from_functions(forward, lambda h_bar, c: (h_bar, h_bar), inputs={"x": "B D", "w": "D H"},
                                        name=HOSTILE)

def test_hostile(verify_gradients):
    verify_gradients(hostile)

def test_misuse(verify_gradients):
    verify_gradients("not a subject")

def test_other():
    pass
"""
)

STAND_IN = """\
import json, pathlib, sys, types

def verify(subject, *, cases, seed, digits, root, **rest):
    where = "here" if root == pathlib.Path.cwd() else str(root)
    with open("asked", "a") as file:
        file.write(json.dumps({"cases": cases, "seed": seed, "digits": digits, "root": where}) + "\\n")
    return types.SimpleNamespace(ok=True)

sys.modules["oracle.pytest_session"] = sys.modules[__name__]
"""

ASKING = """\
def test_defaults(verify_gradients):
    verify_gradients(None)

def test_arguments(verify_gradients):
    verify_gradients(None, cases=1, seed=9, digits=50)
"""


@pytest.fixture(scope="module")
def ten_lines(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The ten lines, under pytest-xdist."""
    pytest.importorskip("xdist", reason="pytest-xdist comes with the extra dev")
    folder = tmp_path_factory.mktemp("ten_lines")
    (folder / "test_mine.py").write_text(TEN_LINES)
    return pytest_in(folder, "-n", "2", "--gradient-cases", "3")


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A wrong backward, in one process."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "test_mine.py").write_text(FAILING)
    return folder, pytest_in(folder, "--gradient-cases", "6", "-k", "test_wrong")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """Right, wrong and misused, under pytest-xdist, with the JSON report."""
    pytest.importorskip("xdist", reason="pytest-xdist comes with the extra dev")
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "test_mine.py").write_text(MIXED)
    words = ("-n", "2", "--gradient-cases", "3", "--gradient-seed", "5", "--gradient-report", "made/report.json")
    return folder, pytest_in(folder, *words)


def test_entry_point():
    """The project's metadata register the plugin under one name."""
    assert ENTRY_POINT == {"gradient-oracle": "oracle.plugin"}


def test_ten_lines_pass(ten_lines):
    """A test of ten lines passes with two workers, and the summary names its subject."""
    assert ten_lines.code == 0, ten_lines.out
    (line,) = [line for line in ten_lines.lines if line.startswith("CERTIFIED")]
    assert re.fullmatch(r"CERTIFIED   test_mine\.forward   \d+ digits   \d+ entries   \d+\.\d s", line)
    assert re.fullmatch(r"=+ 1 passed in .*=+", ten_lines.lines[-1])


# ---- a failure


def test_failure_message(failing):
    """A failing test shows claim, wrong gradients, worst entry in both enclosures, sizes and replay, not our frames."""
    folder, ran = failing
    assert ran.code == 1
    shown = [line[2:].strip() for line in ran.lines if line.startswith("E ")]
    number = r"-?\d+\.\d+"
    ball = rf"\[{number} \+/- \d\.\d+e-\d+\]"
    expected = [
        r"oracle\.verdict\.GradientMismatch: test_mine\.backward is not the derivative of test_mine\.forward: "
        r"2 of 2 gradients REFUTED",
        rf"[xw]\[\d, \d\]   got {number}, but the derivative is {number}      \d+ of \d+ entries wrong",
        rf"[xw]\[\d, \d\]   got {number}, but the derivative is {number}      \d+ of \d+ entries wrong",
        rf"worst entry [xw]\[\d, \d\]: got {ball}, derivative {ball}",
        r"in B=\d D=\d H=\d, .*, seed \d+",
    ]
    for pattern, line in zip(expected, shown, strict=False):
        assert re.fullmatch(pattern, line)
    (record,) = (folder / ".oracle/failures").iterdir()
    assert shown[-1] == (
        "smallest failing sizes: B=1 D=1 H=1      "
        f"replay: oracle replay .oracle/failures/{record.name} --subject test_mine.py:wrong"
    )
    assert "verify_gradients(wrong)" in ran.out
    assert "oracle/plugin.py" not in ran.out


def test_replay_reproduces(failing):
    """The printed command fails again in the same way, and succeeds once the backward is right."""
    folder, ran = failing
    command = ran.out.split("replay: ")[1].splitlines()[0]
    program, *words = shlex.split(command)
    assert program == "oracle"
    again = python(folder, "-m", "oracle", *words)
    assert again.code == 1, again.err
    assert "recorded REFUTED, now REFUTED: it still fails in the same way" in again.lines
    (folder / "test_mine.py").write_text(FAILING.replace("1 - h)", "1 - h ** 2)"))
    mended = python(folder, "-m", "oracle", *words)
    assert mended.code == 0, mended.err
    assert "recorded REFUTED, now CERTIFIED: this case is ok now" in mended.lines


# ---- a session


def test_summary_of_workers(mixed):
    """The process that prints lists what the workers verified, with hostile names written out."""
    _, ran = mixed
    assert ran.code == 1
    assert re.search(r"=+ 2 failed, 2 passed in", ran.lines[-1])
    lines = [re.split(" {2,}", line) for line in ran.lines if line.endswith(" s")]
    assert sorted(words[:2] for words in lines) == [
        ["CERTIFIED", "test_mine.forward"],
        ["ERROR", "str"],
        ["REFUTED", "[bold red]\\x1b[31mevil\\r\\nCERTIFIED"],
    ]


def test_no_control_characters(mixed):
    """Nothing that a name holds reaches the terminal as a control character."""
    _, ran = mixed
    assert "\x1b" not in ran.out
    assert "[bold red]" in ran.out


def test_report_of_workers(mixed):
    """The JSON report holds every subject of the session, whichever process verified it."""
    folder, _ = mixed
    report = json.loads((folder / "made/report.json").read_text(encoding="utf-8"))
    found = {subject["test"]: subject for subject in report["subjects"]}
    assert {test: subject["verdict"] for test, subject in found.items()} == {
        "test_mine.py::test_backward": "CERTIFIED",
        "test_mine.py::test_hostile": "REFUTED",
        "test_mine.py::test_misuse": "ERROR",
    }
    right = found["test_mine.py::test_backward"]
    assert (report["schema"], report["ok"], right["seed"], right["cases"]) == (1, False, 5, 3)
    assert [leaf["name"] for leaf in right["leaves"]] == ["x", "w"]
    assert found["test_mine.py::test_misuse"]["sentence"].startswith("TypeError: verify takes a Subject")
    assert report["environment"]["numpy"]


def test_marker(tmp_path):
    """Tests that use the fixture are marked, and only they."""
    (tmp_path / "test_mine.py").write_text(MIXED)
    ran = pytest_in(tmp_path, "-q", "--collect-only", "-m", "gradients")
    assert [line for line in ran.lines if "::" in line] == [
        "test_mine.py::test_backward",
        "test_mine.py::test_hostile",
        "test_mine.py::test_misuse",
    ]
    assert re.match(r"3/4 tests collected \(1 deselected\)", ran.lines[-1])


def test_nothing_verified(tmp_path):
    """A session that verified nothing writes a report that is not ok."""
    (tmp_path / "test_mine.py").write_text("def test_other():\n    pass\n")
    ran = pytest_in(tmp_path, "--gradient-report", "report.json")
    assert ran.code == 0
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "schema": 1,
        "ok": False,
        "seconds": 0,
        "environment": {},
        "subjects": [],
    }


def test_report_unwritable(tmp_path):
    """A path at which no report can be written is misuse, said before any test runs."""
    (tmp_path / "test_mine.py").write_text("def test_other():\n    open('ran', 'w').close()\n")
    ran = pytest_in(tmp_path, "--gradient-report", "test_mine.py/report.json")
    assert ran.code == 4
    assert "test_mine.py is not a directory" in ran.err
    assert not (tmp_path / "ran").exists()


def test_report_unwritable_at_the_end(tmp_path):
    """A session whose report cannot be written although it could at the beginning has not passed."""
    (tmp_path / "test_mine.py").write_text("def test_other():\n    open('late', 'w').close()\n")
    ran = pytest_in(tmp_path, "--gradient-report", "late/report.json")
    assert ran.code == 4
    (line,) = [line for line in ran.lines if line.startswith("cannot write the gradient report")]
    assert re.fullmatch("cannot write the gradient report late/report.json: .+", line)


# ---- options


@pytest.mark.parametrize(
    ("ini", "words", "expected"),
    [
        ("", (), {"cases": 30, "seed": 0, "digits": 30, "root": "here"}),
        ("gradient_cases = 3\ngradient_seed = 4", (), {"cases": 3, "seed": 4, "digits": 30, "root": "here"}),
        (
            "gradient_cases = 3\ngradient_seed = 4",
            ("--gradient-cases", "2", "--gradient-seed", "0", "--no-gradient-records"),
            {"cases": 2, "seed": 0, "digits": 30, "root": "None"},
        ),
    ],
)
def test_options(tmp_path, ini, words, expected):
    """Arguments go before the command line, that before the ini file, and that before 30 cases from seed 0."""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    (tmp_path / "oracle_stand_in.py").write_text(STAND_IN)
    (tmp_path / "test_mine.py").write_text(ASKING)
    ran = pytest_in(tmp_path, "-p", "oracle_stand_in", *words)
    assert ran.code == 0, ran.out
    asked = [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked == [expected, {**expected, "cases": 1, "seed": 9, "digits": 50}]


@pytest.mark.parametrize(
    ("ini", "words", "message"),
    [
        ("", ("--gradient-cases", "0"), "argument --gradient-cases: '0' is not a whole number of at least 1"),
        ("", ("--gradient-seed", "-1"), "argument --gradient-seed: '-1' is not a whole number of at least 0"),
        ("gradient_cases = many", (), "ini option gradient_cases: 'many' is not a whole number of at least 1"),
        ("gradient_seed = 1.5", (), "ini option gradient_seed: '1.5' is not a whole number of at least 0"),
    ],
)
def test_misused_options(tmp_path, ini, words, message):
    """An option that makes no sense ends pytest with exit code 4 and a sentence."""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    ran = pytest_in(tmp_path, *words)
    assert ran.code == 4
    assert message in ran.err


# ---- hypothesis


def test_property(tmp_path):
    """A property test shrinks sizes first, and its message is the report."""
    header = TEN_LINES.rsplit("def test_backward", 1)[0]
    (tmp_path / "test_mine.py").write_text(
        header.replace("h ** 2)", "h)")
        + """
from hypothesis import Phase, given, settings
subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"})

@settings(max_examples=20, deadline=None, database=None, derandomize=True, phases=(Phase.generate, Phase.shrink))
@given(oracle.cases.cases(subject.sizes))
def test_backward(case):
    oracle.verify_case(subject, case, throw=True)
"""
    )
    ran = pytest_in(tmp_path)
    assert ran.code == 1
    assert "case=Case(sizes={'B': 1, 'D': 1, 'H': 1}, regime='generic', seed=0)," in ran.out
    claim = "test_mine.backward is not the derivative of test_mine.forward: 2 of 2 gradients REFUTED"
    assert f"GradientMismatch: {claim}" in ran.out
    assert "oracle/one_case.py" not in ran.out


def test_a_wrong_argument_is_one_of_the_fixture(tmp_path):
    """The message names `verify_gradients`, which is what was called."""
    (tmp_path / "test_mine.py").write_text("def test_it(verify_gradients):\n    verify_gradients(None, case=3)\n")
    ran = pytest_in(tmp_path)
    assert ran.code == 1
    assert any(
        line.endswith("TypeError: verify_gradients() got an unexpected keyword argument 'case'") for line in ran.lines
    )
