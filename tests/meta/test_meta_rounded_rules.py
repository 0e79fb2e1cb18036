"""A twin whose own derivative holds a rounded constant, as JAX's rule for erf does with 2/√π."""

import jax
import pytest
from meta_tools import module_of

from oracle import Subject, verify

ERF = """
import numpy as np
from scipy.special import erf

def forward(x):
    return erf(x), x

def backward(y_bar, x):
    return {constant} * np.exp(-x * x) * y_bar
"""


def judged(constant: str) -> str:
    """The verdict on the derivative of erf with this constant."""
    module = module_of(ERF.format(constant=constant))
    inputs = {"x": "B D"}
    subject = Subject.from_functions(module.forward, module.backward, inputs=inputs, reference=jax.scipy.special.erf)
    return verify(subject, cases=5).verdict.name


@pytest.mark.parametrize("constant", ["1.1283791670955126", "2 / np.sqrt(np.pi)"])
def test_a_rounded_constant_on_either_side_is_no_contradiction(constant: str) -> None:
    """Finite differences see it to all digits; neither the twin nor the code under test is a liar for it."""
    assert judged(constant) == "CONSISTENT"


@pytest.mark.parametrize("constant", ["1.1284", "1.12837916", "1.128379167096"])
def test_a_wrong_constant_is_refuted_though_the_twin_is_rounded(constant: str) -> None:
    """The control: what differs by more than rounding explains is a fault of the backward, not of the oracle."""
    assert judged(constant) == "REFUTED"
