"""Why a survivor may be no fault at all: proven by an argument, or presumed after many cases that could have told."""

from __future__ import annotations

from oracle.mutation.equivalence.presumed import Cases, Presumption, presume
from oracle.mutation.equivalence.proofs import proof

__all__ = ["Cases", "Presumption", "presume", "proof"]
