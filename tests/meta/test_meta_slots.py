"""Gradient slots and outputs: what is never written, added to unasked, overwritten or modified must be said."""

from __future__ import annotations

import numpy as np
import pytest
from meta_tools import module_of

import oracle
from oracle import Verdict


class Layer:
    """y = tanh(w x), with a gradient slot."""

    def __init__(self):
        self.w, self.dw = np.zeros(()), np.zeros(())

    def forward(self, x):
        """The output, kept for the backward."""
        self.x, self.y = x, np.tanh(self.w * x)
        return self.y

    def backward(self, y_bar):
        """Overwrites the slot."""
        a_bar = y_bar * (1 - self.y**2)
        self.dw = (a_bar * self.x).sum()
        return a_bar * self.w


class Adding(Layer):
    """Adds to the slot."""

    def __init__(self):
        super().__init__()
        self.dw = np.zeros(1)
        self.w = np.zeros(1)

    def backward(self, y_bar):
        """Adds."""
        a_bar = y_bar * (1 - self.y**2)
        self.dw += (a_bar * self.x).sum()
        return a_bar * self.w


class Forgetful(Adding):
    """Never writes the slot."""

    def backward(self, y_bar):
        """Only the gradient of x."""
        return y_bar * (1 - self.y**2) * self.w


class InPlace(Layer):
    """Writes into the output it returned."""

    def backward(self, y_bar):
        """The derivative, computed in the memory of y."""
        self.y *= -self.y
        self.y += 1
        self.y *= y_bar
        self.dw = (self.y * self.x).sum()
        return self.y * self.w


def verdict_of(kind, w="", **declared):
    """The report on one of the layers."""
    subject = oracle.Subject.from_object(
        kind, inputs={"x": "D"}, parameters={"w": w}, gradients="d{}", name=kind.__name__, **declared
    )
    return oracle.verify(subject, cases=4, explain=False)


def test_a_slot_that_is_overwritten_is_certified():
    """The control of all below: the plain layer."""
    assert verdict_of(Layer).verdict is oracle.Verdict.CERTIFIED


def test_a_declared_accumulation_is_certified():
    """Adding to the slot is right where it is declared."""
    assert verdict_of(Adding, "1", accumulates=True).verdict is oracle.Verdict.CERTIFIED


def test_an_undeclared_accumulation_is_refuted():
    """Adding to the slot unasked is refuted, and the message says what to declare."""
    report = verdict_of(Adding, "1")
    assert report.verdict is oracle.Verdict.REFUTED
    assert (
        "the backward adds to what the gradient slots held before: w; declare accumulates=True if that is meant"
        in str(report)
    )


def test_a_slot_that_is_never_written_is_broken():
    """A slot that keeps what it held is not a gradient of zero."""
    report = verdict_of(Forgetful, "1")
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    assert "the backward never writes the gradient of w: the slot holds what it held before" in str(report)


def test_an_accumulation_that_overwrites_is_not_certified():
    """Declared to accumulate, a backward that overwrites is found out in balls."""

    class Overwriting(Adding):
        def backward(self, y_bar):
            a_bar = y_bar * (1 - self.y**2)
            self.dw = np.zeros(1) + (a_bar * self.x).sum()
            return a_bar * self.w

    assert verdict_of(Overwriting, "1", accumulates=True).verdict is oracle.Verdict.REFUTED


def test_an_output_that_the_backward_modifies_is_broken():
    """The numbers are right, but the caller's output is not what it was."""
    report = verdict_of(InPlace)
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    assert "the output out was modified by the backward: it[0] is" in str(report)


LOSS = """
import numpy as np
W, dW = np.ones(3), np.zeros(3)
def loss(x):
    value = np.sum(np.tanh(x * W))
    slope = (1 - np.tanh(x * W) ** 2) * x
    {}
    return value
"""
WRITES = {
    "anew": "globals()['dW'] = slope",
    "in place": "dW[...] = slope",
    "cleared first": "dW.fill(0.0); globals()['dW'] = dW + slope",
}
LEAVES = {
    "adds": ("globals()['dW'] = dW + slope", "the backward adds to what the gradient slots held before: W"),
    "adds in place": ("dW[...] += slope", "the backward adds to what the gradient slots held before: W"),
    "never": ("pass", "the backward never writes the gradient of W: the slot holds what it held before"),
    "forgets the last": ("dW[:2] = slope[:2]", "the gradient W[2] is nan, although the forward is finite there"),
}


def of_loss(line):
    """A loss that leaves the gradient of W in a slot of its module, by this line, and the module."""
    module = module_of(LOSS.format(line), "loss")
    inputs = {"x": oracle.reals("3", differentiated=False)}
    return oracle.Subject.from_loss(module.loss, inputs=inputs, parameters={"W": "3"}, gradients="d{}"), module


@pytest.mark.parametrize("way", WRITES)
def test_a_slot_that_a_loss_writes_is_certified(way):
    """Whatever stood there before stands there afterwards, in the same array."""
    subject, module = of_loss(WRITES[way])
    before = module.dW
    assert oracle.verify(subject, cases=4, explain=False).verdict is Verdict.CERTIFIED
    assert module.dW is before
    assert module.dW.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("way", LEAVES)
def test_slots_of_a_loss_are_poisoned(way):
    """What is added to, forgotten or never written shows: zeros that happen to stand there prove nothing."""
    line, sentence = LEAVES[way]
    report = oracle.verify(of_loss(line)[0], cases=2, explain=False)
    assert report.verdict in (Verdict.REFUTED, Verdict.BROKEN_CONTRACT)
    assert sentence in str(report)


def test_a_loss_that_adds_may_declare_it():
    """The control: accumulation as declared."""
    module = module_of(LOSS.format("globals()['dW'] = dW + slope"), "loss")
    inputs = {"x": oracle.reals("3", differentiated=False)}
    how = {"inputs": inputs, "parameters": {"W": "3"}, "gradients": "d{}", "accumulates": True}
    assert (
        oracle.verify(oracle.Subject.from_loss(module.loss, **how), cases=4, explain=False).verdict is Verdict.CERTIFIED
    )


class AddingOften(Adding):
    """Adds to two slots, to one of them nothing at the first step: its gradient is zero there."""

    def __init__(self):
        super().__init__()
        self.u, self.du = np.zeros(1), np.zeros(1)

    def forward(self, x):
        """What is carried begins with zero."""
        self.x, self.y = x, np.tanh(self.w * x)
        return self.y + self.u * np.concatenate([np.zeros(1), x[:-1]])

    def backward(self, y_bar):
        """Adds."""
        x_bar = super().backward(y_bar)
        self.du += (y_bar[1:] * self.x[:-1]).sum()
        return x_bar + self.u * np.concatenate([y_bar[1:], np.zeros(1)])


def test_adding_is_said_before_writing_nothing() -> None:
    """A slot to which nothing was added, because its gradient is zero, is not called unwritten."""
    report = oracle.verify(
        oracle.Subject.from_object(
            AddingOften, inputs={"x": "T"}, parameters={"w": "1", "u": "1"}, gradients="d{}", sizes={"T": (1, 2)}
        ),
        cases=12,
    )
    messages = [finding.message for finding in report.findings]
    assert report.verdict is Verdict.REFUTED
    assert [message for message in messages if message.startswith("the backward adds to what the gradient slots held")]
    assert not [message for message in messages if "never writes" in message]
