"""A comparison with a revision, for people and for machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from oracle.comparing.against import Against, Gradient, Ratio
from oracle.report.text import one_line

_WIDEST = 1_000  # a narrow terminal wraps lines: no name and no number is cut


def show(found: Against) -> None:
    """A table of the gradients, and a line for the time."""
    console = Console(highlight=False, emoji=False, width=_WIDEST)
    name, revision = one_line(found.subject), found.revision
    title = f"{name} against {one_line(revision.text)} ({revision.commit[:10]})"
    if found.why:
        console.print(Text(f"{title}: not compared: {one_line(found.why)}", style="bold red"))
        return
    console.print(Text(title, style="bold"))
    if found.in_floats:
        console.print(Text(f"  compared in floats: {one_line(found.in_floats)}", style="yellow"))
    console.print(_table(found.gradients))
    for part, ratio in (("forward", found.forward), ("backward", found.backward)):
        if ratio is not None:
            console.print(Text(f"  {_time(part, ratio, found.sizes)}", style="red" if ratio.slower else ""))


def _table(gradients: Sequence[Gradient]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), header_style="dim")
    table.add_column("gradient", no_wrap=True)
    table.add_column("moved", no_wrap=True)
    for heading in ("agrees to", "ulps now", "ulps then"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in gradients:
        moved = (
            Text(f"in {one.moved} of {one.cases} cases", style="bold red") if one.moved else Text("no", style="green")
        )
        places = "40 digits" if math.isinf(one.places) else f"{one.places:.0f} digits"
        worse = Text("less accurate" if one.less_accurate else "", style="red")
        table.add_row(Text(one_line(one.name)), moved, places, _ulps(one.now), _ulps(one.then), worse)
    return table


def _ulps(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 1000 else f"{value:.0e}"


def _time(part: str, ratio: Ratio, sizes: str) -> str:
    """`backward 0.71 times as long (0.69 to 0.73) at T=6 B=3`."""
    slower = ": slower" if ratio.slower else ""
    return f"{part} {ratio.median:.2f} times as long ({ratio.low:.2f} to {ratio.high:.2f}) at {sizes}{slower}"


def to_dict(every: Sequence[Against]) -> list[dict[str, Any]]:
    """Plain JSON values."""
    return [
        {
            "subject": found.subject,
            "revision": found.revision.text,
            "commit": found.revision.commit,
            "unmoved": found.unmoved,
            "not_compared": found.why or None,
            "compared_in_floats": found.in_floats or None,
            "gradients": [_gradient(one) for one in found.gradients],
            "forward_time": _times(found.forward),
            "backward_time": _times(found.backward),
            "timed_at": found.sizes or None,
        }
        for found in every
    ]


def _gradient(one: Gradient) -> dict[str, Any]:
    return {
        "name": one.name,
        "cases": one.cases,
        "moved_in_cases": one.moved,
        "agreeing_digits": None if math.isinf(one.places) else one.places,  # null: all 40
        "float64_ulps": {"now": one.now, "then": one.then},
        "less_accurate": one.less_accurate,
    }


def _times(ratio: Ratio | None) -> dict[str, Any] | None:
    if ratio is None:
        return None
    return {"ratio": ratio.median, "quartiles": [ratio.low, ratio.high], "slower": ratio.slower}
