"""From plain data to one HTML file that needs nothing else: no network, no font, a few lines of script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from oracle.report.text import safe

MOST = 2_400_000  # characters of figures on one page
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(document: dict[str, Any], sections: Sequence[dict[str, Any]], matrix: dict[str, Any] | None = None) -> str:
    """The page of a machine-readable report, a section for each subject, and a kill matrix if there is one."""
    style, script, template = (_file(name) for name in ("style.css", "theme.js", "page.html"))
    environment = Environment(
        loader=DictLoader({"page": template, "section": _file("section.html"), "matrix": _file("matrix.html")}),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    text = environment.get_template("page").render(
        document=document,
        sections=within(sections, MOST),
        matrix=matrix,
        style=style,
        script=script,
        script_digest=digest,
        embedded=embedded(document),
    )
    return text.encode("utf-8", "replace").decode("utf-8")


def _printable(value: Any) -> Any:
    """Text without control characters; markup and everything else as it is."""
    return safe(value) if type(value) is str else value


def _file(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def embedded(document: Any) -> str:
    r"""JSON that may stand inside a script element: nothing in it ends the element or opens a comment.

    >>> embedded({"name": "</script><!--"})
    '{"name": "\\u003c/script\\u003e\\u003c!--"}'
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, default=str)
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text


def size(section: dict[str, Any]) -> int:
    """How many characters the figures of a section take."""
    return _length(section["figures"])


def _length(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(one) if key == "svg" else _length(one) for key, one in value.items())
    return sum(map(_length, value)) if isinstance(value, list) else 0


def within(sections: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The same sections; figures that make the page too large are left out, those of subjects that are right first."""
    left, kept = most, set[int]()
    for k in sorted(range(len(sections)), key=lambda k: sections[k]["ok"]):
        if (needed := size(sections[k])) <= left:
            left -= needed
            kept.add(k)
    return [one if k in kept else {**one, "figures": None} for k, one in enumerate(sections)]
