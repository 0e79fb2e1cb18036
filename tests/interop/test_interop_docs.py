"""The examples of the weights' documentation run, those in docstrings and those of the page."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import lstm_ref.weights

MODULES = sorted(module.name for module in pkgutil.iter_modules(lstm_ref.weights.__path__))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "weights.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_weights_run(name: str) -> None:
    """Every example prints what its docstring says."""
    assert doctest.testmod(importlib.import_module(f"lstm_ref.weights.{name}")).failed == 0


def test_the_public_functions_have_examples() -> None:
    """All that is exported, but the exception, and there are as many as the page says."""
    public = [value for name, value in vars(lstm_ref.weights).items() if name[0] != "_" and callable(value)]
    assert len(public) == 12
    without = [one.__name__ for one in public if ">>>" not in (one.__doc__ or "")]
    assert without == ["Damaged"]


@pytest.mark.parametrize("block", BLOCKS, ids=["torch", "onnx", "npz"])
def test_the_examples_of_the_page_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by itself, from an empty folder."""
    needed = [library for library, word in (("torch", "import torch"), ("onnx", ".onnx")) if word in block]
    for library in needed:
        pytest.importorskip(library, reason=f"the example needs {library}")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, str(PAGE), "exec"), {"__name__": "example"})
