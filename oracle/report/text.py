"""The report as plain text: claim, where, numbers, how much, why, replay. Readable without colours, 1 line a fact."""

from __future__ import annotations

import math

from oracle.verdict import LeafReport, Report, Verdict

_LEAVES = 12  # shown; the JSON report has all


def safe(text: str) -> str:
    """`text` without control characters: names and messages come from files we do not know."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def digits_text(digits: float) -> str:
    """`57 digits`."""
    return f"{math.floor(digits)} digits"


def failure_text(report: Report) -> str:
    """The whole report, worst first."""
    lines = [claim(report), *(f"  {line}" for line in details(report))]
    return safe("\n".join(lines))


def claim(report: Report) -> str:
    """One sentence: what is true of the subject."""
    forward, backward = report.pair
    wrong = [leaf for leaf in report.leaves if leaf.verdict is Verdict.REFUTED]
    right = [leaf for leaf in report.leaves if leaf.verdict is Verdict.CERTIFIED]
    certified = ""
    if right:
        certified = f", {len(right)} certified to {digits_text(min(leaf.digits for leaf in right))}"
    match report.verdict:
        case Verdict.CERTIFIED:
            return (
                f"{report.subject}: CERTIFIED to {digits_text(report.digits)}, "
                f"{report.entries:,} gradient entries over {report.cases} cases"
            )
        case Verdict.REFUTED if wrong:
            of_all = f"{len(wrong)} of {len(report.leaves)} gradients REFUTED{certified}"
            return f"{backward} is not the derivative of {forward}: {of_all}"
        case _:
            return f"{report.subject}: {report.verdict.name}: {report.verdict.value}{certified}"


def details(report: Report) -> list[str]:
    """Everything below the claim."""
    bad = sorted(
        (leaf for leaf in report.leaves if not leaf.verdict.ok or leaf.verdict is Verdict.CONSISTENT),
        key=lambda leaf: leaf.verdict.severity,
    )
    shown = [leaf for leaf in bad if leaf.worst is not None]
    width = max((len(_place(leaf)) for leaf in shown), default=0)
    lines = [_wrong_entry(leaf, width) for leaf in shown[:_LEAVES]]
    if len(shown) > _LEAVES:
        lines.append(f"and {len(shown) - _LEAVES} more gradients")
    if shown and shown[0].worst is not None:
        worst = shown[0].worst
        lines.append(
            f"worst entry {_place(shown[0])}: got {worst.got_enclosure}, derivative {worst.derivative_enclosure}"
        )
        lines.append(f"in {shown[0].worst_case}")
    for finding in report.findings:
        where = f" ({finding.case})" if finding.case else ""
        lines.append(f"{finding.verdict.name}: {finding.message}{where}")
        lines.extend(f"  {line}" for line in finding.detail.splitlines() if finding.detail != "no values")
    lines.extend(report.diagnosis)
    if report.verdict is Verdict.REFUTED and report.testimony_digits > 0:
        digits = digits_text(report.testimony_digits)
        lines.append(f"finite differences of the hand-written forward side with the oracle ({digits})")
    lines.extend(report.notes)
    if report.redrawn:
        lines.append(f"{report.redrawn} cases were redrawn: at a kink, or outside the domain of the forward")
    last = [f"smallest failing sizes: {report.smallest}"] if report.smallest else []
    last += [f"replay: {report.replay}"] if report.replay else []
    return [*lines, "      ".join(last)] if last else lines


def _place(leaf: LeafReport) -> str:
    index = leaf.worst.index if leaf.worst is not None else ()
    return f"{leaf.name}[{', '.join(map(str, index))}]" if index else leaf.name


def _wrong_entry(leaf: LeafReport, width: int) -> str:
    assert leaf.worst is not None
    got, derivative = leaf.worst.got, leaf.worst.derivative
    if got == derivative:
        got, derivative = leaf.worst.got_enclosure, leaf.worst.derivative_enclosure
    share = f"{'at least ' if leaf.at_least else ''}{leaf.wrong} of {leaf.compared} entries wrong"
    if leaf.verdict is Verdict.CONSISTENT:
        share = f"the gap of {leaf.worst.gap:.1e} is that of a rounded constant"
    return f"{_place(leaf):<{width}}   got {got}, but the derivative is {derivative}      {share}"
