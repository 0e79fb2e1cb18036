"""What docs/mutation.md says of the matrix is what a run has found."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks import matrix_page
from benchmarks.places import rows

DIFF = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y | z"
FOUND = {
    "ok": False,
    "mutants": 3,
    "possible_mutants": 9,
    "functions": ["f"],
    "subjects": ["a", "b"],
    "convicted": 2,
    "proven": 0,
    "presumed": 0,
    "survived": 1,
    "raw_score": 2 / 3,
    "manners": {"refuted": 1, "raised": 1},
    "mutants_per_second": 40.4,
    "matrix": {
        "alias": {"mutants": 1, "certified path": 1, "contract": 0},
        "leak": {"mutants": 2, "certified path": 1, "contract": 1},
    },
    "rows": [
        {"id": "1", "fate": "convicted", "convicts": ["certified path"]},
        {"id": "2", "fate": "convicted", "convicts": ["certified path", "contract"], "reason": "convicted in T=1"},
        {"id": "3", "fate": "survived", "convicts": [], "reason": "never", "diff": DIFF},
    ],
}
PLACES = ("matrix", "numbers", "survivors")


def test_a_run_fills_the_page():
    """The matrix with its sums, the numbers as sentences, and every survivor with its change."""
    page = matrix_page.filled("".join(f"<!-- {name} -->\n\n<!-- end of {name} -->\n" for name in PLACES), FOUND)
    assert rows(page, "matrix")["**all**"] == {
        "operator": "**all**",
        "mutants": "**3**",
        "certified path": "**2**",
        "contract": "**1**",
    }
    assert "A sample of 3 of 9, over 1 functions and 2 subjects.\nRaw score: 2 convicted" in page
    assert "namely\n1 refuted, 1 raised; 1 of them only by the fresh cases" in page
    assert "and\n1 survived: exit code 1.\n40 mutants a second" in page
    assert "| survived | 3 | `x` → `y \\| z` | never |" in page


def test_the_sums_of_the_page_add_up():
    """Of each column the last row is the sum of the others, and the certified path convicts the most."""
    *operators, whole = rows(matrix_page.PAGE.read_text(encoding="utf-8"), "matrix").values()
    columns = [name for name in whole if name != "operator"]
    assert len(operators) > 20
    for name in columns:
        assert sum(int(row[name]) for row in operators) == int(whole[name].strip("*"))
    assert max(int(whole[name].strip("*")) for name in columns[2:]) < int(whole["certified path"].strip("*"))
