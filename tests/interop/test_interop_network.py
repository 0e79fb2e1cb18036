"""What is read goes into `lstm_ref.network` as it is: the same order of layers and directions."""

import pytest
from interop_tools import NETWORKS, OPERATORS, Case, same

from lstm_ref import Architecture, network
from lstm_ref.weights import Lstm

LSTMS = {name: one for name, one in (NETWORKS | OPERATORS).items() if isinstance(one, Lstm)}


@pytest.mark.parametrize("name", list(LSTMS))
def test_a_network_takes_the_layers_as_they_are_read(name: str) -> None:
    """Outputs and gradients, the same bits as layer by layer."""
    configuration, case = LSTMS[name], Case(LSTMS[name])
    architecture = Architecture(cell=configuration.variant, directions=configuration.directions)
    *outputs, tape = network.forward(case.x, *case.states, case.layers, architecture)
    gradients = network.backward(*case.cotangents, tape)
    expected, inputs, layers = case.ours()
    assert [one.tobytes() for one in outputs] == [one.tobytes() for one in expected]
    assert [one.tobytes() for one in gradients[:3]] == [one.tobytes() for one in inputs]
    alike = [
        type(one)(*(getattr(other, name) for name in one._fields))
        for one, other in zip(case.layers, layers, strict=True)
    ]
    assert same(list(gradients.layers), alike)
