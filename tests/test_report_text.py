"""The report as text, line by line: claim, where, numbers, how much, why, replay."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from oracle.diagnosis import Cause, Diagnosis
from oracle.report.text import claim, details, digits_text, failure_text, one_line, safe, witnesses
from oracle.verdict import Entry, Finding, FloatAccuracy, LeafReport, Report, Verdict

PAIR = ("mine.step", "mine.step_vjp")


def entry(index: tuple[int, ...], got: str, derivative: str, gap: float, **more: Any) -> Entry:
    """An entry with enclosures that are told apart."""
    return Entry(
        index,
        got,
        derivative,
        **{"got_enclosure": f"<{got}>", "derivative_enclosure": f"<{derivative}>", **more},
        gap=gap,
    )


def leaf(name: str, verdict: Verdict, **more: Any) -> LeafReport:
    """What was found for one gradient."""
    return LeafReport(name, "(H,)", verdict, **{"entries": 100, "digits": 0.0, **more})


def lines(report: Report) -> list[str]:
    """The report as printed."""
    return str(report).splitlines()


WRONG = leaf(
    "W",
    Verdict.REFUTED,
    wrong=18,
    compared=18,
    in_cases=90,
    worst=entry((3, 0), "-0.412700", "0.387100", 0.8),
    worst_case="H=6 D=3, generic, seed 7",
)
WORSE = leaf(
    "cell.U_long",
    Verdict.REFUTED,
    wrong=2,
    compared=9,
    in_cases=3,
    worst=entry((0,), "1.00000", "-2.00000", 3.0),
    worst_case="H=9, generic, seed 8",
)
SCALAR = leaf("b", Verdict.REFUTED, wrong=1, compared=1, worst=entry((), "1.00000", "1.50000", 0.5))
RIGHT = leaf("x", Verdict.CERTIFIED, digits=57.9)

REFUTED = Report(
    "step",
    Verdict.REFUTED,
    (WRONG, WORSE, SCALAR, RIGHT, dataclasses.replace(RIGHT, name="h", digits=61.2)),
    pair=PAIR,
    findings=(Finding(Verdict.BROKEN_CONTRACT, "the input x was modified", "x", "H=2, small, seed 3"),),
    notes=("casts to float32",),
    witnesses=("autodiff", "finite_difference"),
    cases=100,
    redrawn=2,
    testimony_digits=80.4,
    smallest="H=1 D=1",
    replay="oracle replay .oracle/failures/3f9a.json",
    diagnosis=Diagnosis(
        (
            Cause(
                "wrong-cotangent",
                "first wrong cotangent, backwards in time: o_bar at t=3",
                "everything it is computed from is right",
                certain=True,
                file="lib/cell.py",
                line=88,
                statement="o_bar = s * h_bar",
                repair="o_bar = tanh(s) * h_bar",
            ),
        ),
        ruled_out=("a constant factor",),
    ),
)


def test_a_refutation_is_told_line_by_line() -> None:
    """The largest gap first, places aligned, then findings, diagnosis, witnesses, notes, and how to see it again."""
    assert lines(REFUTED) == [
        "mine.step_vjp is not the derivative of mine.step: 3 of 5 gradients REFUTED, 2 certified to 57 digits",
        "  cell.U_long[0]   got 1.00000, but the derivative is -2.00000      2 of 9 entries wrong",
        "  W[3, 0]          got -0.412700, but the derivative is 0.387100      18 of 18 entries wrong",
        "  b                got 1.00000, but the derivative is 1.50000      1 of 1 entry wrong",
        "  worst entry cell.U_long[0]: got <1.00000>, derivative <-2.00000>",
        "  in H=9, generic, seed 8",
        "  BROKEN_CONTRACT: the input x was modified (H=2, small, seed 3)",
        "  first wrong cotangent, backwards in time: o_bar at t=3     cell.py:88   o_bar = s * h_bar",
        "    everything it is computed from is right",
        "    right with: o_bar = tanh(s) * h_bar",
        "  finite differences of the hand-written forward side with the oracle (80 digits)",
        "  witnesses: JAX's gradient program in balls; finite differences (80 digits)",
        "  casts to float32",
        "  2 cases were redrawn: at a kink, or outside the domain of the forward",
        "  smallest failing sizes: H=1 D=1      replay: oracle replay .oracle/failures/3f9a.json",
    ]


def test_what_was_ruled_out_is_told_where_nothing_is_certain() -> None:
    """A certain cause needs no such line, a hint does."""
    hint = Diagnosis((Cause("zero", "W is zero"),), ("a constant factor", "a transpose"))
    assert hint.lines() == ["W is zero", "ruled out: a constant factor; a transpose"]
    assert Diagnosis().lines() == []


def test_a_certificate_is_one_line_and_its_witnesses() -> None:
    """The worst digits of all gradients; entries with thousands apart; notes follow."""
    report = Report(
        "lstm",
        Verdict.CERTIFIED,
        (dataclasses.replace(RIGHT, entries=25_400), dataclasses.replace(RIGHT, name="h", digits=49.99)),
        witnesses=("autodiff", "finite_difference"),
        cases=100,
        testimony_digits=72.5,
        notes=("forward compared with nothing: there is no independent reference",),
        redrawn=1,
    )
    assert lines(report) == [
        "lstm: CERTIFIED to 49 digits, 25,500 gradient entries over 100 cases",
        "  witnesses: JAX's gradient program in balls; finite differences (72 digits)",
        "  forward compared with nothing: there is no independent reference",
        "  1 case was redrawn: at a kink, or outside the domain of the forward",
    ]


def test_what_never_met_is_told_of_what_passed() -> None:
    """The first three, and how many more; of what failed it is in the JSON report alone."""
    gaps = ("saturated", "D above 8, mode='eval'", "small", "zeros", "float32")
    right = Report("f", Verdict.CERTIFIED, (RIGHT,), cases=4, not_covered=gaps)
    line = "  never met in these 4 cases: saturated; D above 8, mode='eval'; small; and 2 more"
    assert lines(right)[-1] == line
    assert lines(dataclasses.replace(right, cases=1, not_covered=gaps[:1]))[-1] == "  never met in this case: saturated"
    assert not any("never met" in one for one in lines(dataclasses.replace(right, not_covered=())))
    assert not any("never met" in one for one in lines(dataclasses.replace(right, verdict=Verdict.REFUTED)))


def test_consistency_is_told_with_its_gap_and_its_detection_limit() -> None:
    """A rounded constant by its gap, and code judged in floats by what would have been seen."""
    rounded = leaf("W", Verdict.CONSISTENT, worst=entry((1,), "0.333333", "0.333333", 1.8e-17), worst_case="H=2, s")
    in_floats = leaf("b", Verdict.CONSISTENT, float64=FloatAccuracy(3.0, 0.5, 3.2e-14, 0.0, 2.4e-12))
    report = Report("norm", Verdict.CONSISTENT, (rounded, in_floats, RIGHT), witnesses=("complex_step",))
    assert lines(report) == [
        "norm: CONSISTENT: within the derived float bound, but not certified, 1 certified to 57 digits",
        "  W[1]   got <0.333333>, but the derivative is <0.333333>      "
        "the gap of 1.8e-17 is no larger than rounded constants explain",
        "  worst entry W[1]: got <0.333333>, derivative <0.333333>",
        "  in H=2, s",
        "  b: would have seen a relative error of 3e-14 (float64; 2e-12 in the case that sees least)",
        "  witnesses: complex steps of the forward in float64",
    ]


def test_an_open_question_is_told_by_its_findings() -> None:
    """There is no wrong entry to show."""
    report = Report(
        "max",
        Verdict.UNDECIDED,
        (leaf("x", Verdict.UNDECIDED), RIGHT),
        findings=(
            Finding(Verdict.UNDECIDED, "the gradient of x is not known to 30 digits", "x", "D=3, generic, seed 4"),
            Finding(Verdict.UNDECIDED, "no case reached this line of the backward: mine.py:12: x = 1"),
        ),
    )
    assert lines(report) == [
        "max: UNDECIDED: the question stayed open, 1 certified to 57 digits",
        "  UNDECIDED: the gradient of x is not known to 30 digits (D=3, generic, seed 4)",
        "  UNDECIDED: no case reached this line of the backward: mine.py:12: x = 1",
        "  witnesses: none",
    ]


def test_a_traceback_stands_below_its_finding() -> None:
    """Indented, its lines as Python prints them; a message of several lines likewise."""
    trace = 'Traceback (most recent call last):\n  File "mine.py", line 3, in f\n    1 / 0\nZeroDivisionError: by zero'
    report = Report(
        "f",
        Verdict.BROKEN_CONTRACT,
        (leaf("x", Verdict.NOTHING_COMPARED),),
        findings=(
            Finding(Verdict.BROKEN_CONTRACT, "the code raised ZeroDivisionError: by zero", "", "D=1, s", trace),
            Finding(Verdict.BROKEN_CONTRACT, "the code raised Odd: one\n  two\n\nthree", "", "D=2, s"),
            Finding(Verdict.BROKEN_CONTRACT, "the gradient of x is missing", "x", "D=1, s", "no values"),
            Finding(Verdict.BROKEN_CONTRACT, ""),
        ),
    )
    assert lines(report)[1:-1] == [
        "  BROKEN_CONTRACT: the code raised ZeroDivisionError: by zero (D=1, s)",
        "    Traceback (most recent call last):",
        '      File "mine.py", line 3, in f',
        "        1 / 0",
        "    ZeroDivisionError: by zero",
        "  BROKEN_CONTRACT: the code raised Odd: one (D=2, s)",
        "      two",
        "    ",
        "    three",
        "  BROKEN_CONTRACT: the gradient of x is missing (D=1, s)",
        "  BROKEN_CONTRACT: ",
    ]


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.CERTIFIED])
def test_every_other_verdict_claims_its_sentence(verdict: Verdict) -> None:
    """With the name of the subject; REFUTED too where no entry shows it."""
    report = Report("f", verdict, (leaf("x", Verdict.UNDECIDED),))
    assert claim(report) == f"f: {verdict.name}: {verdict.value}"


def test_the_worst_verdict_comes_before_the_largest_gap() -> None:
    """A rounded constant is no worse than a wrong sign, whatever its gap."""
    rounded = leaf("a", Verdict.CONSISTENT, worst=entry((), "1", "2", 1e9))
    inconsistent = leaf("c", Verdict.INCONSISTENT, wrong=1, compared=1, worst=entry((), "1", "2", 1e-9))
    shown = [line.split()[0] for line in details(Report("f", Verdict.REFUTED, (rounded, inconsistent, SCALAR)))[:3]]
    assert shown == ["b", "c", "a"]


def test_equal_numbers_are_shown_by_their_enclosures() -> None:
    """Six digits may not tell them apart."""
    same = leaf("b", Verdict.REFUTED, wrong=1, compared=1, worst=entry((), "1.00000", "1.00000", 1e-9))
    first = details(Report("f", Verdict.REFUTED, (same,)))[0]
    assert first == "b   got <1.00000>, but the derivative is <1.00000>      1 of 1 entry wrong"


def test_what_was_only_sampled_says_at_least() -> None:
    """There may be more wrong entries than were looked for."""
    sampled = dataclasses.replace(SCALAR, at_least=True)
    assert details(Report("f", Verdict.REFUTED, (sampled,)))[0].endswith("      at least 1 of 1 entry wrong")


@pytest.mark.parametrize(("count", "more"), [(12, []), (13, ["and 1 more gradient"]), (40, ["and 28 more gradients"])])
def test_twelve_gradients_are_shown_and_the_others_counted(count: int, more: list[str]) -> None:
    """The JSON report has all."""
    leaves = tuple(dataclasses.replace(SCALAR, name=f"b{k}") for k in range(count))
    shown = details(Report("f", Verdict.REFUTED, leaves))
    assert [line.split()[0] for line in shown[:12]] == [f"b{k}" for k in range(12)]
    assert [line for line in shown if line.startswith("and ")] == more


def test_smallest_sizes_and_replay_stand_alone_too() -> None:
    """Either may be missing, and so may both."""
    for more, last in (
        ({"smallest": "D=1"}, "smallest failing sizes: D=1"),
        ({"replay": "oracle replay x"}, "replay: oracle replay x"),
        ({}, "witnesses: none"),
    ):
        assert details(Report("f", Verdict.UNDECIDED, (), **more))[-1] == last


def test_finite_differences_side_with_the_oracle_only_in_a_refutation() -> None:
    """And only where they spoke."""
    sentence = "finite differences of the hand-written forward side with the oracle (80 digits)"
    for verdict, digits, told in (
        (Verdict.REFUTED, 80.0, True),
        (Verdict.REFUTED, 0.0, False),
        (Verdict.UNDECIDED, 80.0, False),
    ):
        report = Report("f", verdict, (SCALAR,), testimony_digits=digits)
        assert (sentence in details(report)) == told


def test_witnesses_are_named() -> None:
    """All there are, in the order in which they spoke."""
    report = Report("f", Verdict.UNDECIDED, (), witnesses=("central_difference", "finite_difference", "autodiff"))
    assert witnesses(report) == (
        "central differences of the forward in float64; finite differences in balls; JAX's gradient program in balls"
    )


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        (57.99, "57 digits"),
        (0.0, "0 digits"),
        (1.0, "1 digits"),
        (float("inf"), "all digits"),
        (float("nan"), "all digits"),
    ],
)
def test_digits_are_rounded_down(digits: float, text: str) -> None:
    """Never up; and where there is no end of them, the report is printed all the same."""
    assert digits_text(digits) == text


# ---- what names and messages may hold


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("W[i]", "W[i]"),
        ("[bold red]W[/]", "[bold red]W[/]"),
        ("été ∂ 漢", "été ∂ 漢"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\tb\rc\x07", "a\\tb\\rc\\x07"),
        ("a\x9bb\xa0c", "a\\x9bb\\xa0c"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("\ud800", "\\ud800"),
        ("a\x00b\x7f", "a\\x00b\\x7f"),
    ],
)
def test_control_characters_are_spelt_out(text: str, shown: str) -> None:
    """Everything that is not to be seen as itself; brackets are."""
    assert safe(text) == one_line(text) == shown


def test_line_breaks_are_kept_only_between_lines() -> None:
    """In a text of several lines, but not in a name."""
    assert safe("a\nb") == "a\nb"
    assert one_line("a\nb") == "a\\nb"


@given(st.text(min_size=1))
def test_nothing_that_is_printed_can_move_the_cursor(text: str) -> None:
    """Whatever a file calls its subjects, leaves and errors: one line is one line."""
    hostile = dataclasses.replace(
        REFUTED,
        subject=text,
        pair=(text, text),
        leaves=(dataclasses.replace(WRONG, name=text, worst_case=text),),
        findings=(Finding(Verdict.BROKEN_CONTRACT, "it raised", case=text),),
        notes=(text,),
        diagnosis=Diagnosis((Cause(text, text, text, file=text, line=1, statement=text, repair=text),), (text,)),
        smallest=text,
        replay=text,
    )
    printed = failure_text(hostile)
    assert all(line.isprintable() for line in printed.split("\n"))
    assert len(printed.split("\n")) == len(str(REFUTED).split("\n")) - 1


def test_a_name_cannot_look_like_a_line_of_the_report() -> None:
    """Nor can a message, whose further lines are indented below it."""
    forged = "W\n  everything else is CERTIFIED"
    report = Report("f", Verdict.REFUTED, (dataclasses.replace(SCALAR, name=forged),), notes=(forged,))
    assert not any(line.lstrip().startswith("everything") for line in lines(report))
    finding = Finding(Verdict.BROKEN_CONTRACT, "it raised Odd: x\nf: CERTIFIED to 99 digits")
    report = Report("f", Verdict.BROKEN_CONTRACT, (), findings=(finding,))
    assert lines(report)[1:3] == ["  BROKEN_CONTRACT: it raised Odd: x", "    f: CERTIFIED to 99 digits"]


def test_brackets_reach_the_terminal_as_they_are() -> None:
    """`W[i]` is not markup: this is how the terminal prints the lines of a report."""
    name = "W[i][bold]"
    report = Report("f", Verdict.REFUTED, (dataclasses.replace(SCALAR, name=name),))
    console = Console(width=200, highlight=False, emoji=False)
    with console.capture() as capture:
        console.print(Text("\n".join(details(report))), soft_wrap=True)
    assert capture.get().startswith(f"{name}   got 1.00000")


@pytest.mark.parametrize(
    ("heard", "claimed"),
    [
        (("autodiff", "finite_difference"), "f: CERTIFIED to 57 digits, 100 gradient entries over 1 case"),
        (
            ("finite_difference",),
            "f: CERTIFIED to 57 digits by finite differences alone, 100 gradient entries over 1 case",
        ),
    ],
)
def test_a_single_witness_is_named_in_the_claim(heard: tuple[str, ...], claimed: str) -> None:
    """Where JAX said nothing in any case, the first line says who did; where it spoke, nothing is added."""
    assert claim(Report("f", Verdict.CERTIFIED, (RIGHT,), witnesses=heard, cases=1)) == claimed


def test_what_was_not_examined_is_a_line_of_its_own() -> None:
    """It is said beside what is certain too, under which nothing is ruled out."""
    certain = Diagnosis((Cause("sign", "W has the wrong sign", certain=True),), ("a transpose",), ("not examined: a",))
    assert certain.lines() == ["W has the wrong sign", "not examined: a"]
    assert Diagnosis((), ("a transpose",), ("not examined: a",)).lines() == [
        "ruled out: a transpose",
        "not examined: a",
    ]
