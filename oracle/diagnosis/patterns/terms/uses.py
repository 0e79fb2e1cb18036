"""The places of a forward where a value is used, each marked so that a watch sees the value pass.

The source text of a module is compiled anew with every expression `e` that may hold numbers replaced by `watch(k, e)`,
where k numbers the place. Nothing else changes: the watch hands the value on. Targets of assignments, indices, tests
and annotations are left alone. Arithmetic on plain numbers is lifted as everywhere in balls.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any

from oracle.arithmetic.lifted_operators import HELPERS
from oracle.arithmetic.rewriting import FUTURE_FLAGS, Fingerprint, Rewriter, fingerprint, nested, placeholder

_WATCH = "\0watch of uses"
_NO_VALUES = frozenset({"out", "dtype", "axis", "axes", "keepdims", "order", "shape"})  # keywords that hold no term
_UNTOUCHED = (ast.Compare, ast.JoinedStr, ast.Assert, ast.Raise, ast.Delete, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Use:
    """One place where the forward uses a value."""

    number: int
    line: int
    text: str  # `hs[t - 1]`
    within: str  # the operation around it: `np.dot(Whh, hs[t - 1])`, or the statement
    assigned: bool = False  # whether it is all that a name is given
    target: str = ""  # that name


@dataclass(frozen=True)
class Factor:
    """A use as one of the two factors of a product."""

    number: int
    other: int
    other_text: str
    within: str


@dataclass(frozen=True)
class Application:
    """A function of one argument, applied."""

    argument: int
    result: int
    function: str
    text: str
    in_place: bool  # whether the result stands in an array that was passed


@dataclass(frozen=True)
class Product:
    """A product of matrices."""

    left: int
    right: int
    result: int
    texts: tuple[str, str]
    text: str
    in_place: bool


@dataclass(frozen=True)
class Sum:
    """A sum of two values that a function of one argument is applied to."""

    number: int
    term: int
    other_text: str
    function: str
    text: str


@dataclass
class Uses:
    """What was marked in one source file."""

    file: str
    uses: dict[int, Use] = field(default_factory=dict)
    factors: list[Factor] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    codes: dict[Fingerprint, CodeType] = field(default_factory=dict)  # by what the unchanged text compiles to


def marked(source: str, file: str, flags: int, watch: Callable[[int, Any], Any], first: int) -> Uses:
    """The uses in a source text, numbered from `first`, and its functions compiled with the watch in place.

    Raises SyntaxError, ValueError or RecursionError if the text cannot be compiled.

    >>> found = marked("def f(a, b):\\n    return a * b\\n", "example", 0, lambda k, value: value, 0)
    >>> [(use.text, use.within) for use in found.uses.values()]
    [('a', 'a * b'), ('b', 'a * b'), ('a * b', 'return a * b')]
    """
    flags &= FUTURE_FLAGS
    tree = compile(source, file, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    marker = _Marker(Uses(file), first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "'str' object is not callable": a placeholder is, once it is filled
        before = compile(tree, file, "exec", flags, dont_inherit=True)
        after = compile(Rewriter().visit(marker.visit(tree)), file, "exec", flags, dont_inherit=True)
    constants = {placeholder(role): helper for role, helper in HELPERS.items()} | {_WATCH: watch}
    _enter(before, _filled(after, constants), marker.found.codes)
    return marker.found


def _filled(code: CodeType, constants: Mapping[str, Any]) -> CodeType:
    """The code with callables in place of their placeholders, in nested code too."""

    def fill(constant: Any) -> Any:
        if isinstance(constant, CodeType):
            return _filled(constant, constants)
        return constants.get(constant, constant) if type(constant) is str else constant

    return code.replace(co_consts=tuple(map(fill, code.co_consts)))


def _enter(before: CodeType, after: CodeType, table: dict[Fingerprint, CodeType]) -> None:
    """Every function inside a text with its marked form; those of a scope whose functions do not pair are left out."""
    old, new = nested(before), nested(after)
    if [code.co_qualname for code in old] == [code.co_qualname for code in new]:
        for one, other in zip(old, new, strict=True):
            table[fingerprint(one)] = other
            _enter(one, other, table)


class _Marker(ast.NodeTransformer):
    """Puts `watch(k, …)` around what is used in functions."""

    def __init__(self, found: Uses, first: int) -> None:
        self.found, self._next = found, first
        self._around: list[str] = []  # the texts of the operations around the node, the innermost last
        self._inside = 0  # of how many functions
        self._sums: dict[int, list[tuple[int | None, str]]] = {}  # by number: each term, and the text of the other

    # ---- what is left alone

    def visit(self, node: ast.AST) -> Any:
        """The node, marked; outside functions, and where no value is used, as it is."""
        return node if isinstance(node, _UNTOUCHED) else super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """The body only."""
        self._inside += 1
        node.body = [self.visit(statement) for statement in node.body]
        self._inside -= 1
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """The body only."""
        self._inside += 1
        node.body = self._operand(node.body, ast.unparse(node))
        self._inside -= 1
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """Both arms; not the test."""
        node.body = [self.visit(statement) for statement in node.body]
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """The body; not the test."""
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        """The body; not what is entered."""
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """What is gone through; not the conditions."""
        node.iter = self.visit(node.iter)
        return node

    # ---- statements

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """The value, which is all that the targets are given."""
        node.value = self._operand(node.value, ast.unparse(node), assigned=True)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """The value."""
        if node.value is not None:
            node.value = self._operand(node.value, ast.unparse(node), assigned=True)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """The value that is added, or the like."""
        node.value = self._operand(node.value, ast.unparse(node))
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """The value."""
        if node.value is not None:
            node.value = self._operand(node.value, ast.unparse(node))
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """A call that stands alone."""
        node.value = self._operand(node.value, ast.unparse(node))
        return node

    def _operand(self, node: ast.expr, around: str, assigned: bool = False) -> ast.expr:
        """An expression inside an operation."""
        self._around.append(around)
        marked: ast.expr = self.visit(node)
        self._around.pop()
        if assigned and (number := _number(marked)) is not None:
            use = self.found.uses[number]
            self.found.uses[number] = replace(use, assigned=True, target=around.partition(" = ")[0])
        return marked

    # ---- expressions

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name that is read."""
        return self._used(node, node.id) if isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """An attribute that is read, as a whole."""
        if not isinstance(node.ctx, ast.Load):
            return node
        text = ast.unparse(node)
        if not isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript):
            node.value = self.visit(node.value)
        return self._used(node, text)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """An item that is read, as a whole."""
        if not isinstance(node.ctx, ast.Load):
            return node
        text = ast.unparse(node)
        if not isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript):
            node.value = self.visit(node.value)
        return self._used(node, text)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """The operand; not the sign."""
        node.operand = self._operand(node.operand, ast.unparse(node))
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        """The value."""
        node.value = self.visit(node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Both operands, and the result."""
        text, texts = ast.unparse(node), (ast.unparse(node.left), ast.unparse(node.right))
        node.left, node.right = self._operand(node.left, text), self._operand(node.right, text)
        if isinstance(node.op, ast.Mult):
            self._product(node.left, node.right, texts, text)
        result = self._used(node, text)
        if isinstance(node.op, ast.MatMult):
            self._matrices(node.left, node.right, result, texts, text, in_place=False)
        if isinstance(node.op, ast.Add) and (number := _number(result)) is not None:
            self._sums[number] = [(_number(node.left), texts[1]), (_number(node.right), texts[0])]
        return result

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """What a method is called on, the arguments, and the result."""
        text, texts = ast.unparse(node), [ast.unparse(argument) for argument in node.args]
        if isinstance(node.func, ast.Attribute):
            node.func.value = self._operand(node.func.value, text)
        node.args = [self._operand(argument, text) for argument in node.args]
        for keyword in node.keywords:
            if keyword.arg not in _NO_VALUES:
                keyword.value = self._operand(keyword.value, text)
        name = ast.unparse(node.func) if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "multiply" and len(node.args) == 2:
            self._product(node.args[0], node.args[1], (texts[0], texts[1]), text)
        result = self._used(node, text)
        if any(keyword.arg != "out" for keyword in node.keywords):
            return result
        if name in ("dot", "matmul") and len(node.args) == 2:
            both = (texts[0], texts[1])
            self._matrices(node.args[0], node.args[1], result, both, text, in_place=bool(node.keywords))
        elif name == "dot" and len(node.args) == 1 and isinstance(node.func, ast.Attribute):
            left = _unmarked(node.func.value)
            self._matrices(node.func.value, node.args[0], result, (left, texts[0]), text, in_place=False)
        elif len(node.args) == 1:
            self._application(node, result, name, text)
        return result

    def _used(self, node: ast.expr, text: str) -> ast.expr:
        if not self._inside:
            return node
        number, self._next = self._next, self._next + 1
        self.found.uses[number] = Use(number, node.lineno, text, self._around[-1] if self._around else text)
        watch, place = (ast.copy_location(ast.Constant(value), node) for value in (_WATCH, number))
        return ast.copy_location(ast.Call(watch, [place, node], []), node)

    def _product(self, left: ast.expr, right: ast.expr, texts: tuple[str, str], text: str) -> None:
        one, other = _number(left), _number(right)
        if one is not None and other is not None:
            self.found.factors += [Factor(one, other, texts[1], text), Factor(other, one, texts[0], text)]

    def _matrices(
        self, left: ast.expr, right: ast.expr, result: ast.expr, texts: tuple[str, str], text: str, in_place: bool
    ) -> None:
        a, b, number = _number(left), _number(right), _number(result)
        if a is not None and b is not None and number is not None:
            self.found.products.append(Product(a, b, number, texts, text, in_place))

    def _application(self, node: ast.Call, result: ast.expr, name: str, text: str) -> None:
        argument, number = _number(node.args[0]), _number(result)
        if argument is not None and number is not None:
            self.found.applications.append(Application(argument, number, name, text, bool(node.keywords)))
            for term, other in self._sums.get(argument, []):
                if term is not None:
                    self.found.sums.append(Sum(argument, term, other, name, text))


def _unmarked(node: ast.expr) -> str:
    """The text of an expression that may be marked."""
    return ast.unparse(node.args[1] if isinstance(node, ast.Call) and _number(node) is not None else node)


def _number(node: ast.expr) -> int | None:
    """The number of a marked expression; None if it was not marked."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Constant) and node.func.value == _WATCH:
        place = node.args[0]
        return place.value if isinstance(place, ast.Constant) and isinstance(place.value, int) else None
    return None
