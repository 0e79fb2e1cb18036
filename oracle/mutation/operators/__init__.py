"""The kinds of faults that are planted, one module a family. The first operator that makes a mutant names it.

| what people get wrong (most frequent first)         | operators                                                     |
| --------------------------------------------------- | ------------------------------------------------------------- |
| index and boundary                                  | time-index one-step bounds skip-step wrong-order wrong-slice  |
| recurrent carry missing or wrong                    | drop-carry drop-factor assign-for-add                         |
| derivative of the wrong function                    | value-for-derivative derivative-for-value other-derivative    |
| derivative at the wrong stage                       | wrong-stage                                                   |
| copy-paste of a wrong variable                      | swap-names other-parameter swap-order                         |
| input gradient never or wrongly propagated          | no-gradient                                                   |
| only some shapes wrong                              | transpose-if-square wrong-reshape wrong-axis                  |
| one path missing for a variable used twice          | drop-summand                                                  |
| wrong linear algebra                                | transpose swap-operands elementwise-product drop-reduction    |
| a constant scale, a spurious factor, a sign         | constant-factor mean-for-sum spurious-factor flip-sign        |
|                                                     | subtract-for-add                                              |
| state leaking from call to call, shared memory      | stale-cache leak add-for-assign alias mutate-argument         |
"""

from __future__ import annotations

from typing import Final

from oracle.mutation.operators import accumulation, algebra, arithmetic, derivatives, names, state, time
from oracle.mutation.operators.base import Operator

__all__ = ["OPERATORS", "Operator"]

_FAMILIES = (arithmetic, derivatives, algebra, time, accumulation, names, state)
OPERATORS: Final[dict[str, Operator]] = {one.name: one for family in _FAMILIES for one in family.OPERATORS}
