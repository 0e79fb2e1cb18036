"""The gradients of a subject as a table: verdict, entries, digits, accuracy in floats."""

from __future__ import annotations

import math

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from oracle.report.text import safe
from oracle.verdict import FloatAccuracy, LeafReport, Report, Verdict

STYLES = {Verdict.CERTIFIED: "bold green", Verdict.CONSISTENT: "green", Verdict.UNDECIDED: "bold yellow"}
BAR, ASCII_BAR = "█·", "#."
_LENGTH = 8  # characters of a bar
_DIGITS = 53 * math.log10(2)  # of float64


def styled(verdict: Verdict) -> Text:
    """The name of a verdict in its colour."""
    return Text(verdict.name, style=STYLES.get(verdict, "bold red"))


def fits(console: Console, table: Table) -> bool:
    """Whether no name and no number of a table is cut or wrapped at this width."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum <= console.width


def table(report: Report, *, bar: str = BAR, with_case: bool = False) -> Table:
    """One row a gradient; on request with the case in which it is most wrong, or loses most digits."""
    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    found.add_column("gradient", no_wrap=True)
    found.add_column("verdict", no_wrap=True)
    for heading in ("entries", "digits"):
        found.add_column(heading, justify="right", no_wrap=True)
    found.add_column("in float64", no_wrap=True)
    for heading in ("float64 ulps", "float32 ulps"):
        found.add_column(heading, justify="right", no_wrap=True)
    in_floats_alone = any(leaf.verdict is Verdict.CONSISTENT for leaf in report.leaves)
    if in_floats_alone:
        found.add_column("would see", justify="right", no_wrap=True)
    if with_case:
        found.add_column("worst case", no_wrap=True)
    for leaf in report.leaves:
        further = [Text(limit(leaf))] if in_floats_alone else []
        further += [Text(safe(worst_case(leaf) or "-"), style="dim")] if with_case else []
        digits, float64, float32 = numbers(leaf)
        numbers_of = (f"{leaf.entries:,}", digits, accuracy(leaf, bar), float64, float32)
        found.add_row(Text(safe(leaf.name)), styled(leaf.verdict), *numbers_of, *further)
    return found


def narrow(report: Report, *, bar: str = BAR) -> list[Text]:
    """The same for a terminal that is too narrow for the table: name and verdict, and the numbers below."""
    lines = []
    for leaf in report.leaves:
        digits, float64, float32 = numbers(leaf)
        lines.append(Text.assemble(safe(leaf.name), "  ", styled(leaf.verdict)))
        known = f", {digits} digits" if digits != "-" else ""
        lines.append(Text(f"  {leaf.entries:,} entries{known}", style="dim"))
        if (kept := accuracy(leaf, bar)).plain != "-":
            lines.append(Text.assemble("  ", kept))
        if float64 != "-" or float32 != "-":
            lines.append(Text(f"  ulps: float64 {float64}, float32 {float32}", style="dim"))
        if leaf.verdict is Verdict.CONSISTENT:
            lines.append(Text(f"  would see {limit(leaf)}", style="dim"))
    return lines


def accuracy(leaf: LeafReport, bar: str = BAR) -> Text:
    """How many of float64's digits the worst entry keeps, as a bar; how many entries are wrong where some are.

    >>> accuracy(LeafReport("W", "(H,)", Verdict.CERTIFIED, 9, 57.0, float64=FloatAccuracy(3e4, 0.1)), "#.").plain
    '######.. 11'
    """
    if leaf.wrong:
        return Text(f"{'at least ' if leaf.at_least else ''}{leaf.wrong:,} of {leaf.compared:,} wrong", style="red")
    kept = digits_kept(leaf.float64)
    if kept is None:
        return Text("-")
    full = round(_LENGTH * kept / _DIGITS)
    return Text.assemble((bar[0] * full, "cyan"), (bar[1] * (_LENGTH - full), "dim"), f" {math.floor(kept):>2}")


def digits_kept(found: FloatAccuracy | None) -> float | None:
    """The digits that an error of so many units in the last place leaves.

    >>> digits_kept(FloatAccuracy(1.0, 0.1)) == 53 * math.log10(2)
    True
    """
    if found is None or not math.isfinite(found.max_ulps):
        return None
    return min(_DIGITS, max(0.0, _DIGITS - math.log10(max(found.max_ulps, 1.0))))


def worst_case(leaf: LeafReport) -> str:
    """The case in which a gradient is most wrong; of one that is right, that of its largest error in float64.

    >>> worst_case(LeafReport("W", "(H,)", Verdict.CERTIFIED, 9, 57.0, float64=FloatAccuracy(3e4, 0.1, case="H=9")))
    'H=9'
    """
    return leaf.worst_case or (leaf.float64.case if leaf.float64 is not None and not leaf.wrong else "")


def worst_in_floats(report: Report) -> str:
    """`worst in float64: W, 7e+03 ulps at H=9, generic, seed 7`; nothing where nothing was measured.

    >>> leaf = LeafReport("W", "(H,)", Verdict.CERTIFIED, 9, 57.0, float64=FloatAccuracy(3e4, 0.1, case="H=9"))
    >>> worst_in_floats(Report("gru", Verdict.CERTIFIED, (leaf,)))
    'worst in float64: W, 3e+04 ulps at H=9'
    """
    measured = [leaf for leaf in report.leaves if leaf.float64 is not None and leaf.float64.case and not leaf.wrong]
    leaf = max(measured, key=lambda leaf: leaf.float64.max_ulps if leaf.float64 is not None else 0.0, default=None)
    if leaf is None or leaf.float64 is None or leaf.float64.max_ulps == 0:
        return ""
    return f"worst in float64: {leaf.name}, {ulps(leaf.float64)} ulps at {worst_case(leaf)}"


def limit(leaf: LeafReport) -> str:
    """The smallest relative error that would have been seen, in float64."""
    return "-" if leaf.float64 is None else f"{leaf.float64.detection_limit:.0e}"


def numbers(leaf: LeafReport) -> tuple[str, str, str]:
    """Certified digits, and the worst error in ulps in float64 and in float32; what is wrong has no accuracy."""
    if leaf.wrong:
        return "-", "-", "-"
    digits = str(math.floor(leaf.digits)) if leaf.verdict is Verdict.CERTIFIED else "-"
    return digits, ulps(leaf.float64), ulps(leaf.float32)


def ulps(found: FloatAccuracy | None) -> str:
    """The worst error; a dash where none was measured."""
    if found is None or math.isnan(found.max_ulps):
        return "-"
    return f"{found.max_ulps:.1f}" if found.max_ulps < 1000 else f"{found.max_ulps:.0e}"
