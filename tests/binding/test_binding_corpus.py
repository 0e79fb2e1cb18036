"""Whole programs can be rewritten: the corpus, the examples, and modules of Python's own library."""

import colorsys
import difflib
import fractions
import random
import statistics
import tokenize
from pathlib import Path
from types import CodeType

import pytest
from binding_snippets import functions_of

from oracle.arithmetic.lifted_operators import HELPERS, OPERATORS
from oracle.arithmetic.lifting import LiftingPlan
from oracle.arithmetic.rewriting import fingerprint, nested, rewritten

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted([*ROOT.glob("tests/corpus/*.py"), *ROOT.glob("examples/*.py"), *ROOT.glob("lstm_ref/*.py")])


def all_codes(code: CodeType) -> list[CodeType]:
    """The code objects inside a code object, at any depth."""
    return [inner for one in nested(code) for inner in (one, *all_codes(one))]


def test_there_are_programs():
    """The corpus is where this file looks for it."""
    assert len(PROGRAMS) > 50


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_function_of_a_program_has_a_rewritten_form(path):
    """Each code object is matched by one of the same name, place and closure."""
    with tokenize.open(path) as file:
        source = file.read()
    codes = all_codes(compile(source, str(path), "exec", dont_inherit=True))
    table = rewritten(source, str(path), 0, HELPERS)
    assert {fingerprint(code) for code in codes} <= set(table)
    for code in codes:
        new = table[fingerprint(code)]
        assert (new.co_qualname, new.co_freevars) == (code.co_qualname, code.co_freevars)


def compute_statistics():
    """Exercises of arithmetic in Python's library."""
    data = [random.Random(n).gauss(n, 2) for n in range(40)]
    line = statistics.linear_regression(data, data[::-1])
    normal = statistics.NormalDist.from_samples(data)
    return line, normal.quantiles(7), statistics.quantiles(data), normal.overlap(statistics.NormalDist(3, 1))


def compute_fractions():
    """Exact arithmetic, roots and rounding of fractions."""
    x = fractions.Fraction(355, 113)
    return x**3 - 7 % x, x**-2 // 3, x**0.5, x.limit_denominator(10), round(x / 9, 3), divmod(x, 2), hash(x)


def compute_colours():
    """Colours there and back."""
    return [colorsys.hls_to_rgb(*colorsys.rgb_to_hls(r / 7, 0.3, 0.9)) for r in range(8)]


def compute_differences():
    """Similarities of texts, and a diff."""
    matcher = difflib.SequenceMatcher(None, "gradient", "radiant")
    return matcher.ratio(), matcher.quick_ratio(), list(difflib.ndiff(["a\n", "b\n"], ["b\n", "c\n"]))


LIBRARY = {
    statistics: compute_statistics,
    fractions: compute_fractions,
    colorsys: compute_colours,
    difflib: compute_differences,
}


@pytest.mark.parametrize("module", LIBRARY, ids=lambda module: module.__name__)
def test_a_module_of_the_library_computes_the_same(module):
    """Rewritten with Python's own operators behind it, a module gives the same results to the last bit."""
    plan, used = LiftingPlan(functions_of(module)), []

    def counted(symbol, a, b):
        used.append(symbol)
        return OPERATORS[symbol][0](a, b)

    expected = repr(LIBRARY[module]())
    with plan.lifted(counted):
        actual = repr(LIBRARY[module]())
    assert actual == expected
    assert plan.unlifted == []
    assert used != []
