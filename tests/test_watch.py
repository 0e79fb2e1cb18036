"""`oracle watch`: each save is judged, whatever the editor does; what is kept from before is certainly still true."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from oracle import cli
from oracle.diagnosis import Cause, Diagnosis
from oracle.watching import files, keeping, loop, modules
from oracle.watching.display import Display
from oracle.watching.interrupting import unless_saved

ROOT = Path(__file__).resolve().parents[1]
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
BUG = ("return a_bar @ w.T", "return a_bar * w.T")
WRONG = ("return a_bar @ w.T,", "return -a_bar @ w.T,")


class Told:
    """Remembers what it is told."""

    def __init__(self):
        self.verdicts, self.reports, self.errors, self.missing, self.counts = [], [], [], [], []

    def first(self, docket, after):
        """Of first verdicts."""
        self.verdicts.append(docket.verdict.name)

    def last(self, report):
        """Of reports."""
        self.reports.append(report)

    def failed(self, names, error):
        """Of errors."""
        self.errors.append(error)

    def gone(self, file):
        """Of missing files."""
        self.missing.append(Path(file).name)

    def watching(self, files, subjects):
        """Of what is watched."""
        self.counts.append((files, subjects))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to edit in, with a right backward in right.py; modules that were loaded from it are forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "right.py").write_text(SOURCE)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def begun(*texts, cases=6):
    """A watch that has judged everything once."""
    watch = loop.Watch(texts or ["right.py:subject"], Told(), cases=cases, seed=0, digits=30)
    watch.begin()
    return watch


def until(watch, happened, steps=400):
    """Go on until something has happened."""
    for _ in range(steps):
        if happened(watch.show):
            return
        watch.step()
    raise AssertionError(f"it did not happen in {steps} steps")


def verdicts(watch, count):
    """The verdicts, once there are so many."""
    until(watch, lambda told: len(told.verdicts) >= count)
    return watch.show.verdicts


def save(name, text):
    """Replace a file as careful editors do: a new file is put in the place of the old one."""
    Path("new~").write_text(text)
    os.replace("new~", name)


def edited(text, *edits):
    """The text with each edit made; what is replaced must be there once."""
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


# ---- saves


def test_each_save_is_judged(folder):
    """A bug is refuted, and its repair certified; between saves the other cases are heard."""
    watch = begun()
    until(watch, lambda told: told.counts)
    assert watch.show.verdicts == ["CERTIFIED"]
    assert [(report.verdict.name, report.cases) for report in watch.show.reports] == [("CERTIFIED", 6)]
    save("right.py", edited(SOURCE, WRONG))
    assert verdicts(watch, 2)[-1] == "REFUTED"
    assert watch.show.reports[-1].smallest == "B=1 D=1 H=1"
    save("right.py", SOURCE)
    assert verdicts(watch, 3)[-1] == "CERTIFIED"


def test_written_in_place(folder):
    """An editor that writes into the file itself is seen too."""
    watch = begun()
    Path("right.py").write_text(edited(SOURCE, WRONG))
    assert verdicts(watch, 2)[-1] == "REFUTED"


def test_without_a_save_nothing_is_judged_again(folder):
    """The control: steps alone bring no further verdict."""
    watch = begun()
    for _ in range(12):
        watch.step()
    assert watch.show.verdicts == ["CERTIFIED"]


@pytest.fixture
def cached(monkeypatch):
    """Python keeps compiled modules, as it does unless it is told otherwise."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def test_same_time_and_length(folder, cached):
    """A helper saved twice with one length and one time is not taken from Python's cache of compiled modules."""
    helper = "def scale(v):\n    return 1 * v\n"
    Path("helper.py").write_text(helper)
    save(
        "right.py",
        edited(
            SOURCE,
            ("import oracle\n", "import oracle\nfrom helper import scale\n"),
            ("x @ w) ** 2)", "x @ w) ** 2) * scale(1)"),
        ),
    )
    os.utime("helper.py", (1e9, 1e9))
    watch = begun()
    assert "helper.cpython" in " ".join(map(str, Path("__pycache__").iterdir()))
    Path("new~").write_text(helper.replace("1 * v", "2 * v"))
    os.utime("new~", (1e9, 1e9))
    os.replace("new~", "helper.py")
    assert verdicts(watch, 2) == ["CERTIFIED", "REFUTED"]


def test_pythons_cache_would_be_taken(folder, cached, monkeypatch):
    """The control: with the cache the same save goes unseen."""
    monkeypatch.setattr(modules, "_from_source", lambda: __import__("contextlib").nullcontext())
    with pytest.raises(AssertionError, match="REFUTED"):
        test_same_time_and_length(folder, cached)


def test_a_syntax_error_is_waited_out(folder):
    """Code that cannot be compiled is shown, nothing is judged, and the next save is looked at."""
    watch = begun()
    save("right.py", edited(SOURCE, ("return a_bar @", "return (a_bar @")))
    until(watch, lambda told: told.errors)
    assert isinstance(watch.show.errors[0], SyntaxError)
    for _ in range(20):
        watch.step()
    assert watch.show.verdicts == ["CERTIFIED"]
    save("right.py", edited(SOURCE, WRONG))
    assert verdicts(watch, 2)[-1] == "REFUTED"
    assert len(watch.show.errors) == 1


@pytest.mark.parametrize(
    "line", ["import nothing_of_this_name", "raise RuntimeError('no')", "raise SystemExit(0)", "subject = 3"]
)
def test_an_error_while_loading_is_waited_out(folder, line):
    """Whatever the file does when it is loaded, the loop goes on."""
    watch = begun()
    save("right.py", SOURCE + line + "\n")
    until(watch, lambda told: told.errors)
    save("right.py", SOURCE)
    assert verdicts(watch, 2) == ["CERTIFIED", "CERTIFIED"]


def test_broken_from_the_start(folder):
    """A file that cannot be compiled at first is waited for, also where the fault is in a module that it imports."""
    Path("helper.py").write_text("def scale(v:\n")
    save("right.py", edited(SOURCE, ("import oracle\n", "import oracle\nimport helper\n")))
    watch = begun()
    assert isinstance(watch.show.errors[0], SyntaxError)
    save("helper.py", "def scale(v):\n    return v\n")
    assert verdicts(watch, 1) == ["CERTIFIED"]


def test_a_deleted_file_is_waited_for(folder):
    """A file that is gone is named once; when it is there again, it is judged."""
    watch = begun()
    Path("right.py").rename("elsewhere.py")
    until(watch, lambda told: told.missing)
    for _ in range(5):
        watch.step()
    assert (watch.show.missing, watch.show.verdicts) == (["right.py"], ["CERTIFIED"])
    Path("elsewhere.py").write_text(edited(SOURCE, WRONG))
    Path("elsewhere.py").rename("right.py")
    assert verdicts(watch, 2)[-1] == "REFUTED"


def test_a_module_that_is_imported_later(folder):
    """A helper that comes in with a save is watched from then on."""
    watch = begun()
    Path("helper.py").write_text("def slope(h):\n    return 1 - h**2\n")
    save(
        "right.py",
        edited(
            SOURCE,
            ("import oracle\n", "import oracle\nfrom helper import slope\n"),
            ("(1 - np.tanh(x @ w) ** 2)", "slope(np.tanh(x @ w))"),
        ),
    )
    assert verdicts(watch, 2)[-1] == "CERTIFIED"
    save("helper.py", "def slope(h):\n    return 1 + h**2\n")
    assert verdicts(watch, 3)[-1] == "REFUTED"


def test_a_module_that_no_import_names_stays_watched(folder):
    """A twin's helper that is found by its name in a text is watched after each save, not only after the first."""
    sys.path.insert(0, str(folder))
    Path("helper.py").write_text("import jax.numpy as jnp\n\ndef twin(x, w):\n    return jnp.tanh(x @ w)\n")
    using = edited(
        SOURCE,
        ("import oracle\n", "import oracle\nimport importlib\nhelper = importlib.import_module('helper')\n"),
        ('"D H"}', '"D H"}, reference=lambda x, w: helper.twin(x, w)'),
    )
    save("right.py", using)
    watch = begun()
    save("right.py", using + "\n")
    assert verdicts(watch, 2)[-1] == "CERTIFIED"
    save("helper.py", "import jax.numpy as jnp\n\ndef twin(x, w):\n    return 2 * jnp.tanh(x @ w)\n")
    assert verdicts(watch, 3)[-1] == "FORWARD_DIFFERS"


def test_a_save_while_it_is_loaded_for_the_first_time(folder):
    """What was loaded is then older than the file, so it is loaded again."""
    ends = edited(SOURCE, BUG)
    save(
        "right.py",
        SOURCE + f"\nimport os, pathlib\npathlib.Path('n').write_text({ends!r})\nos.replace('n', 'right.py')\n",
    )
    watch = begun()
    assert watch.show.verdicts == ["CERTIFIED"]
    assert verdicts(watch, 2)[-1] == "BROKEN_CONTRACT"


def test_a_failed_load_leaves_no_helper_behind(folder):
    """A helper that was loaded before the load failed is loaded again the next time."""
    watch = begun()
    Path("helper.py").write_text("def slope(h):\n    return 1 + h**2\n")
    using = edited(
        SOURCE,
        ("import oracle\n", "import oracle\nfrom helper import slope\n"),
        ("(1 - np.tanh(x @ w) ** 2)", "slope(np.tanh(x @ w))"),
    )
    save("right.py", using + "raise RuntimeError\n")
    until(watch, lambda told: told.errors)
    assert "helper" not in sys.modules
    save("helper.py", "def slope(h):\n    return 1 - h**2\n")
    save("right.py", using)
    assert verdicts(watch, 2)[-1] == "CERTIFIED"


def test_only_what_is_affected(folder):
    """Of two subjects in two files only that of the saved one is judged again."""
    Path("other.py").write_text(SOURCE)
    watch = begun("right.py:subject", "other.py:subject")
    assert watch.show.verdicts == ["CERTIFIED"] * 2
    save("other.py", edited(SOURCE, WRONG))
    assert verdicts(watch, 3)[-1] == "REFUTED"
    assert watch.show.reports[-1].subject == "other.py:subject"


def test_a_backward_that_raises(folder):
    """What the code does when it runs is a verdict, with its line."""
    watch = begun()
    save("right.py", edited(SOURCE, BUG))
    assert verdicts(watch, 2)[-1] == "BROKEN_CONTRACT"


# ---- what is shown


def test_the_line_of_the_bug_stands_beside_the_verdict(folder, monkeypatch, capsys):
    """The first cause with a place is shown in the line of the verdict, and all else below."""
    cause = Cause(
        "wrong-cotangent",
        "first wrong cotangent: x_bar",
        certain=True,
        file="right.py",
        line=10,
        statement="return -a_bar",
    )
    monkeypatch.setattr(sys.modules["oracle.verify"], "diagnose", lambda *found: Diagnosis((cause,)))
    Path("right.py").write_text(edited(SOURCE, WRONG))
    watch = loop.Watch(["right.py:subject"], Display(), cases=3, seed=0, digits=30)
    watch.begin()
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  REFUTED  right\.py:subject  \(1 of 3 cases\)", lines[0])
    assert re.fullmatch(r"\d\d:\d\d:\d\d  REFUTED  right\.py:subject  right\.py:10   return -a_bar", lines[1])
    assert lines[2].endswith(
        "right.backward is not the derivative of right.forward: 1 of 2 gradients REFUTED, 1 certified to 112 digits"
    )


def test_a_save_is_timed(folder, capsys):
    """After a save the line says how long it took from then."""
    watch = loop.Watch(["right.py:subject"], Display(), cases=2, seed=0, digits=30)
    watch.begin()
    save("right.py", SOURCE + "\n")
    for _ in range(3):
        watch.step()
    assert re.search(r"\(2 of 2 cases, \d+\.\d\d s after the save\)", capsys.readouterr().out)


def test_a_syntax_error_is_shown(folder, capsys):
    """File, line and the place in it, as Python shows them; names without control characters."""
    Path("right.py").write_text(edited(SOURCE, ("return a_bar @", "return (a_bar @")))
    loop.Watch(["right.py:subject"], Display(), cases=2, seed=0, digits=30).begin()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("  waiting for the next save of right.py:subject:")
    assert lines[1].endswith('right.py", line 10')
    assert lines[-1].strip().startswith("SyntaxError: ")


def test_unknown_from_the_start(folder):
    """What cannot be found at first is misuse, as for other commands."""
    ran = CliRunner().invoke(cli.main, ["watch", "nowhere.py:subject"])
    assert (ran.exit_code, ran.output) == (2, "Error: there is no file 'nowhere.py'\n")


def _line(process, pattern, seconds=60):
    """The next line that fits."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        line = process.stdout.readline()
        if re.search(pattern, line):
            return line
        assert line, "it ended"
    raise AssertionError(f"no line fits {pattern} in {seconds} s")


def test_in_a_process_of_its_own(folder):
    """The command judges, sees a save, and ends with exit code 0 when it is interrupted."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "oracle", "watch", "right.py:subject", "--cases", "4"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            _line(process, "CERTIFIED to")
            save("right.py", edited(SOURCE, WRONG))
            _line(process, "REFUTED.*after the save")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
            assert process.returncode == 0
        finally:
            process.kill()


# ---- a save cuts a diagnosis short


def test_a_save_cuts_a_diagnosis_short(folder, monkeypatch):
    """While the cause of a failure is looked for, a save ends that, and is judged at once."""
    begun_at = []

    def endless(*found):
        begun_at.append(time.monotonic())
        save("right.py", SOURCE)
        while time.monotonic() - begun_at[0] < 30:
            time.sleep(0.001)
        return Diagnosis()

    monkeypatch.setattr(sys.modules["oracle.verify"], "diagnose", endless)
    Path("right.py").write_text(edited(SOURCE, WRONG))
    watch = begun()
    assert time.monotonic() - begun_at[0] < 10
    assert (watch.show.verdicts, watch.show.reports) == (["REFUTED"], [])
    assert verdicts(watch, 2)[-1] == "CERTIFIED"


def test_without_a_save_the_work_is_done(folder):
    """The control: nothing cuts short what nobody has saved over, and its own errors stay."""
    known = {"right.py": files.stamp("right.py")}
    assert unless_saved(known, lambda: time.sleep(0.1) or 7) == 7
    with pytest.raises(ZeroDivisionError):
        unless_saved(known, lambda: 1 / 0)


def test_an_interruption_that_is_lost_is_repeated(folder):
    """An interruption that ends inside a callback, where Python drops it, comes again."""
    caught = []

    def deaf():
        save("right.py", SOURCE)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                time.sleep(0.001)
            except KeyboardInterrupt:
                caught.append(time.monotonic())
                if len(caught) == 2:
                    raise

    assert unless_saved({"right.py": files.stamp("right.py")}, deaf) is None
    assert len(caught) == 2


def test_ctrl_c_is_passed_on(folder):
    """The user's own interruption is no save."""

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unless_saved({"right.py": files.stamp("right.py")}, interrupted)


def test_work_that_ends_as_the_file_is_saved(folder):
    """Whichever comes first, no interruption is left behind."""
    for pause in (0.0, 0.015, 0.02, 0.025, 0.03):
        known = {"right.py": files.stamp("right.py")}

        def work(pause=pause):
            save("right.py", SOURCE)
            until = time.monotonic() + pause
            while time.monotonic() < until:
                pass
            return 7

        assert unless_saved(known, work) in (7, None)
        time.sleep(0.03)


# ---- what survives a save


TWIN = SOURCE.replace(
    "import oracle\n",
    "import jax.numpy as jnp\nimport oracle\n\nSCALE = 1.0\n\ndef twin(x, w):\n    return SCALE * jnp.tanh(x @ w)\n",
).replace('"D H"})', '"D H"}, reference=twin)')
KEPT = [
    (TWIN, WRONG),
    (TWIN, ("np.tanh(x @ w), (x", "np.tanh(1.0 * x @ w), (x")),
    (SOURCE, WRONG),
    (SOURCE, ("import oracle\n", "import oracle\n# a comment moves every line\n")),
]
NOT_KEPT = [
    (TWIN, ("SCALE = 1.0", "SCALE = 2.0"), "FORWARD_DIFFERS"),
    (TWIN, ("SCALE * jnp", "-SCALE * jnp"), "FORWARD_DIFFERS"),
    (TWIN, ('"w": "D H"}', '"w": "D D"}'), "CERTIFIED"),
    (SOURCE, ("np.tanh(x @ w), (x", "np.sinh(x @ w), (x"), "REFUTED"),
]


def program(watch):
    """The gradient program of the one subject."""
    return watch.groups[0].dockets[0].trial.reference.program


@pytest.mark.parametrize(("source", "edit"), KEPT)
def test_the_gradient_program_survives(folder, source, edit):
    """Where the reference is the same function, it is not traced again."""
    save("right.py", source)
    watch = begun()
    before = program(watch)
    save("right.py", edited(source, edit))
    verdicts(watch, 2)
    assert program(watch) is before


@pytest.mark.parametrize(("source", "edit", "verdict"), NOT_KEPT)
def test_another_reference_is_traced(folder, source, edit, verdict):
    """Where the reference, what it refers to, or its inputs are others, it is traced again."""
    save("right.py", source)
    watch = begun()
    before = program(watch)
    save("right.py", edited(source, edit))
    assert verdicts(watch, 2)[-1] == verdict
    assert program(watch) is not before


def test_programs_of_registered_subjects_survive():
    """The gradient programs of the LSTM's layer and objects are kept when all of lstm_ref is loaded again."""
    program = (
        "from oracle import subjects\n"
        "from oracle.trial import Trial\n"
        "from oracle.watching.keeping import keep_program\n"
        "from oracle.watching.modules import afresh, project\n"
        "for name in ('lstm-seed', 'lstm-standard', 'lstm-classic-node', 'lstm-classic-network'):\n"
        "    old = Trial(subjects.load(name), 30)\n"
        "    old.reference.program\n"
        "    gone = project(old.subject)\n"
        "    new = Trial(afresh(gone, lambda: subjects.load(name)), 30)\n"
        "    print(name, new.subject.form.code[0] is not old.subject.form.code[0], keep_program(old, new, gone))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert [line.split()[1:] for line in ran.stdout.splitlines()] == [["True", "True"]] * 4, ran.stderr


def test_keeping_too_much_would_certify_what_is_wrong(folder, monkeypatch):
    """The control: with a comparison that finds everything the same, the changed twin goes unseen."""
    monkeypatch.setattr(keeping, "same", lambda old, new, gone=(): True)
    with pytest.raises(AssertionError, match="FORWARD_DIFFERS"):
        test_another_reference_is_traced(folder, *NOT_KEPT[0])
