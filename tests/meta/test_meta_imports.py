"""Which room may import what (see DESIGN's house rules), each rule with a source in which it fails."""

import ast
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jax
import pytest
from meta_tools import pair

from oracle import subjects, verify
from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.trial import Trial

ROOT = Path(__file__).resolve().parents[2]
FORMATS = {"safetensors": "lstm_ref/weights/of_safetensors.py", "onnx": "lstm_ref/weights/model.py"}
COMPILED = "/jax/core/compile/backend_compile_duration"


def imported(source):
    """The modules that a source text imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {f"{module}.{alias.name}" for alias in names}
    return found


def breaches(rule, sources):
    """What breaks a rule, as `file: module`; a rule says of a file and a module it imports whether it may."""
    return sorted(
        f"{file}: {module}" for file, text in sources.items() for module in imported(text) if not rule(file, module)
    )


def package(name):
    """The source texts of a package, by path from the root."""
    files = sorted((ROOT / name).rglob("*.py"))
    return {str(file.relative_to(ROOT)).replace(os.sep, "/"): file.read_text(encoding="utf-8") for file in files}


def _top(module):
    return module.split(".")[0]


def numpy_only(file, module):
    """lstm_ref imports NumPy, the standard library and itself; its files in other formats have their libraries."""
    return _top(module) in {"numpy", "lstm_ref", *FORMATS, *sys.stdlib_module_names}


def formats_have_their_room(file, module):
    """A library that reads a file format is imported by the module of lstm_ref that reads these files."""
    return _top(module) not in FORMATS or FORMATS[_top(module)] == file


def core_knows_no_lstm(file, module):
    """Only oracle/subjects joins lstm_ref with the oracle."""
    return _top(module) != "lstm_ref" or file.startswith("oracle/subjects/")


def jax_has_its_room(file, module):
    """JAX is imported below oracle/program and in the twins."""
    return _top(module) not in ("jax", "jaxlib") or file.startswith(("oracle/program/", "oracle/subjects/twins"))


def flint_has_its_room(file, module):
    """flint is imported below oracle/arithmetic."""
    return _top(module) != "flint" or file.startswith("oracle/arithmetic/")


def twins_are_independent(file, module):
    """The twins import nothing of lstm_ref."""
    return not file.startswith("oracle/subjects/twins") or _top(module) != "lstm_ref"


def verdicts_are_words(file, module):
    """verdict.py imports nothing of ours but words: the text of a report, the record of a cause."""
    words = ("oracle.report.text.", "oracle.diagnosis.cause.")
    return file != "oracle/verdict.py" or _top(module) != "oracle" or module.startswith(words)


RULES = [
    (numpy_only, "lstm_ref", "lstm_ref/layer.py", "import scipy.special"),
    (formats_have_their_room, "lstm_ref", "lstm_ref/weights/files.py", "def f():\n    import onnx"),
    (core_knows_no_lstm, "oracle", "oracle/verify.py", "def f():\n    from lstm_ref import layer"),
    (jax_has_its_room, "oracle", "oracle/witnesses/autodiff.py", "def f():\n    import jax.numpy as jnp"),
    (flint_has_its_room, "oracle", "oracle/comparison.py", "from flint import arb"),
    (twins_are_independent, "oracle", "oracle/subjects/twins.py", "from lstm_ref.cell import step"),
    (verdicts_are_words, "oracle", "oracle/verdict.py", "from oracle.subject import Subject"),
]
NAMES = [rule.__name__ for rule, *_ in RULES]


@pytest.mark.parametrize(("rule", "name", "file", "line"), RULES, ids=NAMES)
def test_import_rules_hold(rule, name, file, line):
    """Nothing in the package breaks the rule."""
    assert breaches(rule, package(name)) == []


@pytest.mark.parametrize(("rule", "name", "file", "line"), RULES, ids=NAMES)
def test_import_rules_can_fail(rule, name, file, line):
    """The control: with one import added to one file, the same check names the file and the module."""
    sources = package(name)
    sources[file] = f"{sources.get(file, '')}\n{line}\n"
    (breach,) = breaches(rule, sources)
    assert breach.startswith(f"{file}: ")


def test_packages_are_found():
    """The control of all: the check reads the files it is about."""
    assert len(package("lstm_ref")) >= 8
    assert len(package("oracle")) >= 60


def shadowing(packages, folders):
    """The folders that pytest puts on the path's front beside packages of the same name, which they would hide."""
    return sorted({Path(folder).name for folder in folders} & set(packages))


def test_no_folder_of_the_tests_hides_a_package():
    """`tests` is on the path where one of its own files is read: a folder `tests/lstm_ref` would hide `lstm_ref`."""
    packages = {"lstm_ref", "oracle", *sys.stdlib_module_names, *metadata.packages_distributions()}
    folders = [path for path in (ROOT / "tests").iterdir() if path.is_dir()]
    assert len(folders) >= 10
    assert shadowing(packages, folders) == []
    assert shadowing(packages, [*folders, ROOT / "tests" / "lstm_ref"]) == ["lstm_ref"]


def run(code):
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.strip()


LOADED = (
    "import {}, sys; print(*sorted("
    "{{'jax', 'flint', 'onnx', 'safetensors', 'hypothesis', 'rich', 'pytest', 'oracle'}} & set(sys.modules)))"
)


def test_importing_the_oracle_imports_no_jax():
    """`import oracle` and its command line leave JAX unimported."""
    assert "jax" not in run(LOADED.format("oracle")).split()
    assert "jax" not in run(LOADED.format("oracle.cli")).split()


def test_importing_the_lstm_imports_numpy_alone():
    """`import lstm_ref` imports nothing of the oracle, of JAX or of flint."""
    assert run(LOADED.format("lstm_ref, lstm_ref.classic, lstm_ref.layer, lstm_ref.weights")) == ""


def test_the_twins_import_jax():
    """The control: the same question finds JAX where it is imported."""
    assert {"jax", "oracle"} <= set(run(LOADED.format("oracle.subjects.twins")).split())


# ---- what JAX is used for


@pytest.fixture
def compilations():
    """The names of JAX's timed events so far."""
    events = []

    def listen(name, seconds, **_):
        events.append(name)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield events
    jax.monitoring.unregister_event_duration_listener(listen)


def test_certifying_compiles_nothing(compilations):
    """A whole hearing, float accuracy included, compiles nothing, and one trace serves all sizes."""
    trial = Trial(subjects.load("lstm-standard"), 30)
    for size in range(1, 5):
        Hearing(trial, Case({"T": size, "B": 1, "D": size + 1, "H": 2}, seed=size)).outcome()
    assert compilations.count(COMPILED) == 0
    assert trial.reference.program.traces == 1


def test_compiling_is_counted(compilations):
    """The control: the same listener sees a compilation."""
    jax.jit(lambda x: x * float(id(compilations)))(1.0)
    assert compilations.count(COMPILED) >= 1


def test_x64_is_left_as_it_was():
    """JAX's 64-bit mode is off before and after, and on nowhere but inside."""
    assert not jax.config.jax_enable_x64
    seen = []

    def reference(x):
        seen.append((bool(jax.config.jax_enable_x64), str(x.dtype)))
        return x * x

    source = "def forward(x):\n    return x * x, x\ndef backward(y_bar, x):\n    return 2 * x * y_bar"
    assert verify(pair(source, inputs={"x": "D"}, reference=reference), cases=2).ok
    assert set(seen) == {(True, "float64")}
    assert not jax.config.jax_enable_x64
