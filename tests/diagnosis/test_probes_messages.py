"""What the probes say, line by line, and the same in the report and in JSON."""

import os

import jax.numpy as jnp
import pytest
from probes_tools import asked, line_in, pair, said, with_faults
from test_probes_capture import BACKWARD, INPUTS, changed, rnn, subject
from test_probes_faults import BACK, CARRY, GATES, LIKELY, O_BAR, STEP, W_BAR, X_BAR

import lstm_ref.activations as activations
import lstm_ref.layer as layer
import oracle
from oracle import subjects
from oracle.forms.form import SubjectError
from oracle.mutation.planting import Text, planted
from oracle.report.json import to_dict

DOWN = "seen in 5 of 5 cases, down to T=1 B=1 D=1 H=1"
NO_F = "the factor f is missing, here or on a line of its own"
WRONG = {
    "one": (
        [CARRY],
        [
            "first wrong cotangent, backwards in time: s_prev_bar at t=3     cell.py:{0}   "
            "s_prev_bar[...] = s_total_bar",
            f"  everything it is computed from is right; wrong at every step; {DOWN}; {NO_F}",
        ],
    ),
    "two": (
        [CARRY, O_BAR],
        [
            "first wrong cotangent, backwards in time: o_bar at t=3     cell.py:{1}   "
            "np.multiply(h_bar, g * i + s_prev * f, out=o_bar)",
            f"  everything it is computed from is right; wrong at every step; {DOWN}",
            "another wrong cotangent: s_prev_bar at t=3     cell.py:{0}   s_prev_bar[...] = s_total_bar",
            "  wrong even from the author's own values of what it is computed from; wrong at every step; "
            f"{DOWN}; {NO_F}",
        ],
    ),
    "three in one statement": (
        [GATES],
        [
            "first wrong cotangent, backwards in time: a_g_bar at t=3 (and a_i_bar, a_f_bar and a_o_bar)     "
            "cell.py:{0}   a_gates_bar[:] = own_bar",
            f"  everything it is computed from is right; wrong at every step; {DOWN}; "
            "the factor 1 - g² is missing, here or on a line of its own",
        ],
    ),
    "a gradient": (
        [W_BAR],
        [
            "the gradient of W is wrong although every cotangent it is computed from is right     layer.py:{0}   "
            "W_bar = _plus(W_bar, np.matmul(a_bar[0].T, x[0]))",
            "  seen in 4 of 5 cases, down to T=4 B=3 D=1 H=2; this line, or layer.py:{plus} or what W_bar holds",
        ],
    ),
    "a gradient below a wrong cotangent": (
        [CARRY, X_BAR],
        [
            "first wrong cotangent, backwards in time: s_prev_bar at t=3     cell.py:{0}   "
            "s_prev_bar[...] = s_total_bar",
            f"  everything it is computed from is right; wrong at every step; {DOWN}; {NO_F}",
            "the gradient of x is wrong even from the author's own values of what it is computed from     "
            "layer.py:{1}   "
            "x_bar[block] = np.matmul(rows, 2 * W).reshape(T, B, D)",
            f"  {DOWN}; this line, or what block holds",
        ],
    ),
    "one of several lines": (
        [LIKELY["two gates swapped"][1]],
        [
            "first wrong cotangent, backwards in time: a_i_bar at t=3 (and a_f_bar)     cell.py:{0}   "
            "g_bar, f_bar, i_bar, o_bar = gates_bar",
            f"  everything it is computed from is right; wrong at every step; {DOWN}; "
            "this line, or what feeds it: line {slopes}, activations.py:{rest}, activations.py:{least}, line {made}, "
            "37 more, what the forward left in s_bar, what the forward left in tape.cell",
        ],
    ),
    "one step": (
        [(BACK, "h_T_bar.copy(), s_T_bar.copy()", "h_T_bar.copy(), 2 * s_T_bar")],
        [
            "first wrong cotangent, backwards in time: s_total_bar at t=3     layer.py:{0}   "
            "h_next_bar, s_bar = h_T_bar.copy(), 2 * s_T_bar",
            f"  everything it is computed from is right; wrong at t=3; {DOWN}; "
            "this line, or what feeds it: line {call}, cell.py:{total}",
        ],
    ),
    "a loop": (
        [LIKELY["a step left out"][1]],
        [
            "h_t_bar is computed 3 times for 4 steps     layer.py:{0}   for t in reversed(range(1, T)):",
            "  at T=4 B=3 D=1 H=2; its values could not be compared",
        ],
    ),
    "memory": (
        [LIKELY["never written"][1]],
        [
            "h_next_bar at t=3 is not finite, or not known to enough digits     layer.py:{0}   "
            "np.dot(a_bar[0], U, out=h_next_bar)",
            "  everything computed before it is right; at T=4 B=3 D=1 H=2",
        ],
    ),
}


@pytest.mark.parametrize("title", WRONG)
def test_messages(title):
    """The causes of a planted fault, line by line."""
    faults, expected = WRONG[title]
    causes, _, lines = with_faults("lstm-standard" if O_BAR in faults else "lstm-seed", *faults)
    beside = {
        "call": line_in(BACK, "step_vjp("),
        "total": line_in(STEP, "s_total_bar = "),
        "made": line_in(STEP, "out or _new_cotangents"),
        "slopes": line_in(STEP, "gates_slope, c_slope = slopes"),
        "rest": line_in(activations.complement, "rest = "),
        "least": line_in(activations.complement, "np.fmin("),
        "plus": line_in(layer._plus, "np.add("),
    }
    assert said(causes)[: len(expected)] == [line.format(*lines, **beside) for line in expected]


def test_causes_in_the_report_and_in_json():
    """A report carries the causes below the wrong gradients, and the JSON the same data."""
    with planted(Text(*CARRY)) as (text,):
        report = oracle.verify(subjects.load("lstm-seed"), cases=2)
    line = text.text.splitlines().index("    s_prev_bar[...] = s_total_bar") + 1
    place = f"cell.py:{line}   s_prev_bar[...] = s_total_bar"
    told = [one.strip() for one in str(report).splitlines()]
    (first,) = [one for one in told if one.startswith("first wrong cotangent")]
    assert first.endswith(place)
    assert told[told.index(first) + 1].startswith(
        "everything it is computed from is right; wrong at every step; seen in"
    )
    cause = to_dict([report], 0.0)["subjects"][0]["diagnosis"][0]
    assert (cause["kind"], cause["probe"], cause["line"], cause["certain"]) == (
        "wrong-cotangent",
        "s_prev_bar",
        line,
        False,
    )
    assert cause["statement"] == "s_prev_bar[...] = s_total_bar"
    assert cause["file"].replace(os.sep, "/").endswith("lstm_ref/cell.py")


NOTES = {
    "no twin": ({"reference": lambda x, W, h0: rnn(x, W, h0)}, []),  # the notes of every report say so
    "declared": (
        {"scale": 2.0},
        ["probes could not be examined: the backward is declared to be something else than the derivative"],
    ),
    "no probes": ({"probes": None}, []),
}


@pytest.mark.parametrize("title", NOTES)
def test_notes(title):
    """Where probes can say nothing, they accuse nobody and say why."""
    options, expected = NOTES[title]
    causes, notes = asked(subject(changed("carry = W.T @ da", "carry = W @ da"), **options), D=3)
    assert (causes, notes) == ([], expected)


def test_code_that_leaves_balls():
    """Code that leaves ball arithmetic is not examined, and the note says so once."""
    leaving = changed("carry = W.T @ da", "carry = W.T @ np.array([float(str(v)) for v in da])", BACKWARD)
    causes, notes = asked(subject(leaving))
    assert causes == []
    assert notes == ["probes could not be examined: the code left ball arithmetic, raised, or met a tie"]


DENSE = """
def forward(x, w, b):
    h = np.tanh(x @ w + b)
    return h, (x, w, h)


def backward(h_bar, cache):
    x, w, h = cache
    a_bar = h_bar * (1 - h)
    return a_bar @ w.T, x.T @ a_bar, a_bar.sum(axis=0)
"""


def test_the_statement_that_computes_comes_before_the_one_that_unpacks():
    """With one probe and a cache that nothing proves, the statement that computes is named, as a hint."""

    def twin(x, w, b, *, probe):
        return jnp.tanh(probe("a", x @ w + b))

    one = pair(DENSE, inputs={"x": "B D", "w": "D H", "b": "H"}, reference=twin, probes={"a_bar": "a_bar"})
    causes, _ = asked(one)
    assert said(causes) == [
        f"first wrong cotangent, backwards in time: a_bar     {causes[0].place}   a_bar = h_bar * (1 - h)",
        "  everything it is computed from is right; seen in 5 of 5 cases, down to B=1 D=1 H=1; "
        "this line, or what feeds it: line 9, what the forward left in cache",
    ]
    assert (causes[0].line, causes[0].certain) == (10, False)


DECLARED = {
    "no mapping": (["dh"], 'probes= is of type list; expected places by name, such as {"o_bar": "do"}'),
    "no place": ({"dh": 3}, 'a probe is of type int; expected a place such as "do", or oracle.probe'),
    "no variable": (
        {"dh": "1 + 2"},
        'the probe place \'1 + 2\' is no local variable; expected one such as "do" or "da[1]"',
    ),
    "no text": ({"dh": "d("}, 'the probe place \'d(\' is no local variable; expected one such as "do" or "da[1]"'),
}


@pytest.mark.parametrize("title", DECLARED)
def test_declared_wrongly(title):
    """What is no probe is refused in one sentence when the subject is made."""
    probes, message = DECLARED[title]
    with pytest.raises(SubjectError) as refused:
        pair("def forward(x):\n    return x, x\ndef backward(y, x):\n    return y\n", inputs={"x": "D"}, probes=probes)
    assert str(refused.value) == message


OPTIONS = {
    "order": ({"order": "back"}, "order='back' of the probe at 'do' must be 'reversed' or 'forward'"),
    "store": ({"store": (3, 2)}, "store=(3, 2) of the probe at 'do' must be (k, n) with 1 <= k <= n"),
}


@pytest.mark.parametrize("title", OPTIONS)
def test_options_of_a_probe(title):
    """Options that are not understood are refused in one sentence."""
    options, message = OPTIONS[title]
    with pytest.raises(SubjectError) as refused:
        oracle.probe("do", **options)
    assert str(refused.value) == message


def test_inputs_are_those_of_the_network():
    """The control of these tests: the network without a change is right and certified."""
    assert oracle.verify(subject(), cases=3).ok
    assert set(INPUTS) == {"x", "W", "h0"}
