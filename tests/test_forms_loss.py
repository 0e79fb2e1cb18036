"""One function for loss and gradients: what it returns and what it leaves behind is found, and misfits are told."""

import re
import sys
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from oracle.forms.form import LEFT_OUT, SIZES, ContractError, SubjectError
from oracle.forms.loss import LossForm
from oracle.inputs import integers, reals
from oracle.paths import PathError

HERE = __name__
Both = namedtuple("Both", "W b")
Renamed = namedtuple("Renamed", "dW db")
W, B, X = 2.0, 3.0, 5.0
GLOBAL = 0.0
dGLOBAL = 0.0


class NoSlots:
    """Slots that stay as they are."""

    def prepare(self, name: str, present: Any) -> Any:
        """What was there."""
        return present

    def read(self, name: str, value: Any) -> Any:
        """What is there."""
        return value


PLAIN: dict[str, Any] = {"W": "", "b": "", "x": reals("", differentiated=False)}


def run(
    function: Callable[..., Any],
    inputs: dict[str, Any],
    values: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    gradients: Any = None,
    owner: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """The loss and the gradients."""
    form = LossForm(function, inputs, parameters or {}, gradients, owner)
    state = form.begin({})
    loss = form.forward(state, values)
    assert not form.takes_cotangents(state)
    found = form.backward(state, 1.0, NoSlots())
    form.reset(state)
    return loss, found


def plain(returned: Any, gradients: Any = None) -> dict[str, Any]:
    """The gradients of W and b in what a function of W, b and x returned."""
    return run(lambda W, b, x: returned, PLAIN, {"W": W, "b": B, "x": X}, gradients=gradients)[1]


def refused(kind: type[Exception], sentence: str) -> Any:
    """The context in which exactly this is raised."""
    return pytest.raises(kind, match=f"^{re.escape(sentence)}$")


# ---- what is returned


@pytest.mark.parametrize(
    "returned",
    [
        (9.0, 1.0, 2.0),
        (9.0, (1.0, 2.0)),
        (9.0, [1.0, 2.0]),
        (9.0, {"W": 1.0, "b": 2.0}),
        (9.0, {"db": 2.0, "dW": 1.0, "norm": 3.0}),
        (9.0, Both(W=1.0, b=2.0)),
        (9.0, Renamed(dW=1.0, db=2.0)),
        (9.0, namedtuple("Swapped", "b W")(2.0, 1.0)),
        (9.0, 1.0, 2.0, "state"),
        (9.0, 1.0, 2.0, None),
        (9.0, 1.0, 2.0, "state", {"more": 1}),
    ],
)
def test_gradients_follow_the_loss(returned: Any) -> None:
    """One after the other, in a sequence, a mapping or a named tuple; what comes after them is left away."""
    assert plain(returned) == {"W": 1.0, "b": 2.0}


def test_the_loss_is_what_comes_first() -> None:
    """Alone, it has no gradients with it."""
    assert run(lambda x: (x * x, 2 * x), {"x": ""}, {"x": X}) == (25.0, {"x": 10.0})
    form = LossForm(lambda x: x * x, {"x": ""}, {}, None, None)
    assert form.forward(form.begin({}), {"x": X}) == 25.0


def test_a_single_gradient_may_be_an_array() -> None:
    """It is not taken for a sequence of gradients."""
    array = np.arange(3.0)
    assert run(lambda x: (1.0, array), {"x": "D"}, {"x": array})[1]["x"] is array


def test_none_stands_for_what_has_no_gradient() -> None:
    """In the order of parameters and inputs."""
    inputs = {"k": integers("", below=2), "x": "", "y": ""}
    returned = (9.0, None, 1.0, 2.0)
    assert run(lambda k, x, y: returned, inputs, {"k": 0, "x": X, "y": X})[1] == {"x": 1.0, "y": 2.0}


def test_a_rule_names_the_gradients_in_a_mapping() -> None:
    """And only that rule."""
    assert plain((9.0, {"nabla_W": 1.0, "nabla_b": 2.0, "W": 7.0, "b": 7.0}), "nabla_{}") == {"W": 1.0, "b": 2.0}


def test_a_list_names_what_follows_the_loss() -> None:
    """In any order, with names for what is no gradient."""
    returned = (9.0, 2.0, "state", 1.0)
    assert plain(returned, ("b", "hprev", "W")) == {"W": 1.0, "b": 2.0}
    assert plain((9.0, [2.0, 1.0]), ["b", "W"]) == {"W": 1.0, "b": 2.0}


NESTED: dict[str, Any] = {"model": {"W": "", "layers": ["", ""]}, "x": reals("", differentiated=False)}
NESTED_VALUES = {"model.W": 1.0, "model.layers.0": 1.0, "model.layers.1": 1.0, "x": 1.0}
NESTED_FOUND = {"model.W": 1.0, "model.layers.0": 2.0, "model.layers.1": 3.0}


@pytest.mark.parametrize(
    "returned",
    [
        (9.0, {"W": 1.0, "layers": [2.0, 3.0]}),
        (9.0, {"dW": 1.0, "dlayers": [2.0, 3.0]}),
        (9.0, {"model": {"W": 1.0, "layers": [2.0, 3.0]}}),
        (9.0, 1.0, [2.0, 3.0]),
        (9.0, [1.0, (2.0, 3.0)]),
        (9.0, {"W": 1.0, "layers": [2.0, 3.0]}, "state"),
        (9.0, {"W": 1.0, "layers": [2.0, 3.0]}, None),
    ],
)
def test_a_dictionary_of_parameters_has_a_dictionary_of_gradients(returned: Any) -> None:
    """As an argument of the function: returned as such, or part by part."""
    assert run(lambda model, x: returned, NESTED, NESTED_VALUES)[1] == NESTED_FOUND


@pytest.mark.parametrize(
    "names", [("model",), ("model.layers", "model.W"), ("model.layers.0", "model.layers.1", "model.W")]
)
def test_a_list_may_name_arguments_or_their_parts(names: tuple[str, ...]) -> None:
    """As long as every gradient is among them."""
    whole = {"W": 1.0, "layers": [2.0, 3.0]}
    values = {"model": whole, "model.layers": [2.0, 3.0], "model.W": 1.0, "model.layers.0": 2.0, "model.layers.1": 3.0}
    returned = (9.0, *(values[name] for name in names))
    assert run(lambda model, x: returned, NESTED, NESTED_VALUES, gradients=names)[1] == NESTED_FOUND


# ---- parameters and gradients at places


def test_parameters_are_written_on_their_owner() -> None:
    """An object, a dictionary in it, a list."""
    owner = SimpleNamespace(W=0.0, params={"b": 0.0}, layers=[0.0])

    def loss(x: float) -> Any:
        a, b, c = owner.W, owner.params["b"], owner.layers[0]
        return a * b * c * x, b * c * x, a * c * x, a * b * x, a * b * c

    values = {"W": 2.0, "params.b": 3.0, "layers[0]": 5.0, "x": 7.0}
    parameters = dict.fromkeys(["W", "params.b", "layers[0]"], "")
    found = run(loss, {"x": ""}, values, parameters, owner=owner)
    assert found == (210.0, {"W": 105.0, "params.b": 70.0, "layers[0]": 42.0, "x": 30.0})


def test_a_dictionary_may_be_the_owner() -> None:
    """Its keys are the parameters."""
    owner = {"W": 0.0, "b": 0.0}
    found = run(
        lambda x: (owner["W"] * x + owner["b"], {"W": x, "b": 1.0}),
        {"x": reals("", differentiated=False)},
        {"W": W, "b": B, "x": X},
        {"W": "", "b": ""},
        owner=owner,
    )
    assert found == (13.0, {"W": X, "b": 1.0})


def module_loss(x: float) -> float:
    """A loss of a global, whose gradient it leaves in another."""
    global dGLOBAL
    dGLOBAL = x
    return GLOBAL * x


def test_the_owner_is_the_module_of_the_function_by_default() -> None:
    """Also of a partial one; gradients are found by the rule in its globals."""
    for function in (module_loss, partial(module_loss)):
        found = run(function, {"x": reals("", differentiated=False)}, {"GLOBAL": W, "x": X}, {"GLOBAL": ""}, "d{}")
        assert found == (10.0, {"GLOBAL": X})


@pytest.mark.parametrize("gradients", ["grads.{}", 'grads["{}"]', {"W": "grads.W"}])
def test_gradients_may_be_left_at_places(gradients: Any) -> None:
    """By a rule that is a path, or by a mapping; what is returned after the loss is then of no matter."""
    owner = SimpleNamespace(W=0.0, grads={})

    def loss(x: float) -> Any:
        owner.grads["W"] = x
        return owner.W * x, "state"

    values, parameters = {"W": W, "x": X}, {"W": ""}
    found = run(loss, {"x": reals("", differentiated=False)}, values, parameters, gradients, owner)
    assert found == (10.0, {"W": X})


def test_the_last_step_of_a_path_names_a_gradient_in_a_mapping() -> None:
    """Where the parameters live deeper than the mapping is nested; not where two of them end alike."""
    owner = SimpleNamespace(model={"W": 0.0, "b": 0.0}, other={"W": 0.0})
    inputs, values = {"x": reals("", differentiated=False)}, {"x": X, "model.W": W, "model.b": B, "other.W": W}
    parameters = {"model.W": "", "model.b": ""}
    found = run(lambda x: (9.0, {"dW": 1.0, "db": 2.0}), inputs, values, parameters, owner=owner)[1]
    assert found == {"model.W": 1.0, "model.b": 2.0}
    name = f"{HERE}.test_the_last_step_of_a_path_names_a_gradient_in_a_mapping.<locals>.<lambda>"
    sentence = f"{name} returned a mapping with W; expected 2 gradients: model.W, other.W"
    with refused(ContractError, sentence):
        run(lambda x: (9.0, {"W": 1.0}), inputs, values, {"model.W": "", "other.W": ""}, owner=owner)


def test_a_gradient_that_was_not_left_is_told() -> None:
    """By the function's name, and the path where it was looked for."""
    owner = SimpleNamespace(W=0.0)
    name = f"{HERE}.test_a_gradient_that_was_not_left_is_told.<locals>.<lambda>"
    for gradients, path in (("d{}", "dW"), ({"W": "gone"}, "gone")):
        sentence = f"{name} left no gradient for W: {path!r} leads nowhere: a SimpleNamespace has no {path!r}"
        with refused(ContractError, sentence):
            run(lambda: 9.0, {}, {"W": W}, {"W": ""}, gradients, owner)


@pytest.mark.parametrize(
    ("owner", "place"),
    [
        (SimpleNamespace(), "the owner SimpleNamespace"),
        ({"V": 1.0}, "the owner dict"),
        (None, f"the owner {HERE}"),
        (ModuleType("mine_0123456789abcdef"), "the owner mine"),
    ],
)
def test_a_parameter_that_is_not_on_the_owner_is_refused(owner: Any, place: str) -> None:
    """It would be written and never read."""
    with refused(SubjectError, f"the parameter 'U' is not on {place}; owner= says where it lives"):
        run(lambda: (9.0, 1.0), {}, {"U": W}, {"U": ""}, owner=owner)


# ---- scripts


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module as `load_definitions` makes it: a size in a global, and a parameter that was left out."""
    module = ModuleType("script_of_a_loss")
    vars(module).update({SIZES: {"hidden": "H"}, LEFT_OUT: frozenset({"W"}), "hidden": 1})
    exec("def loss(x):\n    return W * x * hidden, x * hidden", vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_a_script_has_its_sizes_and_parameters(script: ModuleType) -> None:
    """Set before each evaluation; a global that was left out can be a parameter, another name cannot."""
    inputs = {"x": reals("H", differentiated=False)}
    form = LossForm(script.loss, inputs, {"W": ""}, None, None)
    for size in (5, 7):
        state = form.begin({"H": size})
        assert form.forward(state, {"W": 2.0, "x": 3.0}) == 6.0 * size
        assert form.backward(state, 1.0, NoSlots()) == {"W": 3.0 * size}
    misspelt = LossForm(script.loss, inputs, {"Wx": ""}, None, None)
    sentence = "the parameter 'Wx' is not on the owner script_of_a_loss; owner= says where it lives"
    with refused(SubjectError, sentence):
        misspelt.forward(misspelt.begin({"H": 1}), {"Wx": 2.0, "x": 3.0})


# ---- what is refused


def test_a_function_of_another_signature_is_refused_at_once() -> None:
    """With what `inputs` means."""
    sentence = f"{HERE}.<lambda> does not take the 2 inputs x, y; inputs= names its positional arguments in order"
    with refused(SubjectError, sentence):
        LossForm(ONE_ARGUMENT, {"x": "", "y": ""}, {}, None, None)


ONE_ARGUMENT: Callable[..., Any] = lambda x: x


@pytest.mark.parametrize(
    ("gradients", "sentence"),
    [
        (("W",), "gradients= says nothing of 'b'; expected all of W, b"),
        ({"W": "dW"}, "gradients= says nothing of 'b'; expected all of W, b"),
        ((), "gradients= says nothing of 'W'; expected all of W, b"),
        (("dW", "db"), "gradients= says nothing of 'W'; expected all of W, b"),
        (
            "gradients",
            "gradients='gradients' has no place for a name; expected a rule with {} in it, "
            'such as "d{}" or "{}_diff"',
        ),
    ],
)
def test_gradients_are_named_for_all(gradients: Any, sentence: str) -> None:
    """A name that is missing is an adapter that is wrong, found when the subject is made."""
    with refused(SubjectError, sentence):
        plain((9.0, 1.0, 2.0), gradients)


def test_a_rule_that_is_no_path_is_refused_at_once() -> None:
    """An open bracket leads nowhere."""
    with pytest.raises(PathError, match=r"^'grads\[\{\}' is not a path; "):
        plain((9.0, 1.0, 2.0), "grads[{}")


def test_an_input_and_a_parameter_of_one_name_are_refused() -> None:
    """One of them would never be looked at."""
    with refused(ValueError, "two inputs or parameters are called 'x'; give each a name of its own"):
        LossForm(lambda x: x, {"x": ""}, {"x": ""}, None, None)


@pytest.mark.parametrize(
    ("returned", "gradients", "rest"),
    [
        (9.0, None, "returned 0 values after the loss; expected 2 gradients: W, b"),
        ((9.0,), None, "returned 0 values after the loss; expected 2 gradients: W, b"),
        ((9.0, 1.0), None, "returned 1 value after the loss; expected 2 gradients: W, b"),
        ((9.0, [1.0]), None, "returned 1 value after the loss; expected 2 gradients: W, b"),
        ((9.0, {"W": 1.0}), None, "returned a mapping with W; expected 2 gradients: W, b"),
        ((9.0, {"W": 1.0, "b": 2.0}), "d{}", "returned a mapping with W, b; expected 2 gradients: W, b"),
        ((9.0, 1.0), ("W", "b"), "returned 1 value after the loss; gradients= names 2"),
        ((9.0, {"W": 1.0, "b": 2.0}), ("W", "b"), "returned a mapping after the loss; gradients= names 2"),
    ],
)
def test_gradients_that_did_not_come_are_told(returned: Any, gradients: Any, rest: str) -> None:
    """How many came, or under which names, and what was expected."""
    with refused(ContractError, f"{HERE}.plain.<locals>.<lambda> {rest}"):
        plain(returned, gradients)


def test_loss_and_gradient_are_called_after_the_function() -> None:
    """There is one function for both."""
    form = LossForm(module_loss, {"x": ""}, {}, None, None)
    assert form.names == (f"the loss of {HERE}.module_loss", f"the gradient in {HERE}.module_loss")


def test_the_code_under_test_includes_the_owner() -> None:
    """If one was given, and it is more than a dictionary."""
    owner = SimpleNamespace()
    for given, code in ((None, (module_loss,)), ({}, (module_loss,)), (owner, (module_loss, owner))):
        assert LossForm(module_loss, {"x": ""}, {}, None, given).code == code
