"""Planting exchanges the code of functions for the length of a block, and nothing else."""

import ast
import copy
import functools
import inspect
import linecache
import traceback
from pathlib import Path

import pytest
from mutation_tools import module_of

import lstm_ref.cell as cell
import lstm_ref.layer as layer
from lstm_ref.classic import LstmNode
from oracle import subjects, verify
from oracle.arithmetic.lifting import LiftingPlan
from oracle.mutation.planting import PlantingError, Text, Tree, planted, real_name
from oracle.mutation.source import home
from oracle.verdict import Verdict

FAULT = Text(cell.step_vjp, "np.multiply(s_total_bar, i, out=g_bar)", "np.multiply(s_total_bar, f, out=g_bar)")

SOURCE = '''\
from __future__ import annotations
import functools


def outside():
    return "outside"


class Gates:
    """Two lines
    of text."""

    factor = 2

    def slope(self, y):
        # ⊙ is more than one byte long
        return y * (1 - y) + self.__secret()

    def __secret(self):
        return 0

    @staticmethod
    def static(a):
        return a + 1

    @classmethod
    def of_class(cls, a):
        return a * cls.factor


def maker(n, m):
    def made(a):
        b = a + m
        return b * n

    return made


def kept(function):
    @functools.wraps(function)
    def around(*arguments):
        return function(*arguments)

    return around


@kept
def wrapped(
    a,
    b=3,
):
    total = (
        a
        + b
    )
    return total


double = lambda a: a * 2


def at_the_end():
    raise ValueError("at the end")
'''


@pytest.fixture
def module():
    """The module under edit."""
    return module_of(SOURCE)


def changed(function, change):
    """An edit that hands over a changed syntax tree: `change` maps the function's own tree, in place."""
    tree = copy.deepcopy(home(function).node)
    change(tree)
    return Tree(function, tree)


# ---- the LSTM on trial


def test_a_planted_fault_is_refuted_and_gone_after_the_block():
    """The seed's layer is certified, refuted under a planted fault, and certified again with the same code object."""
    before = cell.step_vjp.__code__
    assert verify(subjects.load("lstm-seed"), cases=2).verdict is Verdict.CERTIFIED
    with planted(FAULT):
        report = verify(subjects.load("lstm-seed"), cases=2)
        assert cell.step_vjp.__code__ is not before
    assert report.verdict is Verdict.REFUTED
    assert [leaf.name for leaf in report.leaves if leaf.verdict is Verdict.REFUTED] == ["x", "h0", "s0", "W", "U", "b"]
    assert cell.step_vjp.__code__ is before
    assert verify(subjects.load("lstm-seed"), cases=2).verdict is Verdict.CERTIFIED


def test_planted_code_is_lifted():
    """Arithmetic on plain numbers in planted code is carried out in balls too: nothing keeps Python's rounding."""
    edit = Text(LstmNode.top_diff_is, "o_bar = state.s * h_bar", "o_bar = 1.0 / 3 * state.s * h_bar")
    with planted(edit):
        assert LiftingPlan([LstmNode.top_diff_is]).unlifted == []
        assert verify(subjects.load("lstm-classic-node"), cases=1).verdict is Verdict.REFUTED


# ---- what can be edited


def test_a_method_is_edited_with_its_private_names(module):
    """A method that calls a private one of its class finds it, though all other lines are blank."""
    gates = module.Gates()
    with planted(Text(module.Gates.slope, "y * (1 - y)", "y")):
        assert gates.slope(3) == 3
    assert gates.slope(3) == -6


@pytest.mark.parametrize("name", ["static", "of_class"])
def test_static_and_class_methods_are_edited(module, name):
    """A static or class method is edited, reached from the class."""
    before = getattr(module.Gates, name)(5)
    with planted(Text(getattr(module.Gates, name), "return a", "return 100 + a")):
        assert getattr(module.Gates, name)(5) == 100 + before
    assert getattr(module.Gates, name)(5) == before


def test_bound_methods_partials_and_wrappers_lead_to_the_function(module):
    """What leads to a function may be named in its place."""
    gates = module.Gates()
    edits = (
        Text(gates.slope, "y * (1 - y)", "7"),
        Text(functools.partial(module.wrapped, 1), "return total", "return 8"),
    )
    with planted(*edits):
        assert (gates.slope(3), module.wrapped(1)) == (7, 8)
    assert (gates.slope(3), module.wrapped(1)) == (-6, 4)


def test_a_closure_is_edited_and_so_are_those_made_meanwhile(module):
    """A live closure keeps its variables; closures made in the block are edited, those made later are not."""
    live = module.maker(10, 1)
    with planted(Text(live, "b * n", "b - n")):
        made = module.maker(100, 1)
        assert (live(1), made(1)) == (-8, -98)
    assert (live(1), module.maker(100, 1)(1)) == (20, 200)


def test_a_closure_may_lose_a_variable_but_not_need_another(module):
    """An edit may drop the only use of a variable of the function around; it cannot take in a further one."""
    live = module.maker(10, 1)
    with planted(Text(live, "b * n", "b")):
        assert (live(1), module.maker(100, 1)(1)) == (2, 2)
    assert live(1) == 20
    with pytest.raises(PlantingError, match=r"^maker.<locals>.made would need made, which it does not hold$"):
        planted(Text(live, "b * n", "b * n * made")).__enter__()


def test_a_lambda_is_edited(module):
    """A lambda is edited."""
    with planted(Text(module.double, "a * 2", "a * 3")):
        assert module.double(5) == 15
    assert module.double(5) == 10


def test_several_edits_in_one_file_and_in_several(module):
    """Edits of several functions, and two of one, in two files, are all there at once."""
    edits = [
        Text(module.outside, '"outside"', '"inside"'),
        Text(module.wrapped, "+ b", "- b"),
        Text(module.wrapped, "return total", "return -total"),
        FAULT,
        Text(layer.backward, "rows.sum(axis=0)", "rows.sum(axis=0) * 2"),
    ]
    before = [edit.function.__code__ for edit in edits]
    with planted(*edits) as files:
        assert (module.outside(), module.wrapped(1)) == ("inside", 2)
        assert [real_name(one.name) for one in files] == [module.__file__, cell.__file__, layer.__file__]
    assert [edit.function.__code__ for edit in edits] == before
    assert (module.outside(), module.wrapped(1)) == ("outside", 4)


def test_edits_nest(module):
    """A fault planted on a planted one sees that one's source, and both go in turn."""
    with planted(Text(module.outside, '"outside"', '"one"')):
        with planted(Text(module.outside, '"one"', '"two"')):
            assert module.outside() == "two"
        assert module.outside() == "one"
    assert module.outside() == "outside"


# ---- syntax trees


def test_a_changed_tree_is_written_where_it_differs(module):
    """Only the smallest expression that differs is written anew; comments and lines stay."""

    def sign(tree):
        tree.body[-1].value.left.right.op = ast.Add()

    with planted(changed(module.Gates.slope, sign)) as (file,):
        assert module.Gates().slope(3) == 12
        assert file.text.splitlines()[15:17] == [
            "        # ⊙ is more than one byte long",
            "        return y * (1 + y) + self.__secret()",
        ]


def test_a_change_inside_several_lines_keeps_their_number(module):
    """An expression over several lines is replaced by as many, so that what follows keeps its line."""

    def drop(tree):
        tree.body[0].value = tree.body[0].value.left

    line = inspect.unwrap(module.wrapped).__code__.co_firstlineno
    with planted(changed(module.wrapped, drop)) as (file,):
        assert module.wrapped(1) == 1
        assert file.text.splitlines()[line - 1 :][9] == "    return total"


def test_statements_are_put_in_taken_out_and_moved(module):
    """A tree may have more, fewer or other statements than before."""
    extra = ast.parse("b = b + 1").body[0]
    live = module.maker(10, 1)
    with planted(changed(live, lambda tree: tree.body.insert(1, extra))):
        assert live(1) == 30
    with planted(changed(live, lambda tree: tree.body.insert(0, ast.parse("a = 0").body[0]))):
        assert live(1) == 10
    with planted(changed(live, lambda tree: tree.body.pop())):
        assert live(1) is None
    with planted(changed(live, lambda tree: tree.body.pop(0))), pytest.raises(NameError):
        live(1)
    assert live(1) == 20


def test_a_slice_is_changed_within_its_brackets():
    """What can stand only inside brackets is written with them."""
    module = module_of("def f(a):\n    return a[1:, 0]\n")

    def later(tree):
        tree.body[0].value.slice.elts[0] = ast.Slice(ast.Constant(2), None, None)

    with planted(changed(module.f, later)) as (file,):
        assert file.text == "def f(a):\n    return a[2:, 0]\n"


# ---- what is shown


def test_the_edited_line_is_shown_under_the_name_of_the_file():
    """A traceback shows the edited line at the author's number, in the file's name spelt otherwise."""
    with planted(Text(cell.by_gate, "*axes, B, width = a.shape", "*axes, B, width = a.shap")):
        with pytest.raises(AttributeError) as raised:
            cell.by_gate(0)
        frame = traceback.extract_tb(raised.tb)[-1]
    line = next(
        n for n, text in enumerate(Path(cell.__file__).read_text().splitlines(), 1) if "B, width = a.shape" in text
    )
    assert (real_name(frame.filename), frame.lineno, frame.line) == (cell.__file__, line, "*axes, B, width = a.shap")
    assert frame.filename not in linecache.cache


def test_in_a_planted_file_everything_else_is_blank(module):
    """The text of a planted method is that of its class's heading and its own."""
    with planted(Text(module.Gates.slope, "y * (1 - y)", "y")) as (file,):
        shown = [line for line in file.text.splitlines() if line]
    assert shown == [
        "class Gates:",
        "    def slope(self, y):",
        "        # ⊙ is more than one byte long",
        "        return y + self.__secret()",
    ]


# ---- what is refused, and what an exception leaves


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nowhere", "", "'nowhere' stands 0 times in the source of slope, expected once"),
        ("y", "z", "'y' stands 4 times in the source of slope, expected once"),
        ("", "z", "'' stands 0 times in the source of slope, expected once"),
        ("return y", "return return y", "the edited source cannot be compiled: invalid syntax (FILE, line 17)"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(module, old, new, message):
    """An edit that fits nowhere, twice, or gives no Python is refused, and nothing is planted."""
    before = module.outside.__code__
    with pytest.raises(PlantingError) as raised:
        planted(Text(module.outside, '"outside"', '"inside"'), Text(module.Gates.slope, old, new)).__enter__()
    assert str(raised.value) == message.replace("FILE", module.__file__)
    assert module.outside.__code__ is before


def test_what_has_no_source_of_its_own_is_refused(module):
    """Built-in functions, code without text, and code that its text does not give are refused."""
    with pytest.raises(PlantingError, match=r"^an edit names a function written in Python, but got len, which is not$"):
        home(len)
    with pytest.raises(PlantingError, match=r"^an edit names a function written in Python, but got a int$"):
        home(3)
    with pytest.raises(PlantingError, match=r"^<lambda> has no source text, so no fault can be planted in it$"):
        home(eval("lambda: 0"))
    linecache.cache[module.__file__] = (1, None, ["def outside(): return 1\n"], module.__file__)
    with pytest.raises(PlantingError, match=r"^the code of outside is not what its source compiles to "):
        home(module.outside)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_everything_is_restored_however_the_block_ends(module, error):
    """An exception, an interrupt and an exit leave code and lines as they were."""
    functions, names = (module.outside, cell.step_vjp, inspect.unwrap(module.wrapped)), set(linecache.cache)
    before = [function.__code__ for function in functions]
    with (
        pytest.raises(error),
        planted(Text(module.outside, '"outside"', '"in"'), FAULT, Text(module.wrapped, "+ b", "- b")),
    ):
        raise error
    assert all(function.__code__ is code for function, code in zip(functions, before, strict=True))
    assert set(linecache.cache) == names


def test_a_code_that_cannot_be_exchanged_leaves_nothing_planted(module, monkeypatch):
    """If the last exchange fails, those before it are undone."""
    from oracle.mutation import planting

    real = planting.edited

    def spoilt(*edits):
        (file,) = real(*edits)
        return [
            planting.Edited(file.file, file.name, file.text, (*file.codes, (module.double, compile("", "", "exec"))))
        ]

    monkeypatch.setattr(planting, "edited", spoilt)
    before = module.outside.__code__
    monkeypatch.setattr(module, "double", module.maker(1, 2))
    with pytest.raises(ValueError, match="requires a code object with 2 free vars, not 0"):
        planted(Text(module.outside, '"outside"', '"in"')).__enter__()
    assert module.outside.__code__ is before
