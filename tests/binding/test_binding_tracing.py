"""Executed statements are the same in rewritten code, and statements never reached are named."""

import sys

import pytest
from binding_snippets import SNIPPETS, functions_of, module_of
from binding_stand_ins import named

from oracle.arithmetic.lifted_operators import OPERATORS
from oracle.arithmetic.lifting import LiftingPlan
from oracle.arithmetic.refusals import Place
from oracle.binding import Binding
from oracle.tracing import executed_lines, unreached


def traced(module, *arguments, name="run"):
    """What one call of a function of the module executed."""
    with executed_lines([vars(module)]) as executed:
        getattr(module, name)(*arguments)
    return executed


def line_numbers(executed):
    """The lines without their file."""
    return sorted(line for _, line in executed.lines)


@pytest.mark.parametrize("name", SNIPPETS)
def test_rewritten_code_executes_the_same_statements(name):
    """The set of executed statements is the same for a snippet as written and rewritten."""
    module = module_of(name, SNIPPETS[name])
    expected = traced(module_of(name, SNIPPETS[name]))
    with LiftingPlan(functions_of(module)).lifted(lambda symbol, a, b: OPERATORS[symbol][0](a, b)):
        actual = traced(module)
    assert actual.lines == expected.lines
    assert actual.first_difference(expected) is None
    assert len(expected.lines) > 0


BRANCHES = """
def run(x):
    if x > 0:
        y = (x +
             1)
    elif x < -5:
        raise ValueError(
            "small")
    else:
        y = [
            i for i in
            range(3)
        ]
    for i in range(
        x
    ):
        y += i
    return (
        y
    )
"""


def test_lines_of_an_expression_are_those_of_its_statement():
    """Each executed line is the first line of a statement, however many lines that spans."""
    assert line_numbers(traced(module_of("branches", BRANCHES), 2)) == [3, 4, 14, 17, 18]
    assert line_numbers(traced(module_of("branches", BRANCHES), -1)) == [3, 6, 10, 14, 18]


def test_the_first_difference_of_two_paths():
    """The first statement that only one of two runs executed is named with its text."""
    module = module_of("branches", BRANCHES)
    place = traced(module, 2).first_difference(traced(module, -1))
    assert place == Place("<snippet branches>", 4, "y = (x +")


def test_other_code_is_not_seen():
    """Functions of other modules, called from the code under test, are not followed."""
    helper = module_of("helper", "def helps():\n    return 1\n")
    module = module_of("caller", "def run(f):\n    return f()\n")
    executed = traced(module, helper.helps)
    assert executed.lines == {("<snippet caller>", 2)}
    assert {code.co_name for code in executed.codes} == {"run"}


UNREACHED = '''
import contextlib

def run(kind, strict=True):
    """What a backward may look like."""
    total = 0
    if kind == "a":
        total += 1
    elif kind == "b":
        total += 2
    elif kind == "c":
        message = f"no {kind}"
        raise ValueError(message)
    elif kind == "d":
        raise KeyError(kind)
    else:
        def inner():
            return 3
        total += inner()
    try:
        total += 1
    except KeyError:
        raise RuntimeError from None
    except ValueError:
        total -= 1
    while total > 10:
        total -= 1
        if total == 3:
            total.grad += 1
            raise ValueError
        assert total > 0, \\
            "x"
        if total == 5: raise ValueError
        continue
    with contextlib.suppress(ValueError):
        pass
    return (lambda t: t +
            1)(total)
'''
ELSE = {11: 'elif kind == "c":', 14: 'elif kind == "d":', 17: "def inner():", 19: "total += inner()"}
ALWAYS_UNREACHED = {
    24: "except ValueError:",
    25: "total -= 1",
    27: "total -= 1",
    28: "if total == 3:",
    29: "total.grad += 1",
    34: "continue",
}


def missing(*runs):
    """Line and text of the statements that no run reached."""
    module = module_of("unreached", UNREACHED)
    executed, codes = set(), set()
    for kind in runs:
        seen = traced(module, kind)
        executed |= seen.lines
        codes |= seen.codes
    return {place.line: place.code for place in unreached(codes, executed)}


def test_statements_that_no_run_reached():
    """Every statement that was not executed is named, but for those that only raise."""
    assert missing("a") == {9: 'elif kind == "b":', 10: "total += 2", **ELSE, **ALWAYS_UNREACHED}


def test_several_runs_add_up():
    """What one run reaches need not be reached by another; functions never entered are not looked at."""
    assert missing("a", "b") == {**ELSE, **ALWAYS_UNREACHED}
    assert missing("a", "b", "else") == ALWAYS_UNREACHED


@pytest.mark.parametrize("name", sorted(set(SNIPPETS) - {"match", "exceptions and with"}))
def test_a_snippet_that_runs_through_leaves_nothing_unreached(name):
    """Where every statement is executed none is missing, in the code as written and rewritten."""
    module = module_of(name, SNIPPETS[name])
    seen = traced(module)
    with LiftingPlan(functions_of(module)).lifted(lambda symbol, a, b: OPERATORS[symbol][0](a, b)):
        rewritten = traced(module)
    assert [str(place) for place in unreached(seen.codes | rewritten.codes, seen.lines)] == []


def test_the_statements_left_out_above():
    """In the other snippets exactly the statements that cannot be executed are unreached."""
    matched = traced(module_of("match", SNIPPETS["match"]))
    caught = traced(module_of("exceptions", SNIPPETS["exceptions and with"]))
    assert [place.code for place in unreached(matched.codes, matched.lines)] == []
    assert [place.code for place in unreached(caught.codes, caught.lines)] == ["out.append(1 / 0)"]


def test_files_or_scopes():
    """The code under test may be given by its files as well as by its globals."""
    module = module_of("branches", BRANCHES)
    with executed_lines(["<snippet branches>"]) as execution:
        module.run(2)
    assert execution.lines == traced(module, 2).lines


def test_without_source_lines_stand_for_themselves():
    """Code without a source text is followed line by line."""
    scope = {}
    exec(compile("def run():\n    x = (1,\n         len('a'))\n    return x\n", "<no source>", "exec"), scope)
    with executed_lines([scope]) as executed:
        scope["run"]()
    assert {2, 3, 4} >= {line for _, line in executed.lines} >= {2, 4}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_another_tracer_is_set_again(error):
    """A debugger's tracer is in place after the block, also after an exception, and so is its absence."""

    def tracer(frame, event, argument):
        return None

    before = sys.gettrace()
    try:
        sys.settrace(tracer)
        with pytest.raises(error), executed_lines([]):
            raise error
        after = sys.gettrace()
    finally:
        sys.settrace(before)
    assert after is tracer
    assert sys.gettrace() is before


def test_code_that_sets_a_tracer_does_no_harm():
    """A tracer set by the code under test is gone after the block."""
    module = module_of("tracer", "import sys\ndef run():\n    sys.settrace(lambda *a: None)\n    return 1\n")
    before = sys.gettrace()
    executed = traced(module)
    assert sys.gettrace() is before
    assert ("<snippet tracer>", 3) in executed.lines


def test_generators_and_recursion():
    """A generator resumed later and a function calling itself are followed throughout."""
    source = (
        "def walk(n):\n    yield n\n    if n:\n        yield from walk(n - 1)\n\ndef run():\n    return list(walk(2))\n"
    )
    assert line_numbers(traced(module_of("walk", source))) == [2, 3, 4, 7]


def test_together_with_a_binding():
    """Inside a binding the scopes of the plan are followed, with the same result as outside."""
    module = module_of("both", "def run(n):\n    x = 1 / n\n    y = 2 / n\n    return x, y\n")
    binding = Binding(extra=[module])
    with binding.untouched(), executed_lines(binding.scopes) as floats:
        module.run(3)
    with binding.bound(lambda v: v, operate=named), executed_lines(binding.scopes) as balls:
        module.run(3)
    assert balls.lines == floats.lines == {("<snippet both>", line) for line in (2, 3, 4)}
    assert balls.codes.isdisjoint(floats.codes)
