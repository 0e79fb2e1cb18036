"""What the terminal shows: bars, wrong counts, narrow and foreign terminals, sources in context."""

import dataclasses
import importlib.util
import io
import linecache
import math

import pytest
from rich.console import Console

from oracle.diagnosis.cause import Cause, Diagnosis
from oracle.report import terminal
from oracle.report.source import Excerpt, excerpt, excerpt_of, raised
from oracle.report.table import (
    ASCII_BAR,
    accuracy,
    digits_kept,
    fits,
    narrow,
    numbers,
    table,
    worst_case,
    worst_in_floats,
)
from oracle.report.text import details
from oracle.verdict import Entry, FloatAccuracy, LeafReport, Report, Verdict

SOURCE = """\
def backward(h_bar, cache):
    o, s = cache
    o_bar = s * h_bar
    s_bar = o * h_bar
    return o_bar, s_bar
"""
RIGHT = LeafReport("W", "(H, D)", Verdict.CERTIFIED, 3853, 86.4, float64=FloatAccuracy(3e4, 0.1))
WRONG = LeafReport(
    "b",
    "(H,)",
    Verdict.REFUTED,
    24,
    0.0,
    wrong=18,
    compared=24,
    worst=Entry((3,), "-0.4", "0.3", "<-0.4>", "<0.3>", 0.7),
    worst_case="H=6, generic, seed 7",
)


def cause(file, line=3, statement="o_bar = s * h_bar"):
    """A cause at a line."""
    return Cause(
        "wrong-cotangent",
        "first wrong cotangent: o_bar at t=3",
        "all else is right",
        True,
        file=str(file),
        line=line,
        statement=statement,
    )


def report(*causes):
    """A refuted subject."""
    return Report(
        "lstm",
        Verdict.REFUTED,
        (RIGHT, WRONG),
        cases=9,
        diagnosis=Diagnosis(causes, ("zeros",)),
        replay="oracle replay f",
    )


def shown(told, width=100, encoding="utf-8", **options):
    """What a terminal of this width and encoding shows."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding, errors="backslashreplace", newline="\n")
    found = terminal.Terminal()
    found.out = Console(file=stream, width=width, highlight=False, emoji=False, **options)
    found.end(told)
    stream.flush()
    return buffer.getvalue().decode(encoding)


# ---- bars


@pytest.mark.parametrize(
    ("ulps", "bar"),
    [(0.4, "######## 15"), (1.0, "######## 15"), (3e4, "######.. 11"), (1e8, "####.... 7"), (1e16, "........ 0")],
)
def test_a_bar_is_as_long_as_the_digits_kept(ulps, bar):
    """An error of u ulps keeps 53 log10(2) - log10(u) digits of float64."""
    leaf = dataclasses.replace(RIGHT, float64=FloatAccuracy(ulps, 0.1))
    assert accuracy(leaf, ASCII_BAR).plain.split() == bar.split()


@pytest.mark.parametrize("ulps", [math.nan, math.inf])
def test_what_was_not_measured_has_no_bar(ulps):
    """NaN, infinity and nothing at all are a dash."""
    assert digits_kept(FloatAccuracy(ulps, 0.1)) is None
    assert accuracy(dataclasses.replace(RIGHT, float64=None)).plain == "-"


def test_a_wrong_gradient_has_its_count_in_place_of_a_bar():
    """However many; with `at least` where more were not looked for."""
    assert accuracy(WRONG).plain == "18 of 24 wrong"
    assert accuracy(dataclasses.replace(WRONG, at_least=True)).plain == "at least 18 of 24 wrong"


def test_a_wrong_gradient_has_no_accuracy():
    """Whatever was measured of it in cases where it happened to be right is not shown as its accuracy."""
    leaf = dataclasses.replace(WRONG, float64=FloatAccuracy(0.0, 0.1))
    assert numbers(leaf) == ("-", "-", "-")
    assert numbers(RIGHT) == ("86", "3e+04", "-")


# ---- layouts


def test_the_first_line_is_not_broken_in_a_log():
    """A log is as wide as it is: verdict, name and counts stay on one line at any width."""
    assert shown(report(), 30).splitlines()[0] == "REFUTED  lstm  9 cases, 3,877 entries, 0.0 s"


def test_a_wide_terminal_shows_the_worst_case():
    """The case in which a gradient is most wrong is a column where there is room."""
    assert "worst case" in shown(report(), 130)
    assert "H=6, generic, seed 7" in shown(report(), 130).split("worst case")[1].split("worst entry")[0]
    assert "worst case" not in shown(report(), 80)


def test_the_worst_case_of_what_is_right_is_shown_too():
    """In its own column where there is room, else the worst of all in a line below, at any width."""
    float64 = FloatAccuracy(3e4, 0.1, case="H=9 D=2, generic, seed 5")
    leaf = dataclasses.replace(RIGHT, float64=float64)
    less = dataclasses.replace(RIGHT, name="V", float64=FloatAccuracy(2.0, 0.1, case="H=1 D=1, size one, seed 6"))
    told = Report("lstm", Verdict.CERTIFIED, (less, leaf), cases=9)
    (row,) = [line for line in shown(told, 130).splitlines() if line.startswith("W ")]
    assert row.rstrip().endswith("  3e+04             -  H=9 D=2, generic, seed 5")
    assert "worst in float64" not in shown(told, 130)
    for width in (80, 40):
        lines = shown(told, width).splitlines()
        assert "  worst in float64: W, 3e+04 ulps at H=9 D=2, generic, seed 5" in lines
        assert "seed 6" not in shown(told, width)


def test_where_nothing_was_measured_no_worst_case_is_claimed():
    """Nor where the report is of a failure, whose worst entry has its own line with its case."""
    assert worst_in_floats(Report("lstm", Verdict.CERTIFIED, (RIGHT,))) == ""
    assert "worst in float64" not in shown(report(), 80)
    wrong = dataclasses.replace(WRONG, worst_case="", float64=FloatAccuracy(3e4, 0.1, case="H=9"))
    assert worst_case(wrong) == ""


def test_a_terminal_of_80_columns_shows_a_table():
    """One row a gradient, with verdict, entries, digits, bar and ulps."""
    (row,) = [line for line in shown(report(), 80).splitlines() if line.startswith("W ")]
    assert row.split() == ["W", "CERTIFIED", "3,853", "86", "██████··", "11", "3e+04", "-"]


def test_a_terminal_of_40_columns_shows_every_number():
    """Row by row, none wider than the terminal."""
    lines = shown(report(), 40).splitlines()
    start = lines.index("W  CERTIFIED")
    assert lines[start : start + 6] == [
        "W  CERTIFIED",
        "  3,853 entries, 86 digits",
        "  ██████·· 11",
        "  ulps: float64 3e+04, float32 -",
        "b  REFUTED",
        "  24 entries",
    ]
    assert all(len(line) <= 40 for line in lines[start : start + 7])


def test_the_table_is_left_when_it_would_be_cut():
    """Just wide enough it stays, one column less and it is left."""
    made = table(report())
    widths = [width for width in range(30, 120) if fits(Console(width=width, file=io.StringIO()), made)]
    assert widths == list(range(widths[0], 120))
    assert f"{'gradient':<8}" in shown(report(), widths[0])
    assert "gradient" not in shown(report(), widths[0] - 1).split("worst entry")[0]


def test_narrow_rows_name_what_would_have_been_seen():
    """A gradient that was judged in floats says its limit too."""
    leaf = dataclasses.replace(RIGHT, verdict=Verdict.CONSISTENT, float64=FloatAccuracy(2.0, 0.1, 3e-14))
    rows = [line.plain for line in narrow(Report("a", Verdict.CONSISTENT, (leaf,)))]
    assert rows[-1] == "  would see 3e-14"


# ---- encodings and colours


def test_a_terminal_without_unicode_gets_ascii():
    """Bars and markers are ASCII where the encoding has nothing else."""
    text = shown(report(), 80, "ascii")
    assert "######.. 11" in text
    assert "\\u2588" not in text


def test_without_colours_every_word_stays():
    """What a pipe gets is the same text as what a colour terminal shows."""
    import re

    plain = shown(report(), 100, no_color=True, force_terminal=False)
    coloured = shown(report(), 100, force_terminal=True, color_system="truecolor")
    assert "\x1b" not in plain
    assert "\x1b[1;31mREFUTED" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


# ---- sources


@pytest.fixture
def file(tmp_path):
    """A file with a backward."""
    path = tmp_path / "cell.py"
    path.write_text(SOURCE)
    return path


def test_a_diagnosis_shows_the_line_among_its_neighbours(file):
    """Directly below the cause, two lines to both sides, the one that is meant marked without colour."""
    lines = shown(report(cause(file))).splitlines()
    start = next(k for k, line in enumerate(lines) if "first wrong cotangent" in line)
    assert lines[start] == "  first wrong cotangent: o_bar at t=3     cell.py:3   o_bar = s * h_bar"
    assert lines[start + 1 : start + 7] == [
        "    all else is right",
        "      1 | def backward(h_bar, cache):",
        "      2 |     o, s = cache",
        "    > 3 |     o_bar = s * h_bar",
        "      4 |     s_bar = o * h_bar",
        "      5 |     return o_bar, s_bar",
    ]


def test_the_same_place_is_shown_once(file):
    """Several causes at one line share an excerpt."""
    assert shown(report(cause(file), cause(file))).count("> 3 |") == 1


def test_everything_of_the_plain_report_is_there(file):
    """Excerpts are added; no line is lost, and their order stays."""
    told = report(cause(file), cause(file, 4, "s_bar = o * h_bar"))
    lines = iter(shown(told, 200).splitlines())
    for line in details(told):
        assert any(f"  {line}" == one for one in lines), line


def test_a_statement_that_the_file_does_not_hold_is_not_shown(file):
    """A file that was changed, or code that was edited in memory, shows no wrong line."""
    assert excerpt_of(cause(file)) is not None
    assert excerpt_of(cause(file, statement="o_bar = h_bar")) is None
    assert excerpt_of(cause(file.with_name("none.py"))) is None


@pytest.mark.parametrize("line", [0, -1, 6, 10**9])
def test_a_line_that_is_not_there(file, line):
    """Nothing is shown."""
    assert excerpt(str(file), line) is None


def test_sources_are_freed_of_control_characters(tmp_path):
    """An escape sequence in a source does not reach the terminal, nor a very long line whole."""
    path = tmp_path / "evil.py"
    path.write_text(f"x = 1  # \x1b[31mred\ny = '{'a' * 5000}'\n")
    rows = excerpt(str(path), 1).rows()
    assert rows[0] == "> 1 | x = 1  # \\x1b[31mred"
    assert len(rows[1]) < 500


def test_numbers_are_aligned():
    """Line numbers of different lengths end in one column."""
    assert Excerpt("f", 10, ((9, "a"), (10, "b"))).rows() == ["   9 | a", "> 10 | b"]


def test_an_exception_is_shown_with_the_line_that_raised_it(tmp_path):
    """The innermost line of the user's code; of a syntax error, where it is; nothing of the machinery that imports."""
    path = tmp_path / "mine.py"
    for text, lines in (
        ("def f(x)\n", [f'  File "{path}", line 1', "    def f(x)", "            ^", "SyntaxError: expected ':'"]),
        ("x = {}['k']\n", [f'  File "{path}", line 1, in <module>', "    x = {}['k']", "KeyError: 'k'"]),
        ("\0\n", ["SyntaxError: source code string cannot contain null bytes"]),
    ):
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("mine", path)
        linecache.checkcache()
        with pytest.raises((SyntaxError, KeyError)) as caught:
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
        assert [line for line in raised(caught.value) if set(line) - set(" ~^") or line == lines[2]] == lines


# ---- progress


@pytest.mark.parametrize("width", [40, 200])
def test_progress_shows_cases_and_speed(width):
    """Cases so far, cases a second, and a verdict that is bad already; on one line also where there is little room."""
    stream = io.StringIO()
    found = terminal.Terminal()
    found.err = Console(file=stream, width=width, force_terminal=True, color_system=None)
    told = found.begin("a subject", 4)
    for number in (1, 2, 3):
        told(number, 4, Verdict.REFUTED)
    found._progress.refresh()
    found._end_progress()
    text = stream.getvalue()
    assert "3/4" in text
    assert "REFUTED" in text
    assert "cases/s" in text
    assert "…" not in text
    assert ("a subject" in text) == (width == 200)


def test_a_log_gets_no_progress():
    """Where standard error is no terminal, nothing is drawn over."""
    stream = io.StringIO()
    found = terminal.Terminal()
    found.err = Console(file=stream, force_terminal=False)
    found.begin("a subject", 4)(1, 4, Verdict.CERTIFIED)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("heard", "more", "last"),
    [
        (("autodiff", "finite_difference"), "", ""),
        (
            ("finite_difference",),
            ", finite differences alone",
            "; by finite differences alone, one random direction of all entries in each case",
        ),
    ],
)
def test_a_single_witness_is_named_above_the_table_and_in_the_last_line(heard, more, last):
    """Where JAX said nothing in any case, a reader sees it wherever he looks; the control names nobody."""
    told = Report("lstm", Verdict.CERTIFIED, (dataclasses.replace(RIGHT, entries=1),), cases=1, witnesses=heard)
    assert shown(told).splitlines()[0] == f"CERTIFIED  lstm  1 case, 1 entry, 0.0 s{more}"
    found, stream = terminal.Terminal(), io.StringIO()
    found.out = Console(file=stream, width=200, highlight=False, emoji=False)
    found.close([told], 0.0)
    digits = math.floor(RIGHT.digits)
    assert stream.getvalue() == f"1 subject CERTIFIED to {digits} digits: 1 gradient entry{last}; 0.0 s\n"
