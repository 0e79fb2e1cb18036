"""The networks whose weights are exchanged compute in JAX what they compute here, gradients included."""

import numpy as np
import pytest
from interop_tools import NETWORKS, OPERATORS, Case, worst


@pytest.mark.parametrize("name", list(NETWORKS | OPERATORS))
def test_outputs_and_gradients_are_those_of_jax(name: str) -> None:
    """Every output and gradient of `jax.jit` in float64, within twice the derived bound of one sound run."""
    case = Case((NETWORKS | OPERATORS)[name])
    assert worst(case.gradients_named(), case.jax(), case.bounds()) <= 1


def test_another_order_of_gates_is_seen() -> None:
    """The control: where two gates have changed places, the same comparison fails by far."""
    case = Case(NETWORKS["lstm"])
    other = Case(NETWORKS["lstm"], [type(one)(*(np.roll(a, 2, axis=0) for a in one)) for one in case.layers])
    assert worst(other.gradients_named(), case.jax(), case.bounds()) > 1e9
