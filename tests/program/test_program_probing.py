"""Places of a twin in several loops, and in one that runs backwards: values, cotangents, and which comes first."""

import jax.numpy as jnp
import numpy as np
import pytest

from oracle.program import CannotTrace
from oracle.program.gradient_program import GradientProgram
from oracle.program.probing import THROUGH, perturbation, probed
from oracle.program.quick import QuickFloats, QuickProgram

X = np.array([2.0, 3.0, 5.0])
H = np.array(7.0)


def step(probe, name="h"):
    """h becomes h times x."""

    def multiplied(h, x_t):
        h = probe(name, probe.known("factor", x_t) * h)
        return h, h

    return multiplied


def twice(x, h0, *, probe):
    """x multiplied up, then once more."""
    h, _ = probe.scan(step(probe), h0, x)
    return probe.scan(step(probe), h, x)[0]


def backwards(x, h0, *, probe):
    """x multiplied up from the last to the first: what is left after each step."""
    return probe.scan(step(probe), h0, x, reverse=True)[1]


def cut(x, h0, *, probe):
    """x multiplied up in two pieces, of two steps and one; the second piece starts at a place of its own."""
    h, _ = probe.scan(step(probe), h0, x[:2])
    return probe.scan(step(probe), probe("border", h), x[2:])[0]


def asked(twin, wanted, bars, through=True, sizes=None):
    """Values by place, and the cotangents there, in float64."""
    found = probed(twin, {"x": "T", "h0": ""}, {}, wanted, sizes)
    program: GradientProgram = found.program
    bound = QuickProgram(program).at({"T": 3})
    shapes = [spec.shape for spec in bound.cotangents[1:]]
    inputs = {"x": X, "h0": H, THROUGH: np.array(through)}
    inputs |= {perturbation(name): np.zeros(shape) for name, shape in zip(wanted, shapes, strict=False)}
    outputs, gradients = bound.run(QuickFloats(), inputs, [bars, *map(np.zeros, shapes)])
    names = [*wanted, *found.known]
    values = dict(zip(names, outputs[-len(names) :], strict=True))
    return values, {name: gradients[perturbation(name)] for name in wanted}, gradients


def test_several_loops_follow_each_other():
    """The steps of the second loop come after those of the first, in values, in cotangents and in what is known."""
    values, cotangents, _ = asked(twice, ["h"], np.array(1.0))
    assert values["h"].tolist() == [14, 42, 210, 420, 1260, 6300]
    assert cotangents["h"].tolist() == [450, 150, 30, 15, 5, 1]
    assert values["factor"].tolist() == [2, 3, 5, 2, 3, 5]


def test_a_loop_that_runs_backwards_counts_its_own_steps():
    """The first value is that of the step which is taken first; the gradient of x stays in the order of x."""
    values, cotangents, gradients = asked(backwards, ["h"], np.array([1.0, 0.0, 0.0]))
    assert values["h"].tolist() == [35, 105, 210]
    assert cotangents["h"].tolist() == [6, 2, 1]
    assert values["factor"].tolist() == [5, 3, 2]
    assert gradients["x"].tolist() == [105, 70, 42]


@pytest.mark.parametrize("sizes", [None, {"T": 3}])
def test_loops_of_unequal_length_share_a_place(sizes):
    """Two steps, a border between, and one step more; where cotangents do not pass places, each sees the next alone."""
    values, cotangents, _ = asked(cut, ["border", "h"], np.array(1.0), sizes=sizes)
    assert (values["h"].tolist(), float(values["border"])) == ([14, 42, 210], 42)
    assert (cotangents["h"].tolist(), float(cotangents["border"])) == ([15, 5, 1], 5)
    _, alone, _ = asked(cut, ["border", "h"], np.array(1.0), through=False, sizes=sizes)
    assert (alone["h"].tolist(), float(alone["border"])) == ([0, 0, 1], 0)


def test_a_perturbation_is_added_once():
    """The control: a perturbation of one step of one loop moves the result as its cotangent says, and no other loop."""
    found = probed(twice, {"x": "T", "h0": ""}, {}, ["h"], {"T": 3})
    bound = QuickProgram(found.program).at({"T": 3})
    bars = [np.zeros(spec.shape) for spec in bound.cotangents]
    moved = []
    for k in range(6):
        e = np.where(np.arange(6) == k, 1.0, 0.0)
        outputs, _ = bound.run(QuickFloats(), {"x": X, "h0": H, THROUGH: np.array(True), perturbation("h"): e}, bars)
        moved.append(float(outputs[0]) - 6300)
    assert moved == [450, 150, 30, 15, 5, 1]


def test_a_twin_that_counts_its_chunks_is_traced_for_its_sizes():
    """A loop of Python over chunks has no symbolic length: it is traced for given sizes, or refused."""

    def chunks(x, h0, *, probe):
        for first in range(0, x.shape[0], 2):
            h0, _ = probe.scan(step(probe), probe("border", h0), x[first : first + 2])
        return jnp.asarray(h0)

    with pytest.raises(CannotTrace):
        asked(chunks, ["border", "h"], np.array(1.0))
    values, cotangents, _ = asked(chunks, ["border", "h"], np.array(1.0), sizes={"T": 3})
    assert values["border"].tolist() == [7, 42]
    assert cotangents["border"].tolist() == [30, 5]
