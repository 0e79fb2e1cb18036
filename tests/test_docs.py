"""Every example in every docstring of oracle prints what the docstring says."""

import doctest
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import oracle

OPTIONAL = {"oracle.forms.torch_function"}  # needs an extra that need not be installed; its examples are skipped
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(oracle.__path__, "oracle.")
    if module.name not in OPTIONAL and not module.name.endswith(".__main__")
)


def failures(module: ModuleType) -> int:
    """How many examples of a module print something else than they say; the global random state stays.

    What examples define is the user's code, not the module's: so it is called when somebody tries them, and so here.
    """
    state = np.random.get_state()
    try:
        known = {name: value for name, value in vars(module).items() if not name.startswith("__")}
        return doctest.testmod(module, globs={**known, "__name__": "__main__"}).failed
    finally:
        np.random.set_state(state)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    """Not one fails, in any module."""
    assert failures(importlib.import_module(name)) == 0


def test_every_module_is_among_them() -> None:
    """The list is that of the files, less the main module and what is optional."""
    root = Path(oracle.__path__[0])
    files = {path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py")}
    names = {".".join(file.parts).removesuffix(".__init__") for file in files}
    assert set(MODULES) == names - OPTIONAL - {"oracle", "oracle.__main__"}
    assert len(MODULES) > 50


def test_the_public_face_has_examples() -> None:
    """At least these would be missed."""
    finder = doctest.DocTestFinder()
    with_examples = [
        name for name in MODULES if any(test.examples for test in finder.find(importlib.import_module(name)))
    ]
    expected = {"oracle.verify", "oracle.subject", "oracle.cases", "oracle.inputs", "oracle.shapes", "oracle.scripts"}
    assert expected <= set(with_examples)


def test_an_example_that_is_wrong_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The control: one that prints something else, and one that raises."""
    for source in (">>> 1 + 1\n3\n", ">>> 1 / 0\n0\n"):
        module = ModuleType("wrong", f"An example.\n\n{source}")
        assert failures(module) == 1
    assert "Expected:\n    3\nGot:\n    2\n" in capsys.readouterr().out
