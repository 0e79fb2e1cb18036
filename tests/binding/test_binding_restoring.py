"""After a run the modules under test are as they were before, whatever happened in it."""

import builtins
import importlib
import random
import sys
import threading
import time
import types

import numpy as np
import pytest
from binding_snippets import module_of
from binding_stand_ins import stand_for

from oracle.binding import Binding
from oracle.binding.holders import Holder

WORLD = """
import random
import numpy as np
W = np.arange(6.0).reshape(2, 3)
counts = np.arange(3)
table = {"W": W, "n": 1, "deep": {"list": [1.0, 2.0]}}
stack, names = [1, [2, 3]], {"a", "b"}
rate = 0.1
doomed = "here"
rng, old, py = np.random.default_rng(1), np.random.RandomState(2), random.Random(3)
class Net:
    calls = 0
    sizes = [1, 2]
    def __init__(self):
        self.W = np.ones(2)
        self.log = []
net = Net()
class Slotted:
    __slots__ = ("value", "late", "gone")
    def __init__(self):
        self.value, self.gone = [1], 2
slotted = Slotted()
def counter():
    n = 0
    def step(by=[1]):
        nonlocal n
        n += by[0]
        by[0] += 1
        return n
    return step
count = counter()
def empty():
    def get():
        return value
    def set(v):
        nonlocal value
        value = v
    if 0:
        value = 1
    return get, set
get, set_ = empty()

def wreck():
    global rate, doomed, born, W
    counts[:] = 7
    W = "rebound"
    table["W"] = table["new"] = 5
    table["deep"]["list"].append(3)
    del table["n"]
    stack[1].clear()
    stack.insert(0, "x")
    names.add("c")
    names.discard("a")
    rate *= 2
    born = 1
    del doomed
    rng.random(), old.rand(), py.random(), np.random.rand(), random.random()
    Net.calls += 1
    Net.fresh = True
    del Net.sizes
    net.log.append(1)
    net.W = None
    net.extra = 1
    slotted.value.append(2)
    slotted.value = slotted.late = 5
    del slotted.gone
    count()
    set_(3)
    wreck.touched = True
wreck.touched = False
"""


def picture(module):
    """Everything about the module, its objects and the global generators that a run could change."""

    def value_of(get):
        try:
            return get()
        except NameError:
            return "unset"

    cells = [cell.cell_contents for cell in module.count.__closure__]
    generators = module.rng.bit_generator.state, module.old.get_state(), module.py.getstate()
    seen = {name: value for name, value in vars(module).items() if name not in ("__builtins__", "rng", "old", "py")}
    classes = sorted((name, repr(value)) for name, value in vars(module.Net).items() if name != "__dict__")
    return repr(
        (
            seen,
            {name: id(value) for name, value in seen.items()},
            classes,
            vars(module.net),
            cells,
            generators,
            module.count.__defaults__,
            value_of(module.get),
            module.wreck.touched,
            np.random.get_state(),
            random.getstate(),
        )
    )


@pytest.mark.parametrize("how", ["bound", "lifted", "untouched"])
@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_everything_is_put_back(how, error):
    """Names, containers, arrays, attributes, closures, defaults and generators are as before, also after an error."""
    module = module_of("world", WORLD)
    binding = Binding(extra=[module])
    context = {
        "bound": lambda: binding.bound(lambda value: value, lift=False),
        "lifted": lambda: binding.bound(lambda value: value, operate=lambda symbol, a, b: a),
        "untouched": binding.untouched,
    }[how]
    before = picture(module)
    outcome = run(context, module, error)
    assert outcome is error
    assert picture(module) == before


def run(context, module, error):
    """Wrecks the module inside the context; the type of the exception that came out."""
    try:
        with context():
            module.wreck()
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt) as caught:
        return type(caught)
    return None


def test_the_picture_can_tell():
    """The same wreckage outside the block shows in the picture."""
    module = module_of("world", WORLD)
    states = np.random.get_state(), random.getstate()
    before = picture(module)
    module.W[0, 0] = 5
    moved = picture(module)
    module.wreck()
    np.random.set_state(states[0])
    random.setstate(states[1])
    assert len({before, moved}) == 2
    with pytest.raises(AttributeError, match="doomed"):
        module.doomed  # noqa: B018


def test_an_array_that_was_resized():
    """An array has its shape and elements again after a change of shape in place."""
    module = module_of("resized", "import numpy as np\nA = np.arange(6.0)\n")
    array = module.A
    with Binding(extra=[module]).untouched():
        array.resize((2, 2), refcheck=False)
        array[...] = 0
    assert array.tolist() == [0, 1, 2, 3, 4, 5]


def test_import_statement_and_builtins_come_back():
    """Python's own import functions are in place again, and no name stays behind in the module."""
    module = module_of("clean", "import numpy as np\nx = 1\n")
    statement, function, names = builtins.__import__, importlib.import_module, list(vars(module))
    with Binding(extra=[module]).bound(stand_for, lift=False):
        inside = builtins.__import__ is statement, importlib.import_module is function, "float" in vars(module)
    assert inside == (False, False, True)
    assert (builtins.__import__ is statement, importlib.import_module is function) == (True, True)
    assert list(vars(module)) == names


def test_submodules_loaded_meanwhile_stay():
    """A submodule imported in the run stays an attribute of its package, as Python expects of loaded modules."""
    package, inner = types.ModuleType("parent"), types.ModuleType("parent.child")
    with Binding(extra=[package]).untouched():
        package.child, package.other = inner, 1
    assert package.child is inner
    assert not hasattr(package, "other")


def test_modules_loaded_later_are_taken_in(monkeypatch):
    """A module of the user that is loaded after the plan was made is under test from the next run on."""
    binding = Binding()
    late = module_of("late", "import numpy as np\ndef run():\n    return np.exp(1)\n")
    monkeypatch.setitem(sys.modules, "late", late)
    with binding.bound(stand_for, lift=False):
        assert late.run() == "exp(1,)"


class Stubborn(Holder):
    """A holder that cannot be restored."""

    def read(self):
        """Nothing."""

    def restore(self, state):
        """Refuses."""
        raise OSError("cannot be restored")


def test_one_refusal_does_not_stop_the_others():
    """If one place cannot be put back the others are, and the refusal is told."""
    module = module_of("stubborn", "x = [1]\n")
    binding = Binding(extra=[module])
    binding._reach.holders.append(Stubborn())
    with pytest.raises(OSError, match=r"^cannot be restored$"), binding.untouched():
        vars(module).update(y=module.x.append(2))
    assert (module.x, hasattr(module, "y")) == ([1], False)


def test_untouched_inside_bound_is_refused():
    """A float run inside a bound one would see the stand-ins: an error says so, and nothing stays behind."""
    module = module_of("inside", "import numpy as np\n")
    binding = Binding(extra=[module])
    message = r"^untouched\(\) was entered inside bound\(\): leave that block first$"
    with binding.bound(stand_for, lift=False):
        with pytest.raises(RuntimeError, match=message), binding.untouched():
            pass
        inside = module.np
    assert inside is not np
    assert module.np is np
    with binding.untouched():
        assert module.np is np


def test_bound_inside_bound():
    """An inner arithmetic replaces nothing that is already replaced, and leaves the outer one in place."""
    module = module_of("nested", "import numpy as np\ndef run(n):\n    return 1 / n\n")
    binding = Binding(extra=[module])
    with binding.bound(stand_for, operate=lambda *_: "outer"):
        outer = module.np
        with binding.bound(lambda value: "both" if value is outer else value, operate=lambda *_: "inner"):
            assert (module.np, module.run(3)) == ("both", "inner")
        assert module.np is outer
        assert module.run(3) == "outer"
    assert (module.np is np, module.run(4)) == (True, 0.25)


def test_an_exception_comes_out_as_it_was():
    """The very exception of the code under test leaves the block."""
    module = module_of("raising", "error = KeyError('k')\ndef run():\n    raise error\n")
    with pytest.raises(KeyError) as caught, Binding(extra=[module]).bound(stand_for, lift=False):
        module.run()
    assert caught.value is module.error
    assert caught.value.__context__ is None


def test_other_threads_wait():
    """While one thread is inside, another one waits before it enters."""
    module = module_of("threads", "x = 0\n")
    binding, log, inside = Binding(extra=[module]), [], threading.Event()

    def other():
        inside.wait(5)
        with Binding(extra=[module]).bound(stand_for, lift=False):
            log.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with binding.untouched():
        inside.set()
        time.sleep(0.05)
        log.append("first")
    thread.join(5)
    assert log == ["first", "other"]
