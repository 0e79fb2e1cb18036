"""The report as plain text: claim, where, numbers, how much, why, replay. Readable without colours, 1 line a fact."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

from oracle.verdict import Finding, LeafReport, Report, Verdict

_LEAVES, _GAPS = 12, 3  # shown; the JSON report has all


def safe(text: str) -> str:
    """`text` without control characters: names and messages come from files we do not know."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """`text` without control characters and line breaks: a name must not look like a line of the report."""
    return safe(text).replace("\n", "\\n")


def digits_text(digits: float) -> str:
    """`57 digits`, and `all digits` where there is no end of them."""
    return f"{math.floor(digits) if math.isfinite(digits) else 'all'} digits"


def counted(count: int, one: str, several: str = "") -> str:
    """`1 case`, `1,200 entries`.

    >>> counted(1, "case"), counted(1200, "entry", "entries")
    ('1 case', '1,200 entries')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def only_witness(report: Report) -> str:
    """`finite differences alone` where no gradient program spoke in any case of what is certified; else nothing."""
    alone = report.verdict is Verdict.CERTIFIED and "autodiff" not in report.witnesses
    return "finite differences alone" if alone and "finite_difference" in report.witnesses else ""


def failure_text(report: Report) -> str:
    """The whole report, worst first."""
    return "\n".join([one_line(claim(report)), *(f"  {line}" for line in details(report))])


def shortened(report: Report, most: int = 200) -> str:
    """`<Report REFUTED gru: W[2, 0] got -10.0260, but the derivative is -2.44598; str(report) says all>`."""
    first = "" if report.ok else next(iter(details(report)), "")
    line = f"{report.verdict.name} {one_line(report.subject)}{': ' if first else ''}{' '.join(first.split())}"
    line = line if len(line) <= most else line[: most - 1] + "…"
    return f"<Report {line}; str(report) says all>"


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
            entries = counted(report.entries, "gradient entry", "gradient entries")
            entries = f"{entries} over {counted(report.cases, 'case')}"
            by = f" by {alone}" if (alone := only_witness(report)) else ""
            return f"{report.subject}: CERTIFIED to {digits_text(report.digits)}{by}, {entries}"
        case Verdict.REFUTED if wrong:
            of_all = f"{len(wrong)} of {len(report.leaves)} gradients REFUTED{certified}"
            return f"{backward} is not the derivative of {forward}: {of_all}"
        case _:
            return f"{report.subject}: {report.verdict.name}: {report.verdict.value}{certified}"


def details(report: Report) -> list[str]:
    """Everything below the claim, one line a fact."""
    return [*before_diagnosis(report), *_each_one_line(report.diagnosis.lines()), *after_diagnosis(report)]


def before_diagnosis(report: Report) -> list[str]:
    """What was seen: wrong entries and findings."""
    return _each_one_line([*_entries(report), *_findings(report)])


def after_diagnosis(report: Report) -> list[str]:
    """Who said so, what else is to be known, and how to see it again."""
    lines = [*_limits(report)]
    if report.verdict is Verdict.REFUTED and report.testimony_digits > 0:
        lines.append(_sides(report))
    lines.append(f"witnesses: {witnesses(report)}")
    lines.extend(remarks(report))
    if report.redrawn:
        were = "case was" if report.redrawn == 1 else "cases were"
        lines.append(f"{report.redrawn} {were} redrawn: at a kink, or outside the domain of the forward")
    last = [f"smallest failing sizes: {report.smallest}"] if report.smallest else []
    last += [f"replay: {report.replay}"] if report.replay else []
    return _each_one_line([*lines, *(["      ".join(last)] if last else [])])


def _sides(report: Report) -> str:
    """Whom finite differences confirm: the oracle, or where only other calls are wrong, the gradients of the first."""
    digits = digits_text(report.testimony_digits)
    if any(leaf.wrong for leaf in report.leaves):
        return f"finite differences of the hand-written forward side with the oracle ({digits})"
    return f"finite differences confirm the gradients of a first call, on the whole cotangent ({digits})"


def remarks(report: Report) -> list[str]:
    """The notes; and of what passed, what no case has shown: `never met in these 12 cases: small; and 3 more`."""
    never = f"never met in {'this case' if report.cases == 1 else f'these {report.cases} cases'}: "
    shown, more = list(report.not_covered[:_GAPS]), len(report.not_covered) - _GAPS
    shown += [f"and {more} more"] if more > 0 else []
    return [*report.notes, *([never + "; ".join(shown)] if report.ok and shown else [])]


def _each_one_line(lines: Iterable[str]) -> list[str]:
    return [one_line(line) for line in lines]


def _entries(report: Report) -> list[str]:
    """The worst entry of each gradient that is not certified: worst verdict first, then the largest gap."""
    bad = [leaf for leaf in report.leaves if leaf.worst is not None and leaf.verdict is not Verdict.CERTIFIED]
    shown = sorted(bad, key=lambda leaf: (leaf.verdict.severity, -leaf.worst.gap if leaf.worst else 0.0))
    width = max((len(_place(leaf)) for leaf in shown[:_LEAVES]), default=0)
    lines = [_wrong_entry(leaf, width) for leaf in shown[:_LEAVES]]
    if (more := len(shown) - _LEAVES) > 0:
        lines.append(f"and {more} more gradient{'' if more == 1 else 's'}")
    for leaf in shown[:1]:
        assert leaf.worst is not None
        got, derivative = leaf.worst.got_enclosure, leaf.worst.derivative_enclosure
        lines.append(f"worst entry {_place(leaf)}: got {got}, derivative {derivative}")
        lines.extend([f"in {leaf.worst_case}"] if leaf.worst_case else [])
    return lines


def _findings(report: Report) -> list[str]:
    """Each finding with its case, and below it what else its message and its traceback say; of a kind the first."""
    lines, kinds = [], Counter(map(_kind, report.findings))
    for finding in report.findings:
        count = kinds.pop(_kind(finding), 0)
        if not count:
            continue
        first, *rest = finding.message.splitlines() or [""]
        where = f" ({finding.case})" if finding.case else ""
        lines.append(f"{finding.verdict.name}: {first}{where}{_in_more_cases(count - 1)}")
        rest += finding.detail.splitlines() if finding.detail != "no values" else []
        lines.extend(f"  {line}" for line in rest)
    return lines


def _kind(finding: Finding) -> tuple[object, ...]:
    """What findings have in common that say the same of several cases: all but the numbers."""
    said = re.sub(r"\d+", "#", finding.message)
    return (finding.verdict, finding.leaf, said, *([] if finding.case else [finding.message]))


def _in_more_cases(more: int) -> str:
    return f", and likewise in at least {more} more case{'' if more == 1 else 's'}" if more > 0 else ""


def _limits(report: Report) -> list[str]:
    """What each gradient that was judged in floats alone would have shown."""
    judged = [leaf for leaf in report.leaves if leaf.verdict is Verdict.CONSISTENT and leaf.float64 is not None]
    lines = [f"{leaf.name}: {would_have_seen(leaf)}" for leaf in judged[:_LEAVES]]
    if (more := len(judged) - _LEAVES) > 0:
        lines.append(f"and {more} more gradient{'' if more == 1 else 's'} within bounds")
    return lines


def would_have_seen(leaf: LeafReport) -> str:
    """`would have seen a relative error of 3e-14 (float64; 2e-12 in the case that sees least), 4e-06 (float32)`."""
    seen = [(name, one) for name, one in (("float64", leaf.float64), ("float32", leaf.float32)) if one is not None]
    each = [
        f"{one.detection_limit:.0e} ({name}; {one.detection_limit_worst:.0e} in the case that sees least)"
        for name, one in seen
    ]
    return f"would have seen a relative error of {', '.join(each)}"


def witnesses(report: Report) -> str:
    """Who spoke: `JAX's gradient program; finite differences (72 digits)`."""
    spoke = {
        "autodiff": "JAX's gradient program in balls",
        "finite_difference": "finite differences"
        + (f" ({digits_text(report.testimony_digits)})" if report.testimony_digits else " in balls"),
        "complex_step": "complex steps of the forward in float64",
        "central_difference": "central differences of the forward in float64",
    }
    return "; ".join(spoke[name] for name in report.witnesses) or "none"


def _place(leaf: LeafReport) -> str:
    index = leaf.worst.index if leaf.worst is not None else ()
    return one_line(f"{leaf.name}[{', '.join(map(str, index))}]" if index else leaf.name)


def _wrong_entry(leaf: LeafReport, width: int) -> str:
    assert leaf.worst is not None
    got, derivative = leaf.worst.got, leaf.worst.derivative
    if got == derivative:
        got, derivative = leaf.worst.got_enclosure, leaf.worst.derivative_enclosure
    entries = "entry" if leaf.compared == 1 else "entries"
    share = f"{'at least ' if leaf.at_least else ''}{leaf.wrong} of {leaf.compared} {entries} wrong"
    if leaf.verdict is Verdict.CONSISTENT:
        share = f"the gap of {leaf.worst.gap:.1e} is no larger than rounded constants explain"
    return f"{_place(leaf):<{width}}   got {got}, but the derivative is {derivative}      {share}"
