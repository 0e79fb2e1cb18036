"""A stand-in arithmetic that names what is called instead of computing it."""

import math
import types

import numpy as np

__name__ = "oracle.stand_ins"  # as an arithmetic of oracle, which is never itself under test


class Stand(types.ModuleType):
    """A module that names its attributes instead of computing."""

    def __init__(self, real):
        """The stand-in of a module."""
        super().__init__(real.__name__)
        self.__dict__["real"] = real

    def __getattr__(self, name):
        """The stand-in of an attribute."""
        return stand_for(getattr(self.real, name))


class Float(float):
    """Stands for float."""


NAMES = {
    id(value): name
    for module in (math, np.linalg, np)
    for name, value in vars(module).items()
    if callable(value) and not isinstance(value, type)
}
MODULES = {id(module): Stand(module) for module in (np, math, np.linalg)}


def stand_for(value):
    """Modules become `Stand`, functions of NumPy and math give a text with their name, arrays a list."""
    if isinstance(value, np.ndarray):
        return list(value.ravel())
    if value is float or value is np.float32:
        return Float if value is float else "float32"
    if (name := NAMES.get(id(value))) is not None:
        return lambda *a, **k: f"{name}{a}"
    return MODULES.get(id(value), value)


def named(symbol, a, b):
    """An operation on plain numbers as text."""
    return f"{a}{symbol}{b}"
