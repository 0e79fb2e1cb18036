"""What the page is made of: arrays of one case, layouts, curves, the kill matrix."""

import json
import math

import numpy as np
import page_tools
import pytest
from page_tools import CASE, carry_lost, lstm, near, said, subject

from oracle.cases import Case
from oracle.diagnosis.probes.declared import Probe
from oracle.hearing import Hearing
from oracle.inputs import reals
from oracle.report.page import curves, material
from oracle.report.page.axes import Block, axes_of, gate_names
from oracle.report.page.kill_matrix import NoMatrix, parsed, read
from oracle.shapes import Shape
from oracle.trial import Trial
from oracle.verdict import Report, Verdict

# ---- the shown case


def test_a_right_gradient_has_truth_everywhere_and_nothing_wrong():
    """Hand-written and true values agree to rounding in every entry, in the layout of the gradient."""
    shown = material.shown(Trial(lstm(), 30), said(Verdict.CERTIFIED))
    assert shown.case == CASE
    assert [g.name for g in shown.gradients] == ["x", "h0", "s0", "W", "U", "b"]
    assert [g.hand.shape for g in shown.gradients] == [(8, 3), (2, 5), (2, 5), (20, 3), (20, 5), (1, 20)]
    for gradient in shown.gradients:
        assert near(gradient.hand, gradient.truth)
        assert gradient.count == 0
        assert np.isfinite(gradient.ulps).all()
        assert gradient.ulps.max() < 1e6


def test_wrong_entries_are_those_that_the_balls_refute():
    """Of a lost carry, exactly as many entries are marked as the comparison counts, and their error is large."""
    with carry_lost():
        trial = Trial(lstm(), 30)
        shown = material.shown(trial, said(Verdict.REFUTED))
        comparisons = Hearing(trial, CASE).outcome().comparisons
    counts = {gradient.name: gradient.count for gradient in shown.gradients}
    assert counts == {name: comparisons[name].wrong for name in counts}
    assert counts["s0"] == 10
    x = next(gradient for gradient in shown.gradients if gradient.name == "x")
    assert not x.wrong[-2:].any()  # the last step has lost nothing
    assert x.wrong[:4].all()
    assert x.ulps[~x.wrong].max() < 1e6 < x.ulps[x.wrong].min()


def test_of_cases_that_fail_alike_the_one_with_most_entries_is_shown():
    """A small case would be a small picture."""
    small, large = Case({"T": 1, "B": 1, "D": 1, "H": 1}, seed=1), Case({"T": 5, "B": 2, "D": 2, "H": 3}, seed=1)
    with carry_lost():
        report = Report("lstm", Verdict.REFUTED, (), heard=(small, large), failing_case=small)
        assert material.shown(Trial(lstm(), 30), report).case == large


def test_a_case_that_fails_is_shown_before_larger_ones_that_do_not():
    """A backward that is wrong at D=1 alone is shown there."""
    import oracle

    def backward(y_bar, cache):
        return cache[1] * y_bar * (1 + (len(y_bar) == 1)), cache[0] * y_bar

    made = oracle.Subject.from_functions(page_tools.multiply, backward, inputs={"x": "D", "w": "D"})
    small, large = Case({"D": 1}, seed=1), Case({"D": 5}, seed=1)
    report = Report("lstm", Verdict.REFUTED, (), heard=(small, large), failing_case=small)
    assert material.shown(Trial(made, 30), report).case == small


def test_code_that_raises_shows_nothing():
    """Where no run in floats ends well there is no array to show, and a sentence says so."""
    made = subject(page_tools.raising)
    assert material.shown(Trial(made, 30), said(Verdict.BROKEN_CONTRACT, Case({"D": 3}, seed=2))) == (
        "no case was heard that ended in numbers, so there is nothing to draw"
    )


def test_a_case_that_cannot_be_heard_again_says_why(monkeypatch):
    """An error while the case is heard once more is named."""

    def refuse(_):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(Hearing, "outcome", refuse)
    assert material.shown(Trial(subject(), 30), said(Verdict.REFUTED, Case({"D": 3}, seed=2))) == (
        "a case could not be heard once more: ZeroDivisionError: planted"
    )


def test_saturation_measures_rounding_alone():
    """Errors against the same code in balls: a wrong formula that rounds well has few ulps at every factor."""
    shown = material.shown(Trial(subject(), 30), said(Verdict.REFUTED, Case({"D": 4}, seed=2)))
    found = material.saturation(shown, (0.5, 1.0, 4.0))
    assert found.factors == (0.5, 1.0, 4.0)
    assert found.largest[2] == 4 * found.largest[1]
    assert all(0 <= ulps <= 1 for column in found.ulps.values() for ulps in column)


def test_inputs_that_may_not_be_negative_do_not_grow():
    """A positive input keeps its value when the others are multiplied."""
    import oracle

    made = oracle.Subject.from_functions(
        lambda x, p: (x * np.log(p), (x, p)),
        lambda y_bar, cache: (y_bar * np.log(cache[1]), y_bar * cache[0] / cache[1]),
        inputs={"x": "D", "p": reals("D", low=0.5, high=2.0)},
    )
    shown = material.shown(Trial(made, 30), said(Verdict.CERTIFIED, Case({"D": 4}, seed=2)))
    moved = material._moved(shown, 8.0)
    assert (moved.values["p"] == shown.hearing.point.values["p"]).all()
    assert (moved.values["x"] == 8 * shown.hearing.point.values["x"]).all()


# ---- layouts


def test_gates_name_the_blocks_of_the_lstm():
    """The rows of `4*H` are the gates in the order in which the probes index them."""
    axes = axes_of(Shape.parse("4*H D"), {"H": 2, "D": 3}, lstm().probes)
    assert axes.rows.blocks == (Block("g", 0, 2), Block("i", 2, 4), Block("f", 4, 6), Block("o", 6, 8))
    assert (axes.rows.label, axes.columns.label, axes.columns.blocks) == ("4*H", "D", ())


@pytest.mark.parametrize(
    ("spec", "sizes", "shape", "rows", "columns"),
    [
        ("", {}, (1, 1), [], []),
        ("D", {"D": 3}, (1, 3), [], []),
        ("H D+H", {"H": 2, "D": 3}, (2, 5), [], ["D", "H"]),
        ("4*H", {"H": 2}, (1, 8), [], ["block 1", "block 2", "block 3", "block 4"]),
        ("T B D", {"T": 2, "B": 3, "D": 4}, (6, 4), ["t=0", "t=1"], []),
        ("2 3 4 5", {}, (24, 5), ["block 0", "block 1"], []),
    ],
)
def test_layouts(spec, sizes, shape, rows, columns):
    """Vectors are a row; of more dimensions all but the last are rows, in blocks of the first."""
    axes = axes_of(Shape.parse(spec), sizes, {})
    assert axes.shape == shape
    assert [block.label for block in axes.rows.blocks] == rows
    assert [block.label for block in axes.columns.blocks] == columns


def test_gates_are_numbered_unless_every_one_is_named():
    """A probe too few or an index too many, and no block is named."""
    probes = {f"a_{gate}_bar": Probe(f"da[{k}]") for k, gate in enumerate("gif")}
    assert gate_names(3, probes) == ["g", "i", "f"]
    assert gate_names(4, probes) == ["block 1", "block 2", "block 3", "block 4"]


# ---- curves


def test_the_curves_of_a_lost_carry_part_at_the_step_of_the_bug():
    """s_prev_bar is wrong at the last step already; what is computed before it at that step is right."""
    with carry_lost():
        found = curves.courses(Trial(lstm(), 30), CASE)
    by_name = {course.name: course for course in found.each}
    assert by_name["s_prev_bar"].parts == 3
    assert by_name["s_total_bar"].parts == 2
    assert by_name["s_prev_bar"].own == [True] * 4
    assert not any(by_name["s_total_bar"].own)
    total = by_name["s_total_bar"]
    assert near(total.hand[3], total.truth[3])
    assert not near(total.hand[2], total.truth[2])


def test_the_curves_of_a_right_backward_never_part():
    """The control: every norm is the true one."""
    found = curves.courses(Trial(lstm(), 30), CASE)
    assert len(found.each) == 15
    assert all(course.parts is None and near(course.hand, course.truth) for course in found.each)


def test_without_probes_it_is_said_why():
    """A subject that declares none has no cotangents to show."""
    found = curves.courses(Trial(subject(), 30), Case({"D": 2}))
    assert found == "the subject declares no probes, so no cotangent inside the backward is known"


def test_short_cases_are_shown_over_more_steps():
    """Fewer than three steps show no course; a pinned length stays."""
    short = Case({"T": 1, "B": 1, "D": 1, "H": 1}, seed=4)
    assert curves.steps_long(Trial(lstm(), 30), short).sizes["T"] == 6
    assert curves.steps_long(Trial(lstm(T=2, B=1, D=1, H=1), 30), short) == short
    assert curves.steps_long(Trial(subject(), 30), Case({"D": 2})) == Case({"D": 2})


def test_the_v_and_the_witness_below():
    """Float64 falls and rises again; its best is some 60 decades or more above the witness."""
    shown = material.shown(Trial(lstm(), 30), said(Verdict.CERTIFIED))
    found = curves.steps(shown)
    best = int(np.nanargmin(found.central))
    assert 5 < best < 40
    assert found.central[0] > 1e3 * found.central[best]
    assert found.central[-1] > 1e3 * found.central[best]
    assert found.best == min(*found.central, *found.forward)
    assert 1e-13 < found.best < 1e-8
    assert found.witness < 1e-80
    assert found.decades > 60
    assert found.hand < 1e-50


def test_a_wrong_gradient_lies_far_above_the_witness():
    """The same chart says how wrong the slope of the hand-written gradient is."""
    shown = material.shown(Trial(subject(), 30), said(Verdict.REFUTED, Case({"D": 4}, seed=2)))
    found = curves.steps(shown)
    assert found.hand > 1e-3
    assert math.isfinite(found.slope)


# ---- the kill matrix

MADE = {"schema": 1, "mutants": 4, "convicted": 3, "proven": 1, "presumed": 0, "survived": 0, "subjects": ["a"]}


def test_a_kill_matrix_is_read(tmp_path):
    """Rows, columns and shares of what `oracle mutate --json` writes."""
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps({**MADE, "matrix": {"sign": {"mutants": 4, "contract": 1, "float64": 3}}}))
    found = read(path)
    assert found["checks"] == ["contract", "float64"]
    assert found["rows"][0]["cells"] == [{"kills": 1, "share": 25}, {"kills": 3, "share": 75}]


def test_the_matrix_of_a_campaign_is_understood():
    """What the campaign itself makes has the keys that are read."""
    from oracle.mutation.matrix import Matrix

    made = Matrix((), ("lstm",)).to_dict()
    assert {*MADE, "matrix"} <= set(made)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON; expected what oracle mutate --json wrote"),
        ("[" * 100_000, "is not JSON; expected what oracle mutate --json wrote"),
        ("[]", "is not a kill matrix of schema 1; expected what oracle mutate --json wrote"),
        ('{"schema": 2, "matrix": {}}', "is not a kill matrix of schema 1; expected what oracle mutate --json wrote"),
        ('{"schema": 1, "matrix": {"a": {"mutants": true}}}', "is not a kill matrix of schema 1"),
        ('{"schema": 1, "matrix": {"a": {"mutants": 1}}}', "does not say how many mutants there were"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, message):
    """One sentence says what was expected."""
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(NoMatrix, match=message):
        read(path)


def test_a_file_that_is_not_there(tmp_path):
    """The file is named."""
    with pytest.raises(NoMatrix, match=r"cannot read .*none\.json: No such file"):
        read(tmp_path / "none.json")


def test_more_kills_than_mutants_shade_no_more_than_all():
    """A strange file cannot make a strange style."""
    found = parsed({**MADE, "matrix": {"sign": {"mutants": 0, "contract": 9}}}, "m")
    assert found["rows"][0]["cells"] == [{"kills": 9, "share": 0}]
