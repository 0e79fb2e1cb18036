"""Whether a function that was loaded again is the one it was: only what is certain counts."""

import numpy as np
import pytest

from oracle.watching.sameness import same


def made(text, name="f", **known):
    """What a source text calls by this name."""
    scope = dict(known)
    exec(compile(text, "<made>", "exec"), scope)
    return scope[name]


DATACLASS = """
import dataclasses
import functools

@dataclasses.dataclass(frozen=True)
class C:
    a: int = 1

    def __post_init__(self):
        vars(self)["kept"] = 1

    @functools.cached_property
    def b(self):
        return self.a

c = C(2)

def f(x):
    return c.b * x
"""
BESIDE = DATACLASS.replace("c = C(2)", "c = C(2)\nvars(c)['scale'] = 3").replace("c.b * x", "c.scale * x")
ITEMS = DATACLASS.replace("class C:", "class C(dict):").replace("c = C(2)", "c = C(2)\nc['k'] = 3")
SLOT = """
import dataclasses

class S:
    __slots__ = ("scale",)

@dataclasses.dataclass
class C(S):
    a: int = 1

c = C()
c.scale = 3

def f(x):
    return c.scale * x
"""
SAME = [
    "def f(x): return 2 * x",
    "k = 3\ndef f(x): return k * x",
    "def g(x): return x\ndef f(x): return g(x) + f(x)",
    "def outer(n):\n    def f(x): return n * x\n    return f\nf = outer(4)",
    "import numpy as np\nT = np.arange(3.0)\ndef f(x): return np.tanh(x) + T",
    "def f(x, n=(1, 'a', None)): return [lambda y: y + n for _ in x]",
    "import functools\ndef g(a, b): return a + b\nf = functools.partial(g, b=2)",
    DATACLASS,
    BESIDE,
    "def f(x):\n    import numpy as np\n    return np.sin(x)",
    "S = {1, 2}\ndef f(x): return len(S) * x",
]
DIFFERENT = [
    (BESIDE, "= 3", "= 4"),
    (ITEMS, "= 3", "= 4"),
    (SLOT, "= 3", "= 4"),
    ("def f(x): return 2 * x", "2", "3"),
    ("def f(x): return 0.0 * x", "0.0", "-0.0"),
    ("k = 3\ndef f(x): return k * x", "3", "4"),
    ("k = 3\ndef f(x): return k * x", "k = 3", "k = 3.0"),
    ("def g(x): return x\ndef f(x): return g(x)", "return x\n", "return -x\n"),
    ("def outer(n):\n    def f(x): return n * x\n    return f\nf = outer(4)", "(4)", "(5)"),
    ("import numpy as np\nT = np.arange(3.0)\ndef f(x): return np.tanh(x) + T", "3.0", "4.0"),
    ("def f(x, n=1): return n", "n=1", "n=2"),
    ("def f(x, *, n=1): return n", "n=1", "n=2"),
    ("def f(x): return [lambda y: y + 1 for _ in x]", "+ 1", "+ 2"),
    ("import functools\ndef g(a, b): return a + b\nf = functools.partial(g, b=2)", "b=2", "b=3"),
    (
        DATACLASS,
        "C(2)",
        "C(3)",
    ),
    (
        DATACLASS,
        "self.a\n",
        "-self.a\n",
    ),
    ("k = object()\ndef f(x): return k", "", ""),
    ("def f(x): return eval('x')", "", ""),
    ("def f(x): return globals()['f']", "", ""),
    ("import sys\ndef f(x): return sys.modules[x]", "", ""),
    ("def f(x):\n    import a_module_that_is_not_loaded\n    return x", "", ""),
    ("class C:\n    def m(self): return 1\nc = C()\ndef f(x): return c.m()", "", ""),
]


@pytest.mark.parametrize("text", SAME)
def test_loaded_twice_it_is_the_same(text):
    """The same text gives the same function, wherever in the file it stands."""
    assert same(made(text), made("\n\n" + text))


@pytest.mark.parametrize(("text", "old", "new"), DIFFERENT)
def test_what_is_another_or_cannot_be_known(text, old, new):
    """A change anywhere that the function may look at is another function; so is what cannot be compared."""
    assert not same(made(text), made(text.replace(old, new) if old else text))


def test_modules_that_were_loaded_again():
    """A function that refers to such a module, or imports it when it runs, is another one."""
    refers, imports = "def f(x): return np.tanh(x)", "def f(x):\n    import numpy.linalg\n    return x"
    for text in (refers, imports):
        one, two = made(text, np=np), made(text, np=np)
        assert same(one, two)
        assert not same(one, two, ["numpy"])
