"""What is known of NumPy's functions by name: which give new arrays, which are exact, which write."""

from __future__ import annotations

from typing import Final


def _names(text: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(text.split())


EXACT: Final = _names("zeros ones full zeros_like ones_like full_like eye identity array asarray tri")
EMPTY: Final = {"empty": "zeros", "empty_like": "zeros_like"}  # zeros will do: what was never written means nothing
FRESH: Final = (EXACT - {"asarray"}) | _names(
    """
    arange linspace logspace geomspace copy sum mean std var prod max min amax amin argmax argmin dot inner outer vdot
    tensordot concatenate stack hstack vstack dstack column_stack row_stack where clip cumsum cumprod repeat tile pad
    kron cross median average ptp any all sort argsort trace roll convolve correlate count_nonzero norm inv solve
    det slogdet cholesky take take_along_axis select searchsorted isclose tril triu flatten astype round around
    nansum nanmean nanmax nanmin append delete insert unique bincount
    """
)
ALLOCATED: Final = _names(
    "zeros ones full zeros_like ones_like full_like empty empty_like array asarray asanyarray where eye"
)  # what has no axes is an array, not a number
SEQUENCES: Final = _names(
    """
    concatenate stack hstack vstack dstack column_stack row_stack block select broadcast_arrays meshgrid array asarray
    """
)
WRITING: Final = _names("put place putmask fill_diagonal put_along_axis copyto")
METHODS: Final = _names(
    """
    sum mean std var prod max min argmax argmin dot reshape ravel flatten copy astype squeeze repeat cumsum cumprod
    clip take round any all trace diagonal nonzero conj conjugate argsort searchsorted ptp
    """
)
