"""Functions of one entry, or of a pair."""

from __future__ import annotations

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.rules.integers import INTEGER_BINARY, INTEGER_UNARY, integer_step
from oracle.program.rules.kinks import kinked
from oracle.program.rules.registry import Site, Step, rule

SMOOTH = {
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
    "tanh": "tanh",
    "logistic": "expit",
    "sqrt": "sqrt",
    "cbrt": "cbrt",
    "square": "square",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "sinh": "sinh",
    "cosh": "cosh",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "erf": "erf",
    "erfc": "erfc",
    "neg": "negative",
}
KINKED = {"abs": "absolute", "sign": "sign", "floor": "floor", "ceil": "ceil"}
BINARY = {"add": "add", "add_any": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}
BINARY |= {"pow": "power", "atan2": "arctan2"}
EXTREME = {"max": "maximum", "min": "minimum"}
COMPARISONS = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}


@rule(*SMOOTH)
def _smooth(site: Site) -> Step:
    name = SMOOTH[site.name]
    if not site.ins[0].number:
        return integer_step(site, INTEGER_UNARY)
    return lambda A, x: A.unary(name, x)


@rule(*KINKED)
def _kinked(site: Site) -> Step:
    name = KINKED[site.name]
    if not site.ins[0].number:
        return integer_step(site, INTEGER_UNARY)
    return kinked(site, lambda A, x: A.unary(name, x))


@rule("round", params=("rounding_method",))
def _round(site: Site) -> Step:
    if site.params["rounding_method"].name != "TO_NEAREST_EVEN":
        raise site.refuse(f"with rounding_method={site.params['rounding_method'].name}")
    return kinked(site, lambda A, x: A.unary("rint", x))


@rule("rsqrt")
def _rsqrt(site: Site) -> Step:
    return lambda A, x: A.unary("reciprocal", A.unary("sqrt", x))


@rule(*BINARY)
def _binary(site: Site) -> Step:
    name = BINARY[site.name]
    if not site.outs[0].number:
        return integer_step(site, INTEGER_BINARY)
    if not site.ins[1].number:  # a whole exponent, or nothing that JAX forms
        return lambda A, x, n: A.binary(name, x, A.lift(n))
    return lambda A, a, b: A.binary(name, a, b)


@rule(*EXTREME)
def _extreme(site: Site) -> Step:
    name = EXTREME[site.name]
    if not site.outs[0].number:
        return integer_step(site, INTEGER_BINARY)
    return kinked(site, lambda A, a, b: A.binary(name, a, b))


@rule("clamp")
def _clamp(site: Site) -> Step:
    if not site.outs[0].number:
        return lambda A, low, x, high: np.minimum(np.maximum(x, low), high)
    return kinked(site, lambda A, low, x, high: A.binary("minimum", A.binary("maximum", x, low), high))


@rule("integer_pow", params=("y",))
def _integer_pow(site: Site) -> Step:
    exponent = int(site.params["y"])
    if not site.outs[0].number:
        return integer_step(site, {"integer_pow": lambda x: x**exponent})
    return lambda A, x: A.power(x, exponent)


@rule("rem")
def _rem(site: Site) -> Step:
    if not site.outs[0].number:
        return integer_step(site, INTEGER_BINARY)

    return kinked(site, lambda A, x, y: A.binary("fmod", x, y))


@rule(*COMPARISONS)
def _compare(site: Site) -> Step:
    name = COMPARISONS[site.name]
    if not site.ins[0].number:
        loop = getattr(np, name)
        return lambda A, a, b: np.asarray(loop(a, b))
    return kinked(site, lambda A, a, b: A.compare(name, a, b))


@rule("is_finite")
def _is_finite(site: Site) -> Step:
    return lambda A, x: A.is_finite(x)


@rule("select_n")
def _select_n(site: Site) -> Step:
    number = site.outs[0].number

    def choose(A: Arithmetic, mask: Array, a: Array, b: Array) -> Array:
        return A.select(mask, a, b) if number else np.where(mask, a, b)

    def step(A: Arithmetic, which: Array, *cases: Array) -> Array:
        if len(cases) == 2:
            return choose(A, which.astype(bool), cases[1], cases[0])
        chosen = cases[-1]
        for k in range(len(cases) - 2, -1, -1):
            chosen = choose(A, which <= k, cases[k], chosen)
        return chosen

    return step


@rule("convert_element_type", params=("new_dtype", "weak_type"))
def _convert(site: Site) -> Step:
    before, after = site.ins[0], site.outs[0]
    if before.number and after.number:
        return _between_numbers(before.dtype.kind == "c", after.dtype.kind == "c")
    if after.number:
        if after.dtype.kind == "c":
            return lambda A, x: A.complex(A.lift(x), A.lift(np.zeros(x.shape)))
        return lambda A, x: A.lift(x)
    if not before.number:
        return integer_step(site, {"convert_element_type": lambda x: x})
    if after.dtype == bool:
        return kinked(site, lambda A, x: A.compare("not_equal", x, A.lift(0.0)))
    if before.dtype.kind == "c":
        raise site.refuse(f"from {before.dtype} to {after.dtype}")
    narrow = integer_step(site, {"convert_element_type": lambda x: x})
    return kinked(site, lambda A, x: narrow(A, A.truncated(x)))


def _between_numbers(from_complex: bool, to_complex: bool) -> Step:
    """Casts between float types are the identity; that a reference casts at all is reported elsewhere."""
    if from_complex == to_complex:
        return lambda A, x: x
    if to_complex:
        return lambda A, x: A.complex(x, A.lift(0.0))
    return lambda A, x: A.part("real", x)


@rule("stop_gradient", "copy", "copy_p")
def _same(site: Site) -> Step:
    return lambda A, x: x


@rule("optimization_barrier")
def _barrier(site: Site) -> Step:
    if len(site.outs) == 1:
        return lambda A, x: x
    return lambda A, *x: x
