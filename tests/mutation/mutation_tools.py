"""Modules made in memory, and what is known of code and source before and after a fault was planted."""

import itertools
import linecache
import sys
import textwrap
from types import ModuleType

_numbers = itertools.count()


def module_of(source: str) -> ModuleType:
    """A module made of a source text, in memory, with its lines known to tracebacks, tracers and rewriters."""
    name = f"sound_{next(_numbers)}"
    text = textwrap.dedent(source)
    module = ModuleType(name)
    module.__file__ = f"<{name}>"
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    sys.modules[name] = module
    exec(compile(text, module.__file__, "exec"), vars(module))
    return module
