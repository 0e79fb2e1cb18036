"""What the README and docs/field.md say of the field is what a run has found."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.field import publishing
from benchmarks.field.publishing import published, telling
from benchmarks.places import put, rows

FAULTS = [
    ["tool", "state", "all", "loss × 1e-6"],
    ["certified path", "3/3", "9/9", "8/9"],
    ["torch gradcheck", "1/3", "7/9", "2/9"],
]
ALARMS = [["tool", "float64", "float32"], ["certified path", "0/5", "0/4"], ["torch gradcheck", "0/5", "4/4"]]
RESULTS = {
    "tables": [FAULTS, [["operator", "certified path"], ["alias", "3/3"]], ALARMS],
    "mutants": [{"id": "a"}],
    "summary": ["9 of 20 mutants judged"],
}
EMPTY = "".join(f"<!-- {name} -->\n\n<!-- end of {name} -->\n" for name in ("faults", "operators", "summary", "alarms"))


def test_a_run_is_published():
    """Its tables stand in the docs, and its two most telling rows in the README."""
    docs, readme = published(EMPTY, "before\n<!-- field -->\n\n<!-- end of field -->\nafter", RESULTS)
    assert rows(docs, "faults")["torch gradcheck"]["all"] == "7/9"
    assert rows(docs, "operators")["alias"]["certified path"] == "3/3"
    assert "- 9 of 20 mutants judged" in docs
    assert readme.splitlines()[4:6] == ["| certified path | 9/9 | 8/9 | 0/4 |", "| torch gradcheck | 7/9 | 2/9 | 4/4 |"]
    assert readme.endswith("after")


def test_what_a_run_did_not_make_stays():
    """Faults alone leave the false alarms, and the other way round."""
    docs, readme = published(EMPTY, "<!-- field -->\n\n<!-- end of field -->", RESULTS)
    again, _ = published(docs, readme, {**RESULTS, "tables": RESULTS["tables"][:2]})
    assert again == docs
    alarms = [ALARMS[0], ["certified path", "1/5", "1/4"], ALARMS[2]]
    after, shown = published(docs, readme, {"tables": [alarms], "mutants": [], "summary": []})
    assert rows(after, "faults") == rows(docs, "faults")
    assert "| certified path | 9/9 | 8/9 | 1/4 |" in shown


def test_a_place_that_is_not_there_is_refused():
    """Nothing is published into the wrong text."""
    with pytest.raises(ValueError, match="there are 0 places called 'faults' in the text; expected one"):
        put("no table here", "faults", "new")
    with pytest.raises(ValueError, match="there is no place called 'faults' in the text"):
        rows("no table here", "faults")


def test_the_readme_shows_what_the_docs_show():
    """The two rows are those of the tables in docs/field.md."""
    docs, readme = (path.read_text(encoding="utf-8") for path in (publishing.DOCS, publishing.README))
    assert put(readme, "field", telling(docs)) == readme


def test_other_figures_in_the_readme_are_found():
    """The control: a README with another number is not what the docs say."""
    docs = publishing.DOCS.read_text(encoding="utf-8")
    readme = publishing.README.read_text(encoding="utf-8")
    shown = rows(readme, "field")["certified path"]["faults convicted"]
    other = readme.replace(f"| certified path | {shown} |", "| certified path | 1/999 |")
    assert put(other, "field", telling(docs)) != other
