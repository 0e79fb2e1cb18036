"""The package imports nothing that takes time before it is used, and its names are what they should be."""

import pytest
from plugin_tools import python

HEAVY = ("numpy", "jax", "flint", "hypothesis", "rich")
_LOADED = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"


@pytest.mark.parametrize("module", ["oracle", "oracle.plugin", "oracle.cli", "oracle.report.session"])
def test_light(tmp_path, module):
    """Importing this loads nothing heavy."""
    assert python(tmp_path, "-c", f"import {module}; {_LOADED}").out.strip() == "[]"


def test_light_can_fail(tmp_path):
    """The same question sees what a used name loads."""
    ran = python(tmp_path, "-c", f"import oracle; oracle.Subject; {_LOADED}")
    assert ran.out.strip() == "['numpy']"


@pytest.mark.parametrize("first", ["import oracle.verify", "from oracle.verify import hear", "import oracle.one_case"])
def test_verify_is_the_function(tmp_path, first):
    """Importing the module `oracle.verify` does not put it in place of the function."""
    ran = python(tmp_path, "-c", f"{first}; import oracle; print(oracle.verify.__name__, type(oracle.verify).__name__)")
    assert ran.out.split() == ["verify", "function"]


def test_every_public_name(tmp_path):
    """Every name that `dir` promises is there, and others are refused."""
    script = "import oracle; [getattr(oracle, name) for name in dir(oracle)]; oracle.nothing"
    ran = python(tmp_path, "-c", script)
    assert ran.err.splitlines()[-1] == "AttributeError: module 'oracle' has no attribute 'nothing'"
