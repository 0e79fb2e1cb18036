"""Objects: parameters are written where the code reads them, gradients read where it leaves them, misfits told."""

import re
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import oracle
from oracle.forms.form import LEFT_OUT, SIZES, ContractError, SubjectError
from oracle.forms.object import ObjectForm, gradient_path, put, same_place
from oracle.inputs import fixed, integers, reals
from oracle.paths import PathError
from oracle.shapes import ShapeError

HERE = __name__


class Slots:
    """Poisons arrays, and remembers what it was asked."""

    def __init__(self, add: float | None = None) -> None:
        self.add = add
        self.prepared: dict[str, Any] = {}

    def prepare(self, name: str, present: Any) -> Any:
        """NaN, or known values, in the place of an array; anything else stays."""
        self.prepared[name] = present
        if not isinstance(present, np.ndarray):
            return present
        return np.full(present.shape, np.nan if self.add is None else self.add)

    def read(self, name: str, value: Any) -> Any:
        """What was left, less what was known."""
        return value if self.add is None else value - self.add


class Linear:
    """y = W x + b, with gradients beside the parameters."""

    def __init__(self, H: int = 2, D: int = 3) -> None:
        self.W, self.b = np.zeros((H, D)), np.zeros(H)
        self.dW, self.db = np.zeros((H, D)), np.zeros(H)
        self.same_W = self.W
        self.state = SimpleNamespace(y=None)

    def forward(self, x: Any) -> Any:
        """Keeps its input."""
        self.x = x
        self.state.y = self.W @ x + self.b
        return self.state.y

    def backward(self, y_bar: Any) -> Any:
        """Leaves parameter gradients, returns that of the input."""
        self.dW = np.outer(y_bar, self.x)
        self.db = 1.0 * y_bar
        self.dx = self.W.T @ y_bar
        return self.dx

    def step(self, y_bar: Any, lr: float) -> Any:
        """A learning rate without default."""
        x_bar = self.backward(y_bar)
        self.apply(lr)
        return x_bar

    def apply(self, lr: float = 1e-3) -> None:
        """What takes the step."""
        self.W = self.W - lr * self.dW
        self.b -= lr * self.db

    def forget(self) -> None:
        """Back to the beginning."""
        self.x = None


X, W, B = np.array([1.0, 2.0, 3.0]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([0.5, 0.25])
Y_BAR = np.array([10.0, 100.0])
VALUES = {"x": X, "W": W, "b": B}
SIZES_HERE = {"H": 2, "D": 3}
TRUTH = {"W": np.outer(Y_BAR, X), "b": Y_BAR, "x": W.T @ Y_BAR}
DEFAULTS: dict[str, Any] = {
    "forward": "forward",
    "backward": "backward",
    "inputs": {"x": "D"},
    "parameters": {"W": "H D", "b": "H"},
    "outputs": None,
    "gradients": "d{}",
    "input_gradients": None,
    "reset": None,
}


def form_of(make: Any = Linear, **options: Any) -> ObjectForm:
    """The form of an object, by default of a linear layer."""
    return ObjectForm(make, **{**DEFAULTS, **options})


def run(form: ObjectForm, values: Any = None, cotangents: Any = Y_BAR, slots: Any = None) -> tuple[Any, Any, Any]:
    """Outputs, gradients and the object."""
    owner = form.begin(SIZES_HERE)
    outputs = form.forward(owner, VALUES if values is None else values)
    return outputs, form.backward(owner, cotangents, slots or Slots()), owner


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """The same names with the same arrays."""
    return set(found) == set(expected) and all(np.array_equal(found[name], expected[name]) for name in expected)


def refused(kind: type[Exception], sentence: str) -> Any:
    """The context in which exactly this is raised."""
    return pytest.raises(kind, match=f"^{re.escape(sentence)}$")


# ---- parameters


def test_parameters_are_written_and_gradients_read() -> None:
    """By name, with the gradient of the input from what the backward returned."""
    outputs, gradients, _ = run(form_of())
    assert np.array_equal(outputs, W @ X + B)
    assert same(gradients, TRUTH)


def test_parameters_are_written_in_place() -> None:
    """Whoever else has the array sees them too, and the value handed in stays apart."""
    _, _, owner = run(form_of())
    assert owner.target.same_W is owner.target.W
    assert np.array_equal(owner.target.same_W, W)
    assert owner.target.W is not W


@pytest.mark.parametrize(
    "present",
    [np.zeros((2, 3), np.float32), np.zeros((2, 3), int), [[0.0] * 3] * 2, None, np.broadcast_to(0.0, (2, 3))],
)
def test_what_cannot_hold_a_parameter_is_rebound(present: Any) -> None:
    """Other dtypes, lists, nothing yet, and arrays that are not to be written."""

    def make() -> Linear:
        layer = Linear()
        layer.W = present
        return layer

    _, gradients, owner = run(form_of(make))
    assert owner.target.W is W
    assert same(gradients, TRUTH)


def test_a_scalar_is_rebound() -> None:
    """It has no place of its own to write into."""
    root = SimpleNamespace(a=np.zeros(()))
    assert not put(root, "a", root.a, np.ones(()))
    assert root.a == 1.0
    assert not same_place(np.float64(1), np.float64(2))


def test_a_property_that_hands_out_copies_is_set() -> None:
    """Writing into the copy would be lost; a property that hands out views is written through."""

    class Copies:
        def __init__(self) -> None:
            self.kept = np.zeros(4)

        @property
        def copied(self) -> Any:
            return self.kept.copy()

        @copied.setter
        def copied(self, value: Any) -> None:
            self.kept[:] = value

        @property
        def viewed(self) -> Any:
            return self.kept[:2]

        @property
        def fresh(self) -> Any:
            return self.kept.copy()

    root = Copies()
    assert not put(root, "copied", root.copied, np.arange(4.0))
    assert put(root, "viewed", root.viewed, np.array([8.0, 9.0]))
    assert root.kept.tolist() == [8.0, 9.0, 2.0, 3.0]
    with pytest.raises(PathError, match=r"^'fresh' cannot be written on a Copies: property 'fresh' of '.*' object has"):
        put(root, "fresh", root.fresh, np.zeros(4))


def test_an_array_that_takes_no_writing_is_rebound() -> None:
    """As JAX's: it has a shape and a dtype, and raises TypeError."""

    class Frozen:
        shape, dtype = (2,), np.dtype(float)

        def __setitem__(self, index: Any, value: Any) -> None:
            raise TypeError("immutable")

    root, value = SimpleNamespace(a=Frozen()), Frozen()
    assert not put(root, "a", root.a, value)
    assert root.a is value


def test_a_parameter_that_is_not_there_is_refused() -> None:
    """With the step at which the path ended."""
    sentence = "the parameter 'param.W' is not on the object: 'param.W' leads nowhere: a Linear has no 'param'"
    form = form_of(parameters={"param.W": "H D"})
    with refused(SubjectError, sentence):
        form.forward(form.begin(SIZES_HERE), {"x": X, "param.W": W})


def test_a_parameter_of_another_shape_is_refused() -> None:
    """It is the spec or the object that is wrong, not the backward."""
    form = form_of(parameters={"W": "D H"})
    with refused(SubjectError, "the parameter 'W' has shape (2, 3) on the object, but its spec gives (3, 2)"):
        form.forward(form.begin(SIZES_HERE), {"x": X, "W": W.T})


def test_two_names_of_one_array_are_refused() -> None:
    """Both could not have the values they are said to have."""
    form = form_of(parameters={"W": "H D", "same_W": "H D"})
    with refused(SubjectError, "the parameters 'W' and 'same_W' are one array on the object; name one"):
        form.forward(form.begin(SIZES_HERE), {**VALUES, "same_W": 2 * W})


def test_an_input_and_a_parameter_of_one_name_are_refused() -> None:
    """One of them would never be looked at."""
    sentence = "two inputs or parameters are called 'W'; give each a name of its own"
    with refused(ValueError, sentence):
        form_of(inputs={"x": "D", "W": "H"})


class Nested:
    """Parameters in dictionaries, lists and attributes, gradients in dictionaries of their own."""

    def __init__(self) -> None:
        self.params = {"W": np.zeros(2), 0: np.zeros(2)}
        self.layers = [SimpleNamespace(w=np.zeros(2), grads={}), SimpleNamespace(w=np.zeros(2), grads={})]
        self.grads: dict[Any, Any] = {}

    def forward(self, x: Any) -> Any:
        """A product of everything."""
        self.x = x
        return self.params["W"] * self.params[0] * self.layers[0].w * self.layers[1].w * x

    def backward(self, y_bar: Any) -> Any:
        """A division each."""
        y = y_bar * self.forward(self.x)
        self.grads = {"W": y / self.params["W"], "first": y / self.params[0]}
        for layer in self.layers:
            layer.grads["w"] = y / layer.w
        return y / self.x


NESTED_VALUES = {
    "x": np.array([2.0, 3.0]),
    'params["W"]': np.array([5.0, 7.0]),
    "params.0": np.array([11.0, 13.0]),
    "layers[0].w": np.array([17.0, 19.0]),
    "layers[1].w": np.array([23.0, 29.0]),
}


def test_paths_lead_through_dictionaries_lists_and_attributes() -> None:
    """Each parameter at its place, each gradient at its own."""
    parameters = dict.fromkeys(list(NESTED_VALUES)[1:], "2")
    mapping = {
        'params["W"]': "grads.W",
        "params.0": 'grads["first"]',
        "layers[0].w": "layers[0].grads.w",
        "layers[1].w": "layers[-1].grads['w']",
    }
    form = form_of(Nested, inputs={"x": "2"}, parameters=parameters, gradients=mapping)
    outputs, gradients, _ = run(form, NESTED_VALUES, np.ones(2))
    product = np.prod(list(NESTED_VALUES.values()), axis=0)
    assert np.array_equal(outputs, product)
    assert set(gradients) == set(NESTED_VALUES)
    assert all(np.allclose(gradients[name] * value, product) for name, value in NESTED_VALUES.items())


# ---- where gradients are


ROOT = SimpleNamespace(
    W=0,
    dW=1,
    grads={"W": 2, "wg": 3, "a.b": 4},
    param=SimpleNamespace(wg=0, wg_diff=5, W=0),
    layers=[SimpleNamespace(W=0, dW=6), SimpleNamespace(W=0, grads={"W": 7}), SimpleNamespace(W=0)],
    params={"W": 0, "dW": 8, "a.b": 0, "da.b": 9},
    dwg=10,
)


@pytest.mark.parametrize(
    ("parameter", "rule", "path"),
    [
        ("W", "d{}", "dW"),
        ("W", "grads.{}", "grads.W"),
        ("W", 'grads["{}"]', "grads.W"),
        ("W", {"W": "grads.W"}, "grads.W"),
        ("param.wg", "{}_diff", "param.wg_diff"),
        ("param.wg", "d{}", "dwg"),
        ("param.wg", "grads.{}", "grads.wg"),
        ("layers[0].W", "d{}", "layers.0.dW"),
        ("layers[1].W", "grads.{}", "layers.1.grads.W"),
        ("layers[2].W", "grads.{}", "grads.W"),
        ("layers[2].W", "d{}", "dW"),
        ('params["W"]', "d{}", "params.dW"),
        ('params["a.b"]', "d{}", 'params["da.b"]'),
        ('params["a.b"]', "grads.{}", 'grads["a.b"]'),
        ("param.W", "{}_nowhere", "param.W_nowhere"),
        ("param.W", "nowhere.{}", "nowhere.W"),
    ],
)
def test_a_gradient_is_as_near_to_its_parameter_as_the_rule_finds_one(parameter: str, rule: Any, path: str) -> None:
    """Beside it first, then above; where there is none yet, beside it, or below the object if the rule is a path."""
    assert gradient_path(ROOT, parameter, rule) == path


@pytest.mark.parametrize(
    ("rule", "place"), [("{}_diff", "W_diff"), ("grads.{}", "grads.W"), ('grads["{}"]', "grads.W"), ("g{}", "gW")]
)
def test_a_gradient_may_appear_only_in_the_backward(rule: str, place: str) -> None:
    """There is then nothing to prepare."""

    def backward(layer: Any, y_bar: Any) -> Any:
        layer.grads = {"W": np.outer(y_bar, layer.x)}
        setattr(layer, place, np.outer(y_bar, layer.x))
        return layer.W.T @ y_bar

    slots = Slots()
    form = form_of(backward=backward, parameters={"W": "H D"}, gradients=rule)
    _, gradients, _ = run(form, slots=slots)
    assert same(gradients, {"W": TRUTH["W"], "x": TRUTH["x"]})
    assert slots.prepared == {}


def test_gradients_are_poisoned_before_the_backward() -> None:
    """One that is never written, or added to although it was to be overwritten, is not a number."""

    def lazy(layer: Any, y_bar: Any) -> Any:
        layer.db += y_bar
        return layer.W.T @ y_bar

    _, gradients, _ = run(form_of(backward=lazy))
    assert np.isnan(gradients["W"]).all()
    assert np.isnan(gradients["b"]).all()
    assert np.array_equal(gradients["x"], TRUTH["x"])


def test_gradients_are_poisoned_in_place() -> None:
    """So that a list of the same arrays, which an optimiser holds, goes on holding them."""

    def make() -> Linear:
        layer = Linear()
        layer.all_gradients = [layer.dW, layer.db]  # type: ignore[attr-defined]
        return layer

    def backward(layer: Any, y_bar: Any) -> Any:
        assert np.isnan(layer.all_gradients[0]).all()
        assert layer.dW is layer.all_gradients[0]
        return layer.backward(y_bar)

    assert same(run(form_of(make, backward=backward))[1], TRUTH)


def test_accumulated_gradients_are_what_was_added() -> None:
    """What was known before is taken off."""

    def adding(layer: Any, y_bar: Any) -> Any:
        layer.dW += np.outer(y_bar, layer.x)
        layer.db += y_bar
        return layer.W.T @ y_bar

    assert same(run(form_of(backward=adding), slots=Slots(0.5))[1], TRUTH)


def test_a_gradient_that_was_not_left_is_told() -> None:
    """By the backward's name, and the path where it was looked for."""
    form = form_of(gradients="{}_diff")
    sentence = (
        f"{HERE}.Linear.backward left no gradient for W: 'W_diff' leads nowhere: a Linear has no 'W_diff'; "
        "that is where gradients='{}_diff' looks; the object has "
    )
    with pytest.raises(ContractError, match=f"^{re.escape(sentence)}W, "):
        run(form)


@pytest.mark.parametrize(
    ("gradients", "sentence"),
    [
        (
            "gradients",
            "gradients='gradients' has no place for a name; "
            'expected a rule with {} in it, such as "d{}" or "{}_diff"',
        ),
        (
            "{}",
            "gradients='{}' is the place of the parameter itself; "
            'expected a rule such as "d{}", or "update" if the backward takes a step',
        ),
        ({"W": "dW"}, "gradients= says nothing of the parameter 'b'"),
    ],
)
def test_a_rule_that_cannot_be_right_is_refused_at_once(gradients: Any, sentence: str) -> None:
    """When the subject is made."""
    with refused(SubjectError, sentence):
        form_of(gradients=gradients)


def test_a_rule_that_is_no_path_is_refused_at_once() -> None:
    """An open bracket leads nowhere."""
    with pytest.raises(PathError, match=r"^'grads\[\"\{\}' is not a path; "):
        form_of(gradients='grads["{}')


def test_without_parameters_any_rule_will_do() -> None:
    """Nothing is looked for."""
    form = form_of(parameters={}, gradients="{}")
    assert same(run(form)[1], {"x": np.zeros(3)})


def test_parameters_without_gradient_are_written_and_not_asked_for() -> None:
    """Neither in the mapping nor on the object."""
    form = form_of(parameters={"W": "H D", "b": reals("H", differentiated=False)}, gradients={"W": "dW"})
    outputs, gradients, _ = run(form)
    assert np.array_equal(outputs, W @ X + B)
    assert same(gradients, {"W": TRUTH["W"], "x": TRUTH["x"]})


# ---- steps instead of gradients


@pytest.mark.parametrize(
    "options",
    [
        {"backward": "step"},
        {"backward": "backward", "update": "apply"},
        {"backward": lambda layer, y_bar, learning_rate=0.1: layer.step(y_bar, learning_rate)},
        {"backward": "backward", "update": lambda layer, eta: layer.apply(eta)},
    ],
)
def test_a_gradient_is_the_difference_across_a_step_of_rate_one(options: Any) -> None:
    """Whether the learning rate has a default or none, in the backward or in what follows it, in place or rebound."""
    form = form_of(gradients="update", **options)
    outputs, gradients, owner = run(form)
    assert form.takes_cotangents(owner)
    assert np.array_equal(outputs, W @ X + B)
    assert all(np.allclose(gradients[name], TRUTH[name], rtol=1e-14) for name in TRUTH)


def test_a_step_may_know_its_own_rate() -> None:
    """Where no parameter is called a learning rate, none is passed."""

    def step(layer: Any, y_bar: Any, alpha_mixing: float = 7.0) -> Any:
        assert alpha_mixing == 7.0
        return layer.step(y_bar, 1.0)

    gradients = run(form_of(backward=step, gradients="update"))[1]
    assert all(np.allclose(gradients[name], TRUTH[name], rtol=1e-14) for name in TRUTH)


def test_the_learning_rate_is_passed_to_steps_alone() -> None:
    """A backward that leaves gradients is called as it is, whatever its parameters are called."""

    def backward(layer: Any, y_bar: Any, lr: float = 5.0) -> Any:
        assert lr == 5.0
        return layer.backward(y_bar)

    assert same(run(form_of(backward=backward))[1], TRUTH)


def test_a_loss_step_takes_the_rate_for_no_cotangent() -> None:
    """A backward of a learning rate alone has no cotangent."""

    def step(layer: Any, lr: float) -> Any:
        return layer.step(np.ones(2), lr)

    form = form_of(backward=step, gradients="update")
    owner = form.begin(SIZES_HERE)
    form.forward(owner, VALUES)
    assert not form.takes_cotangents(owner)
    assert np.allclose(form.backward(owner, 1.0, Slots())["b"], 1.0)


# ---- outputs and cotangents


class Several:
    """Outputs of all kinds."""

    def __init__(self, returned: Any = None) -> None:
        self.returned, self.given = returned, None

    def forward(self, x: Any) -> Any:
        """What was asked for."""
        self.state = SimpleNamespace(h=2 * x, s=3 * x)
        return self.returned

    def backward(self, *cotangents: Any) -> Any:
        """Remembers what it is given."""
        self.given = cotangents
        return np.zeros(3)


@pytest.mark.parametrize(
    ("returned", "cotangents", "given"),
    [
        (1.0, 10.0, (10.0,)),
        ((1.0, 2.0), (10.0, 20.0), (10.0, 20.0)),
        ((1.0,), (10.0,), (10.0,)),
        ([1.0, 2.0], [10.0, 20.0], ([10.0, 20.0],)),
        (([1.0], 2.0), ([10.0], 20.0), ([10.0], 20.0)),
        ({"h": 1.0}, {"h": 10.0}, ({"h": 10.0},)),
    ],
)
def test_cotangents_come_as_the_outputs_went(returned: Any, cotangents: Any, given: Any) -> None:
    """A tuple as several arguments, everything else as one."""
    form = form_of(lambda: Several(returned), parameters={})
    outputs, _, owner = run(form, {"x": X}, cotangents)
    assert outputs == returned
    assert owner.target.given == given


def test_outputs_may_be_left_at_places() -> None:
    """They are named by them, and their cotangents are several arguments in this order, even of one."""
    for places, given in (({"state.h": "D", "state.s": "D"}, (1.0, 2.0)), ({"state.s": "D"}, (2.0,))):
        form = form_of(Several, parameters={}, outputs=places)
        cotangents = dict(zip(places, given, strict=True))
        outputs, _, owner = run(form, {"x": X}, cotangents)
        assert same(outputs, {"state.h": 2 * X, "state.s": 3 * X} if len(places) == 2 else {"state.s": 3 * X})
        assert owner.target.given == given


def test_outputs_have_the_shape_of_their_spec() -> None:
    """Otherwise the spec, or the place, is another."""
    form = form_of(Several, parameters={}, outputs={"state.h": "H"})
    with refused(SubjectError, "the output 'state.h' has shape (3,) on the object, but its spec gives (2,)"):
        run(form, {"x": X})
    with pytest.raises(ShapeError, match=r"^shape spec 'H/2' does not parse at 'H/2'"):
        form_of(Several, parameters={}, outputs={"state.h": "H/2"})


def test_an_output_that_is_not_there_is_told() -> None:
    """By its path."""
    form = form_of(Several, parameters={}, outputs={"state.q": "D"})
    sentence = "'state.q' leads nowhere: a SimpleNamespace has no 'q'"
    with refused(SubjectError, f"the output 'state.q' is not on the object after the forward: {sentence}"):
        run(form, {"x": X})


def test_an_object_in_place_of_its_class_is_refused() -> None:
    """Each evaluation needs a fresh one."""
    sentence = "make is of type Several; expected a class, or a function that gives a fresh object each time"
    with refused(SubjectError, sentence):
        form_of(Several(), parameters={})


def test_a_forward_that_returns_nothing_needs_outputs() -> None:
    """The message says which option names them."""
    with refused(ContractError, f"{HERE}.Several.forward returned None; name its outputs with outputs="):
        run(form_of(Several, parameters={}), {"x": X})


def test_a_backward_without_arguments_gets_none() -> None:
    """Its one output is a loss, whose cotangent is 1."""
    form = form_of(backward=lambda layer: layer.backward(np.ones(2)))
    owner = form.begin(SIZES_HERE)
    form.forward(owner, VALUES)
    assert not form.takes_cotangents(owner)
    assert np.array_equal(form.backward(owner, 1.0, Slots())["b"], np.ones(2))


def test_a_backward_of_another_signature_is_told() -> None:
    """With its signature; it does not count as one without cotangents."""

    def backward(layer: Any, a: Any, b: Any) -> None:
        """Takes two."""

    form = form_of(backward=backward)
    name = f"{HERE}.test_a_backward_of_another_signature_is_told.<locals>.backward"
    sentence = f"{name} does not take 1 argument; it is backward(layer: Any, a: Any, b: Any) -> None"
    with refused(ContractError, sentence):
        run(form)


# ---- gradients of inputs


def test_input_gradients_may_be_left_at_places() -> None:
    """What the backward returns is then of no matter."""
    form = form_of(backward=lambda layer, y_bar: (layer.backward(y_bar), "junk")[1], input_gradients={"x": "dx"})
    assert same(run(form)[1], TRUTH)


def test_an_input_gradient_that_was_not_left_is_told() -> None:
    """As that of a parameter is."""
    form = form_of(input_gradients={"x": "x_bar"})
    sentence = f"{HERE}.Linear.backward left no gradient for x: 'x_bar' leads nowhere: a Linear has no 'x_bar'"
    with refused(ContractError, sentence):
        run(form)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {},
            "input_gradients= says nothing of the input 'x'; "
            "declare it with oracle.reals(..., differentiated=False) if it has no gradient",
        ),
        ({"x": "dx", "k": "dk"}, "input_gradients= names 'k'; expected some of x"),
        ({"x": "dx", "W": "dW"}, "input_gradients= names 'W'; expected some of x"),
    ],
)
def test_input_gradients_name_every_input_and_nothing_else(given: Any, sentence: str) -> None:
    """When the subject is made."""
    with refused(SubjectError, sentence):
        form_of(inputs={"x": "D", "k": integers("", below=3)}, input_gradients=given)


def test_nested_inputs_have_nested_gradients() -> None:
    """In input order, with None for what has none."""

    class Cell:
        def forward(self, x: Any, state: Any, flag: Any) -> Any:
            return x * state["h"] + state["c"]

        def backward(self, y_bar: Any) -> Any:
            return y_bar * 2, {"h": y_bar * 3, "c": y_bar}, None

    form = form_of(Cell, inputs={"x": "", "state": {"h": "", "c": ""}, "flag": fixed(True)}, parameters={})
    _, gradients, _ = run(form, {"x": 3.0, "state.h": 2.0, "state.c": 1.0, "flag": True}, 1.0)
    assert gradients == {"x": 2.0, "state.h": 3.0, "state.c": 1.0}


def test_a_missing_input_gradient_is_told() -> None:
    """Where the backward returns nothing although an input has a gradient; without one it may."""
    forgetful = {"backward": lambda layer, y_bar: (layer.backward(y_bar), None)[1]}
    with pytest.raises(ContractError, match=r"<lambda> returned None; expected 1 gradient: x; .*, or declare it"):
        run(form_of(**forgetful))
    form = form_of(inputs={"x": reals("D", differentiated=False)}, **forgetful)
    assert same(run(form)[1], {"W": TRUTH["W"], "b": TRUTH["b"]})


# ---- making and resetting


def test_an_object_is_made_fresh_with_the_sizes_it_takes() -> None:
    """Those it names, all if it takes any, and defaults for what is no size."""

    def some(H: int, scale: float = 2.0) -> Any:
        return SimpleNamespace(made=(H, scale))

    def every(**sizes: int) -> Any:
        return SimpleNamespace(made=sizes)

    assert form_of(some).begin(SIZES_HERE).target.made == (2, 2.0)
    assert form_of(every).begin(SIZES_HERE).target.made == SIZES_HERE
    form = form_of()
    assert form.begin(SIZES_HERE).target is not form.begin(SIZES_HERE).target


def test_an_object_that_needs_more_than_sizes_is_told() -> None:
    """With what to do."""

    def make(H: int, hidden: int) -> Any:
        """Never called."""

    name = f"{HERE}.test_an_object_that_needs_more_than_sizes_is_told.<locals>.make"
    sentence = f"{name} needs 'hidden', which is no size; the sizes are H, D. "
    sentence += "Pass a function of the sizes that makes the object"
    with refused(SubjectError, sentence):
        form_of(make).begin(SIZES_HERE)


def test_globals_that_hold_sizes_are_set_before_the_object_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """For classes of scripts."""
    module = ModuleType("script_of_a_class")
    vars(module).update({SIZES: {"hidden": "H"}, LEFT_OUT: frozenset(), "hidden": 1})
    exec("class Net:\n    def __init__(self):\n        self.made = hidden", vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert form_of(module.Net).begin(SIZES_HERE).target.made == 2


@pytest.mark.parametrize("reset", ["forget", lambda layer: layer.forget()])
def test_a_reset_is_called_when_it_is_asked_for(reset: Any) -> None:
    """By name or as a function of the object; without one nothing happens."""
    for hook, left in ((reset, True), (None, False)):
        form = form_of(reset=hook)
        owner = run(form)[2]
        form.reset(owner)
        assert (owner.target.x is None) == left


def test_methods_may_lie_deeper() -> None:
    """A dotted path leads to them."""
    form = form_of(
        lambda: SimpleNamespace(net=SimpleNamespace(layer=Linear())),
        forward="net.layer.forward",
        backward="net.layer.backward",
        parameters={"net.layer.W": "H D", "net.layer.b": "H"},
    )
    values = {"x": X, "net.layer.W": W, "net.layer.b": B}
    expected = {"x": TRUTH["x"], "net.layer.W": TRUTH["W"], "net.layer.b": TRUTH["b"]}
    assert same(run(form, values)[1], expected)


def test_a_missing_method_is_told() -> None:
    """It is the adapter that names it."""
    sentence = "the object has no method 'predict': 'predict' leads nowhere: a Linear has no 'predict'"
    with refused(SubjectError, sentence):
        run(form_of(forward="predict"))


def test_forward_and_backward_are_called_by_their_names() -> None:
    """Methods by that of what makes the object, functions by their own."""
    assert form_of().names == (f"{HERE}.Linear.forward", f"{HERE}.Linear.backward")
    assert form_of(backward=np.linalg.norm).names == (f"{HERE}.Linear.forward", "numpy.linalg.norm")


def test_the_code_under_test_is_what_makes_the_object_and_all_functions() -> None:
    """Names of methods are found on the object."""
    hooks: dict[str, Any] = {"backward": lambda layer, g: g, "reset": lambda layer: None}
    assert form_of(**hooks).code == (Linear, hooks["backward"], hooks["reset"])


class Computes:
    """A weight whose gradient is computed when somebody asks for it."""

    def __init__(self) -> None:
        self.w, self.dw_kept = np.zeros(()), np.zeros(())

    def forward(self, x: Any) -> Any:
        """w x."""
        self.x = x
        return self.w * x

    def backward(self, y_bar: Any) -> Any:
        """The gradient of x; that of w is kept."""
        self.dw_kept = (self.x * y_bar).sum()
        return self.w * y_bar

    @property
    def dw(self) -> Any:
        """The gradient of w, which nobody can set."""
        return self.dw_kept


def test_a_gradient_that_cannot_be_prepared_is_refused() -> None:
    """A property without a setter hides whether the backward wrote it; the sentence says what to do."""

    def judged(gradients: Any) -> Any:
        subject = oracle.Subject.from_object(
            Computes, inputs={"x": "D"}, parameters={"w": ""}, gradients=gradients, sizes={"D": (2, 4)}
        )
        return oracle.verify(subject, cases=2).verdict.name

    with pytest.raises(SubjectError) as refused:
        judged("d{}")
    assert str(refused.value).startswith(
        "the gradient of 'w' cannot be prepared, so nothing would show that the backward computes it: "
        "'dw' cannot be written on a Computes: "
    )
    assert str(refused.value).endswith("; give the place a setter, or say with gradients= where the values are kept")
    assert judged({"w": "dw_kept"}) == "CERTIFIED"
