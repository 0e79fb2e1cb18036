"""Source text rewritten so that each arithmetic operator is a call: `1. / n` becomes `divide(1., n)`.

Python evaluates `1. / n` before a ball sees it. A rewritten function hands both operands to a helper instead, which
may then compute in balls. A comparison of amounts inside a statement, as in `g if n < 100 else 2 * g`, is handed to
one that remembers how it was answered. Nothing else changes: every expression is evaluated once and in the author's
order, and every instruction keeps the author's line and column.

The helpers are not names. They sit among the constants of the rewritten code, so that no scope gains a name, and a
closure that outlives the run still works.
"""

from __future__ import annotations
import __future__

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

SYMBOLS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

_DECLARED = frozenset({"ndim", "shape", "dtype", "kind"})  # what the spec of an argument says in every case
_KINDS = frozenset({"isinstance", "issubclass", "hasattr", "callable"})  # calls that ask what a value is
Fingerprint = tuple[Any, ...]
Helper = Callable[..., Any]


def placeholder(role: str) -> str:
    """The constant that stands for a helper until the code is compiled: compile() admits no function there."""
    return f"\0lifted operator {role}"


class Rewriter(ast.NodeTransformer):
    """Replaces the arithmetic operators of a module by calls; annotations and patterns stay as they are."""

    def __init__(self) -> None:
        self._classes: list[str] = []  # names of the enclosing classes, which mangle private attributes
        self._telling = True  # whether nothing but the answer of a comparison tells which way was taken

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """`a + b` becomes `add(a, b)`."""
        self.generic_visit(node)
        symbol = SYMBOLS.get(type(node.op))
        return node if symbol is None else _call(node, symbol, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """`x[i] += v` becomes `finish(begin(x, i), v)`, so that `x` and `i` are evaluated once, and before `v`."""
        self.generic_visit(node)
        symbol = SYMBOLS.get(type(node.op))
        if symbol is None:
            return node
        target, role = node.target, symbol + "="
        if isinstance(target, ast.Name):
            name = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            return ast.copy_location(ast.Assign([target], _call(node, role, name, node.value)), node)
        if isinstance(target, ast.Subscript):
            begun = _call(target, "item", target.value, _index(target.slice))
            return ast.copy_location(ast.Expr(_call(node, "item" + role, begun, node.value)), node)
        key = ast.copy_location(ast.Constant(self._mangled(target.attr)), target)
        begun = _call(target, "attribute", target.value, key)
        return ast.copy_location(ast.Expr(_call(node, "attribute" + role, begun, node.value)), node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`n < 100` becomes `decide(n < 100)` where both ways stand on one line."""
        self.generic_visit(node)
        return _call(node, "decide", node) if self._telling and _of_amounts(node) else node

    def visit_If(self, node: ast.If | ast.While) -> ast.AST:
        """Which lines were executed tells how a condition was answered, unless the body stands beside it."""
        node.test = self._visited(node.test, telling=node.body[0].lineno == node.lineno)
        node.body, node.orelse = [list(map(self.visit, part)) for part in (node.body, node.orelse)]
        return node

    visit_While = visit_If

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Nothing but the condition tells the arms apart."""
        node.test = self._visited(node.test, telling=True)
        if isinstance(node.test, ast.Call) and isinstance(node.test.func, ast.Name):
            node.test = node.test if node.test.func.id in _KINDS else _call(node.test, "decide", node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """What must hold decides nothing; nor does what is handed to a check; an answer is decided by who asked."""
        for name, child in ast.iter_fields(node):
            setattr(node, name, child and self._visited(child, telling=False))
        return node

    visit_Expr = visit_Assert  # type: ignore[assignment]

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """A truth value that is returned is decided upon by whoever asked for it."""
        answer = isinstance(node.value, ast.Compare | ast.BoolOp | ast.UnaryOp)
        node.value = node.value and self._visited(node.value, telling=self._telling and not answer)
        return node

    def _visited(self, node: Any, telling: bool) -> Any:
        """A part of a statement, in which a comparison tells something or not."""
        before, self._telling = self._telling, telling
        try:
            return self.visit(node)
        finally:
            self._telling = before

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Remembers the name of the class for its private attributes."""
        self._classes.append(node.name)
        self.generic_visit(node)
        self._classes.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Everything but the annotation of the result: it may be turned into text."""
        returns, node.returns = node.returns, None
        self.generic_visit(node)
        node.returns = returns
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Everything but the annotation."""
        node.target = self.visit(node.target)
        node.value = node.value and self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """An argument holds nothing but its name and annotation."""
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        """Everything but the pattern, whose numbers must stay literals."""
        node.guard = node.guard and self._visited(node.guard, telling=False)
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def _mangled(self, name: str) -> str:
        """The attribute that Python stores for a private `name` in the current class."""
        owner = self._classes[-1].lstrip("_") if self._classes else ""
        private = name.startswith("__") and not name.endswith("__") and owner != ""
        return f"_{owner}{name}" if private else name


def _of_amounts(node: ast.Compare) -> bool:
    """Whether a comparison is one of sizes or numbers, as far as its form tells: not of names, kinds or ranks."""
    if not all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq | ast.NotEq) for op in node.ops):
        return False
    for side in (node.left, *node.comparators):
        if isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, str | bool | bytes)):
            return False
        if isinstance(side, ast.Attribute) and side.attr in _DECLARED:
            return False
    return True


def _call(node: ast.expr | ast.stmt, role: str, *arguments: ast.expr) -> ast.expr:
    """A call of the helper for `role`, standing where `node` stood."""
    helper = ast.copy_location(ast.Constant(placeholder(role)), node)
    return ast.copy_location(ast.Call(helper, list(arguments), []), node)


def _index(node: ast.expr) -> ast.expr:
    """The index of a subscript as an expression of its own: slices exist only inside brackets."""
    if isinstance(node, ast.Slice):
        none = ast.copy_location(ast.Constant(None), node)
        return _call(node, "slice", node.lower or none, node.upper or none, node.step or none)
    if isinstance(node, ast.Tuple):
        return ast.copy_location(ast.Tuple([_index(item) for item in node.elts], ast.Load()), node)
    return node


def rewritten(source: str, filename: str, flags: int, helpers: Mapping[str, Helper]) -> dict[Fingerprint, CodeType]:
    """The rewritten code objects of a source text, by the fingerprint of the code that Python makes of it.

    `flags` are the flags of one of its functions, among which the future statements are kept. `helpers` gives a
    callable for each role: the operators, the operators followed by `=` and these after `item` and `attribute`, and
    `item`, `attribute`, `slice` and `decide`. Raises SyntaxError, ValueError or RecursionError if the text cannot be
    compiled.

    >>> from types import FunctionType
    >>> source = "def f(a):\\n    return a + 1\\n"
    >>> original = compile(source, "example", "exec", dont_inherit=True).co_consts[0]
    >>> codes = rewritten(source, "example", 0, {"+": lambda a, b: f"the sum of {a} and {b}"})
    >>> FunctionType(codes[fingerprint(original)], {})(2)
    'the sum of 2 and 1'
    """
    flags &= FUTURE_FLAGS
    tree = compile(source, filename, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "'str' object is not callable": a placeholder is, once it is filled
        before = compile(tree, filename, "exec", flags, dont_inherit=True)
        after = compile(Rewriter().visit(tree), filename, "exec", flags, dont_inherit=True)
    constants = {placeholder(role): helper for role, helper in helpers.items()}
    return {fingerprint(old): new for old, new in _pairs(before, _filled(after, constants))}


def _filled(code: CodeType, constants: Mapping[str, Helper]) -> CodeType:
    """`code` with the helpers in place of their placeholders, in nested code too."""

    def fill(constant: Any) -> Any:
        if isinstance(constant, CodeType):
            return _filled(constant, constants)
        return constants.get(constant, constant) if type(constant) is str else constant

    return code.replace(co_consts=tuple(map(fill, code.co_consts)))


def nested(code: CodeType) -> list[CodeType]:
    """The code objects defined directly inside `code`, in order."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _pairs(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Each code object inside `before` with its counterpart; none where the two were folded differently."""
    old, new = nested(before), nested(after)
    if list(map(_heading, old)) != list(map(_heading, new)):
        return
    for one, other in zip(old, new, strict=True):
        if one.co_freevars == other.co_freevars:
            yield one, other
            yield from _pairs(one, other)


def _heading(code: CodeType) -> tuple[str, int]:
    """What a code object and its rewritten form have in common."""
    return code.co_qualname, code.co_firstlineno


def fingerprint(code: CodeType) -> Fingerprint:
    """Equal for two code objects if they do the same at the same lines; the file's name is left out.

    Python's own equality is not used: it takes 0.0 for -0.0 in nested tuples of some versions, and looks at caches.
    """
    return (
        code.co_qualname,
        code.co_firstlineno,
        code.co_flags,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        code.co_code,
        code.co_linetable,
        code.co_exceptiontable,
        _constant_key(code.co_consts),
    )


def _constant_key(constant: Any) -> Any:
    """A key that tells 1 from 1.0 and 0.0 from -0.0."""
    if isinstance(constant, CodeType):
        return fingerprint(constant)
    if isinstance(constant, tuple):
        return tuple(map(_constant_key, constant))
    if isinstance(constant, frozenset):
        return frozenset(map(_constant_key, constant))
    return type(constant).__name__, repr(constant)
