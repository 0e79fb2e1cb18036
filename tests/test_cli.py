"""The command line: exit codes, messages, the machine-readable report, and what becomes of names from strange files."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from oracle import session, subjects
from oracle.cli import main
from oracle.verdict import WitnessesDisagree

ROOT = Path(__file__).resolve().parents[1]
GOOD = """
import numpy as np, oracle
def forward(x, w):
    return np.tanh(x * w), (x, w)
def backward(y_bar, cache):
    x, w = cache
    a_bar = (1 - np.tanh(x * w) ** 2) * y_bar
    return a_bar * w, a_bar * x
subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D", "w": "D"})
"""
WRONG = GOOD.replace("a_bar * w, a_bar * x", "a_bar * w, a_bar * w")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory with a right and a wrong file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "wrong.py").write_text(WRONG)
    return tmp_path


def run(*arguments):
    """What the command line does with these arguments."""
    return CliRunner().invoke(main, arguments)


def test_exit_code_0_of_a_right_subject(folder):
    """A registered subject and a file's subject that are right exit with 0 and end in one line."""
    done = run("verify", "lstm-classic-node", "good.py:subject", "--cases", "2")
    assert done.exit_code == 0
    last = done.output.strip().splitlines()[-1]
    assert last.startswith("2 subjects CERTIFIED to ")
    assert " gradient entries, every one; " in last


def test_exit_code_1_of_a_wrong_file(folder):
    """A wrong file exits with 1 and names the gradient, the numbers and the smallest sizes."""
    done = run("verify", "wrong.py:subject", "--cases", "2", "--no-records")
    assert done.exit_code == 1
    assert "  w[" in done.output
    assert ", but the derivative is " in done.output
    assert "smallest failing sizes: D=1" in done.output
    assert done.output.strip().splitlines()[-1].startswith("1 of 1 subject not ok: wrong.py:subject REFUTED; ")


def test_a_whole_file(folder):
    """A file without a name stands for all the subjects that it defines."""
    done = run("verify", "good.py", "--cases", "1")
    assert done.exit_code == 0
    assert "good.py:subject" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such"], "there is no subject 'no-such'; expected one of lstm-seed, "),
        (["good.py:other"], "good.py:other: there is no 'other'; its subjects are subject"),
        (["good.py:np"], "good.py:np is of type module; expected an oracle.Subject"),
        (["none.py:subject"], "there is no file 'none.py'"),
        (["no_such_module:subject"], "there is no module 'no_such_module'; "),
        (["good.py", "--cases", "0"], "Invalid value for '--cases'"),
        (["good.py", "--digits", "0"], "Invalid value for '--digits'"),
        (["good.py", "--seed", "-1"], "Invalid value for '--seed'"),
        (["good.py", "--case", "3"], "No such option"),
        (["good.py", "--cases", "1", "--json", "."], "Invalid value for '--json'"),
        (["good.py", "--cases", "1", "--json", "good.py/report.json"], "cannot write good.py/report.json: "),
    ],
)
def test_exit_code_2_of_misuse(folder, arguments, message):
    """Misuse exits with 2 and says what was expected."""
    done = run("verify", *arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_unknown_commands():
    """A command that does not exist is misuse."""
    done = run("verfy")
    assert done.exit_code == 2
    assert "No such command 'verfy'" in done.output


def test_a_file_that_raises_while_loading(folder):
    """A file that raises exits with 2 and shows what Python would."""
    (folder / "raises.py").write_text("first = 1\nraise KeyError('gone')\n")
    done = run("verify", "raises.py")
    assert done.exit_code == 2
    assert "loading raises.py raised KeyError:" in done.output
    assert 'raises.py", line 2' in done.output
    assert "Traceback" not in done.output.splitlines()[0]


def test_exit_code_3_of_contradicting_witnesses(folder, monkeypatch):
    """Witnesses that contradict each other are a fault of the oracle, with an exit code of its own."""

    def contradict(*_, **__):
        raise WitnessesDisagree("planted at D=1: the witnesses disagree")

    monkeypatch.setattr(session, "verify", contradict)
    done = run("verify", "good.py", "--cases", "1")
    assert done.exit_code == 3
    assert "planted at D=1: the witnesses disagree" in done.output


def test_the_json_report(folder):
    """The report has the keys that are promised, in plain JSON without NaN or infinity."""
    done = run("verify", "good.py:subject", "wrong.py:subject", "--cases", "2", "--json", "r.json", "--no-records")
    assert done.exit_code == 1
    document = json.loads((folder / "r.json").read_text(), parse_constant=pytest.fail)
    assert (document["schema"], document["ok"]) == (1, False)
    assert {"schema", "ok", "seconds", "environment", "subjects"} <= set(document)
    good, wrong = document["subjects"]
    assert [good["name"], good["verdict"], good["cases"]] == ["good.py:subject", "CERTIFIED", 2]
    assert [wrong["name"], wrong["verdict"]] == ["wrong.py:subject", "REFUTED"]
    assert {"entries", "digits", "leaves", "diagnosis", "replay"} <= set(good)
    assert {leaf["name"]: leaf["verdict"] for leaf in wrong["leaves"]} == {"x": "CERTIFIED", "w": "REFUTED"}
    assert {"digits", "entries", "never_exercised", "float64", "float32"} <= set(good["leaves"][0])
    assert good["entries"] == sum(leaf["entries"] for leaf in good["leaves"]) > 0


STRANGE = """
import numpy as np, oracle
def forward(p):
    return np.tanh(p["W[i]"]) * p["[b]b[/b]"], p
def backward(y_bar, p):
    return {"W[i]": y_bar, "[b]b[/b]": np.tanh(p["W[i]"]) * y_bar}
subject = oracle.Subject.from_functions(
    forward, backward, inputs={"p": {"W[i]": "D", "[b]b[/b]": "D"}}, name="strange"
)
"""


def test_markup_in_names_is_printed_literally(folder):
    """Names that look like markup, or hold control characters, are printed as what they are."""
    (folder / "strange.py").write_text(STRANGE)
    done = run("verify", "strange.py:subject", "--cases", "2", "--no-records")
    assert done.exit_code == 1
    assert "W[i]" in done.output
    assert "[b]b[/b]" in done.output


def test_control_characters_in_names_are_spelled_out(folder):
    """An escape sequence in a message does not reach the terminal."""
    (folder / "escape.py").write_text("raise ValueError('\\x1b[31mred')\n")
    done = run("verify", "escape.py")
    assert done.exit_code == 2
    assert "\x1b" not in done.output
    assert "\\x1b[31mred" in done.output


def test_output_that_is_piped_has_no_escape_codes(folder):
    """What a pipe receives is plain text."""
    code = "from oracle.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", "wrong.py:subject", "--cases", "1", "--no-records"],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "TERM": "xterm-256color"},
    )
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert "REFUTED" in done.stdout


def test_help_from_a_checkout():
    """`python -m oracle --help` lists the commands and the exit codes, without importing JAX."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "oracle", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert "Exit codes: 0 ok, 1 a verdict that is not ok, 2 misuse, 3 the witnesses contradict each other." in (
        " ".join(done.stdout.split())
    )
    assert {"verify", "subjects"} <= {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert " jax\n" not in done.stderr


def test_subjects_are_listed():
    """`oracle subjects` prints the registered names, one a line."""
    done = run("subjects")
    assert done.output.split() == subjects.names()
    assert {"lstm-seed", "lstm-standard", "lstm-classic-node", "lstm-classic-network"} <= set(done.output.split())


def test_every_option_has_a_help_text():
    """`--help` of every command explains itself."""
    for name, command in main.commands.items():
        assert command.help, name
        assert all(option.help for option in command.params if isinstance(option, click.Option)), name
        assert textwrap.dedent(command.help).strip().splitlines()[0].endswith("."), name


NAMED_IN_GREEK = """
import numpy as np, oracle
def forward(x, α):
    return α * x, (x, α)
def backward(y_bar, cache):
    x, α = cache
    return y_bar * α, y_bar * x
größe = oracle.Subject.from_functions(forward, backward, inputs={"x": "D", "α": "D"})
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_that_the_encoding_of_the_terminal_has_not(folder, encoding):
    """Names are escaped where they cannot be written; the verdict is what it is, and standard error stays empty."""
    (folder / "greek.py").write_text(NAMED_IN_GREEK, encoding="utf-8")
    command = [sys.executable, "-m", "oracle", "verify", "greek.py:größe", "--cases", "2", "--no-records"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    output = done.stdout.decode(encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert ("α " if encoding == "utf-8" else "\\u03b1 ") in output
    assert "1 subject CERTIFIED" in output


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_name_and_no_number_of_the_table_is_cut(folder, monkeypatch, width):
    """A narrow terminal wraps a row; what is in it is all there."""
    monkeypatch.setenv("COLUMNS", str(width))
    long = GOOD.replace('inputs={"x": "D"', 'inputs={"a_long_name_of_an_input": "D"')
    (folder / "long.py").write_text(long)
    output = run("verify", "long.py", "--cases", "2").output
    assert "…" not in output
    row = next(line for line in output.splitlines() if line.startswith("a_long_name_of_an_input "))
    assert row.split()[1] == "CERTIFIED"


def test_many_subjects_fit_on_one_screen(folder):
    """Each that is right takes one line; one that is wrong is told whole among them."""
    right = [f"good{number}.py:subject" for number in range(4)]
    for number in range(4):
        (folder / f"good{number}.py").write_text(GOOD)
    done = run("verify", *right, "wrong.py:subject", "--cases", "2", "--no-records")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert [line.split()[:2] for line in lines[:8:2]] == [["CERTIFIED", name] for name in right]
    assert {line.strip() for line in lines[1:9:2]} == {
        "forward compared with nothing: there is no independent reference"
    }
    assert lines[8].split()[:2] == ["REFUTED", "wrong.py:subject"]
    assert "  w[" in done.output


def test_few_subjects_show_their_gradients(folder):
    """The control: up to four tables are shown."""
    for number in range(4):
        (folder / f"good{number}.py").write_text(GOOD)
    done = run("verify", *(f"good{number}.py" for number in range(4)), "--cases", "2", "--no-records")
    assert done.output.count("gradient") >= 4


def test_a_subject_that_is_named_twice_runs_once(folder):
    """And counts once, as a file and as a name in it."""
    done = run("verify", "good.py:subject", "good.py", "good.py:subject", "--cases", "1")
    assert done.output.count("CERTIFIED  good.py:subject") == 1
    assert done.output.splitlines()[-1].startswith("1 subject CERTIFIED")


def test_a_near_name_is_proposed_first(folder):
    """Before the long list of what there is."""
    done = run("verify", "lstm-standart")
    assert done.exit_code == 2
    assert done.output.startswith(
        "Error: there is no subject 'lstm-standart'; did you mean lstm-standard? Expected one of lstm-seed, "
    )


def test_a_folder_that_ends_in_py_is_a_folder(folder):
    """It is there, but no file."""
    (folder / "dir.py").mkdir()
    done = run("verify", "dir.py:subject")
    assert done.exit_code == 2
    assert done.output == "Error: 'dir.py' is a directory; expected a file with subjects in it\n"
