"""Scripts that train when they are imported: their definitions, without the training."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from types import ModuleType

from oracle.draws import key
from oracle.forms.form import LEFT_OUT, SIZES

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_CONSTANT = (
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
_loads = count()


def load_definitions(path: str | Path, *, names: Mapping[str, str] | None = None) -> ModuleType:
    """A module with a script's imports, functions, classes and plain constants; nothing else of it is run.

    Loops, conditions, calls and whatever depends on them are left out. Line numbers stay those of the script, and its
    folder is importable. Parameters among the globals that are left out can be declared all the same.

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
    ValueError
        If `names` has a name that the script does not use.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> script = pathlib.Path(tempfile.mkdtemp()) / "train.py"
    >>> _ = script.write_text("size = 3\\ndef f(x): return x * size\\nwhile True: pass\\n")
    >>> load_definitions(script).f(2)
    6
    """
    full = Path(path).resolve()
    tree = ast.parse(full.read_bytes(), filename=str(full))
    _check_names(tree, names or {}, full)
    kept = list(_kept(tree.body, known=set(), sizes=set(names or {})))
    left_out = [statement for statement in tree.body if statement not in kept]
    tree.body = kept
    module = ModuleType(f"{full.stem}_{key('definitions', str(full), next(_loads)):016x}")
    module.__file__ = str(full)
    setattr(module, SIZES, dict(names or {}))
    setattr(module, LEFT_OUT, frozenset(name for statement in left_out for name in _assigned(statement)))
    for name in names or {}:
        setattr(module, name, 1)
    _run(tree, module, full)
    return module


def _run(tree: ast.Module, module: ModuleType, full: Path) -> None:
    """Run what was kept, as a module that can be found by its name."""
    linecache.checkcache(str(full))
    if str(full.parent) not in sys.path:
        sys.path.insert(0, str(full.parent))
    sys.modules[module.__name__] = module
    try:
        exec(compile(tree, str(full), "exec", dont_inherit=True), vars(module))
    except BaseException:
        del sys.modules[module.__name__]
        raise


def _check_names(tree: ast.Module, names: Mapping[str, str], full: Path) -> None:
    used = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
    if unknown := [name for name in names if name not in used]:
        raise ValueError(f"names= says that {unknown[0]!r} is a size, but {full.name} has no such name")


def _kept(statements: list[ast.stmt], known: set[str], sizes: set[str]) -> Iterator[ast.stmt]:
    """Top-level statements that define something without running anything of the script's."""
    for statement in statements:
        if isinstance(statement, _DEFINITIONS) or _imports_only(statement):
            yield statement
        elif _assigns_constant(statement, known):
            known.update(name for name in _assigned(statement) if name not in sizes)
            yield statement
        else:
            known.difference_update(_assigned(statement))


def _imports_only(statement: ast.stmt) -> bool:
    """Whether this tries to import one thing and otherwise another."""
    if not isinstance(statement, ast.Try):
        return False
    inner = [*statement.body, *(part for handler in statement.handlers for part in handler.body), *statement.orelse]
    return all(isinstance(part, ast.Import | ast.ImportFrom | ast.Pass) for part in [*inner, *statement.finalbody])


def _assigns_constant(statement: ast.stmt, known: set[str]) -> bool:
    """Whether a name is given a number, text, or a container or arithmetic of those and of `known` constants."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names_only = all(
        isinstance(part, ast.Name | ast.Tuple | ast.List | ast.expr_context) for t in targets for part in ast.walk(t)
    )
    parts = ast.walk(statement.value)
    return names_only and all(
        part.id in known if isinstance(part, ast.Name) else isinstance(part, _CONSTANT) for part in parts
    )


def _assigned(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value."""
    return {part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
