"""Scripts that train when they are imported: their definitions alone, at their lines, and nothing of their training."""

import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import oracle
from oracle.forms.form import LEFT_OUT, SIZES
from oracle.scripts import load_definitions

SCRIPT = """\
# trains at once
from __future__ import annotations
import numpy as np
import math as m
from os import path as p

hidden, vocab = 12, len("abc")
lr = -1e-2
eta: float = lr * 2
table = {"a": [1, 2], "b": (3,)}
text = open("no such file").read()
W = np.random.randn(hidden, vocab) * 0.01
double = hidden * 2
np.trained = True
table["c"] = 4
lr *= 2

class Net:
    size = 3
    def __init__(self):
        self.W = W

def loss(x):
    return ((W @ x) ** 2).sum(), 2 * np.outer(W @ x, x)

async def later():
    return 1

def fails():
    raise ValueError("here")

if True:
    branch = 1
for step in range(3):
    W += 1
with open("no such file") as f:
    pass
while True:
    loss(1)
assert False
raise SystemExit(0)
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A script in a folder of its own; what loading leaves behind is forgotten."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    path = tmp_path / "tiny-rnn.py"
    path.write_text(SCRIPT, encoding="utf-8")
    yield path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def public(module: ModuleType) -> set[str]:
    """What a module holds."""
    return {name for name in vars(module) if not name.startswith("__")} - {"annotations"}


def line(text: str) -> int:
    """The line of the script that starts so."""
    return next(k for k, line in enumerate(SCRIPT.splitlines(), 1) if line.startswith(text))


def test_definitions_are_kept_and_nothing_is_run(script: Path) -> None:
    """Imports, functions, classes and plain constants; no loop, branch, call, and nothing in what was imported."""
    module = load_definitions(script)
    kept = {"np", "m", "p", "lr", "eta", "table", "Net", "loss", "later", "fails"}
    assert public(module) == kept
    assert (module.lr, module.eta, module.table) == (-1e-2, -2e-2, {"a": [1, 2], "b": (3,)})
    assert not hasattr(np, "trained")


def test_what_is_left_out_is_known_by_name(script: Path) -> None:
    """So that it can be declared as a parameter, and a misspelt name cannot."""
    assert {"hidden", "vocab", "W", "double", "text", "branch", "step", "f"} <= getattr(
        load_definitions(script), LEFT_OUT
    )
    assert "loss" not in getattr(load_definitions(script), LEFT_OUT)


def test_line_numbers_and_file_are_those_of_the_script(script: Path) -> None:
    """In code objects, in tracebacks and in what `inspect` finds."""
    module = load_definitions(str(script))
    assert module.__file__ == str(script)
    assert module.loss.__code__.co_firstlineno == line("def loss")
    assert inspect.getsource(module.fails) == 'def fails():\n    raise ValueError("here")\n'
    with pytest.raises(ValueError, match=r"^here$") as raised:
        module.fails()
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.line) == (str(script), line("def fails") + 1, 'raise ValueError("here")')


def test_a_constant_may_be_made_of_constants(script: Path) -> None:
    """But not of what was left out, of a size, or of what is assigned again by the training."""
    script.write_text("a = 3\nb = a * 2\nn = 5\nc = n + 1\nk = 1\nk = max(2, 3)\nd = k\ne = d\n", encoding="utf-8")
    module = load_definitions(script, names={"n": "N"})
    assert public(module) == {"a", "b", "n", "k"}
    assert (module.b, module.n) == (6, 5)


def test_a_script_may_import_one_thing_or_else_another(script: Path) -> None:
    """As scripts for two Pythons do; a try with anything else in it is left out."""
    script.write_text(
        "try:\n    import no_such_module as q\nexcept ImportError:\n    import json as q\n"
        "try:\n    x = 1\nexcept ImportError:\n    pass\n",
        encoding="utf-8",
    )
    assert public(load_definitions(script)) == {"q"}


def test_a_script_imports_its_neighbours(script: Path) -> None:
    """As if it had been run in its folder."""
    (script.parent / "neighbour_of_tiny.py").write_text("answer = 42", encoding="utf-8")
    script.write_text("from neighbour_of_tiny import answer", encoding="utf-8")
    assert load_definitions(script).answer == 42


@pytest.mark.parametrize(
    "source", [b"\xef\xbb\xbfname = 'caf\xc3\xa9'\n", b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n"]
)
def test_a_script_is_read_as_python_reads_it(script: Path, source: bytes) -> None:
    """With a byte order mark, or in the encoding that its first line declares."""
    script.write_bytes(source)
    assert load_definitions(script).name == "café"


def test_each_load_is_a_module_of_its_own(script: Path) -> None:
    """Functions find the globals of the module that they came with, by its name too."""
    one, other = load_definitions(script), load_definitions(script)
    assert one is not other
    assert one.loss.__globals__ is vars(sys.modules[one.loss.__module__]) is vars(one)
    assert other.loss.__globals__ is vars(sys.modules[other.loss.__module__]) is vars(other)


def test_sizes_are_remembered_and_start_at_one(script: Path) -> None:
    """A plain constant keeps its value until a case sets it."""
    module = load_definitions(script, names={"vocab": "V", "lr": "L"})
    assert getattr(module, SIZES) == {"vocab": "V", "lr": "L"}
    assert (module.vocab, module.lr) == (1, -1e-2)


def test_a_size_must_be_a_name_of_the_script(script: Path) -> None:
    """A misspelt one would never be set."""
    with pytest.raises(ValueError, match=r"^names= says that 'hiden' is a size, but tiny-rnn\.py has no such name$"):
        load_definitions(script, names={"hiden": "H"})


def test_a_missing_script_is_a_missing_file(tmp_path: Path) -> None:
    """With Python's own error."""
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "no.py"))):
        load_definitions(tmp_path / "no.py")


def test_what_is_no_python_shows_its_line(script: Path) -> None:
    """The script's, with Python's own error."""
    script.write_text("x = 1\nprint 'hello'\n", encoding="utf-8")
    with pytest.raises(SyntaxError) as raised:
        load_definitions(script)
    assert (raised.value.filename, raised.value.lineno) == (str(script), 2)


def test_a_script_whose_imports_fail_leaves_no_module(script: Path) -> None:
    """The error is the script's own."""
    script.write_text("import no_such_module_at_all", encoding="utf-8")
    before = set(sys.modules)
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_module_at_all'$"):
        load_definitions(script)
    assert set(sys.modules) == before


def quadratic(module: ModuleType, **options: Any) -> oracle.Subject:
    """The script's loss, with its left-out global W as parameter."""
    return oracle.Subject.from_loss(
        module.loss, inputs={"x": oracle.reals("V", differentiated=False)}, parameters={"W": "H V"}, **options
    )


def test_a_left_out_global_can_be_a_parameter(script: Path) -> None:
    """It is certified like any other; of two loads each has its own."""
    one, other = load_definitions(script), load_definitions(script)
    assert oracle.verify(quadratic(one), cases=2).verdict is oracle.Verdict.CERTIFIED
    assert oracle.verify(quadratic(other), cases=2).verdict is oracle.Verdict.CERTIFIED
    assert not hasattr(one, "W")


def test_a_name_that_is_nowhere_in_the_script_is_no_parameter(script: Path) -> None:
    """The control: it would be written and never read."""
    module = load_definitions(script)
    subject = oracle.Subject.from_loss(
        module.loss, inputs={"x": oracle.reals("V", differentiated=False)}, parameters={"Wx": "H V"}
    )
    with pytest.raises(ValueError, match=r"^the parameter 'Wx' is not on the owner tiny-rnn; owner= says"):
        oracle.verify(subject, cases=1)
