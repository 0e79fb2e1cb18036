"""The page as HTML: everything escaped, nothing fetched, every figure named, misuse a sentence, files whole."""

import dataclasses
import json
import os
import re

import page_tools
import pytest
from click.testing import CliRunner
from page_tools import (
    EVIL,
    EVIL_LEAF,
    carry_lost,
    drawn_figures,
    lstm,
    raising,
    reaching_out,
    read,
    said,
    strangers,
    subject,
    unnamed,
)

import oracle
from oracle.cases import Case
from oracle.cli import main
from oracle.diagnosis.cause import Cause, Diagnosis
from oracle.report import page as package
from oracle.report.json import to_dict
from oracle.report.page import missing, page, section, writing
from oracle.report.page.writing import embedded, render, within
from oracle.report.text import one_line
from oracle.verdict import Finding, Report, Verdict

HOSTILE_SOURCE = (
    "def f():\n    </script><b0ld>\n    y = x  # </pre><script>document.title='owned'</script>\n    return\n"
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A page on which everything that can be hostile is."""
    file = tmp_path_factory.mktemp("<b0ld>&") / 'a"><b0ld>.py'
    file.write_text(HOSTILE_SOURCE)
    made = subject()
    report = dataclasses.replace(
        said(Verdict.REFUTED, Case({"D": 4}, seed=2)),
        subject=EVIL,
        findings=(Finding(Verdict.BROKEN_CONTRACT, EVIL, "x", EVIL, f"Traceback\n{EVIL}"),),
        notes=(EVIL,),
        replay=EVIL,
        environment={EVIL: EVIL},
        diagnosis=Diagnosis(
            (
                Cause(EVIL, EVIL, EVIL, file=str(file), line=3, statement=HOSTILE_SOURCE.splitlines()[2], repair=EVIL),
                Cause("kind", EVIL, file=EVIL, line=1, statement=EVIL),
            ),
            (EVIL,),
        ),
    )
    document = to_dict([report], 1.0)
    matrix = {"checks": [EVIL], "rows": [{"operator": EVIL, "mutants": 1, "cells": [{"kills": 1, "share": 100}]}]}
    counts = {"mutants": 1, "convicted": 1, "proven": 0, "presumed": 0, "survived": 0, "subjects": [EVIL]}
    return page(document, [report], [made], 30, {**matrix, **counts}), document


def test_nothing_hostile_becomes_an_element(hostile):
    """Names, paths, source lines, exception texts: the page has no element and no handler but its own."""
    html, _ = hostile
    assert strangers(html) == []


def test_everything_hostile_is_there_as_text(hostile):
    """What was escaped can still be read."""
    html, _ = hostile
    shown = read(html)
    assert shown.text.count(one_line(EVIL)) >= 10
    assert EVIL_LEAF in shown.text
    assert "y = x  # </pre><script>document.title='owned'</script>" in shown.text
    assert 'a"><b0ld>.py:3' in shown.text
    assert "\x1b" not in html


def test_the_embedded_report_is_the_report(hostile):
    """The JSON in the page parses to the document, `</script>` in it included."""
    html, document = hostile
    (script,) = [text for text in read(html).texts["script"] if text.startswith("{")]
    assert json.loads(script) == json.loads(json.dumps(document, default=str))
    assert EVIL in json.loads(script)["subjects"][0]["name"]


def test_the_page_fetches_nothing(hostile):
    """No address but images inside the file and places on the page; a policy forbids the rest."""
    html, _ = hostile
    assert reaching_out(html) == []
    policies = [a["content"] for tag, a in read(html).elements if tag == "meta" and "http-equiv" in a]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")


def test_every_figure_has_a_name_with_numbers(hostile):
    """role="img", a title and a description in words."""
    html, _ = hostile
    assert drawn_figures(html) == 8
    assert unnamed(html) == 0


def test_ids_are_unique_and_every_reference_has_its_target(hostile):
    """Clip paths, markers and labels of many figures do not meet."""
    html, _ = hostile
    attributes = [a for _, a in read(html).elements]
    ids = [a["id"] for a in attributes if "id" in a]
    assert len(ids) == len(set(ids))
    used = {a["xlink:href"][1:] for a in attributes if a.get("xlink:href", "").startswith("#")}
    used |= {name for a in attributes for name in (a.get("aria-labelledby") or "").split()}
    used |= {a["clip-path"][5:-1] for a in attributes if "clip-path" in a}
    assert used <= set(ids)


def test_an_exception_with_markup_is_text():
    """The text of what the backward raised, and its traceback."""
    report = oracle.verify(subject(raising), cases=2)
    assert report.verdict is Verdict.BROKEN_CONTRACT
    html = page(to_dict([report], 1.0), [report], [subject(raising)], 30)
    assert strangers(html) == []
    assert one_line(f"ValueError: {EVIL}") in read(html).text
    assert "no case was heard that ended in numbers" in html


def test_a_diagnosis_shows_its_source(hostile):
    """The statement stands among its neighbours, marked, also without colours."""
    html, _ = hostile
    marked = [tag for tag, a in read(html).elements if tag == "span" and a.get("class") == "here"]
    assert len(marked) == 1
    texts = read(html).texts
    assert [text for text in texts["i"] if text.startswith(">")] == [">    3  "]
    assert "    return" in texts["span"]


def test_a_lost_carry_has_all_its_figures():
    """Heat maps of six gradients, fifteen cotangents, the V and saturation; wrong counts in words."""
    with carry_lost():
        drawn = section.section(said(Verdict.REFUTED), lstm(), 30)
    figures = drawn["figures"]
    assert [len(gradient["maps"]) for gradient in figures["gradients"]] == [3] * 6
    assert len(figures["courses"]["charts"]) == 15
    assert figures["courses"]["said"] == (
        "backwards in time s_prev_bar at t=3 is the first that does not follow from what it is given"
    )
    assert [figures[part]["why"] for part in ("courses", "steps", "saturation")] == ["", "", ""]
    html = render({"ok": False, "seconds": 1.0, "environment": {}}, [drawn])
    assert drawn_figures(html) == 35
    assert unnamed(html) == 0
    assert "20 of 20 entries are wrong" in html
    assert "the curves part at t=3" in html
    assert "decades less. The hand-written gradient is off by " in html
    for word in (">g</text>", ">i</text>", ">f</text>", ">o</text>", ">t=0</text>"):
        assert word in html


def test_a_page_of_a_judgement_in_floats_alone_is_drawn():
    """Code that leaves ball arithmetic is shown against the program's truth, and the rest says why it is missing."""

    def forward(x, w):
        return np_tanh(x * w), (x, w)

    def backward(y_bar, cache):
        x, w = cache
        a_bar = (1 - np_tanh(x * w) ** 2) * y_bar
        return a_bar * w, a_bar * x

    import jax.numpy as jnp

    made = oracle.Subject.from_functions(
        forward, backward, inputs={"x": "D", "w": "D"}, reference=lambda x, w: jnp.tanh(x * w)
    )
    report = oracle.verify(made, cases=3)
    assert report.verdict is Verdict.CONSISTENT
    whole = section.section(report, made, 30)
    drawn = whole["figures"]
    assert "would see " in render({"ok": True, "seconds": 1.0, "environment": {}}, [whole])
    assert [len(gradient["maps"]) for gradient in drawn["gradients"]] == [3, 3]
    assert drawn["steps"]["why"] == "the code left ball arithmetic, so there is no slope known to many digits"
    assert drawn["saturation"]["why"].startswith("the code left ball arithmetic")


def np_tanh(a):
    """Tanh, by way of memory that balls do not have."""
    import numpy as np

    return np.tanh(np.asarray(memoryview(a)))


def test_no_report_at_all_is_not_ok():
    """A page of nothing says that nothing was verified."""
    html = render({"ok": False, "seconds": 0.0, "environment": {}}, [])
    assert "No subject was verified, and that is not ok." in html


def test_figures_give_way_when_there_are_too_many():
    """A failed subject keeps its figures before one that is right; what is left out is said."""
    big = {"figures": {"why": "", "svg": "x" * 60}, "ok": True}
    kept = within([big, {**big, "ok": False}], 100)
    assert [one["figures"] is None for one in kept] == [True, False]


def test_embedded_json_ends_no_element():
    """Whatever a string holds, neither `<` nor `&` nor a line separator is left."""
    text = embedded({"a": f"{EVIL}<!-- \u2028 ]]>"})
    assert not {"<", ">", "&", "\u2028"} & set(text)
    assert json.loads(text) == {"a": f"{EVIL}<!-- \u2028 ]]>"}


# ---- the command

GOOD = """
import numpy as np, oracle
def forward(x, w):
    return x * w, (x, w)
def backward(y_bar, cache):
    x, w = cache
    return y_bar * w, y_bar * x
subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D", "w": "D"})
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a right and a wrong file, in which nothing verifies unless a test asks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "wrong.py").write_text(GOOD.replace("y_bar * x", "y_bar * w"))
    return tmp_path


def run(*words):
    """What the command line does."""
    return CliRunner().invoke(main, ["verify", *words, "--cases", "3", "--no-records"])


def test_verify_writes_a_page(folder):
    """One file, its size said; the exit code is the verdict's."""
    (folder / "out").mkdir()
    done = run("good.py", "wrong.py", "--html", "out/page.html")
    assert done.exit_code == 1
    assert "page out/page.html  0." in done.output
    html = (folder / "out/page.html").read_text(encoding="utf-8")
    assert os.listdir(folder / "out") == ["page.html"]
    assert [tag for tag, _ in read(html).elements].count("article") == 2
    assert "return y_bar * w, y_bar * w" in read(html).text
    assert strangers(html) == []


def test_verify_shows_a_kill_matrix(folder):
    """What was written by `oracle mutate --json` is a table on the page."""
    made = {"schema": 1, "mutants": 4, "convicted": 3, "proven": 1, "presumed": 0, "survived": 0, "subjects": ["a"]}
    (folder / "m.json").write_text(json.dumps({**made, "matrix": {"<b0ld>": {"mutants": 4, "contract": 3}}}))
    assert run("good.py", "--html", "page.html", "--kill-matrix", "m.json").exit_code == 0
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert "3 of 4 mutants convicted on the certified path" in html
    assert '<td class="cell" style="--share:75">3</td>' in html
    assert strangers(html) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--html", "good.py/page.html"], "cannot write good.py/page.html: "),
        (["--html", "."], "Invalid value for '--html'"),
        (["--html", "p.html", "--kill-matrix", "none.json"], "cannot read none.json: No such file or directory"),
        (["--html", "p.html", "--kill-matrix", "good.py"], "good.py is not JSON; expected what oracle mutate --json"),
        (["--kill-matrix", "m.json"], "--kill-matrix is shown on a page; say where with --html PATH"),
    ],
)
def test_misuse_is_a_sentence_before_anything_runs(folder, monkeypatch, words, message):
    """Exit code 2, and no subject was heard."""
    monkeypatch.setattr("oracle.session.verify", lambda *_, **__: pytest.fail("it was verified"))
    done = run("good.py", *words)
    assert done.exit_code == 2
    assert message in done.output
    assert not (folder / "p.html").exists()


@pytest.mark.parametrize(
    ("absent", "words"), [(["matplotlib"], "matplotlib"), (["matplotlib", "jinja2"], "matplotlib and jinja2")]
)
def test_a_missing_extra_is_a_sentence_with_the_command(folder, monkeypatch, absent, words):
    """Without the extra nothing is verified; the sentence says how to get it."""
    plain = package.importlib.util.find_spec
    monkeypatch.setattr(
        package.importlib.util, "find_spec", lambda name, *rest: None if name in absent else plain(name, *rest)
    )
    sentence = f"a page needs {words}, not installed here: pip install 'gradient-oracle[html]'"
    assert missing() == sentence
    done = run("good.py", "--html", "p.html")
    assert (done.exit_code, done.output.strip()) == (2, f"Error: {sentence}")


def test_with_the_extra_nothing_is_missing():
    """The control."""
    assert missing() == ""


def test_a_page_that_cannot_be_written_leaves_the_old_one(folder, monkeypatch):
    """Writing fails half way: the old page is whole, nothing else is left, and a sentence says so."""
    (folder / "page.html").write_text("old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("oracle.report.json.os.replace", refuse)
    done = run("good.py", "--html", "page.html")
    assert done.exit_code == 2
    assert "cannot write page.html: No space left on device" in done.output
    assert (folder / "page.html").read_text() == "old"
    assert sorted(name for name in os.listdir(folder) if "html" in name) == ["page.html"]


def test_one_part_that_cannot_be_drawn_says_so(monkeypatch):
    """An error in one figure takes neither the page nor the others away."""

    def refuse(*_):
        raise ZeroDivisionError("<b0ld>")

    monkeypatch.setattr(section.curves, "steps", refuse)
    drawn = section.section(said(Verdict.REFUTED, Case({"D": 4}, seed=2)), subject(), 30)
    assert drawn["figures"]["steps"] == {"why": "it could not be drawn: ZeroDivisionError: <b0ld>"}
    assert drawn["figures"]["saturation"]["why"] == ""
    assert strangers(render({"ok": False, "seconds": 1.0, "environment": {}}, [drawn])) == []


@pytest.mark.parametrize("part", ["heatmaps.heat_maps", "material.shown", "heatmaps._mark"])
def test_maps_that_cannot_be_drawn_leave_page_and_verdict(folder, monkeypatch, part):
    """The section says why in their place; the line of the bug stands there, and the exit code is the verdict's."""

    def refuse(*_):
        raise FloatingPointError("<b0ld>")

    monkeypatch.setattr(f"oracle.report.page.{part}", refuse)
    done = run("good.py", "wrong.py", "--html", "page.html")
    assert (done.exit_code, "page page.html" in done.output) == (1, True)
    assert run("good.py", "--html", "page.html").exit_code == 0
    run("wrong.py", "--html", "page.html")
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert "it could not be drawn: FloatingPointError: <b0ld>" in read(html).text
    assert "return y_bar * w, y_bar * w" in read(html).text
    assert strangers(html) == []


def test_the_worst_case_of_what_is_right_stands_in_its_row(folder):
    """Sizes, regime and seed, for every gradient."""
    assert run("good.py", "--html", "page.html").exit_code == 0
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<td class="name case quiet">D=\d+, [a-z0-9 ]+, <span>seed \d+</span></td>', html)) == 2


def test_templates_are_part_of_the_package():
    """They are read as resources of the package, and there is one of each."""
    for name in ("page.html", "section.html", "matrix.html", "style.css", "theme.js"):
        assert writing._file(name)


def test_a_report_keeps_its_shape():
    """The control of this file: the reports that it makes are reports."""
    assert isinstance(said(Verdict.REFUTED), Report)
    assert page_tools.CASE in said(Verdict.CERTIFIED).heard
