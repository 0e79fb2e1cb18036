"""From a matplotlib figure to SVG for a page: in the page's colours, with text as text and an accessible name."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any, Final

from markupsafe import escape
from matplotlib import rc_context
from matplotlib.figure import Figure

from oracle.report.text import safe

# The colours in which figures are drawn stand for those of the page, which knows whether it is light or dark.
INK, MUTED, LINE, GROUND = "#010203", "#040506", "#070809", "#0a0b0c"
SERIES: Final = tuple(f"#0d0e{k:02x}" for k in range(16, 24))
_THEME: Final = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    GROUND: "var(--ground)",
    **{colour: f"var(--s{k})" for k, colour in enumerate(SERIES)},
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name such as `a$b` is no formula
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.6,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}
_METADATA: Final = {key: None for key in ("Date", "Creator", "Format", "Type")}
_IDS = re.compile(r' id="[A-Za-z][A-Za-z0-9.]*_\d+"')  # those that nothing refers to
_PARTS = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_LONG = re.compile(r"(-?\d+\.\d\d)\d+")


def figure(
    draw: Callable[[Figure], None], *, width: float, height: float, title: str, description: str, salt: str
) -> str:
    """What `draw` draws, as an SVG element with a name, for a page; sizes in inches.

    The markup holds no text but what matplotlib and `escape` have escaped.
    """
    with rc_context({**_STYLE, "svg.hashsalt": salt}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may hold characters that matplotlib's own font has not
        found = Figure(figsize=(width, height), layout="constrained")
        draw(found)
        buffer = io.StringIO()
        found.savefig(buffer, format="svg", metadata=_METADATA)
    return _themed(buffer.getvalue(), title, description, salt)


def _themed(svg: str, title: str, description: str, salt: str) -> str:
    """The element alone, named, in the page's colours."""
    head, _, body = svg[svg.index("<svg") :].partition(">")
    body = _IDS.sub("", _PARTS.sub("", body))
    for colour, theme in _THEME.items():
        body = body.replace(colour, theme)
    box = re.search(r'viewBox="([^"]*)"', head)
    assert box is not None, "matplotlib gives every SVG a viewBox"
    names = f'<title id="t{salt}">{escape(safe(title))}</title><desc id="d{salt}">{escape(safe(description))}</desc>'
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box[1]}" '
        f'role="img" aria-labelledby="t{salt} d{salt}">'
    )
    return start + names + re.sub(r"\s*\n\s*", " ", body).strip()


def short(text: str, most: int = 28) -> str:
    """A label that fits: no control characters, and not longer than `most`.

    >>> short("weights of the recurrent layer, all of them", 12)
    'weights of …'
    """
    text = safe(text).replace("\n", " ")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plain_axes(axes: Any) -> None:
    """Light grid lines below the data."""
    axes.grid(True)
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5, width=0.6)
