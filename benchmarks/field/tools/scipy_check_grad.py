"""`scipy.optimize.check_grad` of a loss Σ c ⊙ output: its norm of differences, read as people read it, below 1e-6."""

from __future__ import annotations

import scipy
from scipy.optimize import check_grad

from benchmarks.field.programs import Program
from benchmarks.field.tools.vectors import flat

TITLE = f"scipy {scipy.__version__}"
READING = 1e-6


def check(program: Program) -> bool:
    """Whether check_grad of a program, with its default step of 1.5e-8, is not below 1e-6."""
    value, gradient, point = flat(program)
    return not check_grad(value, gradient, point) < READING
