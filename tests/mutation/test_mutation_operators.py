"""Each operator makes the faults that its sentence names, each once, and each can be planted."""

import ast

import numpy as np
import pytest
from mutation_tools import module_of

import lstm_ref.cell as cell
from oracle import subjects
from oracle.mutation.mutants import check_operators, mutants
from oracle.mutation.observe import backward_functions, scenes
from oracle.mutation.operators import OPERATORS
from oracle.mutation.planting import edited, planted
from oracle.mutation.scene import Scene, Seen
from oracle.mutation.source import home
from oracle.trial import Trial

SOURCE = """
import numpy as np

def sigmoid(a):
    return 1 / (1 + np.exp(-a))

def sigmoid_slope(y):
    return y * (1 - y)

def tanh_slope(y):
    return 1 - y ** 2

def tanh(a):
    return np.tanh(a)

class Store:
    pass

def check(T):
    if T < 1:
        raise ValueError(T)

def backward(h_bar, tape, p, store):
    T, B, H = h_bar.shape
    check(T)
    W, h, c, gates, s_bar, total = tape
    if T != len(h):
        raise ValueError(f"{T + 1} steps")
    h_next_bar = s_bar.copy()
    for t in reversed(range(T)):
        a_bar = (h_bar[t] + h_next_bar) * sigmoid_slope(h[t])
        np.multiply(a_bar, c, out=total)
        p.wf_diff += a_bar * 2
        store.x_bar = a_bar / T
        h_next_bar = np.dot(a_bar, W.T)
    b_bar = total.sum(axis=0)
    total = np.zeros(3)
    f_bar = gates[:, 1]
    g_bar = gates[1:]
    return h_next_bar, b_bar
"""

EXPECTED = {  # operator: what it must make, and how often at least it makes anything
    "drop-summand": {"h_next_bar * sigmoid_slope(h[t])", "h_bar[t] * sigmoid_slope(h[t])", "pass"},
    "drop-factor": {"a_bar = h_bar[t] + h_next_bar", "a_bar = sigmoid_slope(h[t])", "np.multiply(1.0, c, out=total)"},
    "flip-sign": {"(h_bar[t] - h_next_bar)", "h_next_bar = -np.dot(a_bar, W.T)"},
    "subtract-for-add": {"p.wf_diff -= a_bar * 2"},
    "constant-factor": {"(1 + 1e-09) * ", "(1 - 0.001) * ", "2.0 * ", "0.5 * ", " / T", " / B"},
    "spurious-factor": {"np.multiply(a_bar * b_bar, c, out=total)", "np.dot(a_bar, W.T) * b_bar"},
    "value-for-derivative": {"(h_bar[t] + h_next_bar) * h[t]", "* sigmoid(h[t])"},
    "derivative-for-value": {"np.multiply(1 - a_bar ** 2, c, out=total)", "np.multiply(a_bar, c * (1 - c), out=total)"},
    "other-derivative": {"tanh_slope(h[t])"},
    "wrong-stage": {"sigmoid_slope(sigmoid(h[t]))", "sigmoid_slope(np.log(h[t] / (1 - h[t])))"},
    "transpose": {"np.dot(a_bar, W)", "np.dot(a_bar.T, W.T)"},
    "transpose-if-square": {"np.dot(a_bar, W if W.shape == W.T.shape else W.T)"},
    "swap-operands": {"np.dot(W.T, a_bar)"},
    "elementwise-product": {"a_bar * W.T"},
    "wrong-axis": {"total.sum(axis=1)"},
    "drop-reduction": {"b_bar = total[0]", "b_bar = total[-1]"},
    "mean-for-sum": {"total.mean(axis=0)"},
    "time-index": {"h_bar[t - 1]", "h_bar[t + 1]", "h[t - 1]"},
    "one-step": {"h_bar[-1]", "h_bar[0]"},
    "bounds": {"range(T - 1)", "range(T + 1)"},
    "skip-step": {"list(reversed(range(T)))[1:]", "list(reversed(range(T)))[:-1]"},
    "wrong-order": {"for t in range(T)"},
    "assign-for-add": {"p.wf_diff = a_bar * 2"},
    "add-for-assign": {"h_next_bar += np.dot(a_bar, W.T)"},
    "drop-carry": {"h_bar[t] + 0 * h_next_bar", "pass"},
    "no-gradient": {"store.x_bar = 0 * (a_bar / T)", "return (0 * h_next_bar, b_bar)", "p.wf_diff += 0 * (a_bar * 2)"},
    "other-parameter": {"p.wo_diff += a_bar * 2"},
    "swap-names": {"np.multiply(b_bar, c, out=total)", "np.multiply(a_bar, h[t], out=total)", "p.wf_diff += b_bar * 2"},
    "swap-order": {"W, h, c, gates, total, s_bar = tape", "return (b_bar, h_next_bar)"},
    "wrong-slice": {"gates[1 - 1:-1]", "gates[:-1]"},
    "stale-cache": {"globals().setdefault('_stale_"},
    "leak": {"or sum(globals()['_leaked_"},
    "alias": {"h_next_bar = s_bar\\n"},
    "mutate-argument": {"h_bar[...] = 0"},
    "wrong-reshape": {"h_bar.swapaxes(0, 1).reshape(T * B, H)"},
}


def scene(module):
    """The backward with what its expressions hold, as if a run had been watched: T = 3, B = 2, H = 4."""
    wide, matrix, row = Seen((3, 2, 4), "f"), Seen((2, 4), "f", identity=1), Seen((2,), "f")
    held = {
        "h_bar": wide,
        "h": wide,
        "gates": wide,
        "W": Seen((4, 4), "f"),
        "T": Seen((), "i", 3),
        "B": Seen((), "i", 2),
    }
    for number, name in enumerate(
        ("h_bar[t]", "h[t]", "h_next_bar", "s_bar", "c", "total", "a_bar", "g_bar", "b_bar"), 2
    ):
        held[name] = Seen((2, 4), "f", identity=number)
    held |= {"store.x_bar": matrix, "p.wf_diff": matrix, "p.wo_diff": Seen((2, 4), "f", identity=99), "row": row}
    found = home(module.backward)
    sights = {one.lineno: held for one in ast.walk(found.node) if isinstance(one, ast.stmt)}
    return Scene(found, sights, frozenset({"W"}))


@pytest.fixture(scope="module")
def module():
    """The module whose backward is mutated."""
    extra = "    p.wo_diff += a_bar\n    rows = h_bar.reshape(T * B, H)\n    return h_next_bar"
    return module_of(SOURCE.replace("    return h_next_bar", extra))


def changed_lines(mutant):
    """The lines that a mutant puts in."""
    return "".join(line[1:] + "\n" for line in mutant.diff.splitlines()[2:] if line.startswith("+"))


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_makes_its_faults(module, operator):
    """Each operator makes the edits that it is there for."""
    made = [changed_lines(one) for one in mutants([scene(module)], [operator])]
    found = {wanted for wanted in EXPECTED[operator] if any(_has(line, wanted) for line in made)}
    assert found == EXPECTED[operator]


def _has(line, wanted):
    """Whether a line of source holds a piece, whatever parentheses and spaces it is written with."""

    def bare(text):
        return text.replace("\\n", "\n").replace("(", "").replace(")", "").replace(" ", "")

    return bare(wanted) in bare(line)


def test_every_class_of_faults_has_an_operator():
    """The table of the package names every operator, and no other."""
    from oracle.mutation import operators

    rows = [line.split("|")[2] for line in operators.__doc__.splitlines() if line.startswith("| ")]
    assert sorted(" ".join(rows[2:]).split()) == sorted(OPERATORS)


def test_mutants_are_distinct_and_named_alike_each_time(module):
    """No two mutants have the same source, none that of the original, and the names are the same in each run."""
    made = list(mutants([scene(module)]))
    texts = [one.edit.after for one in made]
    assert len(set(texts)) == len(texts)
    assert all(one.edit.after != one.edit.before for one in made)
    names = [one.id for one in made]
    assert len(set(names)) == len(names)
    assert names == [one.id for one in mutants([scene(module)])]


def test_what_only_checks_or_raises_is_left_alone(module):
    """Statements that raise, or call a function that only checks, are not mutated."""
    lines = {changed_lines(one) for one in mutants([scene(module)])}
    assert not any("check(" in line or "raise" in line or "steps" in line for line in lines)


def test_arrays_that_lend_their_shape_are_left_alone():
    """Of an array in `np.zeros_like(x)` or `len(x)` nothing but the shape is looked at: no fault can be there."""
    module = module_of(
        "import numpy as np\ndef backward(y_bar, x):\n    z = np.zeros_like(x)\n    n = len(x)\n    return y_bar * x"
    )
    held = {name: Seen((3,), "f", identity=k) for k, name in enumerate(("y_bar", "x", "z"), 1)}
    found = home(module.backward)
    made = list(mutants([Scene(found, {n: held for n in range(1, 9)})], ["swap-names"]))
    assert {changed_lines(one).strip() for one in made} == {
        "return x * x",
        "return z * x",
        "return y_bar * y_bar",
        "return y_bar * z",
    }


def test_all_mutants_of_a_cell_can_be_planted():
    """Every mutant of the cell compiles and is planted, and the code is the author's own again afterwards."""
    trial = Trial(subjects.load("lstm-seed"), 30)
    functions, shared = backward_functions(trial)
    assert "step_vjp" in {one.__name__ for one in functions}
    assert "tanh" in shared
    before = cell.step_vjp.__code__
    made = [one for one in mutants(scenes(trial, functions)) if one.scene.function is cell.step_vjp]
    for one in made[::9]:
        (file,) = edited(one.edit)
        assert file.text == one.edit.after
        with planted(one.edit):
            assert cell.step_vjp.__code__ is not before
    assert len(made) > 200
    assert cell.step_vjp.__code__ is before


def test_the_values_of_a_run_are_seen():
    """A float run shows shapes and whole numbers at every statement, and which arrays are one and the same."""
    trial = Trial(subjects.load("lstm-seed"), 30)
    (found,) = [one for one in scenes(trial, backward_functions(trial)[0]) if one.function is cell.step_vjp]
    last = found.statements[-1]
    B, H = 2, 4
    assert found.seen(last, ast.Name("a_bar")).shape == (B, 4 * H)
    assert np.prod(found.seen(last, ast.Name("own_bar")).shape) == 4 * B * H
    assert "s_total_bar" not in found.alike(last, ast.Name("c_bar"))  # another name of the same array


def test_unknown_operators_are_refused():
    """The message lists the operators that there are."""
    with pytest.raises(ValueError, match=r"^there is no operator 'nonsense'; the operators are drop-summand, "):
        check_operators(["drop-summand", "nonsense"])
