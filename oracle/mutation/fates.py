"""What becomes of a mutant that was judged: survivors are looked into."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from oracle.mutation.checks import CERTIFIED_PATH
from oracle.mutation.court import Row, Stand, in_order
from oracle.mutation.equivalence import Cases, presume, proof
from oracle.mutation.matrix import Entry, Fate


class Fates:
    """Says what became of mutants; the fresh cases of each subject are kept for all of them."""

    def __init__(self, stands: Sequence[Stand]) -> None:
        self.stands = stands
        self._cases = {id(one): Cases(one.trial) for one in stands}

    def of(self, row: Row) -> Entry:
        """The fate of one mutant: the cheap arguments first."""
        if row.convicted:
            return Entry(row, Fate.CONVICTED)
        at = in_order(row.mutant, self.stands)
        if any(CERTIFIED_PATH in one.struck for one in at):
            return Entry(row, Fate.SURVIVED, "there is no certified path that could have convicted it")
        if reason := proof(row.mutant):
            return Entry(row, Fate.PROVEN, reason)
        seen = presume(row.mutant, [self._cases[id(one)] for one in at])
        if seen.convicted:
            late = dataclasses.replace(row, convicts=row.convicts | {CERTIFIED_PATH}, manner=seen.manner)
            return Entry(late, Fate.CONVICTED, str(seen))
        return Entry(row, Fate.PRESUMED if seen.equivalent else Fate.SURVIVED, str(seen))
