"""Pairs of functions: every calling convention reaches the code as its author meant it, and misfits are told."""

import re
import sys
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from oracle.forms.form import (
    LEFT_OUT,
    SIZES,
    ContractError,
    SubjectError,
    by_name,
    check_rule,
    count_sentence,
    describe,
    differentiated,
    fit_sizes,
    gather,
    leading,
    match,
    takes,
    unnest,
    wanted_below,
)
from oracle.forms.functions import FunctionsForm
from oracle.inputs import fixed, integers, parse, reals

Gradients = namedtuple("Gradients", "W b")
Upstream = namedtuple("Upstream", "dW db")
HERE = __name__


class NoSlots:
    """Functions have no gradient slots."""

    def prepare(self, name: str, present: Any) -> Any:
        """Never called."""
        raise AssertionError

    def read(self, name: str, value: Any) -> Any:
        """Never called."""
        raise AssertionError


def run(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: dict[str, Any],
    values: dict[str, Any],
    cotangents: Any,
    rule: str | None = None,
) -> tuple[Any, dict[str, Any], bool]:
    """Outputs, gradients, and whether the backward takes cotangents."""
    form = FunctionsForm(forward, backward, inputs, rule)
    owner = form.begin({})
    outputs = form.forward(owner, values)
    return outputs, form.backward(owner, cotangents, NoSlots()), form.takes_cotangents(owner)


def refusal(*arguments: Any, **options: Any) -> str:
    """The sentence with which an evaluation is refused."""
    with pytest.raises(ContractError) as refused:
        run(*arguments, **options)
    return str(refused.value)


# ---- calling conventions


def test_outputs_and_a_cache() -> None:
    """The last of several values is the cache, which goes back after the cotangents."""
    outputs, gradients, takes_them = run(
        lambda x, w: (x * w, x + w, (x, w)),
        lambda y_bar, z_bar, cache: (y_bar * cache[1] + z_bar, y_bar * cache[0] + z_bar),
        {"x": "", "w": ""},
        {"x": 2.0, "w": 3.0},
        (10.0, 100.0),
    )
    assert (outputs, gradients, takes_them) == ((6.0, 5.0), {"x": 130.0, "w": 120.0}, True)


def test_one_output_and_a_cache() -> None:
    """A single output is no tuple, and its cotangent neither."""
    outputs, gradients, takes_them = run(
        lambda x: (x * x, x), lambda y_bar, x: 2 * x * y_bar, {"x": ""}, {"x": 3.0}, 10.0
    )
    assert (outputs, gradients, takes_them) == (9.0, {"x": 60.0}, True)


def test_outputs_without_a_cache() -> None:
    """The backward then gets the inputs again."""
    outputs, gradients, takes_them = run(
        lambda x, w: x * w, lambda y_bar, x, w: (y_bar * w, y_bar * x), {"x": "", "w": ""}, {"x": 2.0, "w": 3.0}, 10.0
    )
    assert (outputs, gradients, takes_them) == (6.0, {"x": 30.0, "w": 20.0}, True)


def test_a_tuple_of_one_output_has_no_cache() -> None:
    """`(y,)` is an output; the cotangent comes without its tuple."""
    outputs, gradients, _ = run(lambda x: (x * x,), lambda y_bar, x: 2 * x * y_bar, {"x": ""}, {"x": 3.0}, 10.0)
    assert (outputs, gradients) == (9.0, {"x": 60.0})


def test_outputs_without_a_cache_and_a_backward_of_cotangents_alone() -> None:
    """What it needs it keeps elsewhere."""
    kept: list[float] = []

    def forward(x: float) -> float:
        kept.append(x)
        return x * x

    assert run(forward, lambda y_bar: 2 * kept[-1] * y_bar, {"x": ""}, {"x": 3.0}, 10.0) == (9.0, {"x": 60.0}, True)


def test_a_loss_whose_backward_takes_the_cache_alone() -> None:
    """Its cotangent is 1."""
    found = run(lambda x: (x * x, x), lambda x: 2 * x, {"x": ""}, {"x": 3.0}, 1.0)
    assert found == (9.0, {"x": 6.0}, False)


def test_a_loss_whose_backward_takes_the_inputs_alone() -> None:
    """Two inputs, one loss, no cache."""
    found = run(lambda x, w: x * w, lambda x, w: (w, x), {"x": "", "w": ""}, {"x": 2.0, "w": 3.0}, 1.0)
    assert found == (6.0, {"x": 3.0, "w": 2.0}, False)


def test_several_losses_do_not_make_the_cache_a_loss() -> None:
    """Two outputs and a backward of two arguments: the second would be a cotangent in the place of the cache."""
    sentence = refusal(lambda x: (x, x * x, x), lambda y_bar, cache: y_bar, {"x": ""}, {"x": 3.0}, (1.0, 1.0))
    assert sentence == (
        f"{HERE}.test_several_losses_do_not_make_the_cache_a_loss.<locals>.<lambda> does not take 2 cotangents "
        "and the cache; expected backward(*cotangents, cache)"
    )


def test_a_list_is_one_output() -> None:
    """One array for each step, and the cotangents as the same list."""
    outputs, gradients, _ = run(
        lambda x: ([x, x * x], x), lambda ys_bar, x: ys_bar[0] + 2 * x * ys_bar[1], {"x": ""}, {"x": 3.0}, [10.0, 1.0]
    )
    assert (outputs, gradients) == ([3.0, 9.0], {"x": 16.0})


def test_optional_arguments_may_stay_away() -> None:
    """A backward may have more than it needs."""

    def backward(y_bar: float, x: float, verbose: bool = False) -> float:
        assert not verbose
        return 2 * x * y_bar

    assert run(lambda x, scale=1.0: (x * x * scale, x), backward, {"x": ""}, {"x": 3.0}, 10.0)[1] == {"x": 60.0}


def test_any_number_of_arguments_means_cotangents_and_cache() -> None:
    """`*arguments` takes everything there is."""
    found = run(lambda x: (x * x, x), lambda *given: 2 * given[0] * given[1], {"x": ""}, {"x": 3.0}, 10.0)
    assert found == (9.0, {"x": 60.0}, True)


def test_arguments_come_nested_as_declared() -> None:
    """Dictionaries, lists and tuples of inputs, integers and fixed things among them."""
    inputs = {"params": {"W": "H", "layers": ["H", ("H", "")]}, "k": integers("", below=3), "flag": fixed("same")}
    values = {
        "params.W": 1.0,
        "params.layers.0": 2.0,
        "params.layers.1.0": 3.0,
        "params.layers.1.1": 4.0,
        "k": 2,
        "flag": "same",
    }
    seen: list[Any] = []

    def forward(params: Any, k: int, flag: str) -> tuple[float, Any]:
        seen.extend([params, k, flag])
        return params["W"], None

    run(forward, lambda y_bar, cache: {"W": 1.0, "layers": [2.0, (3.0, 4.0)]}, inputs, values, 1.0)
    assert seen == [{"W": 1.0, "layers": [2.0, (3.0, 4.0)]}, 2, "same"]


@pytest.mark.parametrize("returned", [None, (), (None, "cache"), (None, None, {})])
def test_a_forward_that_returns_nothing_is_told(returned: Any) -> None:
    """There is no output to differentiate."""
    sentence = refusal(lambda x: returned, lambda y_bar, x: x, {"x": ""}, {"x": 3.0}, 1.0)
    assert sentence.endswith("<lambda> returned no output; expected (*outputs, cache), or the outputs alone")


@pytest.mark.parametrize(
    ("forward", "backward", "rest"),
    [
        (lambda x, w: (x, w), lambda: 0.0, "the cache"),
        (lambda x, w: (x, w), lambda a, b, c, d: 0.0, "the cache"),
        (lambda x, w: x, lambda: 0.0, "the 2 inputs"),
        (lambda x, w: x, lambda a, b, c, d: 0.0, "the 2 inputs"),
        (lambda x, w: (x, w), lambda y_bar, *, cache: 0.0, "the cache"),
    ],
)
def test_a_backward_of_another_signature_is_told(forward: Any, backward: Any, rest: str) -> None:
    """With what it was to be called with; it does not count as a backward without cotangents."""
    inputs, values = {"x": "", "w": ""}, {"x": 2.0, "w": 3.0}
    sentence = refusal(forward, backward, inputs, values, 1.0)
    assert sentence == (f"{HERE}.<lambda> does not take 1 cotangent and {rest}; expected backward(*cotangents, cache)")
    form = FunctionsForm(forward, backward, inputs)
    owner = form.begin({})
    form.forward(owner, values)
    assert form.takes_cotangents(owner)


def test_a_forward_of_another_signature_is_refused_at_once() -> None:
    """When the subject is made, with what `inputs` means."""
    sentence = f"{HERE}.<lambda> does not take the 2 inputs x, w; inputs= names its positional arguments in order"
    for forward in WRONG_FORWARDS:
        with pytest.raises(SubjectError, match=f"^{re.escape(sentence)}$"):
            FunctionsForm(forward, lambda y_bar, cache: None, {"x": "", "w": ""})


TWO_ARGUMENTS: Callable[..., Any] = lambda x, w: x


@pytest.mark.parametrize(
    ("forward", "backward", "inputs", "sentence"),
    [
        (3, len, {"x": ""}, "the forward is of type int; expected a function"),
        (len, None, {"x": ""}, "the backward is of type NoneType; expected a function"),
        (
            TWO_ARGUMENTS,
            len,
            ["", ""],
            f"inputs= is of type list; expected a dictionary of the arguments of {HERE}.<lambda>, "
            'such as {"x": "B D", "w": "D H"}',
        ),
        (
            TWO_ARGUMENTS,
            len,
            {},
            f"{HERE}.<lambda> takes inputs; inputs= names its positional arguments in order",
        ),
        (
            TWO_ARGUMENTS,
            len,
            {"w": "", "x": ""},
            f"inputs= names w, x, but {HERE}.<lambda> takes x, w; inputs= names its positional arguments in order",
        ),
    ],
)
def test_what_cannot_be_a_pair_is_refused_at_once(forward: Any, backward: Any, inputs: Any, sentence: str) -> None:
    """Before anything runs, in one sentence."""
    with pytest.raises(SubjectError, match=f"^{re.escape(sentence)}$"):
        FunctionsForm(forward, backward, inputs)


def test_names_of_inputs_may_be_others_than_those_of_the_arguments() -> None:
    """Order counts; names that are not the function's are what the report calls them."""
    form = FunctionsForm(TWO_ARGUMENTS, lambda y_bar, cache: None, {"w": "", "u": ""})
    assert list(form.inputs) == ["w", "u"]


@pytest.mark.parametrize("forward", [lambda x, w: x * np.ones(2), lambda x, w: [x, (x, w)]])
def test_a_forgotten_cache_is_told(forward: Any) -> None:
    """A backward of two arguments is not taken for one that takes the inputs, unless there is a loss."""
    form = FunctionsForm(forward, TWO_ARGUMENTS, {"x": "", "w": ""})
    owner = form.begin({})
    form.forward(owner, {"x": 2.0, "w": 3.0})
    sentence = (
        f"{HERE}.<lambda> takes 2 arguments, but {HERE}.<lambda> returned no cache to be one of them; "
        "expected the forward to return (*outputs, cache), and the backward to take (*cotangents, cache)"
    )
    with pytest.raises(ContractError, match=f"^{re.escape(sentence)}$"):
        form.takes_cotangents(owner)


WRONG_FORWARDS: list[Callable[..., Any]] = [lambda x: x, lambda x, w, u: x, lambda x, *, w: x]


# ---- what a backward returns

TWO = {"W": reals("H"), "b": reals("")}
RETURNED: list[Any] = [
    (1.0, 2.0),
    [1.0, 2.0],
    {"W": 1.0, "b": 2.0},
    {"b": 2.0, "W": 1.0},
    {"dW": 1.0, "db": 2.0, "W_norm": 9.0},
    {"d_W": 1.0, "d_b": 2.0},
    {"W_bar": 1.0, "b_bar": 2.0},
    {"W_diff": 1.0, "b_diff": 2.0},
    {"W_grad": 1.0, "b_grad": 2.0},
    {"grad_W": 1.0, "grad_b": 2.0},
    {"gW": 1.0, "gb": 2.0},
    {"delta_W": 1.0, "delta_b": 2.0},
    Gradients(W=1.0, b=2.0),
    Upstream(dW=1.0, db=2.0),
    namedtuple("Swapped", "db dW")(2.0, 1.0),
    namedtuple("Other", "first second")(1.0, 2.0),
]


@pytest.mark.parametrize("returned", RETURNED)
def test_gradients_are_found_by_name_or_in_order(returned: Any) -> None:
    """Mappings and named tuples by the usual rules, sequences and strangely named tuples in order."""
    assert match(returned, ["W", "b"], ["W", "b"], None, "it") == {"W": 1.0, "b": 2.0}


def test_one_rule_must_fit_all_names() -> None:
    """A mixture of two rules is not guessed at."""
    assert by_name({"dW": 1.0, "b": 2.0}, ["W", "b"], None) is None
    assert by_name({"dW": 1.0, "b": 2.0}, ["W"], None) == {"W": 1.0}


def test_a_declared_rule_is_the_only_one() -> None:
    """Others are not tried, even if they would fit."""
    assert by_name({"nabla_W": 1.0, "W": 3.0}, ["W"], "nabla_{}") == {"W": 1.0}
    assert by_name({"W": 3.0}, ["W"], "nabla_{}") is None


def test_two_rules_that_name_different_values_are_refused() -> None:
    """Parameters and gradients in one mapping, or two sets of gradients: the sentence says what to declare."""
    both = {"W": 3.0, "b": 4.0, "dW": 1.0, "db": 2.0}
    with pytest.raises(SubjectError) as refused:
        match(both, ["W", "b"], ["W", "b"], None, "it")
    assert str(refused.value) == (
        "several naming rules fit a returned mapping with W, b, dW, db: '{}' and 'd{}', which name different values; "
        "declare the one that is meant, as gradients='d{}', or return the gradients alone"
    )
    assert match(both, ["W", "b"], ["W", "b"], "d{}", "it") == {"W": 1.0, "b": 2.0}


def test_two_rules_may_name_the_same_objects() -> None:
    """A mapping may hold a gradient under two names; equal values are not enough, as they may differ elsewhere."""
    gradient = np.ones(2)
    assert by_name({"dW": gradient, "W_grad": gradient}, ["W"], None) == {"W": gradient}
    with pytest.raises(SubjectError, match="several naming rules fit"):
        by_name({"dW": gradient, "W_grad": gradient.copy()}, ["W"], None)


def test_a_declared_rule_decides_between_those_of_a_nested_mapping() -> None:
    """The parts of an argument may be named by it or by any usual rule."""
    leaves = parse({"params": {"W": "D", "b": ""}, "x": "D"})
    parts = {"W": 3.0, "b": 4.0, "dW": 1.0, "db": 2.0}
    found = gather({"dparams": parts, "dx": 5.0}, ["params", "x"], leaves, "d{}", "it")
    assert found == {"params.W": 1.0, "params.b": 2.0, "x": 5.0}
    with pytest.raises(SubjectError, match="several naming rules fit"):
        gather({"params": parts, "x": 5.0}, ["params", "x"], leaves, None, "it")


def test_keys_may_be_numbers() -> None:
    """As the layers of a network are."""
    assert by_name({0: 1.0, 1: 2.0}, ["0", "1"], None) == {"0": 1.0, "1": 2.0}


def test_a_single_gradient_may_come_alone() -> None:
    """One array, a tuple of one, or in a mapping."""
    array = np.ones((2, 3))
    for returned in (array, (array,), [array], {"dx": array}):
        assert match(returned, ["x"], ["x", "k"], None, "it")["x"] is array


def test_none_stands_for_inputs_without_gradient() -> None:
    """A value for every input, in order, is as good as one for every gradient."""
    assert match((1.0, None, 2.0), ["W", "b"], ["W", "k", "b"], None, "it") == {"W": 1.0, "b": 2.0}
    assert match((1.0, 2.0), ["W", "b"], ["W", "k", "b"], None, "it") == {"W": 1.0, "b": 2.0}


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "it returned None; expected 2 gradients: W, b"),
        ((1.0,), "it returned 1 value; expected 2 gradients: W, b"),
        ((1.0, 2.0, 3.0, 4.0), "it returned 4 values; expected 2 gradients: W, b"),
        ((), "it returned 0 values; expected 2 gradients: W, b"),
        (np.ones(2), "it returned one ndarray; expected 2 gradients: W, b"),
        (1.0, "it returned one float; expected 2 gradients: W, b"),
        ({"dW": 1.0, 3: 2.0}, "it returned a mapping with dW, 3; expected 2 gradients: W, b"),
        ({}, "it returned a mapping with nothing; expected 2 gradients: W, b"),
    ],
)
def test_what_is_no_gradient_for_each_is_told(returned: Any, sentence: str) -> None:
    """How many, or which names, and what was expected."""
    with pytest.raises(ContractError, match=f"^{re.escape(sentence)}$"):
        match(returned, ["W", "b"], ["W", "k", "b"], None, "it")


def test_one_gradient_is_one_gradient() -> None:
    """In the singular."""
    with pytest.raises(ContractError, match=r"^it returned None; expected 1 gradient: x$"):
        match(None, ["x"], ["x"], None, "it")


@pytest.mark.parametrize("rule", ["d", "", "{", "{}{", "{name}_diff", "{1}"])
def test_a_rule_needs_a_place_for_the_name(rule: str) -> None:
    """Otherwise all gradients would be the same one, or none."""
    sentence = (
        f'gradients={rule!r} has no place for a name; expected a rule with {{}} in it, such as "d{{}}" or "{{}}_diff"'
    )
    with pytest.raises(SubjectError, match=f"^{re.escape(sentence)}$"):
        FunctionsForm(lambda x: x, lambda y_bar, x: x, {"x": ""}, rule)
    check_rule("d{}")
    check_rule("{0}_diff")


# ---- nested arguments

NESTED = parse({"params": {"W": "H", "layers": ["H", "H"]}, "x": "B"})
WHOLE = {"params.W": 1.0, "params.layers.0": 2.0, "params.layers.1": 3.0, "x": 4.0}


@pytest.mark.parametrize(
    "returned",
    [
        ({"W": 1.0, "layers": [2.0, 3.0]}, 4.0),
        ({"dW": 1.0, "dlayers": (2.0, 3.0)}, 4.0),
        ((1.0, [2.0, 3.0]), 4.0),
        {"dx": 4.0, "dparams": {"W": 1.0, "layers": {0: 2.0, 1: 3.0}}},
    ],
)
def test_the_gradient_of_a_nested_argument_is_nested_like_it(returned: Any) -> None:
    """By name or in order on every level."""
    assert gather(returned, ["params", "x"], NESTED, None, "it") == WHOLE


ALONE = parse({"params": {"W": "H", "b": ""}, "x": reals("B", differentiated=False)})


@pytest.mark.parametrize(
    "returned",
    [
        {"W": 1.0, "b": 2.0},
        {"db": 2.0, "dW": 1.0},
        {"params": {"W": 1.0, "b": 2.0}},
        {"dparams": (1.0, 2.0)},
        (1.0, 2.0),
        [1.0, 2.0],
        Gradients(W=1.0, b=2.0),
        ({"W": 1.0, "b": 2.0},),
        ({"W": 1.0, "b": 2.0}, None),
        ([1.0, 2.0], None),
        [[1.0, 2.0]],
    ],
)
def test_a_single_nested_argument_may_have_the_gradients_of_its_parts_returned(returned: Any) -> None:
    """Directly, or as one value with or without None for the others."""
    assert gather(returned, ["params", "x"], ALONE, None, "it") == {"params.W": 1.0, "params.b": 2.0}


def test_a_rule_holds_for_the_parts_of_a_single_argument_too() -> None:
    """Whether the mapping is that of the argument or that of its parts."""
    for returned in ({"nabla_W": 1.0, "nabla_b": 2.0}, {"nabla_params": {"W": 1.0, "b": 2.0}}):
        found = gather(returned, ["params", "x"], ALONE, "nabla_{}", "it")
        assert found == {"params.W": 1.0, "params.b": 2.0}


def test_parts_without_gradient_may_be_none_or_missing() -> None:
    """On every level, in order or by name."""
    leaves = parse({"cell": ["H", integers("", below=2), "H"]})
    for returned in ([1.0, None, 2.0], [1.0, 2.0], {0: 1.0, 2: 2.0}):
        assert gather(returned, ["cell"], leaves, None, "it") == {"cell.0": 1.0, "cell.2": 2.0}


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ({"W": 1.0}, "it, in the gradient of params, returned a mapping with W; expected 2 gradients: W, b"),
        ((1.0, 2.0, 3.0), "it, in the gradient of params, returned 3 values; expected 2 gradients: W, b"),
        (1.0, "it, in the gradient of params, returned one float; expected 2 gradients: W, b"),
        (None, "it returned None; expected 1 gradient: params"),
        ((), "it returned 0 values; expected 1 gradient: params"),
    ],
)
def test_what_is_missing_in_a_nested_gradient_is_told_there(returned: Any, sentence: str) -> None:
    """With the argument whose gradient it was to be."""
    with pytest.raises(ContractError, match=f"^{re.escape(sentence)}$"):
        gather(returned, ["params", "x"], ALONE, None, "it")


def test_unnesting_a_leaf_is_the_leaf() -> None:
    """Nothing is looked for inside."""
    assert unnest("x", {"a": 1.0}, NESTED, "it") == {"x": {"a": 1.0}}


def test_only_what_has_a_gradient_is_wanted() -> None:
    """An argument of integers alone is not, one with some real leaf is."""
    leaves = parse({"a": ["B", integers("", below=2)], "k": {"i": integers("", below=2)}, "ab": "B"})
    assert wanted_below(["a", "k", "ab"], leaves) == ["a", "ab"]
    assert differentiated(leaves) == ["a.0", "ab"]


def test_what_follows_the_gradients_is_left_away() -> None:
    """Where a function returns other things after them, unless there is a None for each input without one."""
    assert leading((1.0, 2.0, "state"), ["W", "b"], ["W", "b", "k"]) == (1.0, 2.0)
    assert leading((1.0, None, 2.0), ["W", "b"], ["W", "k", "b"]) == (1.0, None, 2.0)
    assert leading((1.0,), ["W", "b"], ["W", "b"]) == (1.0,)


# ---- names, signatures, sizes


class Layer:
    """A class with a method."""

    def forward(self) -> None:
        """Nothing."""


class Secret:
    """A callable that does not tell its signature."""

    __signature__ = "none of your business"

    def __call__(self) -> None:
        """Nothing."""


def test_code_is_called_by_module_and_name() -> None:
    """Functions, methods, partial functions, builtins, and modules loaded by path."""

    def inner() -> None:
        pass

    assert describe(Layer.forward) == describe(Layer().forward) == f"{HERE}.Layer.forward"
    assert describe(partial(np.linalg.norm, axis=0)) == "numpy.linalg.norm"
    assert describe(len) == "len"
    assert describe(inner) == f"{HERE}.test_code_is_called_by_module_and_name.<locals>.inner"
    inner.__module__ = "mine_0123456789abcdef"
    inner.__qualname__ = "inner"
    assert describe(inner) == "mine.inner"


def test_what_a_function_takes_is_known_from_its_signature() -> None:
    """Positional arguments, beside keywords that are given anyway."""

    def two(a: int, b: int, c: int = 0) -> None:
        pass

    def step(g: float, lr: float) -> None:
        pass

    assert [takes(two, count) for count in range(5)] == [False, False, True, True, False]
    assert [takes(step, count, ["lr"]) for count in range(4)] == [False, True, False, False]
    assert takes(Secret(), 17)
    assert not takes(Layer.forward, 0)
    assert takes(Layer().forward, 0)


def test_a_signature_follows_the_function() -> None:
    """Where defaults or code are changed, what it takes changes too."""

    def one(a: int) -> None:
        pass

    def other(a: int, b: int) -> None:
        pass

    assert (takes(one, 0), takes(one, 1), takes(one, 2)) == (False, True, False)
    one.__defaults__ = (3,)
    assert (takes(one, 0), takes(one, 1), takes(one, 2)) == (True, True, False)
    one.__code__ = other.__code__
    assert (takes(one, 0), takes(one, 1), takes(one, 2)) == (False, True, True)


def test_counts_have_a_plural() -> None:
    """One, none and several."""
    assert [count_sentence(count, "gradient") for count in (0, 1, 2)] == ["0 gradients", "1 gradient", "2 gradients"]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module as `load_definitions` makes it, with a function that reads a size."""
    module = ModuleType("script_of_sizes")
    vars(module).update({SIZES: {"hidden": "H"}, LEFT_OUT: frozenset(), "hidden": 1})
    exec("def forward(x):\n    return x * hidden, x\ndef backward(y_bar, x):\n    return y_bar * hidden", vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_globals_that_hold_sizes_are_set_before_each_evaluation(script: ModuleType) -> None:
    """To the sizes of the case, for functions of the script."""
    form = FunctionsForm(script.forward, script.backward, {"x": "H"})
    for size in (5, 3):
        owner = form.begin({"H": size})
        assert form.forward(owner, {"x": 2.0}) == 2.0 * size
        assert form.backward(owner, 1.0, NoSlots()) == {"x": size}


def test_a_global_of_an_unknown_size_is_refused(script: ModuleType) -> None:
    """With the sizes that there are."""
    for sizes, known in (({"D": 3, "B": 1}, "D, B"), ({}, "(none)")):
        sentence = f"load_definitions was told that hidden is the size 'H'; the sizes are {known}"
        with pytest.raises(SubjectError, match=f"^{re.escape(sentence)}$"):
            fit_sizes([script.forward], sizes)


def test_code_without_sizes_is_left_alone() -> None:
    """Functions of this module, modules, classes, builtins, and things without a module."""
    fit_sizes([run, np, Layer, len, 3, None], {"H": 3})
    assert not hasattr(sys.modules[HERE], SIZES)
