"""The gradient program of a reference: traced once for all sizes where JAX can, then run in any arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from oracle.program.arithmetic import Arithmetic, Array
from oracle.program.blocks import Block, is_number
from oracle.program.dimensions import Resolver
from oracle.program.errors import CannotTrace, TooManyTraces
from oracle.program.plan import Plan
from oracle.program.rules.registry import Spec
from oracle.program.tracing import Signature, Traced, signature, symbolic_shapes, trace_at

Planner: TypeAlias = Callable[[Block, Resolver], Plan]

_REMEMBERED = 256  # plans kept per program


class BoundProgram:
    """A gradient program at particular sizes.

    Attributes
    ----------
    inputs : dict of name to Spec
        Shape and dtype of each input.
    outputs : list of Spec
        Shape and dtype of each output, in the reference's order.
    cotangents : list of Spec
        Shape and dtype of each cotangent: one for every real or complex output.
    """

    def __init__(self, traced: Traced, signed: Signature, sizes: Mapping[str, int], plan: Planner = Plan) -> None:
        resolver = Resolver(sizes)
        self._plan = plan(traced.block, resolver)
        self._differentiated = signed.differentiated
        self.distrust = traced.distrust
        self.inputs = {
            name: Spec(shape.concrete(sizes), np.dtype(signed.dtype(name))) for name, shape in signed.shapes.items()
        }
        self.outputs = [Spec(resolver.shape(output.shape), output.dtype) for output in traced.outputs]
        self.cotangents = [spec for spec in self.outputs if is_number(spec.dtype)]

    def run(
        self, arithmetic: Arithmetic, inputs: Mapping[str, Any], cotangents: Sequence[Any]
    ) -> tuple[list[Array], dict[str, Array]]:
        """The reference's outputs and the gradients of its differentiated inputs, as raw arrays.

        Inputs and cotangents are numbers or arrays of them, or balls where the arithmetic is balls.

        Raises
        ------
        ValueError
            If an input or cotangent is missing, unknown, or has another shape than declared.
        """
        if set(inputs) != set(self.inputs):
            raise ValueError(f"the inputs are {', '.join(self.inputs)}, but {', '.join(inputs) or 'none'} were given")
        if len(cotangents) != len(self.cotangents):
            raise ValueError(f"{len(self.cotangents)} cotangents are needed, but {len(cotangents)} were given")
        arguments = [_admit(arithmetic, name, inputs[name], spec) for name, spec in self.inputs.items()]
        arguments += [
            _admit(arithmetic, f"cotangent {k}", value, spec)
            for k, (value, spec) in enumerate(zip(cotangents, self.cotangents, strict=True))
        ]
        results = [np.array(result) for result in self._plan(arithmetic, arguments)]  # nobody else's, to write in
        count = len(self.outputs)
        return results[:count], dict(zip(self._differentiated, results[count:], strict=True))


def _admit(arithmetic: Arithmetic, name: str, value: Any, spec: Spec) -> Array:
    """`value` as the raw array that the program expects."""
    array = np.asarray(value)
    if array.shape != spec.shape:
        raise ValueError(f"{name} must have shape {spec.shape}, but has {array.shape}")
    if spec.number:
        return arithmetic.lift(array)
    if array.dtype.kind not in ("b" if spec.dtype == bool else "iu"):
        raise ValueError(f"{name} must have a dtype like {spec.dtype}, but has {array.dtype}")
    return array.astype(spec.dtype)


class GradientProgram:
    """Outputs and gradients of a reference, as a program for any sizes.

    Attributes
    ----------
    symbolic : bool
        Whether one trace with symbolic sizes serves all sizes.
    why_concrete : str
        Why not, if not.
    traces : int
        How often the reference was traced.
    """

    def __init__(
        self, reference: Callable[..., Any], signed: Signature, *, max_concrete_traces: int, symbolic: bool
    ) -> None:
        self._reference, self._signature, self._limit = reference, signed, max_concrete_traces
        self._shared: Traced | None = None
        self._separate: dict[tuple[int, ...], Traced] = {}
        self._bound: dict[tuple[int, ...], BoundProgram] = {}
        self.traces = 0
        self.why_concrete = "" if symbolic else "asked for"
        if symbolic:
            self._trace_symbolically()

    def _trace_symbolically(self) -> None:
        self.traces += 1
        try:
            self._shared = trace_at(self._reference, self._signature, symbolic_shapes(self._signature))
        except CannotTrace as error:
            self.why_concrete = str(error)

    @property
    def symbolic(self) -> bool:
        """Whether one trace with symbolic sizes serves all sizes."""
        return self._shared is not None

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of the sizes."""
        return self._signature.sizes

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The inputs that get a gradient, in order."""
        return self._signature.differentiated

    @property
    def distrust(self) -> list[str]:
        """What makes JAX's derivative untrustworthy, over all traces made so far."""
        traced = [*([self._shared] if self._shared else []), *self._separate.values()]
        return list(dict.fromkeys(sentence for one in traced for sentence in one.distrust))

    def at(self, sizes: Mapping[str, int]) -> BoundProgram:
        """The program at these sizes; bound once and remembered.

        Raises
        ------
        UnsupportedPrimitive
            If the program needs a primitive without a rule.
        CannotTrace
            If JAX cannot trace the reference at these sizes.
        TooManyTraces
            If the reference is traced for each sizes, and this would be one trace more than allowed.
        """
        if missing := [name for name in self.sizes if name not in sizes]:
            raise ValueError(f"the program needs the size {missing[0]!r}, but only {dict(sizes)} is known")
        key = tuple(int(sizes[name]) for name in self.sizes)
        if key not in self._bound:
            while len(self._bound) >= _REMEMBERED:
                del self._bound[next(iter(self._bound))]
            self._bound[key] = self.bound_at(dict(zip(self.sizes, key, strict=True)), Plan)
        return self._bound[key]

    def bound_at(self, sizes: Mapping[str, int], plan: Planner) -> BoundProgram:
        """The program at these sizes by a plan of this kind; not remembered."""
        key = tuple(sizes[name] for name in self.sizes)
        return BoundProgram(self._traced(key, sizes), self._signature, sizes, plan)

    def _traced(self, key: tuple[int, ...], sizes: Mapping[str, int]) -> Traced:
        """The trace that holds at these sizes: JAX assumes symbolic sizes to be at least 1."""
        if self._shared is not None and all(size >= 1 for size in key):
            return self._shared
        if key not in self._separate:
            if len(self._separate) >= self._limit:
                raise TooManyTraces(
                    f"the reference was traced at {self._limit} different sizes already, the most allowed; "
                    f"draw fewer, or make it traceable once: {self.why_concrete or 'a size is 0'}"
                )
            self._separate[key] = self._trace_concretely(sizes)
        return self._separate[key]

    def _trace_concretely(self, sizes: Mapping[str, int]) -> Traced:
        shapes = {name: shape.concrete(sizes) for name, shape in self._signature.shapes.items()}
        self.traces += 1
        try:
            return trace_at(self._reference, self._signature, shapes)
        except CannotTrace as error:
            raise CannotTrace(f"JAX cannot trace the reference at {dict(sizes)}: {error}") from error

    def concretely(self) -> GradientProgram:
        """The same program, traced anew at each sizes: for references that branch on sizes."""
        return GradientProgram(self._reference, self._signature, max_concrete_traces=self._limit, symbolic=False)

    def run(
        self, arithmetic: Arithmetic, sizes: Mapping[str, int], inputs: Mapping[str, Any], cotangents: Sequence[Any]
    ) -> tuple[list[Array], dict[str, Array]]:
        """`at(sizes).run(arithmetic, inputs, cotangents)`."""
        return self.at(sizes).run(arithmetic, inputs, cotangents)


def trace(
    reference: Callable[..., Any],
    specs: Mapping[str, str],
    *,
    kinds: Mapping[str, str] | None = None,
    max_concrete_traces: int = 8,
    symbolic: bool = True,
) -> GradientProgram:
    """The gradient program of a reference, traced once with symbolic sizes where JAX can.

    Where it cannot, because the reference loops over a size in Python or compares sizes, each sizes is traced when
    first asked for, at most `max_concrete_traces` of them.

    Parameters
    ----------
    reference : callable
        A function of arrays, written with `jax.numpy`, that returns an array or a (nested) tuple of arrays. It is
        called with keywords if it has parameters of all the inputs' names, otherwise by position.
    specs : mapping of name to str
        The shape of each input, such as `"T B D"` or `"4*H D+H"`; `""` is a scalar.
    kinds : mapping of name to str, optional
        `"float64"` (the default) is differentiated; `"fixed"` (float64), `"int"` (int64) and `"bool"` are not.

    >>> import jax.numpy as jnp
    >>> from oracle.arithmetic.floats import Floats
    >>> program = trace(lambda w, x: jnp.tanh(w @ x), {"w": "H D", "x": "D"})
    >>> outputs, gradients = program.run(Floats(), {"H": 1, "D": 2}, {"w": [[0.0, 0.0]], "x": [3.0, 4.0]}, [[1.0]])
    >>> gradients["w"]
    array([[3., 4.]])
    """
    if max_concrete_traces < 1:
        raise ValueError(f"max_concrete_traces must be at least 1, but is {max_concrete_traces}")
    return GradientProgram(
        reference, signature(specs, kinds), max_concrete_traces=max_concrete_traces, symbolic=symbolic
    )
