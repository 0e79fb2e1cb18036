"""Which cell: the features in which one LSTM differs from another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A cell, named and described by what it does.

    Example
    -------
    >>> STANDARD
    Variant(name='standard', tanh_of_state=True)
    """

    name: str
    tanh_of_state: bool  # h = tanh(s) ⊙ o; otherwise h = s ⊙ o


SEED = Variant("seed", tanh_of_state=False)  # nicodjimenez/lstm
STANDARD = Variant("standard", tanh_of_state=True)  # everyone since Graves (2013)
