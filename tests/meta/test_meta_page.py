"""Controls of the page: each question that a page must pass, asked of one that must fail it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
import page_tools
from page_tools import (
    CASE,
    EVIL,
    carry_lost,
    drawn_figures,
    lstm,
    measured,
    opened,
    reaching_out,
    said,
    strangers,
    subject,
    unnamed,
)

from oracle.cases import Case
from oracle.hearing import Hearing
from oracle.report.json import to_dict
from oracle.report.page import canvas, curves, heatmaps, material, section, writing
from oracle.trial import Trial
from oracle.verdict import Verdict

browser = pytest.mark.skipif(page_tools.CHROMIUM is None, reason=page_tools.NO_BROWSER)
DOCUMENT = {"ok": False, "seconds": 1.0, "environment": {"name": EVIL}}


def sectioned():
    """The section of a wrong subject of hostile names."""
    return section.section(said(Verdict.REFUTED, Case({"D": 4}, seed=2)), subject(), 30)


def test_without_escaping_strangers_are_found(monkeypatch):
    """A page whose template escapes nothing has elements that came out of names."""
    plain = writing.Environment
    monkeypatch.setattr(writing, "Environment", lambda **options: plain(**{**options, "autoescape": False}))
    found = strangers(writing.render(DOCUMENT, []))
    assert "img" in found
    assert "img onerror" in found
    assert "3 scripts" in found


def test_without_escaping_in_json_strangers_are_found(monkeypatch):
    """`</script>` inside the embedded report ends it, unless it is escaped."""
    monkeypatch.setattr(writing, "_ESCAPED", {})
    assert "3 scripts" in strangers(writing.render(DOCUMENT, []))


def test_without_escaping_in_figures_strangers_are_found(monkeypatch):
    """A name in the title of a figure is markup, unless it is escaped."""
    monkeypatch.setattr(canvas, "escape", lambda text: text)
    assert strangers(writing.render({"ok": False, "seconds": 1.0, "environment": {}}, [sectioned()])) != []


@pytest.mark.parametrize(
    "addition",
    [
        '<img src="http://example.org/a.png">',
        '<script src="//example.org/a.js"></script>',
        '<style>@import "a.css"</style>',
        '<p style="background: url(a.png)"></p>',
        '<link href="a.css">',
    ],
)
def test_addresses_are_found(addition):
    """Whatever would be fetched is named."""
    assert reaching_out("<html></html>") == []
    assert reaching_out(f"<html>{addition}</html>") != []


@pytest.mark.parametrize(
    "svg",
    [
        "<svg></svg>",
        '<svg role="img" aria-labelledby="a b"><title id="a"></title><desc id="b">3</desc></svg>',
        '<svg role="img" aria-labelledby="a b"><title id="a">x</title><desc id="b">no number</desc></svg>',
        '<svg role="img" aria-labelledby="a c"><title id="a">x</title><desc id="b">3</desc></svg>',
    ],
)
def test_figures_without_a_name_are_counted(svg):
    """No role, no title, no numbers, or a name that belongs to another figure."""
    good = '<svg role="img" aria-labelledby="a b"><title id="a">x</title><desc id="b">3</desc></svg>'
    assert (unnamed(good), unnamed(good + svg), drawn_figures(good + good)) == (0, 1, 2)


def test_marks_that_are_not_made_are_missed(monkeypatch):
    """If no entry is marked as wrong, the count differs from what the comparison says."""
    monkeypatch.setattr(material, "_wrong", lambda hearing, name, truth: np.zeros(truth.shape, dtype=bool))
    with carry_lost():
        trial = Trial(lstm(), 30)
        shown = material.shown(trial, said(Verdict.REFUTED))
        comparisons = Hearing(trial, CASE).outcome().comparisons
    assert {g.count for g in shown.gradients} == {0}
    assert all(comparisons[g.name].wrong > 0 for g in shown.gradients)


def test_outlines_follow_the_entries():
    """An outline of nothing is nothing; each island has its own, and neighbours share one."""
    mask = np.zeros((3, 4), dtype=bool)
    assert list(heatmaps._segments(mask)) == []
    mask[0, 0] = mask[2, 3] = True
    assert len(list(heatmaps._segments(mask))) == 8
    mask[:] = True
    assert len(list(heatmaps._segments(mask))) == 4


def test_truth_that_is_the_hand_written_value_shows_no_parting(monkeypatch):
    """A probe compared with itself never parts: it is the true norms that show a lost carry."""
    plain = curves._norms
    with carry_lost():
        assert any(course.hand != course.truth for course in curves.courses(Trial(lstm(), 30), CASE).each)
        monkeypatch.setattr(curves, "_norms", lambda balls: [1.0] * len(plain(balls)))
        assert all(course.hand == course.truth for course in curves.courses(Trial(lstm(), 30), CASE).each)


def test_a_blunt_witness_lies_less_than_sixty_decades_below(monkeypatch):
    """A witness of few bits and a large step is seen to be one."""
    shown = material.shown(Trial(lstm(), 30), said(Verdict.CERTIFIED))
    plain = curves.finite_difference.slope
    monkeypatch.setattr(
        curves.finite_difference, "slope", lambda point, binding, along, step: plain(point, binding, along, 512, 10)
    )
    found = curves.steps(shown)
    assert found.decades < 10
    assert found.witness > 1e-12


def loaded(module):
    """Which of the page's own packages a fresh interpreter holds after importing a module."""
    code = f"import {module}, sys; print(*sorted({{'matplotlib', 'jinja2'}} & set(sys.modules)))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_extra_is_imported_for_pages_alone():
    """Commands, plugin and terminal work without it; what draws imports it, so the question can find it."""
    assert loaded("oracle.commands.verify, oracle.plugin, oracle.report.terminal, oracle.report.page") == []
    assert loaded("oracle.report.page.material, oracle.report.page.curves, oracle.report.page.kill_matrix") == []
    assert loaded("oracle.report.page.section, oracle.report.page.writing") == ["jinja2", "matplotlib"]


# ---- in a browser


def narrow_page():
    """A page of one hostile name."""
    return writing.render(to_dict([said(Verdict.REFUTED)], 1.0), [section.words(said(Verdict.REFUTED))])


@browser
def test_what_is_too_wide_is_measured(monkeypatch):
    """An element of 2,000 pixels makes a page wider than its window, in a frame too."""
    measured(monkeypatch)
    wide = narrow_page().replace("<main>", '<main><div style="width:2000px">x</div>')
    assert float(opened(wide)["data-overflow"]) > 500
    assert float(opened(wide, 390)["data-overflow"]) > 1500


@browser
def test_what_takes_long_is_measured(monkeypatch):
    """A page that is busy for 2.5 s has not been drawn in 2 s."""
    measured(monkeypatch, "var end = Date.now() + 2500; while (Date.now() < end) {}" + page_tools.MEASURE)
    assert float(opened(narrow_page())["data-drawn"]) > 2000


@browser
def test_the_policy_stops_scripts_that_are_not_the_page_s_own(monkeypatch):
    """Even unescaped a script does not run; without the policy it does, and its title is seen."""
    measured(monkeypatch)
    script = "<script>document.title = 'owned';</script></main>"
    owned = narrow_page().replace("</main>", script)
    assert opened(owned)["title"] != "owned"
    bare = owned.replace("Content-Security-Policy", "nothing")
    assert opened(bare)["title"] == "owned"
