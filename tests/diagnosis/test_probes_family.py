"""Faults planted in the variants, projections, masks and both GRUs: each comes out at its own line."""

import pytest
from probes_tools import line_in, registered, said, with_faults

import lstm_ref.cell as cell
import lstm_ref.gru as gru
import lstm_ref.layer as layer
import lstm_ref.lengths as lengths
import lstm_ref.peephole as peephole
from oracle import subjects
from oracle.cases import Case
from oracle.diagnosis.probes.looking import look
from oracle.diagnosis.probes.truth import Twin
from oracle.trial import Trial

FAMILY = [name for name, where in subjects.REGISTERED.items() if where.startswith("oracle.subjects.family:")]

STEP, BACK, LOOK = cell.step_vjp, layer.backward, peephole.look_vjp
GRU, AFTER, BEFORE = gru.gru_backward, gru._after_vjp, gru._before_vjp

# peepholes
LOOK_O = (
    STEP,
    "_look_vjp_of_o(o_bar, s_total_bar, a_gates_bar, gates_slope, tape) if cell.looks_at_new_state",
    "None if 1",
)
LOOK_IF = (STEP, "_look_vjp_of_i_and_f(s_prev_bar, a_gates_bar, tape) if cell.peepholes", "None if 1")
LOOK_P = (LOOK, "s_bar += (p[:, np.newaxis] * a_bar).sum(axis=0)", "s_bar += a_bar.sum(axis=0)")
P_BAR = (layer._peepholes_vjp, '"o": tape.s[1:]', '"o": tape.s[:T]')
P_SUM = (peephole.peepholes_vjp, "np.multiply(a_bar, s).sum(axis=(0, 1))", "np.multiply(a_bar, s).mean(axis=(0, 1))")
G_BAR = (STEP, "np.multiply(s_total_bar, i, out=g_bar)", "np.multiply(s_total_bar, f, out=g_bar)")
# what the variants have of their own
COUPLED = (cell._couple_vjp, "i_bar -= f_bar", "i_bar -= 0 * f_bar")
COUPLED_SIGN = (cell._couple_vjp, "i_bar -= f_bar", "i_bar += f_bar")
ACTIVATED = (cell.take_slopes, "if cell.tanh_of_input else out.gates", "if True else out.gates")
SLOPE = (STEP, "c_bar *= c_slope if cell.tanh_of_state else 1.0", "c_bar *= c")
RECEIVE = (STEP, "_receive(o_bar, q_bar, 2) if cell.gate_recurrence", "None if cell.gate_recurrence")
RECUR = (BACK, "else _recur_vjp(a_bar[t], part)", "else -_recur_vjp(a_bar[t], part)")
# projection and padding; pytest rewrites functions with assertions, in which nothing can be planted then
M_BAR = (BACK, "else _project_vjp(h_t_bar, P_bar, part, t)", "else -_project_vjp(h_t_bar, P_bar, part, t)")
LEAK = (lengths.set_aside, "np.copyto(one, 0.0, where=pad)", "pad.any()")
LOST = (lengths.put_back, "one += rest", "one += 0 * rest")
# the GRU
Z_BAR = (GRU, "z_bar = h_t_bar * (h[t] - n)", "z_bar = h_t_bar * (n - h[t])")
KEPT = (GRU, "h_prev_bar = h_t_bar * z", "h_prev_bar = h_t_bar.copy()")
N_BAR = (GRU, "n_bar = h_t_bar * complement(z, tails[t, 1])", "n_bar = h_t_bar * z")
A_N = (GRU, "a_n_bar = n_bar * tanh_slope_at(tails[t, 2])", "a_n_bar = n_bar * 1.0")
H_NEXT = (GRU, "h_next_bar = h_prev_bar + np.matmul", "h_next_bar = np.matmul")
U_N = (GRU, "U_n_bar = np.matmul(k_rows[:, 2 * H :].T, v", "U_n_bar = np.matmul(rows[:, 2 * H :].T, v")
RESET = (AFTER, "w_bar = a_n_bar * tape.gates[t, 0]", "w_bar = a_n_bar * 1.0")
R_AFTER = (AFTER, "r_bar = a_n_bar * tape.w[t]", "r_bar = a_n_bar * tape.v[t]")
DIRECT = (AFTER, "h_prev_bar += np.matmul(w_bar, tape.U[2 * H :])", "h_prev_bar += np.matmul(a_n_bar, tape.U[2 * H :])")
RESET_H = (BEFORE, "h_prev_bar += v_bar * tape.gates[t, 0]", "h_prev_bar += v_bar")
R_BEFORE = (BEFORE, "r_bar = v_bar * tape.h[t]", "r_bar = a_n_bar * tape.h[t]")
V_U = (BEFORE, "v_bar = np.matmul(a_n_bar, tape.U[2 * H :])", "v_bar = np.matmul(a_n_bar, tape.U[2 * H :].T)")

CERTAIN = {
    "lstm-vanilla": {"g": G_BAR},
    "lstm-nog": {"g": G_BAR},
    "lstm-noaf": {"slope of tanh for s": SLOPE},
    "lstm-cifg": {"second path": COUPLED, "its sign": COUPLED_SIGN},
    "gru-reset-after": {
        **{"z": Z_BAR, "kept": KEPT, "n": N_BAR, "slope": A_N, "h_next": H_NEXT},
        **{"reset factor": RESET, "r": R_AFTER, "carry by the product": DIRECT},
    },
    "gru-reset-before": {"z": Z_BAR, "reset factor": RESET_H, "r": R_BEFORE, "transposed": V_U},
}
NAMED = [(subject, title, fault) for subject, faults in CERTAIN.items() for title, fault in faults.items()]
DOUBTED = {  # why the line alone is left to blame, and is not certain
    COUPLED: "this line, or the condition at line",
    COUPLED_SIGN: "this line, or the condition at line",
    KEPT: "the factor z is missing",
    A_N: "is missing, here or on a line of its own",
    H_NEXT: "nothing here reads h_direct_bar",
    RESET: "the factor r is missing",
}


@pytest.mark.parametrize(("name", "title", "fault"), NAMED, ids=[f"{name}-{title}" for name, title, _ in NAMED])
def test_single_faults_of_the_family_are_named(name, title, fault):
    """One fault gives one cause at its line, certain unless a statement may be missing, or a branch be wrong."""
    causes, _, lines = with_faults(name, fault)
    assert [(cause.line, cause.certain) for cause in causes] == [(lines[0], fault not in DOUBTED)], said(causes)
    assert DOUBTED.get(fault, "") in causes[0].evidence


HINTED = {  # the first hint is the planted line, or one that calls it; how far a fault in a helper can be told apart
    "peephole factor": ("lstm-vanilla", LOOK_P, "s_bar += "),
    "slope of tanh for a_g": ("lstm-niaf", ACTIVATED, "gates_slope, c_slope = slopes"),
    "sum for mean": ("lstm-vanilla", P_SUM, "p_bar = _plus(p_bar, _peepholes_vjp("),
    "state of the wrong step": ("lstm-vanilla", P_BAR, "p_bar = _plus(p_bar, _peepholes_vjp("),
    "gates of the next step, sign": ("lstm-fgr", RECUR, "q_bar = None if q_bar is None else -_recur_vjp("),
    "projection, sign": ("lstm-projected", M_BAR, "m_bar = h_t_bar if P_bar is None else -_project_vjp("),
    "candidate's rows": ("gru-reset-after", U_N, "U_bar = np.concatenate("),
}


@pytest.mark.parametrize("title", HINTED)
def test_faults_in_helpers_are_hinted_at(title):
    """The first hint is the planted line or the line that uses it, and nothing is certain."""
    name, fault, first = HINTED[title]
    causes, _, _ = with_faults(name, fault)
    assert causes[0].statement.startswith(first), said(causes)
    assert not any(cause.certain for cause in causes), said(causes)


def test_a_helper_that_adds_what_another_set_aside():
    """Where nothing tells a helper from the one that fed it, that one comes first, and the call is named after it."""
    causes, _, _ = with_faults("lstm-lengths", LOST)
    assert causes[0].statement == "return aside", said(causes)
    assert f"layer.py:{line_in(layer.backward, 'put_back(')}" in causes[0].evidence
    assert not any(cause.certain for cause in causes), said(causes)


MISSING = {
    "look of o": ("lstm-vanilla", LOOK_O, "s_total_bar"),
    "look of i and f": ("lstm-vanilla", LOOK_IF, "s_prev_bar"),
    "look without an output gate": ("lstm-nog", LOOK_IF, "s_prev_bar"),
    "look without a forget gate": ("lstm-nfg", LOOK_IF, "s_prev_bar"),
    "look without an output activation": ("lstm-noaf", LOOK_O, "s_total_bar"),
    "gates of the next step": ("lstm-fgr", RECEIVE, "o_bar"),
    "masked step leaks": ("lstm-masked", LEAK, "m_bar"),
    "padded step leaks": ("lstm-lengths", LEAK, "o_bar"),
}


@pytest.mark.parametrize("title", MISSING)
def test_a_missing_statement_makes_no_other_certain(title):
    """Where a summand or a mask was left out, the cotangent is named, and no line that is right is certain."""
    name, fault, wrong = MISSING[title]
    causes, _, _ = with_faults(name, fault)
    assert any(wrong in cause.claim for cause in causes), said(causes)
    assert not any(cause.certain for cause in causes), said(causes)


@pytest.mark.parametrize("name", FAMILY)
def test_the_right_family_has_no_cause(name):
    """The right backward gives no cause, each probe was judged at every step, and all of them are right."""
    causes, notes, _ = with_faults(name)
    assert causes == []
    assert notes == ["every probed cotangent and every gradient follows from what was computed before it"]
    subject = registered(name)
    sizes = {size: value for size, value in {"T": 3, "B": 2, "D": 4, "H": 3, "R": 1}.items() if size in subject.sizes}
    found = look(Trial(subject, 30), Twin(subject), Case(sizes, seed=3))
    assert found.unsampled == {}
    assert {probe for probe, _ in found.rules} == set(subject.probes)
    assert set(found.rules.values()) == set(found.leaves.values()) == {"right"}
    assert {step for _, step in found.rules} == {0, 1, 2}
