"""What can go wrong between a reference and a number: each names what was given and what to do."""

from __future__ import annotations


class ProgramError(Exception):
    """The gradient program of a reference cannot be made or run."""


class UnsupportedPrimitive(ProgramError):
    """The program needs a primitive, or a parameter of one, for which there is no rule."""


class CannotTrace(ProgramError):
    """JAX cannot trace the reference, neither with symbolic sizes nor at the sizes asked for."""


class TooManyTraces(ProgramError):
    """The reference is traced for each sizes separately, and more sizes were asked for than allowed."""


class IntegerOverflow(ProgramError):
    """An integer of the program does not fit its dtype, where JAX would wrap it around."""
