"""The page in a real browser: drawn in time, at two widths, light and dark, and nothing hostile runs."""

import functools
import math

import page_tools
import pytest
from page_tools import EVIL, EVIL_LEAF, lstm, measured, opened, said, subject

from oracle.cases import Case
from oracle.report.json import to_dict
from oracle.report.page import page, section, writing
from oracle.verdict import Verdict

pytestmark = pytest.mark.skipif(page_tools.CHROMIUM is None, reason=page_tools.NO_BROWSER)
BIG = Case({"T": 4, "B": 1, "D": 50, "H": 100}, seed=5)
LIGHT, DARK = "rgb(244, 245, 247)", "rgb(13, 17, 23)"


@functools.cache
def small_section():
    """The section of a wrong subject of hostile names."""
    return section.section(said(Verdict.REFUTED, Case({"D": 4}, seed=2)), subject(), 30)


def small_page():
    """Its page."""
    report = said(Verdict.REFUTED, Case({"D": 4}, seed=2))
    return writing.render(to_dict([report], 1.0), [small_section()])


@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize(("dark", "ground"), [(False, LIGHT), (True, DARK)])
def test_a_page_fits_and_follows_the_theme(monkeypatch, width, dark, ground):
    """Nothing is wider than the window, no figure is empty, colours follow the system, and the button changes them."""
    measured(monkeypatch)
    seen = opened(small_page(), width, dark)
    assert float(seen["data-overflow"]) == 0
    assert seen["data-empty"] == "0"
    assert seen["data-ground"] == ground
    assert seen["data-toggled"] == (LIGHT if dark else DARK)
    assert seen["data-label"] == ("rgb(232, 236, 241)" if dark else "rgb(26, 31, 38)")


def test_a_page_fits_a_telephone(monkeypatch):
    """At 390 pixels nothing is wider than the window, and no figure is empty."""
    measured(monkeypatch)
    seen = opened(small_page(), 390)
    assert (seen["data-width"], seen["data-overflow"], seen["data-empty"]) == ("390", "0", "0")


def test_nothing_hostile_runs(monkeypatch):
    """Scripts and handlers in names, leaves and messages have not changed the page's title."""
    measured(monkeypatch)
    report = page_tools.dataclasses_replace(said(Verdict.REFUTED, Case({"D": 4}, seed=2)), subject=EVIL, notes=(EVIL,))
    html = page(to_dict([report], 1.0), [report], [subject()], 30)
    seen = opened(html)
    assert EVIL_LEAF.split("<")[0] in html.replace("&#39;", "'").replace("&gt;", ">")
    assert seen["title"].startswith("Gradients not certified: &lt;/script&gt;")
    assert float(seen["data-drawn"]) > 0


def test_a_page_of_60400_entries_is_small_and_quickly_drawn(monkeypatch):
    """Under 3 MB, and laid out within 2 s of opening; the quickest of three on a machine that may be busy."""
    measured(monkeypatch)
    big = lstm(**BIG.sizes)
    report = said(Verdict.CERTIFIED, BIG)
    html = page(to_dict([report], 1.0), [report], [big], 30)
    assert sum(count_of(big, name) for name in "WUb") == 60_400
    assert len(html.encode()) < 3_000_000
    times = (float(opened(html)["data-drawn"]) for _ in range(3))
    assert any(milliseconds < 2000 for milliseconds in times)


def count_of(made, name):
    """How many entries a gradient of the big case has."""
    return math.prod(made.leaves[name].shape.concrete(BIG.sizes))
