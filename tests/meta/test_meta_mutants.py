"""Wrong backwards of the LSTM: each is refuted, names the gradients it spoils, and shrinks to the sizes it needs."""

import re

import pytest
from hypothesis.errors import NoSuchExample
from meta_tools import changed, mutated, on_trial, outcome, smallest_refuted, source_of, wrong_leaves

from lstm_ref.losses import SquaredLossLayer
from lstm_ref.variant import SEED, STANDARD
from oracle import Subject, verify
from oracle.inputs import fixed, reals
from oracle.subjects import twins
from oracle.verdict import Verdict

INPUTS = {"x": "T B D", "h0": "B H", "s0": "B H", "W": "4*H D", "U": "4*H H", "b": "4*H"}
SIZES = {"T": 3, "B": 2, "D": 4, "H": 3}
ONE = {"T": 1, "B": 1, "D": 1, "H": 1}
EVERY = {"x", "h0", "s0", "W", "U", "b"}


def layer(in_layer=(), in_cell=(), cell=STANDARD):
    """The layer with changes made to the texts of `lstm_ref.layer` and `lstm_ref.cell`, and its twin."""
    home = mutated("lstm_ref.cell", *in_cell).__name__
    module = mutated("lstm_ref.layer", ("from lstm_ref.cell import", f"from {home} import"), *in_layer)
    return Subject.from_functions(
        module.forward,
        module.backward,
        inputs={**INPUTS, "cell": fixed(cell)},
        reference=twins.layer_of(cell.tanh_of_state),
        name="mutant",
    )


def after(line, *further):
    """A change that adds lines, of the same indentation, below a line."""
    indent = line[: len(line) - len(line.lstrip())]
    return line, "\n".join([line, *(indent + one for one in further)])


CARRY = "                np.dot(a_bar[t], U, out=h_next_bar)"
TANH = "c_bar *= c_slope if cell.tanh_of_state else 1.0"
SLOPES = "np.multiply(own_bar, gates_slope,"
AT_G = "(g * (1.0 - g))[np.newaxis]"
S_PREV = "np.multiply(s_total_bar, f, out=s_prev_bar)"
I_BAR = "np.multiply(s_total_bar, g, out=i_bar)"
GATES = "g_bar, i_bar, f_bar, o_bar = gates_bar"
X_BAR = "np.matmul(rows, W).reshape(T, B, D)"
W_BAR = "np.matmul(rows.T, x.reshape(T * B, D))"
B_BAR = "            b_bar = _plus(b_bar, rows.sum(axis=0))"
SQUARE = "U_bar = U_bar.reshape(4, *U[: len(U[0])].shape).transpose(0, 2, 1).reshape(U.shape)"
OFF = "W_bar[0, 0] = W_bar[0, 0] * (1 + {})"


def in_cell(old, new):
    """A wrong layer whose bug is in the step."""
    return {"in_cell": [(old, new)]}


def in_layer(old, new):
    """A wrong layer whose bug is in the loop over time."""
    return {"in_layer": [(old, new)]}


MUTANTS = {  # title: change, gradients that are wrong at SIZES, smallest sizes at which one is
    "tanh(s) forward, not backward": (in_cell(TANH, "c_bar *= 1.0"), EVERY, ONE),
    "the slope of tanh at another stage": (in_cell("c_bar *= c_slope", "c_bar *= tanh_slope_at(s_prev)"), EVERY, ONE),
    "sigmoid' for tanh'": (
        in_cell(SLOPES, f"np.multiply(own_bar, np.concatenate(({AT_G}, gates_slope[1:])),"),
        EVERY,
        ONE,
    ),
    "no forget factor": (in_cell(S_PREV, "s_prev_bar[...] = s_total_bar"), EVERY, ONE),
    "no forget factor between steps": (
        in_layer(*after(CARRY, "s_bar /= steps[t].gates[2] if t else 1.0")),
        EVERY,
        {**ONE, "T": 2},
    ),
    "no carry of s": (in_layer(*after(CARRY, "s_bar *= float(t == 0)")), EVERY, {**ONE, "T": 2}),
    "no carry of h": (in_layer(*after(CARRY, "h_next_bar *= float(t == 0)")), EVERY, {**ONE, "T": 2}),
    "no cotangent of the last s": (in_layer(", s_T_bar.copy()", ", 0 * s_T_bar"), EVERY, ONE),
    "two gates swapped": (in_cell(GATES, "g_bar, f_bar, i_bar, o_bar = gates_bar"), EVERY, ONE),
    "a sign": (in_cell(I_BAR, I_BAR.replace("g,", "-g,")), EVERY, ONE),
    "the last step only": (in_layer("rows.sum(", "a_bar[-1].sum("), {"b"}, {**ONE, "T": 2}),
    "= for += over time": (in_layer(W_BAR, "np.matmul(a_bar[0].T, x[0])"), {"W"}, {**ONE, "T": 2}),
    "the step after for the step before": (in_layer("h[:T].reshape", "h[1:].reshape"), {"U"}, ONE),
    "x through U where D = H": (in_layer(X_BAR, X_BAR.replace("W)", "U if U.shape == W.shape else W)")), set(), ONE),
    "a weight transposed": (in_layer(*after(B_BAR, SQUARE)), {"U"}, {**ONE, "H": 2}),
    "a factor 1/T": (in_layer(W_BAR, W_BAR + " / T"), {"W"}, {**ONE, "T": 2}),
    "one sample for the batch": (in_layer("rows.sum(", "a_bar[:, 0].sum("), {"b"}, {**ONE, "B": 2}),
    "one entry off by 1e-12": (in_layer(*after(B_BAR, OFF.format("1e-12"))), {"W"}, ONE),
    "the seed's cell with the slope of tanh": (
        {**in_cell(TANH, "c_bar *= tanh_slope_at(g * i + s_prev * f)"), "cell": SEED},
        EVERY,
        ONE,
    ),
}


@pytest.mark.parametrize("title", MUTANTS)
def test_wrong_layers_are_refuted(title):
    """Each wrong layer is refuted in the wrong gradients and in no other, and shrinks to its smallest sizes."""
    change, wrong, smallest = MUTANTS[title]
    trial = on_trial(layer(**change))
    assert wrong_leaves(outcome(trial, **SIZES)) == wrong
    assert smallest_refuted(trial) == smallest


def test_the_unchanged_layer_is_certified():
    """The control: the same construction without a change is certified, and no sizes refute it."""
    trial = on_trial(layer())
    assert outcome(trial, **SIZES).verdict is Verdict.CERTIFIED
    with pytest.raises(NoSuchExample):
        smallest_refuted(trial)


def test_a_wrong_input_gradient_hides_from_unequal_sizes():
    """x through the recurrent weights is certified where D and H differ, and refuted where they are equal."""
    trial = on_trial(layer(**MUTANTS["x through U where D = H"][0]))
    assert outcome(trial, **SIZES).verdict is Verdict.CERTIFIED
    assert wrong_leaves(outcome(trial, T=2, B=1, D=3, H=3)) == {"x"}


@pytest.mark.parametrize("error", ["1e-15", "1e-16", "1e-17"])
def test_an_entry_off_by_less_than_a_rounding_is_not_certified(error):
    """A relative error that floats can hardly hold is seen in balls: not certified, and called a rounding."""
    heard = outcome(layer(**in_layer(*after(B_BAR, OFF.format(error)))), **SIZES)
    assert heard.verdicts == {**dict.fromkeys(INPUTS, Verdict.CERTIFIED), "W": Verdict.CONSISTENT}
    assert (heard.comparisons["W"].wrong, heard.comparisons["W"].rounded) == (0, 1)


def test_a_small_error_is_shown_to_the_digit_where_it_shows():
    """Where six digits would show the same number twice, a report prints as many as tell them apart."""
    report = verify(layer(**in_layer(*after(B_BAR, OFF.format("1e-9")))), cases=1)
    number = r"(-?[0-9.]+(?:e-?[0-9]+)?)"
    line = rf"  W\[0, 0\]   got {number}, but the derivative is {number}      1 of [0-9]+ entries wrong"
    got, derivative = re.fullmatch(line, str(report).splitlines()[1]).groups()
    assert got != derivative


# ---- the seed's objects


def node(*changes):
    """The classic node with changes made to the text of `lstm_ref.classic`."""
    classic = mutated("lstm_ref.classic", *changes)
    return Subject.from_object(
        lambda H, D: classic.LstmNode(classic.LstmParam(H, D), classic.LstmState(H, D)),
        forward="bottom_data_is",
        backward="top_diff_is",
        inputs={"x": "D", "s_prev": "H", "h_prev": "H"},
        parameters={f"param.w{k}": "H D+H" for k in "gifo"} | {f"param.b{k}": "H" for k in "gifo"},
        outputs={"state.h": "H", "state.s": "H"},
        gradients="{}_diff",
        input_gradients={name: f"state.bottom_diff_{name[0]}" for name in ("x", "s_prev", "h_prev")},
        reference=twins.node,
        modules=[classic],
        accumulates=True,
        name="mutant",
    )


def network(*changes):
    """The classic network likewise, with the squared loss over every unit."""
    classic = mutated("lstm_ref.classic", *changes)

    def forward(net, x, y):
        net.x_list_clear()
        for x_t in x:
            net.x_list_add(x_t)
        net.targets = list(y)
        return sum(SquaredLossLayer.loss(n.state.h, y_t) for n, y_t in zip(net.lstm_node_list, y, strict=False))

    def backward(net):
        net.y_list_is(net.targets, SquaredLossLayer)
        return classic.np.stack([one.state.bottom_diff_x for one in net.lstm_node_list[: len(net.targets)]])

    return Subject.from_object(
        lambda H, D: classic.LstmNetwork(classic.LstmParam(H, D)),
        forward=forward,
        backward=backward,
        inputs={"x": "T D", "y": reals("T H", differentiated=False)},
        parameters={f"lstm_param.w{k}": "H D+H" for k in "gifo"} | {f"lstm_param.b{k}": "H" for k in "gifo"},
        gradients="{}_diff",
        reference=twins.network_loss,
        modules=[classic],
        accumulates=True,
        name="mutant",
    )


WEIGHTS = {f"{kind}{gate}" for kind in "wb" for gate in "gifo"}
ABOVE_O = WEIGHTS - {"wo", "bo"} | {"x", "s_prev", "h_prev"}  # what the cotangent of s reaches
S_BAR = "state.o * h_bar + top_diff_s"
Z_BAR = "xc_bar += np.dot(param.wf.T, a_f_bar)\n"
W_F = "param.wf_diff += np.outer(a_f_bar, xc)"
F_SLOPE = "sigmoid_slope(state.f) * f_bar"

NODES = {
    "no path of s through h": ((S_BAR, "0 * h_bar + top_diff_s"), ABOVE_O),
    "no path of s to the next step": ((S_BAR, "state.o * h_bar"), ABOVE_O),
    "no forget factor": (("state.bottom_diff_s = state.f * s_bar", "state.bottom_diff_s = s_bar"), {"s_prev"}),
    "a gate not passed on": (("        " + Z_BAR, ""), {"x", "h_prev"}),
    "the weight of another gate": ((Z_BAR, Z_BAR.replace("param.wf", "param.wi")), {"x", "h_prev"}),
    "a delta of another gate": ((W_F, W_F.replace("a_f_bar", "a_o_bar")), {"wf"}),
    "overwritten, not added": (("param.bf_diff += a_f_bar", "param.bf_diff = a_f_bar"), {"bf"}),
    "a value for a derivative": ((F_SLOPE, "sigmoid(state.f) * f_bar"), {"wf", "bf", "x", "h_prev"}),
}


@pytest.mark.parametrize("title", NODES)
def test_wrong_nodes_are_refuted(title):
    """Each wrong node is refuted in the wrong gradients and in no other, down to one cell and one input."""
    change, wrong = NODES[title]
    trial = on_trial(node(change))
    assert {name.removeprefix("param.") for name in wrong_leaves(outcome(trial, H=3, D=2))} == wrong
    assert smallest_refuted(trial) == {"H": 1, "D": 1}


PASS_ON = "node.top_diff_is(h_bar + h_next_bar, s_next_bar)"
CARRIED = "h_next_bar, s_next_bar = node.state.bottom_diff_h, node.state.bottom_diff_s"
W_G = "param.wg_diff += np.outer(a_g_bar, xc)"

NETWORKS = {
    "no carry of h": ((PASS_ON, "node.top_diff_is(h_bar, s_next_bar)"), 2),
    "no carry of s": ((PASS_ON, "node.top_diff_is(h_bar + h_next_bar, 0 * s_next_bar)"), 2),
    "the carries swapped": ((CARRIED, CARRIED.replace("h_next_bar, s_next_bar", "s_next_bar, h_next_bar")), 2),
    "steps in the wrong order": (("strict=True))[::-1]", "strict=True))"), 2),
    "no forget factor": (("state.bottom_diff_s = state.f * s_bar", "state.bottom_diff_s = s_bar"), 2),
    "overwritten, not added over time": ((W_G, W_G.replace("+=", "=")), 1),
}


@pytest.mark.parametrize("title", NETWORKS)
def test_wrong_networks_are_refuted(title):
    """Each wrong network is refuted, and needs no more than the steps over which its bug acts."""
    change, steps = NETWORKS[title]
    trial = on_trial(network(change))
    assert outcome(trial, T=4, D=2, H=3).verdict is Verdict.REFUTED
    assert smallest_refuted(trial) == {"T": steps, "H": 1, "D": 1}


def test_the_unchanged_objects_are_certified():
    """The control: node and network without a change are certified."""
    assert outcome(node(), H=3, D=2).verdict is Verdict.CERTIFIED
    assert outcome(network(), T=4, D=2, H=3).verdict is Verdict.CERTIFIED


# ---- the helpers


def test_a_change_that_fits_nowhere_is_refused():
    """A mutant that would change nothing, or too much, is no mutant."""
    with pytest.raises(ValueError, match=r"^'no such line' is there 0 times, expected once$"):
        changed(source_of("lstm_ref.cell"), ("no such line", ""))
    with pytest.raises(ValueError, match=r"^'import' is there [0-9]+ times, expected once$"):
        changed(source_of("lstm_ref.cell"), ("import", ""))
