"""Rewritten functions mean what they meant, and hand what Python may round to the arithmetic of the run."""

import linecache
import operator
import traceback

import numpy as np
import pytest
from binding_snippets import SNIPPETS, functions_of, module_of

from oracle.arithmetic.lifted_operators import OPERATORS, may_round
from oracle.arithmetic.lifting import LiftingPlan, Unlifted
from oracle.arithmetic.refusals import recording


def as_python(symbol, a, b):
    """Python's own operation."""
    return OPERATORS[symbol][0](a, b)


def marked(symbol, a, b):
    """The operation as text, so that a test sees who carried it out."""
    return f"{a} {symbol} {b}"


def lifted_module(source, name="example"):
    """A module and the plan for its functions."""
    module = module_of(name, source)
    return module, LiftingPlan(functions_of(module))


def test_the_comparison_of_snippets_can_fail():
    """A wrong operation shows in the result of a rewritten snippet."""
    module, plan = lifted_module(SNIPPETS["chained operators"])
    right = module.run()
    with plan.lifted(lambda symbol, a, b: as_python(symbol, a, b) + 1):
        wrong = module.run()
    assert right != wrong


@pytest.mark.parametrize("name", SNIPPETS)
def test_rewritten_code_means_the_same(name):
    """With Python's own operators behind the helpers, every result is the same to the last bit."""
    expected = module_of(name, SNIPPETS[name]).run()
    module, plan = lifted_module(SNIPPETS[name], name)
    with plan.lifted(as_python):
        actual = module.run()
    assert plan.unlifted == []
    assert repr(actual) == repr(expected)


@pytest.mark.parametrize("name", SNIPPETS)
def test_code_comes_back(name):
    """Each function has its own code object again after the block, and another one inside."""
    _, plan = lifted_module(SNIPPETS[name], name)
    before = [f.__code__ for f in plan.functions]
    with plan.lifted(as_python):
        inside = [f.__code__ for f in plan.functions]
    assert [f.__code__ is code for f, code in zip(plan.functions, before, strict=True)] == [True] * len(before)
    assert any(code is not other for code, other in zip(before, inside, strict=True))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1. / n", "1.0 / 3"),
        ("n ** -0.5", "3 ** -0.5"),
        ("n / 2", "3 / 2"),
        ("n ** -2", "3 ** -2"),
        ("0.1 * n", "0.1 * 3"),
        ("7.5 // n", "7.5 // 3"),
        ("7.5 % n", "7.5 % 3"),
        ("True / n", "True / 3"),
        ("1 - 0.9", "1 - 0.9"),
        ("2j * n", "2j * 3"),
        ("np.float64(2) - n", "2.0 - 3"),
        ("np.float32(2) + np.int8(1)", "2.0 + 1"),
        ("np.int64(7) / n", "7 / 3"),
        ("np.arange(2) / n", "[0 1] / 3"),
        ("np.ones(2) * n", "[1. 1.] * 3"),
    ],
)
def test_what_python_may_round_is_handed_over(expression, expected):
    """Operations on plain numbers with an inexact result reach the arithmetic of the run, with their operands."""
    module, plan = lifted_module(f"import numpy as np\ndef run(n):\n    return {expression}\n")
    with plan.lifted(marked):
        assert module.run(3) == expected


@pytest.mark.parametrize(
    "expression",
    ["n + 2", "n * True", "7 // n", "-7 % n", "n ** 2", "np.arange(3) * n", "np.int64(5) - n", "'%d' % n", "[1.5] * n"],
)
def test_what_is_exact_stays_pythons(expression):
    """Integers among themselves, text and containers never reach the arithmetic of the run."""
    module, plan = lifted_module(f"import numpy as np\ndef run(n):\n    return {expression}\n")
    expected = repr(module.run(3))
    with plan.lifted(marked):
        assert repr(module.run(3)) == expected


@pytest.mark.parametrize("symbol", OPERATORS)
def test_in_place_on_a_name_is_handed_over(symbol):
    """`x op= v` on plain numbers stores what the arithmetic of the run returns."""
    module, plan = lifted_module(f"def run(x, v):\n    x {symbol}= v\n    return x\n")
    with plan.lifted(marked):
        assert module.run(1.5, 2) == f"1.5 {symbol} 2"


def test_in_place_on_a_float_array_is_noted():
    """A float array made before the run changes in place, as written, and the rounding is noted."""
    module, plan = lifted_module("def run(x):\n    x /= 3\n    return x\n")
    x = np.ones(2)
    with recording() as record, plan.lifted(marked):
        result = module.run(x)
    assert result is x
    assert x.tolist() == [1 / 3, 1 / 3]
    assert [str(place) for place in record.notes.values()] == ["<snippet example>:2: x /= 3"]
    assert list(record.notes) == ["rounds in a float array made before the run"]


def test_other_types_are_plainly_operated_on():
    """An operand that is no plain number leaves the operation to Python."""
    assert not may_round("+", "a", 1.0)
    assert not may_round("+", np.array(["a"]), 1.0)
    assert not may_round("*", object(), 2)
    assert may_round("+", np.zeros(1), 1)


FAILING = """
def inner(a, b):
    x = (a +
         b * 2
         - a / 0)
    return x

def run():
    values = [1, 2]
    return [
        inner(v,
              3) for v in values]
"""


def test_tracebacks_show_the_authors_lines_and_columns():
    """The frames of the code under test are at the same lines and columns in a traceback, rewritten or not."""

    def frames():
        with pytest.raises(ZeroDivisionError) as caught:
            module.run()
        steps = traceback.extract_tb(caught.tb)
        return [
            (s.name, s.lineno, s.end_lineno, s.colno, s.end_colno, s.line) for s in steps if "snippet" in s.filename
        ]

    module, plan = lifted_module(FAILING)
    expected = frames()
    with plan.lifted(as_python):
        actual = frames()
    assert len(expected) == 3
    assert actual == expected


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_code_comes_back_after_an_exception(error):
    """However the block is left, the functions are as they were and lifting is off."""
    module, plan = lifted_module("def run(n):\n    return 1 / n\n")
    code = module.run.__code__
    with pytest.raises(error), plan.lifted(marked):
        raise error
    assert module.run.__code__ is code
    assert module.run(4) == 0.25


def test_a_closure_that_outlives_the_run_computes_as_usual():
    """A function made inside the block works outside it, with Python's arithmetic."""
    module, plan = lifted_module("def make(n):\n    return lambda x: x / n\n")
    with plan.lifted(marked):
        kept = module.make(4)
        inside = kept(1)
    assert inside == "1 / 4"
    assert kept(1) == 0.25


def test_nesting():
    """A block inside a block hands over to its own arithmetic, then to the outer one again."""
    module, plan = lifted_module("def run(n):\n    return 1 / n\n")
    with plan.lifted(marked):
        with plan.lifted(lambda symbol, a, b: "inner"):
            assert module.run(3) == "inner"
        assert module.run(3) == "1 / 3"
    assert module.run(4) == 0.25


def test_a_plan_made_inside_a_block_works_outside():
    """Rewritten code is recognised as such, and the original is rewritten when its turn comes."""
    module, plan = lifted_module("def run(n):\n    return 1 / n\n")
    with plan.lifted(marked):
        late = LiftingPlan([module.run])
        with late.lifted(marked):
            assert module.run(3) == "1 / 3"
    code = module.run.__code__
    with late.lifted(marked):
        assert module.run(3) == "1 / 3"
    assert module.run.__code__ is code


def test_functions_added_for_one_time():
    """`also` lifts functions that are not of the plan, in this block only."""
    module, plan = lifted_module("def run(n):\n    return 1 / n\n")
    with LiftingPlan().lifted(marked, also=plan.functions):
        assert module.run(3) == "1 / 3"
    assert module.run(4) == 0.25


NO_SOURCE = "it has no source text"
NOT_THE_SOURCE = "its code is not what its source compiles to: edited since, or rewritten by a tool"


def test_code_without_source_is_reported():
    """A function executed from text that nobody kept stays as it is, by name and reason."""
    scope = {}
    exec("def run(n):\n    return 1 / n\ndef idle(n):\n    return [n]\n", scope)
    plan = LiftingPlan([scope["run"], scope["idle"]])
    with plan.lifted(marked):
        assert scope["run"](4) == 0.25
    assert plan.unlifted == [Unlifted("run", NO_SOURCE, "<string>", 1)]


def test_an_edited_source_is_reported():
    """A function whose source has changed since keeps its code."""
    module = module_of("edited", "def run(n):\n    return 1 / n\n")
    file = module.run.__code__.co_filename
    linecache.cache[file] = 0, None, ["def run(n):\n", "    return 2 / n\n"], file
    plan = LiftingPlan([module.run])
    with plan.lifted(marked):
        assert module.run(4) == 0.25
    assert plan.unlifted == [Unlifted("run", NOT_THE_SOURCE, "<snippet edited>", 1)]


def test_a_source_that_does_not_compile_is_reported():
    """A function whose source text is no Python any more keeps its code."""
    module = module_of("broken", "def run(n):\n    return 1 / n\n")
    file = module.run.__code__.co_filename
    linecache.cache[file] = 0, None, ["def run(n:\n"], file
    reason = "its source cannot be compiled (SyntaxError)"
    assert LiftingPlan([module.run]).unlifted == [Unlifted("run", reason, "<snippet broken>", 1)]


def test_two_lambdas_on_one_line_are_told_apart():
    """Functions of the same name on the same line are matched by what they do."""
    module = module_of("pair", "pair = (lambda n: 1 / n, lambda n: 2 / n)\n")
    with LiftingPlan(module.pair).lifted(marked):
        assert [f(3) for f in module.pair] == ["1 / 3", "2 / 3"]


def test_functions_of_a_test_module_without_assert_are_lifted():
    """pytest rewrites the functions of a test module that assert, and leaves the others as written."""
    plan = LiftingPlan([functions_of, helper_without_assert, test_nesting])
    with plan.lifted(marked):
        assert helper_without_assert(3) == "1 / 3"
    assert [(one.qualname, one.reason) for one in plan.unlifted] == [("test_nesting", NOT_THE_SOURCE)]


def helper_without_assert(n):
    """One operation."""
    return 1 / n


def test_encodings_and_long_lines():
    """A file in another encoding, with text before the operator, is rewritten at the right places."""
    module, plan = lifted_module("# -*- coding: latin-1 -*-\ndef run(µ):\n    é = 'é'; return é, µ / 3\n")
    with plan.lifted(marked):
        assert module.run(2) == ("é", "2 / 3")


def test_operators_are_pythons():
    """Each symbol has Python's operator and its in-place form."""
    assert OPERATORS["-"] == (operator.sub, operator.isub)
    assert [ordinary(7, 2) for ordinary, _ in OPERATORS.values()] == [9, 5, 14, 3.5, 3, 1, 49]
    assert [in_place(7, 2) for _, in_place in OPERATORS.values()] == [9, 5, 14, 3.5, 3, 1, 49]
