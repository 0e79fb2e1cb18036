"""Source texts as people write them, each with functions to call: what must mean the same after rewriting."""

import linecache
import types

SNIPPETS = {
    "chained operators": """
def run():
    a, b, c = 7, 2.5, 3
    return a + b * c - a / c // b % 4 ** -1, -a ** 2, (a - b - c) / -b, 2 ** 3 ** 2, a if a / 2 > b * 1.5 else c
""",
    "comprehensions": """
def run():
    n = 4
    grid = [[i / (j + 1) for j in range(n) if j % 2 == 0] for i in range(n - 1)]
    return grid, {i * i: i / 3 for i in range(n)}, sorted({x - 0.5 for x in range(3)}), sum(x * 0.1 for x in range(n))
""",
    "closures": """
def make(scale):
    total = 1.0
    def inner(x, *rest, bias=scale / 3):
        nonlocal total
        total += x * scale
        total -= bias
        return total / (1 + len(rest))
    return inner

def run():
    f = make(0.3)
    return f(1.5), f(2, 3, 4), f(0.1, bias=2)
""",
    "globals": """
count = 3
def run():
    global count
    count *= 1.5
    count **= 2
    return count / 7
""",
    "attributes": """
class Box:
    __hidden = 2.0
    def __init__(self):
        self.value, self.__hidden, self.child = 1.0, 3.0, None
    def step(self):
        self.value += 0.1
        self.__hidden /= 3
        self.__hidden -= 1
        return self.value, self.__hidden

class _Under(Box):
    def step(self):
        self.__own = 5
        self.__own //= 2
        self.__dunder__ = 1
        self.__dunder__ += 1
        return super().step(), self.__own, self.__dunder__, sorted(vars(self))

def run():
    box, under = Box(), _Under()
    box.child = under
    box.child.value *= 7
    return box.step(), box.step(), under.step()
""",
    "subscripts with side effects": """
def run():
    log = []
    def noted(what, value):
        log.append(what)
        return value
    items, table = [1.0, 2.0, 3.0], {"a": {"b": 2}}
    noted("owner", items)[noted("index", 1)] /= noted("value", 3)
    items[noted("again", 0)] += (items := [9])[0]
    table["a"]["b"] **= noted("power", -1)
    table[f"{'a'}"].setdefault("c", 5)
    table[f"{'a'}"]["c"] %= 3
    return log, items, table
""",
    "index changed by the value": """
class Tape:
    def __init__(self):
        self.t, self.log = 0, [0.0, 0.0, 0.0]
    def step(self):
        self.t += 1
        return self.t / 3

def run():
    tape = Tape()
    tape.log[tape.t] += tape.step()
    tape.log[tape.t] += tape.step()
    return tape.t, tape.log
""",
    "slices of arrays": """
import numpy as np
def run():
    x = np.arange(12.0).reshape(3, 4)
    view, alias = x[1], x
    x[1, 1:] *= 2.0
    x[:, ::2] -= np.ones((3, 2)) / 3
    x[..., -1] += 1
    x[x > 8] /= 7
    x += 1
    x **= 2
    rows = slice(0, 2)
    x[rows] //= 3
    index = (0, slice(1, None))
    x[*index] %= 5
    return x.tolist(), view.tolist(), alias is x
""",
    "containers": """
def run():
    items = [1, 2]
    alias = items
    items += (3,)
    items *= 2
    text = "ab" + "c" * 3
    text += "!"
    names = ("x",) + ("y",) * 2
    both = {1, 2} - {2} | {5}
    flags = 6 & 3 ^ 1 << 2
    flags |= 8
    flags >>= 1
    return alias is items, items, text, names, both, flags, "%d of %5.2f" % (3, 2.5), b"%d" % 7
""",
    "user operators": """
class Number:
    def __init__(self, v, log):
        self.v, self.log = v, log
    def __add__(self, other):
        self.log.append("add")
        return Number(self.v + getattr(other, "v", other), self.log)
    def __radd__(self, other):
        self.log.append("radd")
        return Number(other + self.v, self.log)
    def __imul__(self, other):
        self.log.append("imul")
        self.v *= other
        return self
    def __sub__(self, other):
        return NotImplemented
    def __rsub__(self, other):
        self.log.append("rsub")
        return self

def run():
    log = []
    n = Number(1.5, log)
    kept = n
    n *= 3
    m = 2 + n + 0.5
    1.5 - m
    n += 1
    for attempt in (lambda: kept - m, lambda: log.__iadd__(1), lambda: [] + (), lambda: {}.update(a=1 ** "x")):
        try:
            attempt()
        except TypeError as error:
            log.append(str(error))
    try:
        log -= 1
    except TypeError as error:
        log.append(str(error))
    return log, m.v, n.v, kept.v, n is kept
""",
    "walrus and strings": """
def run():
    if (half := 5 / 2) > 2:
        text = f"{half * 2:.3f} {half=} {half / 3 = :>8.3} {'a' + 'b'!r:*^{2 + 8}}"
    while (half := half - 1) > 0:
        text += f"{half / 2}"
    return text
""",
    "decorators": """
import functools
def twice(scale):
    def decorate(f):
        @functools.wraps(f)
        def wrapper(*args):
            return f(*args) * scale
        return wrapper
    return decorate

@twice(1 / 3 + 1)
@twice(2 - 0.5)
def run(x=7 / 3):
    return x / 2
""",
    "generators": """
def walk(n):
    got = 1
    while n > 0:
        n -= 1
        got = (yield n / got) or got + 1
        got += (yield from (i * 0.5 for i in range(2))) or 0.25
    return got * 2

def run():
    g = walk(3)
    seen = [next(g)]
    try:
        while True:
            seen.append(g.send(len(seen) % 3))
    except StopIteration as stop:
        seen.append(stop.value)
    return seen
""",
    "class bodies": """
def run():
    unit = 3
    class Layer:
        width = unit * 2
        width /= 4
        sizes = [width]
        sizes[0] += 1
        scale = [i / 2 for i in range(3)]
        def area(self, k=width ** 2):
            return k * self.width
        class Inner:
            depth = 1.0
            depth -= 0.1
    return Layer.width, Layer.sizes, Layer.scale, Layer().area(), Layer.Inner.depth
""",
    "lambdas and stars": """
def collect(*args, **kwargs):
    return args, kwargs

def run():
    pick = {"half": lambda x, k=1 / 2: x * k, "third": lambda x: x / 3}
    first, *rest = [pick[name](5) for name in sorted(pick)]
    return first, rest, collect(*[1 / 3, 2 - 1], *rest, **{"a" + "b": 1 / 7}), (lambda *a: [*a, a[0] / 3])(1, 2)
""",
    "match": """
def kind(x):
    match x:
        case -1 | 2.5:
            return x / 3
        case 1 + 2j:
            return "complex"
        case [a, b, *rest] if a / 2 > b:
            return a - b + len(rest)
        case {"k": v}:
            v += 1
            return v * 0.1
        case int(n):
            return n ** -2
    return None

def run():
    return [kind(x) for x in (-1, 2.5, 1 + 2j, [5, 1, 0], [1, 5], {"k": 2}, 7, "no")]
""",
    "exceptions and with": """
import contextlib
@contextlib.contextmanager
def scaled(x):
    yield x / 3

def run():
    out = []
    try:
        with scaled(2) as a, scaled(a * 2) as b:
            out += [a, b]
            a / 0
    except ZeroDivisionError as error:
        out.append(str(error))
    else:
        out.append(1 / 0)
    finally:
        out[-1] += "."
    return out
""",
    "future annotations": """
from __future__ import annotations
def typed(x: "float" = 1 / 3, *, n: int + 1 = 2) -> float * 2:
    y: x + 1 = x / n
    z: int
    return y
def run():
    return typed(), typed.__annotations__
""",
    "assert and del": """
def run():
    x = [1, 2, 3]
    assert len(x) / 3 == 1, "message %d" % 3
    del x[3 - 1]
    return x, not x[0] - 1, 1 < x[1] / 1 < 3, x[-1] * 2 if x else None
""",
}


def module_of(name, source):
    """A module made of a source text, whose lines tracebacks and the lifting can find."""
    file = f"<snippet {name}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    module = types.ModuleType(name.replace(" ", "_"))
    exec(compile(source, file, "exec", dont_inherit=True), vars(module))
    return module


def functions_of(module):
    """Its functions and the methods of its classes, lambdas and closures excepted."""
    owners = [vars(module), *(vars(v) for v in vars(module).values() if isinstance(v, type))]
    found = [value for owner in owners for value in owner.values() if isinstance(value, types.FunctionType)]
    wrapped = [f.__wrapped__ for f in found if hasattr(f, "__wrapped__")]
    return [f for f in found + wrapped if f.__globals__ is vars(module)]
