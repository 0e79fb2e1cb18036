"""A probe that stands where nothing is, or of which the reference says nothing, does not pass in silence."""

import jax.numpy as jnp
import pytest
from probes_tools import pair

import oracle
from oracle.forms.form import SubjectError

LAYER = """
def forward(x, w):
    h = np.tanh(x @ w)
    return h, (x, w, h)

def backward(d, cache):
    x, w, h = cache
    a_bar = d * (1 - h * h)
    b_bar = helped(a_bar)
    return b_bar @ w.T, x.T @ b_bar

def helped(y):
    if y.ndim > 4: never = y
    inner = 1 * y
    return inner
"""


def twin(x, w, *, probe):
    """The layer, its pre-activation marked."""
    return jnp.tanh(probe("a", x @ w))


def layer(probes, source=LAYER, reference=twin):
    """The layer with these probes."""
    return pair(source, inputs={"x": "B D", "w": "D H"}, reference=reference, probes=probes)


@pytest.mark.parametrize("reference", [twin, None])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("a_bra", "did you mean a_bar?"),
        ("a_bra[0]", "did you mean a_bar?"),
        ("helped.inne", "did you mean inner?"),
        ("q", "it has a_bar, b_bar, cache, d, h, inner, never, w"),
    ],
)
def test_a_place_that_is_no_variable_of_the_backward_is_misuse(place, why, reference):
    """Also of a right backward, and where no reference marks anything: nothing is verified before it is mended."""
    sentence = f"the probe a_bar stands at {place!r}, but the backward has no such variable; {why}"
    with pytest.raises(SubjectError) as refusal:
        oracle.verify(layer({"a_bar": place}, reference=reference), cases=1)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("place", ["a_bar", "backward.a_bar", "helped.inner", "never", "return[0]"])
def test_a_place_that_is_there_is_none(place):
    """The control: a variable that no case gives a value is one all the same."""
    assert oracle.verify(layer({"a_bar": place}), cases=1).verdict.name == "CERTIFIED"


def test_a_variable_of_the_forward_alone_is_none_of_the_backward():
    """The forward is not followed."""
    source = LAYER.replace("h = np.tanh(x @ w)", "early = x @ w\n    h = np.tanh(early)")
    with pytest.raises(SubjectError, match="stands at 'early', but the backward has no such variable"):
        oracle.verify(layer({"a_bar": "early"}, source), cases=1)


NO_PLACE = (
    "the probe q_bar is not examined: the reference marks no place 'q_bar' or 'q', but a; "
    "oracle.probe(..., of=) says which is meant"
)
NO_TWIN = "probes are not examined: the reference marks no places; give a twin that takes the keyword probe"


@pytest.mark.parametrize(
    ("probes", "reference", "note"), [({"q_bar": "a_bar"}, twin, NO_PLACE), ({"a_bar": "a_bar"}, None, NO_TWIN)]
)
def test_a_probe_of_which_the_reference_says_nothing_is_noted(probes, reference, note):
    """A right backward is certified, and the report says that its probes added nothing."""
    report = oracle.verify(layer(probes, reference=reference), cases=1)
    assert report.verdict.name == "CERTIFIED"
    assert note in report.notes


def test_a_probe_that_is_examined_is_not_noted():
    """The control."""
    assert not [note for note in oracle.verify(layer({"a_bar": "a_bar"}), cases=1).notes if "probe" in note]


def test_no_line_is_blamed_where_no_probe_was_examined():
    """Nothing is said of cotangents that nobody looked at; that they were not is a line of its own."""
    wrong = LAYER.replace("1 - h * h", "1 - h")
    report = oracle.verify(layer({"a_bar": "never"}, wrong), cases=3)
    assert report.diagnosis.remarks == ("not examined: a_bar: the backward stored nothing at never",)
    assert [cause.kind for cause in report.diagnosis.causes] == ["one-line-repair"]
    assert "every cotangent" not in str(report)


def test_cotangents_that_were_not_examined_are_not_called_right():
    """Of two probes one is examined: the claim speaks of that one alone."""
    wrong = LAYER.replace("x.T @ b_bar", "2 * x.T @ b_bar")
    report = oracle.verify(layer({"a_bar": "a_bar", "b_bar": "never"}, wrong), cases=3)
    assert report.diagnosis.causes[0].claim == "the gradient of w is wrong although a_bar, examined before it, is right"
    both = oracle.verify(layer({"a_bar": "a_bar"}, wrong), cases=3)
    assert both.diagnosis.causes[0].claim == (
        "the gradient of w is wrong although every cotangent it is computed from is right"
    )
