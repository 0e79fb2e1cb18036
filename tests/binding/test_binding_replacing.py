"""While bound, the code under test finds stand-ins wherever it held a part of NumPy or `math`."""

import numpy as np
import pytest
from binding_snippets import module_of
from binding_stand_ins import named, stand_for

from oracle.binding import Binding, bound


def binding_of(source, **names):
    """A module made of a text, and its binding."""
    module = module_of("bound", source)
    vars(module).update(names)
    return module, Binding(extra=[module])


NP = "import numpy as np\n"
PLACES = {
    "module": (NP + "def run(): return np.tanh(1)", "tanh(1,)"),
    "submodule": ("import numpy.linalg as la\ndef run(): return la.norm(1)", "norm(1,)"),
    "attribute of a module": ("import numpy\ndef run(): return numpy.linalg.norm(2)", "norm(2,)"),
    "name": ("from numpy import exp as e\ndef run(): return e(3)", "exp(3,)"),
    "math": ("import math\nfrom math import sqrt\ndef run(): return math.log(4) + sqrt(5)", "log(4,)sqrt(5,)"),
    "dtype class": ("from numpy import float32\ndef run(): return float32", "float32"),
    "float": ("def run(): return type(float(1)).__name__", "Float"),
    "shadowed float": ("def float(x): return 'own'\ndef run(): return float(1)", "own"),
    "default": (NP + "def run(f=np.tanh): return f(1)", "tanh(1,)"),
    "keyword default": (NP + "def run(*, f=np.tanh): return f(1)", "tanh(1,)"),
    "closure": (NP + "def make(f):\n    return lambda: f(1)\nrun = make(np.tanh)", "tanh(1,)"),
    "closure over a module": (
        "import numpy\ndef make(np):\n    return lambda: np.exp(1)\nrun = make(numpy)",
        "exp(1,)",
    ),
    "static method": (
        "import numpy as np\nclass C:\n    f = staticmethod(np.tanh)\ndef run(): return C().f(1)",
        "tanh(1,)",
    ),
    "class attribute": (NP + "class C:\n    f = np.tanh\ndef run(): return C().f(1)", "tanh(1,)"),
    "inherited": (
        "import numpy as np\nclass B:\n    f = np.tanh\nclass C(B): pass\ndef run(): return C.f(1)",
        "tanh(1,)",
    ),
    "object": (
        "import numpy as np\nclass C:\n    def __init__(s): s.f = np.exp\nc = C()\ndef run(): return c.f(1)",
        "exp(1,)",
    ),
    "slots": (
        NP + "class C:\n    __slots__ = ('f',)\n    def __init__(s): s.f = np.exp\nc = C()\ndef run(): return c.f(1)",
        "exp(1,)",
    ),
    "dataclass": (
        NP + "import dataclasses\n@dataclasses.dataclass\nclass C:\n    f: object = np.exp\ndef run(): return C().f(1)",
        "exp(1,)",
    ),
    "deep inside": (
        NP + "class C: pass\nc = C()\nc.a = [C()]\nc.a[0].b = {1: C()}\nc.a[0].b[1].f = np.exp\n"
        "def run(): return c.a[0].b[1].f(1)",
        "exp(1,)",
    ),
    "table": (NP + "T = {'tanh': np.tanh}\ndef run(): return T['tanh'](1)", "tanh(1,)"),
    "nested table": (NP + "T = [{'t': (np.tanh, 1)}]\ndef run(): return T[0]['t'][0](1)", "tanh(1,)"),
    "partial": (
        "import numpy as np, functools\nf = functools.partial(np.clip, 1, a_min=0)\ndef run(): return f(2)",
        "clip(1, 2)",
    ),
    "function attribute": (NP + "def run(): return run.f(1)\nrun.f = np.tanh", "tanh(1,)"),
    "import inside": ("def run():\n    import numpy as np\n    return np.tanh(1)", "tanh(1,)"),
    "import of a submodule inside": ("def run():\n    import numpy.linalg as la\n    return la.norm(1)", "norm(1,)"),
    "dotted import inside": ("def run():\n    import numpy.linalg\n    return numpy.linalg.norm(1)", "norm(1,)"),
    "from-import inside": (
        "def run():\n    from numpy import tanh, exp\n    return tanh(1) + exp(2)",
        "tanh(1,)exp(2,)",
    ),
    "importlib": ("import importlib\ndef run(): return importlib.import_module('numpy').tanh(1)", "tanh(1,)"),
    "__import__": ("def run(): return __import__('numpy').tanh(1)", "tanh(1,)"),
    "wrapped": (
        "import functools, numpy as np\ndef d(f):\n    @functools.wraps(f)\n    def w(g=np.exp):\n"
        "        return f() + g(2)\n    return w\n@d\ndef run(f=np.tanh): return f(1)",
        "tanh(1,)exp(2,)",
    ),
    "array": (NP + "A = np.arange(2)\ndef run(): return str(type(A))", "<class 'list'>"),
    "alias of an array": (NP + "A = np.ones(2)\nP = [A]\ndef run(): return str(P[0] is A)", "True"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_stand_in_is_found(place):
    """Wherever the code holds a part of NumPy or math, it finds the stand-in, and afterwards the real thing."""
    source, expected = PLACES[place]
    module, binding = binding_of(source)
    before = outcome(module)
    for _ in range(2):
        with binding.bound(stand_for, lift=False):
            assert module.run() == expected
        assert outcome(module) == before


def outcome(module):
    """What the function of a module gives or raises outside the binding, and all of the module's names."""
    try:
        result = str(module.run())
    except Exception as error:
        result = repr(error)
    return result, {name: id(value) for name, value in vars(module).items()}


def test_the_real_results_differ():
    """Without the binding none of the places gives what a stand-in gives: the comparison above can fail."""
    same = [place for place, (source, expected) in PLACES.items() if outcome(module_of("b", source))[0] == expected]
    assert same == ["shadowed float", "alias of an array"]


def test_other_modules_import_the_real_numpy():
    """An import in a module that is not under test is not affected."""
    other = module_of("other", "def run():\n    import numpy\n    return numpy\n")
    _, binding = binding_of("import numpy as np")
    with binding.bound(stand_for, lift=False):
        found = other.run()
    assert found is np


def test_arrays_that_share_memory_stay_linked():
    """Arrays over the same memory are not replaced: two stand-ins would lose the link."""
    module, binding = binding_of(NP + "A = np.arange(4.0)\nV = A[1:]\nB = np.ones(2)\n")
    with binding.bound(stand_for, lift=False):
        assert (type(module.A), type(module.V), type(module.B)) == (np.ndarray, np.ndarray, list)


def test_parts_of_one_array_that_do_not_meet_are_replaced():
    """Rows taken apart are independent."""
    module, binding = binding_of(NP + "A, B = np.arange(4.0).reshape(2, 2)\n")
    with binding.bound(stand_for, lift=False):
        assert (module.A, module.B) == ([0, 1], [2, 3])


def test_large_arrays_stay():
    """An array of more than 65536 elements is left as it is."""
    module, binding = binding_of(NP + "A = np.zeros(2**16 + 1)\nB = np.zeros(2**16)\n")
    with binding.bound(stand_for, lift=False):
        assert (type(module.A), type(module.B)) == (np.ndarray, list)


CACHE = "import functools, numpy as np\n@functools.lru_cache(maxsize=7)\ndef table(n):\n    return np.tanh(n)\n"


def test_cached_results_do_not_cross():
    """A function with a cache has an empty one in each run, and afterwards its own with what it had."""
    module, binding = binding_of(CACHE)
    table, real = module.table, module.table(1)
    with binding.bound(stand_for, lift=False):
        assert module.table(1) == "tanh(1,)"
        assert module.table.cache_parameters() == {"maxsize": 7, "typed": False}
    with binding.untouched():
        assert module.table(2) == np.tanh(2)
    assert module.table is table
    assert module.table(1) == real
    assert table.cache_info().currsize == 1


def test_new_names_are_not_missed():
    """What the module takes in after the plan was made is replaced too."""
    module, binding = binding_of(NP + "T = {}\ndef run():\n    return f(1) + T['g'](2) + h(3)\n")
    module.f, module.T["g"] = np.tanh, np.exp
    exec(compile("def h(n, f=np.sqrt):\n    return f(n)\n", "<later>", "exec"), vars(module))
    with binding.bound(stand_for, lift=False):
        assert module.run() == "tanh(1,)exp(2,)sqrt(3,)"


def test_objects_of_one_run():
    """`roots` are bound as well: the attributes of an object, and lambdas it holds, which are lifted."""
    module, binding = binding_of(
        "import numpy as np\nclass Net:\n    def __init__(s, n):\n        s.f, s.g = np.tanh, lambda k: n / k\n"
    )
    net = module.Net(1)
    attributes = dict(vars(net))
    with binding.bound(stand_for, operate=named, roots=[net]):
        assert (net.f(1), net.g(3)) == ("tanh(1,)", "1/3")
        net.new = 1
    assert vars(net) == attributes
    assert net.g(4) == 0.25


def test_lifting_is_part_of_the_binding():
    """Functions, methods, lambdas in tables and closures are lifted; a flag leaves them alone."""
    module, binding = binding_of(
        "T = {'l': lambda n: 1 / n}\nclass C:\n    @property\n    def p(self): return 1 / 7\n"
        "    @classmethod\n    def c(cls, n): return 2 / n\n    @staticmethod\n    def s(n): return 3 / n\n"
        "def make(k):\n    return lambda n: k / n\nclosure = make(4)\n"
        "def run(): return [T['l'](3), C().p, C.c(3), C.s(3), closure(3), n ** -0.5, (lambda: n / 2)()]\nn = 3\n"
    )
    expected = ["1/3", "1/7", "2/3", "3/3", "4/3", "3**-0.5", "3/2"]
    with binding.bound(stand_for, operate=named):
        assert module.run() == expected
    with binding.bound(stand_for, lift=False):
        assert module.run() == [1 / 3, 1 / 7, 2 / 3, 1, 4 / 3, 3**-0.5, 1.5]
    assert [unlifted for unlifted in binding.unlifted if unlifted.file == "<snippet bound>"] == []


def test_bound_once():
    """`bound` does the same for modules given at once."""
    module = module_of("once", "import numpy as np\ndef run(n): return np.exp(1 / n)\n")
    with bound([module], stand_for, operate=named) as binding:
        assert module.run(3) == "exp('1/3',)"
        assert "<snippet once>" in binding.files
    assert module.run(4) == np.exp(0.25)
