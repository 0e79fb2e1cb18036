"""One rule per primitive, by kind; importing this package fills the table `registry.RULES`."""

from oracle.program.rules import (
    complexes,
    control,
    convolution,
    cumulative,
    elementwise,
    indexing,
    integers,
    linear,
    reductions,
    refused,
    scattering,
    sorting,
    structural,
    windows,
)
from oracle.program.rules.registry import RULES

__all__ = [
    "RULES",
    "complexes",
    "control",
    "convolution",
    "cumulative",
    "elementwise",
    "indexing",
    "integers",
    "linear",
    "reductions",
    "refused",
    "scattering",
    "sorting",
    "structural",
    "windows",
]
