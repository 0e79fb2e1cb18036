"""From a reference to its gradient program, by JAX's own tracing; nothing is compiled."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from oracle.program.blocks import Block, is_number, read
from oracle.program.drawing import without_draws
from oracle.program.errors import CannotTrace
from oracle.program.trust import distrusted
from oracle.shapes import Shape

Kind: TypeAlias = Literal["float64", "fixed", "int", "bool"]
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_DTYPES: dict[str, str] = {"float64": "float64", "fixed": "float64", "int": "int64", "bool": "bool"}


@dataclass(frozen=True)
class Signature:
    """The named inputs of a reference: their shapes, and which of them are differentiated."""

    shapes: Mapping[str, Shape]
    kinds: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs, in the order of the program's arguments."""
        return tuple(self.shapes)

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The inputs that get a gradient."""
        return tuple(name for name in self.shapes if self.kinds[name] == "float64")

    @property
    def sizes(self) -> tuple[str, ...]:
        """The sizes that the shapes depend on."""
        return tuple(dict.fromkeys(size for shape in self.shapes.values() for size in shape.names))

    def dtype(self, name: str) -> str:
        """The NumPy name of an input's dtype."""
        return _DTYPES[self.kinds[name]]


@dataclass(frozen=True)
class Traced:
    """One trace: the program that computes outputs and gradients, and what JAX says about them."""

    block: Block
    outputs: tuple[Any, ...]  # shape and dtype of each output; dimensions may be symbolic
    distrust: tuple[str, ...]


def signature(specs: Mapping[str, str], kinds: Mapping[str, str] | None) -> Signature:
    """The inputs that `specs` and `kinds` describe.

    Raises
    ------
    ValueError
        If `kinds` names an unknown input or kind.
    """
    kinds = dict(kinds or {})
    if unknown := [name for name in kinds if name not in specs]:
        raise ValueError(f"kinds names {unknown[0]!r}, but the inputs are {', '.join(specs)}")
    for name, kind in kinds.items():
        if kind not in _DTYPES:
            raise ValueError(f"the kind of {name!r} is {kind!r}; expected one of {', '.join(_DTYPES)}")
    return Signature(
        {name: Shape.parse(spec) for name, spec in specs.items()},
        {name: kinds.get(name, "float64") for name in specs},
    )


def called_by_name(reference: Callable[..., Any], names: Sequence[str]) -> bool:
    """Whether the reference takes these names as keywords; otherwise it is called by position."""
    try:
        parameters = inspect.signature(reference).parameters
    except (TypeError, ValueError):
        return False
    keywords = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return all(name in parameters and parameters[name].kind in keywords for name in names)


def by_position(reference: Callable[..., Any], names: Sequence[str]) -> Callable[..., list[Any]]:
    """The reference as a function of arrays in order, which returns a list of arrays."""
    import jax

    keyword = called_by_name(reference, names)

    def function(*arrays: Any) -> list[Any]:
        result = reference(**dict(zip(names, arrays, strict=True))) if keyword else reference(*arrays)
        return [jax.numpy.asarray(leaf) for leaf in jax.tree.leaves(result)]

    return function


def symbolic_shapes(signed: Signature) -> dict[str, tuple[Any, ...]]:
    """The inputs' shapes in JAX's symbolic sizes, which JAX takes to be at least 1.

    JAX reads names, but no parentheses; so the dimensions are computed from symbols by the very expressions of the
    specs, which `Shape.parse` has found to hold nothing but names, integers and operators.

    Raises
    ------
    CannotTrace
        If JAX has no symbolic dimension for one of them.
    """
    from jax import export

    names = signed.sizes
    try:
        symbols = export.symbolic_shape(", ".join(names)) if names else ()
        scope: dict[str, Any] = {"__builtins__": {}, **dict(zip(names, symbols, strict=True))}
        return {
            name: tuple([eval(dimension, scope) for dimension in shape.dimensions])
            for name, shape in signed.shapes.items()
        }
    except Exception as error:  # a size by the name of one of JAX's operators, or a dimension it does not take
        raise CannotTrace(f"{type(error).__name__}: {error}") from error


def trace_at(reference: Callable[..., Any], signed: Signature, shapes: Mapping[str, tuple[Any, ...]]) -> Traced:
    """The gradient program of a reference for inputs of these shapes.

    The reference itself runs once; its vector-Jacobian product is then traced from what was recorded, with the
    cotangents of all real and complex outputs as further inputs.

    Raises
    ------
    CannotTrace
        If JAX cannot trace or differentiate the reference; its own exception is the cause.
    """
    try:
        forward, outputs, program = _traced_by_jax(reference, signed, shapes)
    except Exception as error:  # whatever a reference may raise when its arrays are not numbers
        raise CannotTrace(_said(error)) from error
    if not outputs:
        raise CannotTrace("the reference returned no array; return the outputs to differentiate")
    varied = [name in signed.differentiated for name in signed.names]
    varied += [False] * (len(program.jaxpr.invars) - len(varied))
    block = read(program.jaxpr, program.consts, varied)
    return Traced(block, tuple(outputs), tuple(distrusted(forward.jaxpr)))


def _traced_by_jax(
    reference: Callable[..., Any], signed: Signature, shapes: Mapping[str, tuple[Any, ...]]
) -> tuple[Any, Sequence[Any], Any]:
    """JAX's trace of the reference, the shapes of its outputs, and JAX's trace of outputs and gradients."""
    import jax
    from jax.extend.core import jaxpr_as_fun

    with jax.enable_x64(True):
        inputs = [_struct(shapes[name], signed.dtype(name)) for name in signed.names]
        forward, outputs = jax.make_jaxpr(by_position(reference, signed.names), return_shape=True)(*inputs)
        forward = without_draws(forward)
        cotangents = [output for output in outputs if is_number(output.dtype)]
        program = jax.make_jaxpr(_with_gradients(jaxpr_as_fun(forward), signed))(inputs, cotangents)
    return forward, outputs, program


def _said(error: Exception) -> str:
    """The first line of an exception, less the addresses of objects."""
    first = next(iter(str(error).strip().splitlines()), "")
    return _ADDRESS.sub("", first if isinstance(error, CannotTrace) else f"{type(error).__name__}: {first}")


def _struct(shape: tuple[Any, ...], dtype: str) -> Any:
    """What JAX traces in place of an array."""
    import jax

    return jax.ShapeDtypeStruct(shape, np.dtype(dtype))  # type: ignore[no-untyped-call]


def _with_gradients(function: Callable[..., Sequence[Any]], signed: Signature) -> Callable[..., Any]:
    """A function of inputs and cotangents that returns all outputs, and the gradients."""
    import jax

    places = [k for k, name in enumerate(signed.names) if name in signed.differentiated]

    def program(inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        def real_outputs(*varied: Any) -> tuple[list[Any], list[Any]]:
            arrays = list(inputs)
            for place, value in zip(places, varied, strict=True):
                arrays[place] = value
            outputs = function(*arrays)
            return [output for output in outputs if is_number(output.dtype)], list(outputs)

        _, pull, outputs = jax.vjp(real_outputs, *[inputs[k] for k in places], has_aux=True)
        return outputs, list(pull(list(cotangents)))

    return program
