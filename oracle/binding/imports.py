"""Import statements of the code under test that yield stand-ins: `import numpy as np` inside a function.

Only imports whose globals are under test are affected; all others, among them those of modules loaded during the run,
see the real modules.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any


@contextlib.contextmanager
def importing(covers: Callable[[Any], bool], stand_in: Callable[[Any], Any]) -> Iterator[None]:
    """Inside the block, import statements in scopes that `covers` accepts yield `stand_in(module)`."""
    import_statement, import_module = builtins.__import__, importlib.import_module

    def statement(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        module = import_statement(name, globals, locals, fromlist or (), level)
        asking = sys._getframe(1).f_globals if globals is None else globals
        return stand_in(module) if covers(asking) else module

    def function(name: str, package: str | None = None) -> ModuleType:
        module = import_module(name, package)
        return stand_in(module) if covers(sys._getframe(1).f_globals) else module

    try:
        builtins.__import__, importlib.import_module = statement, function
        yield
    finally:
        builtins.__import__, importlib.import_module = import_statement, import_module
