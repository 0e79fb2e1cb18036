"""How much the search for patterns may compute, counted in evaluations of the code under test."""

from __future__ import annotations

from dataclasses import dataclass


class Spent(Exception):
    """The budget is used up: what was found so far stands."""


@dataclass
class Budget:
    """A number of evaluations.

    >>> budget = Budget(3)
    >>> budget.take(2), budget.allows(2), budget.short
    (None, False, True)
    """

    left: int
    short: bool = False  # whether something was not tried for want of evaluations

    def allows(self, count: int) -> bool:
        """Whether so many evaluations are left."""
        if count > self.left:
            self.short = True
        return count <= self.left

    def take(self, count: int) -> None:
        """Use so many evaluations.

        Raises
        ------
        Spent
            If so many are not left.
        """
        if not self.allows(count):
            raise Spent(f"{count} evaluations are needed, {self.left} are left")
        self.left -= count
