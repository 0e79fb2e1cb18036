"""Where code raises whenever two sizes differ, a shape that was declared is probably wrong: a hint, and no verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

Sizes = Mapping[str, int]
RAISED = "the code raised "  # how the finding begins
_ENOUGH = 2  # cases that raised


def sizes_that_must_agree(raised: Sequence[Sizes], fine: Sequence[Sizes]) -> str:
    """The question to ask where every case that raised has two sizes apart, and every other has them alike; or nothing.

    >>> sizes_that_must_agree([{"D": 2, "H": 3}, {"D": 5, "H": 1}], [{"D": 4, "H": 4}])
    'it raised whenever D and H differ, and never where they are equal: is a shape in inputs= wrong?'
    >>> sizes_that_must_agree([{"D": 2, "H": 3}, {"D": 4, "H": 4}], [{"D": 1, "H": 1}])
    ''
    """
    if len(raised) < _ENOUGH or not fine:
        return ""
    for one, other in combinations(raised[0], 2):
        apart = all(sizes[one] != sizes[other] for sizes in raised)
        if apart and all(sizes[one] == sizes[other] for sizes in fine):
            where = f"whenever {one} and {other} differ, and never where they are equal"
            return f"it raised {where}: is a shape in inputs= wrong?"
    return ""
