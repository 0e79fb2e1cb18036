"""The modules under test are the callables' own, their packages and the user's others, each once."""

import functools
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from binding_snippets import SNIPPETS, functions_of, module_of

import oracle.paths
from oracle.binding import modules_of


def names_of(scopes):
    """The names of the modules, for comparison."""
    return [scope.get("__name__") for scope in scopes]


def contains(scopes, scope):
    """Whether a scope is among them, by identity."""
    return any(scope is other for other in scopes)


def forward(x):
    """A function of this module."""
    return x


class Callable:
    """An object that is called."""

    def __call__(self, x):
        """Nothing."""
        return x

    def method(self, x):
        """Nothing."""
        return x


HERE = sys.modules[__name__].__dict__
WRAPPINGS = {
    "function": lambda f, C: f,
    "partial": lambda f, C: functools.partial(f, 1),
    "bound method": lambda f, C: C().method,
    "class": lambda f, C: C,
    "callable object": lambda f, C: C(),
    "cache": lambda f, C: functools.lru_cache(f),
    "decorator": lambda f, C: functools.wraps(f)(lambda *a: f(*a)),
    "vectorised": lambda f, C: np.vectorize(f),
    "partial of a partial of a method": lambda f, C: functools.partial(functools.partial(C().method)),
}
CLASS = """
def forward(x):
    return x
class Callable:
    def __call__(self, x):
        return x
    def method(self, x):
        return x
"""


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_the_module_of_a_callable(wrapping):
    """A callable's globals are found through whatever it is wrapped in, even if no loaded module has them."""
    module = module_of("unloaded", CLASS)
    found = modules_of([WRAPPINGS[wrapping](module.forward, module.Callable)])
    assert contains(found, vars(module))
    assert not contains(modules_of([]), vars(module))


def test_a_closure_over_the_users_function():
    """The functions that a closure holds count too."""
    module = module_of("inner", CLASS)
    inner = module.forward
    assert contains(modules_of([lambda x: inner(x)]), vars(module))


def test_the_users_other_modules():
    """Loaded modules outside the library and the installed packages are under test without being named."""
    assert contains(modules_of([]), HERE)
    assert contains(modules_of([]), sys.modules["binding_snippets"].__dict__)


MENTIONS = {  # how a module under test may come to another one: its text, and whether it does
    "a module among its names": ("import helper_of_mine", True),
    "a function of the other": ("from helper_of_mine import forward as other", True),
    "a class of the other": ("from helper_of_mine import Callable as Other", True),
    "a table of its functions": ("import helper_of_mine as h; table = {'f': [h.forward]}; del h", True),
    "an object of its class": ("import helper_of_mine as h; thing = h.Callable(); del h", True),
    "a default value": ("import helper_of_mine as h\ndef f(g=h.forward):\n    return g\ndel h", True),
    "an import in a function": ("def late():\n    import helper_of_mine\n    return helper_of_mine", True),
    "a text in a function": ("def late():\n    return __import__('helper_of_mine')", True),
    "through a third module": ("import third_of_mine", True),
    "not at all": ("def late():\n    return 1", False),
}


@pytest.mark.parametrize("way", list(MENTIONS))
def test_of_other_modules_those_that_are_mentioned(way, monkeypatch):
    """A whole suite of tests may be loaded: what the code under test cannot come to is not read in each run."""
    text, expected = MENTIONS[way]
    helper, third = module_of("helper_of_mine", CLASS), module_of("third_of_mine", CLASS)
    helper.Callable.__module__ = "helper_of_mine"
    third.far = helper
    for module in (helper, third):
        module.__file__ = str(Path(__file__).with_name(f"{module.__name__}.py"))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    mine = module_of("mine", CLASS)
    exec(text, vars(mine))
    assert contains(modules_of([mine.forward]), vars(helper)) is expected


def test_others_modules_are_left_alone():
    """Neither Python's library, nor installed packages, nor NumPy, nor oracle's own core is under test."""
    names = [name for name in names_of(modules_of([forward])) if name and not name.startswith("oracle.subjects")]
    packages = {name.partition(".")[0] for name in names}
    assert packages.isdisjoint({"os", "functools", "numpy", "pytest", "_pytest", "hypothesis", "oracle", "builtins"})


def test_the_command_line_is_not_under_test(monkeypatch):
    """Run as a program, oracle's main module goes by another name and still is not the user's."""
    main = module_of("main", CLASS)
    main.__name__, main.__file__ = "__main__", str(Path(oracle.paths.__file__).with_name("__main__.py"))
    monkeypatch.setitem(sys.modules, "main_of_oracle", main)
    assert not contains(modules_of([]), vars(main))
    main.__file__ = str(Path(__file__).with_name("script.py"))
    assert contains(modules_of([]), vars(main))


def test_the_package_of_a_callable():
    """All loaded modules of an installed package are under test if one of its functions is."""
    names = names_of(modules_of([pytest.importorskip]))
    assert {"_pytest.outcomes", "_pytest.main"} <= set(names)


def test_functions_of_numpy_and_oracle_bring_nothing():
    """A callable of NumPy or of oracle does not put these under test."""
    assert names_of(modules_of([np.average, oracle.paths.read, print])) == names_of(modules_of([]))


def test_extra_modules_come_first_and_once():
    """Modules and dicts given besides are taken, each once."""
    module, scope = types.ModuleType("extra"), {"a": 1}
    found = modules_of([forward], extra=[module, scope, scope])
    assert found[0] is vars(module)
    assert found[1] is scope
    assert len({id(one) for one in found}) == len(found)


def test_the_snippets_have_functions():
    """The helper that lists a module's functions finds them."""
    assert [f.__name__ for f in functions_of(module_of("closures", SNIPPETS["closures"]))] == ["make", "run"]
