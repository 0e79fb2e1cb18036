"""The examples in the docstrings of lstm_ref run, and there is one for every public name that computes."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import lstm_ref

MODULES = sorted(module.name for module in pkgutil.iter_modules(lstm_ref.__path__) if module.name != "__main__")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    """Every example prints what its docstring says."""
    state = np.random.get_state()
    results = doctest.testmod(importlib.import_module(f"lstm_ref.{name}"))
    np.random.set_state(state)
    assert results.failed == 0


def test_every_public_function_has_an_example() -> None:
    """Every function re-exported by the package shows its use."""
    public = [getattr(lstm_ref, name) for name in dir(lstm_ref) if not name.startswith("_")]
    functions = [value for value in public if callable(value) and hasattr(value, "__code__")]
    assert len(functions) > 10
    assert [function.__name__ for function in functions if ">>>" not in (function.__doc__ or "")] == []
