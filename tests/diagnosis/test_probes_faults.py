"""Single faults and pairs planted in the LSTM: each comes out at its own line, and nothing else does."""

import pytest
from probes_tools import registered, said, with_faults

import lstm_ref.cell as cell
import lstm_ref.classic as classic
import lstm_ref.layer as layer
import lstm_ref.tape as tape

STEP, BACK, TAPE = cell.step_vjp, layer.backward, tape.linearised
NODE, LOOP = classic.LstmNode.top_diff_is, classic.LstmNetwork.y_list_is

CARRY = (STEP, "np.multiply(s_total_bar, f, out=s_prev_bar)", "s_prev_bar[...] = s_total_bar")
O_BAR = (STEP, "np.multiply(h_bar, c, out=o_bar)", "np.multiply(h_bar, g * i + s_prev * f, out=o_bar)")
C_BAR = (STEP, "np.multiply(h_bar, o, out=c_bar)", "np.multiply(h_bar, i, out=c_bar)")
SLOPE = (STEP, "c_bar *= c_slope if cell.tanh_of_state else 1.0", "c_bar *= 1.0")
TOTAL = (STEP, "s_total_bar = np.add(c_bar, s_bar,", "s_total_bar = np.subtract(c_bar, s_bar,")
G_BAR = (STEP, "np.multiply(s_total_bar, i, out=g_bar)", "np.multiply(s_total_bar, o, out=g_bar)")
I_BAR = (STEP, "np.multiply(s_total_bar, g, out=i_bar)", "np.multiply(s_total_bar, -g, out=i_bar)")
F_BAR = (STEP, "np.multiply(s_total_bar, s_prev, out=f_bar)", "np.multiply(s_total_bar, g * i + s_prev * f, out=f_bar)")
GATES = (STEP, "np.multiply(own_bar, gates_slope, out=a_gates_bar)", "a_gates_bar[:] = own_bar")
A_G = (STEP, "np.multiply(own_bar, gates_slope,", "np.multiply(own_bar, f,")
H_BAR = (BACK, "np.add(h_bar[t], h_next_bar, out=h_t_bar)", "h_t_bar[...] = h_bar[t]")
H_LATE = (BACK, "np.add(h_bar[t], h_next_bar,", "np.add(h_bar[t - 1], h_next_bar,")
H_NEXT = (BACK, "np.dot(a_bar[t], U, out=h_next_bar)", "np.dot(a_bar[t], -U, out=h_next_bar)")
X_BAR = (BACK, "np.matmul(rows, W).reshape(T, B, D)", "np.matmul(rows, 2 * W).reshape(T, B, D)")
W_BAR = (BACK, "np.matmul(rows.T, x.reshape(T * B, D))", "np.matmul(a_bar[0].T, x[0])")
U_BAR = (BACK, "np.matmul(rows.T, h[:T]", "np.matmul(rows.T, h[1:]")
B_BAR = (BACK, "rows.sum(axis=0)", "rows.mean(axis=0)")

N_O = (NODE, "o_bar = state.s * h_bar", "o_bar = tanh(state.s) * h_bar")
N_S = (NODE, "s_bar = state.o * h_bar + top_diff_s", "s_bar = state.o * h_bar")
N_G = (NODE, "g_bar = state.i * s_bar", "g_bar = state.g * s_bar")
N_F = (NODE, "f_bar = self.s_prev * s_bar", "f_bar = state.s * s_bar")
N_CARRY = (NODE, "state.bottom_diff_s = state.f * s_bar", "state.bottom_diff_s = s_bar")
N_A_O = (NODE, "a_o_bar = sigmoid_slope(state.o) * o_bar", "a_o_bar = o_bar")
N_A_I = (NODE, "a_i_bar = sigmoid_slope(state.i) * i_bar", "a_i_bar = sigmoid_slope(state.i) * f_bar")
N_WI = (NODE, "param.wi_diff += np.outer(a_i_bar, xc)", "param.wi_diff += np.outer(a_f_bar, xc)")
N_BG = (NODE, "param.bg_diff += a_g_bar", "param.bg_diff = a_g_bar")
N_XC = (NODE, "xc_bar += np.dot(param.wi.T, a_i_bar)", "xc_bar += np.dot(param.wf.T, a_i_bar)")
N_H = (NODE, "state.bottom_diff_h = xc_bar[param.x_dim :]", "state.bottom_diff_h = xc_bar[: -param.x_dim]")

NAMED_ALONE = {
    "lstm-standard": {"carry": CARRY, "o": O_BAR, "c": C_BAR, "slope of tanh": SLOPE},
    "lstm-seed": {
        **{"s": TOTAL, "g": G_BAR, "i": I_BAR, "f": F_BAR, "gates": GATES, "a_g": A_G, "h": H_BAR, "late": H_LATE},
        **{"h_next": H_NEXT, "x": X_BAR, "W": W_BAR, "U": U_BAR, "b": B_BAR},
    },
    "lstm-classic-node": {
        **{"o": N_O, "s": N_S, "g": N_G, "f": N_F, "carry": N_CARRY, "a_o": N_A_O, "a_i": N_A_I},
        **{"wi": N_WI, "bg": N_BG, "xc": N_XC, "h": N_H},
    },
    "lstm-classic-network": {"carry": N_CARRY, "o": N_O, "a_i": N_A_I, "wi": N_WI},
}
NAMED = [(subject, title, fault) for subject, faults in NAMED_ALONE.items() for title, fault in faults.items()]
DOUBTED = {  # why the line alone is left to blame, and is not certain
    CARRY: "the factor f is missing, here or on a line of its own",
    SLOPE: "the factor 1 - c² is missing, here or on a line of its own",
    GATES: "the factor 1 - g² is missing, here or on a line of its own",
    X_BAR: "this line, or what block holds",
    W_BAR: "or what W_bar holds",
    U_BAR: "or what U_bar holds",
    B_BAR: "or what b_bar holds",
    H_BAR: "nothing here reads the cotangent of out[1], on which it depends: a statement may be missing",
    N_O: "this line, or activations.py:",
    N_S: "nothing here reads the cotangent of out['state.s'], on which it depends: a statement may be missing",
    N_CARRY: "the factor f is missing, here or on a line of its own",
    N_A_O: "the factor o (1 - o) is missing, here or on a line of its own",
}


@pytest.mark.parametrize(("name", "title", "fault"), NAMED, ids=[f"{name}-{title}" for name, title, _ in NAMED])
def test_single_faults_are_named(name, title, fault):
    """One fault gives one cause at its line, certain unless a statement or a helper may be to blame as well."""
    causes, _, lines = with_faults(name, fault)
    assert [(cause.line, cause.certain) for cause in causes] == [(lines[0], fault not in DOUBTED)], said(causes)
    assert DOUBTED.get(fault, "") in causes[0].evidence
    assert causes[0].statement.startswith(fault[2].splitlines()[0].strip()[:12]) or fault[2] in causes[0].statement


REVERSED = (STEP, "np.multiply(own_bar, gates_slope,", "np.multiply(own_bar[[0, 3, 2, 1]], gates_slope,")
TWICE = (
    STEP,
    "np.multiply(own_bar, gates_slope,",
    "np.multiply(own_bar, np.concatenate((tanh_slope_at(g)[np.newaxis], gates_slope[1:])),",
)
GIVEN = (BACK, "step_vjp(m_bar, s_bar,", "step_vjp(h_bar[t], s_bar,")
OTHER_BAR = (BACK, "step_vjp(m_bar, s_bar,", "step_vjp(m_bar, m_bar,")

LIKELY = {  # where several lines may be to blame, the right one comes first, and none is certain
    "two gates swapped": (
        "lstm-seed",
        (STEP, "g_bar, i_bar, f_bar, o_bar = gates", "g_bar, f_bar, i_bar, o_bar = gates"),
    ),
    "two values swapped": ("lstm-seed", (STEP, "g, i, f, o = gates", "g, f, i, o = gates")),
    "a lost cotangent": ("lstm-seed", (BACK, "h_T_bar.copy(), s_T_bar.copy()", "h_T_bar.copy(), 0 * s_T_bar")),
    "the wrong argument": ("lstm-seed", (BACK, "step_vjp(m_bar, s_bar,", "step_vjp(h_next_bar, s_bar,")),
    "rows in disorder": ("lstm-seed", (BACK, "rows = a_bar.reshape", "rows = a_bar[::-1].reshape")),
    "results swapped": (
        "lstm-seed",
        (BACK, "gradients(x_bar, h_next_bar, s_bar", "gradients(x_bar, s_bar, h_next_bar"),
    ),
    "a step left out": ("lstm-seed", (BACK, "reversed(range(T))", "reversed(range(1, T))")),
    "forward in time": ("lstm-seed", (BACK, "for t in reversed(range(T)):", "for t in range(0, T):")),
    "no carry of h": ("lstm-classic-network", (LOOP, "top_diff_is(h_bar + h_next_bar,", "top_diff_is(h_bar,")),
    "no carry of s": (
        "lstm-classic-network",
        (LOOP, "h_next_bar, s_next_bar)  # h", "h_next_bar, 0 * s_next_bar)  # h"),
    ),
    "entries reversed": ("lstm-standard", REVERSED),
    "another slope at g": ("lstm-standard", TWICE),
    "a given cotangent": ("lstm-standard", GIVEN),
    "never written": ("lstm-seed", (BACK, "np.dot(a_bar[t], U,", "np.dot(a_bar[0], U,")),
}


@pytest.mark.parametrize("title", LIKELY)
def test_likely_lines_come_first(title):
    """Where the line cannot be proved, the right one comes first as a hint."""
    name, fault = LIKELY[title]
    causes, _, lines = with_faults(name, fault)
    assert causes[0].line == lines[0], said(causes)
    assert not any(cause.certain for cause in causes), said(causes)


HANDED_ON = {  # where a list that a helper made is handed on, any line that made it may be to blame
    "the wrong step": (BACK, "steps[t], out", "steps[T - 1 - t], out"),
    "the wrong field": (TAPE, "return list(map(Linearised, *each))", "return list(map(Linearised, *each))[::-1]"),
}


@pytest.mark.parametrize("title", HANDED_ON)
def test_a_line_that_hands_on_a_list_is_among_those_to_blame(title):
    """The right line is one of the suspects of the first cause, and none is certain."""
    causes, _, lines = with_faults("lstm-seed", HANDED_ON[title])
    assert lines[0] in [line for _, line in causes[0].suspects], said(causes)
    assert not any(cause.certain for cause in causes), said(causes)


def test_a_wrong_forward_is_not_blamed_on_the_backward():
    """What the forward left under a wrong name makes no line of the backward certain; the name is said."""
    fault = (classic.LstmNode.bottom_data_is, "self.h_prev = xc, s_prev, h_prev", "self.h_prev = xc, state.s, h_prev")
    causes, _, _ = with_faults("lstm-classic-node", fault)
    assert [cause.certain for cause in causes] == [False]
    assert "self.s_prev holds something else than the name says" in causes[0].evidence


PAIRS = {
    "lstm-standard": [(CARRY, O_BAR), (SLOPE, C_BAR), (O_BAR, F_BAR), (SLOPE, H_BAR)],
    "lstm-seed": [(TOTAL, G_BAR), (I_BAR, F_BAR), (H_NEXT, W_BAR), (GATES, X_BAR), (A_G, B_BAR), (H_LATE, CARRY)],
    "lstm-classic-node": [(N_O, N_CARRY), (N_S, N_A_I), (N_WI, N_BG), (N_XC, N_G), (N_H, N_F)],
}
TWO = [(name, *pair) for name, pairs in PAIRS.items() for pair in pairs]


@pytest.mark.parametrize(("name", "one", "other"), TWO, ids=[f"{name}-{k}" for k, (name, *_) in enumerate(TWO)])
def test_pairs_are_both_named(name, one, other):
    """Two faults give two causes, each at its own line, and as certain as it is alone."""
    causes, _, lines = with_faults(name, one, other)
    expected = sorted((line, fault not in DOUBTED) for line, fault in zip(lines, (one, other), strict=True))
    assert sorted((cause.line, cause.certain) for cause in causes) == expected, said(causes)


HINTED_PAIRS = {  # where one fault may be fed by the line of the other
    "reversed beside the carry": (REVERSED, H_BAR),
    "another argument of the same call": (TWICE, OTHER_BAR),
    "a given cotangent beside another": (GIVEN, H_NEXT),
}


@pytest.mark.parametrize("title", HINTED_PAIRS)
def test_pairs_are_both_hinted_at(title):
    """Two faults of which one feeds the other's statement give two causes, first at their own lines; no other line."""
    causes, _, lines = with_faults("lstm-standard", *HINTED_PAIRS[title])
    assert sorted(cause.line for cause in causes) == sorted(lines), said(causes)


def test_three_faults():
    """Three faults give three causes, in the order in which the backward computes; the first is the first wrong one."""
    causes, _, lines = with_faults("lstm-standard", CARRY, O_BAR, W_BAR)
    assert [cause.line for cause in causes] == [lines[1], lines[0], lines[2]]
    assert [cause.claim.split(":")[0] for cause in causes] == [
        "first wrong cotangent, backwards in time",
        "another wrong cotangent",
        "the gradient of W is wrong even from the author's own values of what it is computed from",
    ]


@pytest.mark.parametrize("name", NAMED_ALONE)
def test_right_code_has_no_cause(name):
    """The right backward gives no cause, and the note that everything follows."""
    causes, notes, _ = with_faults(name)
    assert causes == []
    assert notes == ["every probed cotangent and every gradient follows from what was computed before it"]


def test_every_probe_is_examined():
    """Each declared probe of each subject has a rule that was judged, at every step."""
    from oracle.cases import Case
    from oracle.diagnosis.probes.looking import look
    from oracle.diagnosis.probes.truth import Twin
    from oracle.trial import Trial

    for name in NAMED_ALONE:
        subject = registered(name)
        sizes = {size: value for size, value in {"T": 3, "B": 2, "D": 4, "H": 2}.items() if size in subject.sizes}
        found = look(Trial(subject, 30), Twin(subject), Case(sizes, seed=3))
        assert found.unsampled == {}
        assert {probe for probe, _ in found.rules} == set(subject.probes)
        assert set(found.rules.values()) == set(found.leaves.values()) == {"right"}
        assert {step for _, step in found.rules} == ({0, 1, 2} if "T" in sizes else {None})
