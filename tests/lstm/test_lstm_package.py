"""The names of the package: all of them there, the rarer ones imported when they are used."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import lstm_ref

TREE = ast.parse(Path(lstm_ref.__file__).read_text(encoding="utf-8"))
DECLARED = [
    (node.module, name.name)
    for node in ast.walk(TREE)
    if isinstance(node, ast.ImportFrom) and str(node.module).startswith("lstm_ref")
    for name in node.names
]


@pytest.mark.parametrize(("home", "name"), DECLARED, ids=lambda text: text)
def test_every_declared_name_is_the_one_of_its_module(home: str, name: str) -> None:
    """Also where it is imported only when it is used; and `dir` knows it."""
    module = importlib.import_module(f"lstm_ref.{name}") if home == "lstm_ref" else importlib.import_module(home)
    assert getattr(lstm_ref, name) is (module if home == "lstm_ref" else getattr(module, name))
    assert name in dir(lstm_ref)


def test_a_name_that_is_not_there_is_refused() -> None:
    """As Python says it of any module."""
    with pytest.raises(AttributeError, match="module 'lstm_ref' has no attribute 'lstm'"):
        lstm_ref.lstm  # noqa: B018


def test_a_layer_does_not_wait_for_networks_and_files() -> None:
    """Every module of the package that is loaded is watched while a subject runs."""
    code = "import sys, lstm_ref.layer; print(*(name for name in sys.modules if name.startswith('lstm_ref.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "lstm_ref.layer" in loaded
    assert not {"lstm_ref.weights", "lstm_ref.network", "lstm_ref.classic", "lstm_ref.gru"} & set(loaded)
