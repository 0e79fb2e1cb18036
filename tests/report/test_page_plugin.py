"""`pytest --gradient-report PATH.html`: a page of the session, alone and with several workers."""

import sys
from pathlib import Path

import pytest
from page_tools import drawn_figures, read, strangers, unnamed

sys.path.insert(0, str(Path(__file__).parents[1] / "plugin"))
from plugin_tools import pytest_in

TESTS = """\
import numpy as np, oracle
def forward(x, w):
    return x * w, (x, w)
def backward(y_bar, cache):
    x, w = cache
    return y_bar * w, y_bar * x
inputs = {"x": "D", "w": "D"}
def test_right(verify_gradients):
    verify_gradients(oracle.Subject.from_functions(forward, backward, inputs=inputs, name="right"))
def test_wrong(verify_gradients):
    wrong = oracle.Subject.from_functions(forward, lambda y_bar, c: (y_bar, y_bar), inputs=inputs, name="<b0ld>")
    verify_gradients(wrong)
def test_misuse(verify_gradients):
    verify_gradients("</script><b0ld>")
"""


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_a_session_as_a_page(tmp_path, words):
    """Every subject has its section with figures; what could not be judged has one that says why."""
    (tmp_path / "test_mine.py").write_text(TESTS)
    options = ("--gradient-report", "out/page.html", "--gradient-cases", "3", "--no-gradient-records", "-q")
    ran = pytest_in(tmp_path, *options, *words)
    assert ran.code == 1, ran.out
    html = (tmp_path / "out/page.html").read_text(encoding="utf-8")
    assert [tag for tag, _ in read(html).elements].count("article") == 3
    assert (drawn_figures(html), unnamed(html), strangers(html)) == (16, 0, [])
    assert "verify takes a Subject, but got a str" in read(html).text


def test_any_other_path_is_json(tmp_path):
    """The control: without .html the report is what it was, and no figure is drawn."""
    (tmp_path / "test_mine.py").write_text(TESTS)
    pytest_in(tmp_path, "--gradient-report", "page.json", "--gradient-cases", "2", "--no-gradient-records", "-q")
    text = (tmp_path / "page.json").read_text(encoding="utf-8")
    assert text.startswith('{\n  "schema": 1,')
    assert "svg" not in text


def test_a_page_that_cannot_be_written_is_said_before_any_test(tmp_path):
    """Misuse of the command line, as pytest says it."""
    (tmp_path / "test_mine.py").write_text("def test_any():\n    open('ran', 'w').close()\n")
    ran = pytest_in(tmp_path, "--gradient-report", "test_mine.py/page.html")
    assert ran.code == 4
    assert "cannot write " in ran.err
    assert "test_mine.py is not a directory" in ran.err
    assert not (tmp_path / "ran").exists()
