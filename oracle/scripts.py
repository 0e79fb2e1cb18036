"""Scripts that train when they are imported: their definitions, without the training."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from oracle.draws import key
from oracle.forms.loss import SIZES

_DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def load_definitions(path: str | Path, *, names: Mapping[str, str] | None = None) -> ModuleType:
    """A module with a script's imports, functions, classes and plain constants; nothing else of it is run.

    Loops, conditions, calls and whatever depends on them are left out. Line numbers stay those of the script.

    Parameters
    ----------
    path : str or Path
        The script.
    names : mapping of global name to size, optional
        Globals that hold sizes, such as `{"hidden_size": "H"}`: set to each case's sizes.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SyntaxError
        If it is not Python.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> script = pathlib.Path(tempfile.mkdtemp()) / "train.py"
    >>> _ = script.write_text("size = 3\\ndef f(x): return x * size\\nwhile True: pass\\n")
    >>> load_definitions(script).f(2)
    6
    """
    full = Path(path).resolve()
    source = full.read_text(encoding="utf-8")
    tree = ast.parse(source, filename=str(full))
    tree.body = [statement for statement in tree.body if _kept(statement)]
    module = ModuleType(f"{full.stem}_{key('definitions', str(full)):016x}")
    module.__file__ = str(full)
    setattr(module, SIZES, dict(names or {}))
    for name in names or {}:
        setattr(module, name, 1)
    linecache.checkcache(str(full))
    sys.modules[module.__name__] = module
    exec(compile(tree, str(full), "exec", dont_inherit=True), vars(module))
    return module


def _kept(statement: ast.stmt) -> bool:
    """Whether a top-level statement defines something without running anything of the script's."""
    if isinstance(statement, _DEFINITIONS):
        return True
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        return _constant(statement.value)
    return False


def _constant(value: ast.expr) -> bool:
    """A number, text, or a container or arithmetic of those."""
    allowed = (
        ast.Constant,
        ast.Tuple,
        ast.List,
        ast.Dict,
        ast.Set,
        ast.UnaryOp,
        ast.BinOp,
        ast.operator,
        ast.unaryop,
        ast.expr_context,
    )
    return all(isinstance(part, allowed) for part in ast.walk(value))
