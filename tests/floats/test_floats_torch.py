"""`Subject.from_torch`: judged in floats, by every entry beside a twin and by slopes without one."""

import sys

import numpy as np
import pytest

from oracle import Subject, Verdict, verify
from oracle.cases import Case
from oracle.forms.form import SubjectError
from oracle.hearing import Hearing
from oracle.trial import Trial

INPUTS = {"x": "B D", "W": "D H"}


def test_without_torch_the_message_says_what_to_install(monkeypatch):
    """Where torch cannot be imported, the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError) as caught:
        Subject.from_torch(object, inputs=INPUTS)
    assert str(caught.value) == (
        "Subject.from_torch needs torch, which cannot be imported; "
        "install it with `pip install 'gradient-oracle[torch]'`"
    )


def twin(x, W):
    """The same for JAX."""
    import jax.numpy as jnp

    return jnp.tanh(x @ W)


@pytest.fixture(scope="module")
def torch():
    """The module torch; without it, what needs it is skipped."""
    return pytest.importorskip("torch", reason="torch is an optional extra and is not installed")


@pytest.fixture(scope="module")
def layer(torch):
    """Makes a Function for y = tanh(x W) whose W cotangent is multiplied by `factor`, computed in `dtype` if given."""

    def make(factor=1.0, dtype=None, returned=lambda gradients: gradients):
        class Layer(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, W):
                y = torch.tanh(x @ W)
                ctx.save_for_backward(x, W, y)
                return y

            @staticmethod
            def backward(ctx, y_bar):
                x, W, y = ctx.saved_tensors
                a = y_bar * (1 - y * y)
                a = a if dtype is None else a.to(dtype)
                W_bar = factor * (x.to(a.dtype).T @ a)
                return returned((a @ W.to(a.dtype).T, W_bar))

        return Layer

    return make


def test_a_right_function_beside_a_twin_is_consistent(layer):
    """Every entry is within its bound, in float64 and float32; faults of 1e-12 would have been seen."""
    report = verify(Subject.from_torch(layer(), inputs=INPUTS, reference=twin), cases=12)
    assert (report.verdict, report.witnesses) == (Verdict.CONSISTENT, ("autodiff",))
    assert report.notes[0].startswith("left ball arithmetic: torch computes in tensors of its own, at ")
    assert report.notes[0].endswith(": def forward(ctx, x, W):")
    assert all(leaf.float64.detection_limit < 1e-12 and leaf.float32.detection_limit < 1e-3 for leaf in report.leaves)


def test_a_relative_error_of_1e10_is_seen_beside_a_twin(layer):
    """The control: W's cotangent times 1 + 1e-10 is inconsistent, and x's is not blamed."""
    report = verify(Subject.from_torch(layer(1 + 1e-10), inputs=INPUTS, reference=twin), cases=4)
    assert {leaf.name: leaf.verdict for leaf in report.leaves} == {
        "x": Verdict.CONSISTENT,
        "W": Verdict.INCONSISTENT,
    }


def test_a_right_function_without_a_twin_is_consistent(layer):
    """Complex steps of the forward know the slope as finely as the gradient is known."""
    report = verify(Subject.from_torch(layer(), inputs=INPUTS), cases=8)
    assert report.verdict is Verdict.CONSISTENT
    assert "complex_step" in report.witnesses
    assert all(leaf.float64.detection_limit < 1e-11 for leaf in report.leaves)


def test_a_wrong_function_without_a_twin_is_inconsistent(layer):
    """The control: a factor of 1 + 1e-8 is seen without a twin too."""
    report = verify(Subject.from_torch(layer(1 + 1e-8), inputs=INPUTS), cases=4)
    assert {leaf.name: leaf.verdict for leaf in report.leaves} == {
        "x": Verdict.CONSISTENT,
        "W": Verdict.INCONSISTENT,
    }


def single(subject):
    """What a float32 case shows."""
    return Hearing(Trial(subject, 30), Case({"B": 2, "D": 3, "H": 4}, "float32", 3)).outcome()


@pytest.mark.parametrize("reference", [twin, None])
def test_float32_is_judged_against_float32(layer, reference):
    """In the float32 regime the Function runs in float32, within float32 bounds; a fault of 1e-2 is beyond them."""
    right = single(Subject.from_torch(layer(), inputs=INPUTS, reference=reference))
    assert right.verdict is Verdict.CONSISTENT
    assert set(right.float32) == {"x", "W"}
    assert all(1e-8 < one.detection_limit < 1e-2 for one in right.float32.values())
    wrong = single(Subject.from_torch(layer(1.01), inputs=INPUTS, reference=reference))
    assert any("in float32" in finding.message for finding in wrong.findings)


def test_a_float32_gradient_of_float64_inputs_is_cast_back_by_torch(torch, layer):
    """torch casts gradients to the inputs' type, which hides float32 inside: beyond the bound, with the reason."""
    report = verify(Subject.from_torch(layer(dtype=torch.float32), inputs=INPUTS, reference=twin), cases=2)
    assert report.verdict is Verdict.INCONSISTENT
    assert "float32 somewhere on the way to the gradient of W would explain its error" in report.notes


def test_a_gradient_of_none_breaks_the_contract(layer):
    """torch takes None for zero; the oracle asks whether that is meant."""
    subject = Subject.from_torch(layer(returned=lambda gradients: (gradients[0], None)), inputs=INPUTS)
    report = verify(subject, cases=1)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert "returned None for W; if that is meant, declare the input with differentiated=False" in str(report)


def test_writing_into_the_cotangent_is_seen(torch):
    """Tensors share memory with our arrays, so a backward that writes into its cotangent is found out."""

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, y_bar):
            return y_bar.mul_(2)

    report = verify(Subject.from_torch(Doubled, inputs={"x": "D"}), cases=1)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    assert "the cotangent of out was modified" in str(report)


def test_handing_the_cotangent_on_is_no_fault(torch):
    """Returning the cotangent itself is right in torch, and several outputs each get theirs."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, z):
            return x + z, 3 * z

        @staticmethod
        def backward(ctx, first, second):
            return first, first + 3 * second

    report = verify(Subject.from_torch(Both, inputs={"x": "D", "z": "D"}), cases=6)
    assert report.verdict is Verdict.CONSISTENT


def test_integers_and_fixed_objects_are_passed_on(torch):
    """Integer tensors and flags reach the Function as they are."""
    from oracle import fixed, integers

    class Rows(torch.autograd.Function):
        @staticmethod
        def forward(ctx, table, rows, factor):
            ctx.save_for_backward(table, rows)
            ctx.factor = factor
            return factor * table[rows]

        @staticmethod
        def backward(ctx, y_bar):
            table, rows = ctx.saved_tensors
            return torch.zeros_like(table).index_add_(0, rows, ctx.factor * y_bar), None, None

    inputs = {"table": "V D", "rows": integers("N", below="V"), "factor": fixed(3.0)}
    report = verify(Subject.from_torch(Rows, inputs=inputs), cases=6)
    assert report.verdict is Verdict.CONSISTENT


def test_what_is_no_function_is_refused(torch):
    """A class of another kind, or a nested input, is refused with what to pass instead."""
    with pytest.raises(SubjectError, match=r"is no subclass of torch\.autograd\.Function; pass the class itself"):
        Subject.from_torch(np.ndarray, inputs=INPUTS)

    class Anything(torch.autograd.Function):
        pass

    with pytest.raises(SubjectError, match="the input 'p' is nested"):
        Subject.from_torch(Anything, inputs={"p": {"W": "D"}})
