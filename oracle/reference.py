"""The reference of a subject: a twin for JAX, or the hand-written forward itself traced with `np` bound to JAX's.

A twin is independent: it checks the forward too. A forward traced from itself knows JAX's derivative rules, but its
forward is compared with nothing; and a trace may miss what NumPy does in place. So it is a witness only where it
computes the very outputs of the hand-written forward, and is dropped where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from oracle.accuracy import Spread
from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.forms.form import SubjectError
from oracle.inputs import Input, fresh
from oracle.point import Point
from oracle.program import CannotTrace, GradientProgram, ProgramError, TooManyTraces, trace
from oracle.program.quick import QuickProgram
from oracle.subject import Subject
from oracle.trees import flatten

Raw = adapter.Raw
Truth = tuple[dict[str, Raw], dict[str, Raw]]
_KINDS = {"integer": "int", "boolean": "bool"}
_TWIN_TRACES, _OWN_TRACES = 10_000, 8


ROUNDED = (
    "a constant of the forward, such as 1 / 3, is rounded in its trace but exact in balls; "
    "give a twin with reference= to have JAX judge too"
)
NO_WITNESS = "JAX is no witness: "
OTHER = "what it traced of the forward computes something else"
_NEAR = 2.0**-40  # of the largest entry: gaps below it are rounding, of whatever


def other(said: Mapping[str, Raw], outputs: Mapping[str, Raw]) -> str:
    """Why the outputs of a trace are not those of the forward: rounding, or another function."""
    for name, value in said.items():
        got, truth = (np.asarray(adapter.midpoints(one)) for one in (outputs[name], value))
        if got.shape != truth.shape or not np.all(np.abs(got - truth) <= _NEAR * np.max(np.abs(got), initial=0.0)):
            return OTHER
    return ROUNDED


class Reference:
    """Gives the true outputs and gradients of a case, as long as it can be believed."""

    def __init__(self, subject: Subject, binding: Binding) -> None:
        self.subject, self.binding = subject, binding
        self.implicit = subject.reference is None
        self.dropped = ""
        self.distrust: list[str] = []
        self.excused: set[str] = set()  # what would be distrust in a reference that does not truncate
        self.truncates = False  # whether it cuts what the backward is declared to cut
        self.notes: list[str] = []
        self._retraced: GradientProgram | None = None
        self._quick: QuickProgram | None = None

    @property
    def speaks(self) -> bool:
        """Whether the reference can be asked."""
        return not self.dropped

    @cached_property
    def _traced(self) -> GradientProgram:
        function, limit = (self._own, _OWN_TRACES) if self.implicit else (self._twin, _TWIN_TRACES)
        state = np.random.get_state()
        try:
            return trace(function, self._specs(), kinds=self._kinds(), max_concrete_traces=limit)
        finally:
            np.random.set_state(state)  # importing JAX draws from the user's generator

    @property
    def program(self) -> GradientProgram:
        """The gradient program."""
        return self._retraced or self._traced

    # ---- what is traced

    @cached_property
    def _arrays(self) -> dict[str, Input]:
        """The inputs that are arrays; fixed objects are constants of the reference."""
        return {name: spec for name, spec in self.subject.leaves.items() if spec.kind != "fixed"}

    def _specs(self) -> dict[str, str]:
        return {name: spec.shape.text for name, spec in self._arrays.items()}

    def _kinds(self) -> dict[str, str]:
        """The kind of each input, in the words of the program."""
        return {
            name: _KINDS.get(spec.kind, "float64" if spec.differentiated else "fixed")
            for name, spec in self._arrays.items()
        }

    def _values(self, arrays: tuple[Any, ...]) -> dict[str, Any]:
        """All inputs by name, in order."""
        known = dict(zip(self._arrays, arrays, strict=True))
        return {name: known[name] if name in known else fresh(spec.value) for name, spec in self.subject.leaves.items()}

    def _twin(self, *arrays: Any) -> Any:
        """The user's reference."""
        assert self.subject.reference is not None
        return self.subject.reference(*self.subject.arguments(self._values(arrays)))

    def _own(self, *arrays: Any) -> Any:
        """The hand-written forward, with JAX's NumPy in place of NumPy."""
        from oracle.program import drawing
        from oracle.program.jax_namespace import stand_for
        from oracle.program.lifted import operate
        from oracle.program.traced_calls import plain, wrap
        from oracle.runs import quiet

        drawing.begin()
        values = self._values(tuple(map(wrap, arrays)))
        sizes: dict[str, int] = {}
        for name, spec in self._arrays.items():
            sizes |= zip(spec.shape.dimensions, values[name].shape, strict=True)
        named = {size: sizes[size] for size in self.subject.sizes if size in sizes}
        with self.binding.bound(stand_for, operate=operate), quiet():
            outputs, _ = flatten(self.subject.form.forward(self.subject.form.begin(named), values))
            return tuple(plain(value) for value in outputs.values() if _real(value))

    # ---- what it says

    def truth(self, point: Point, outputs: Mapping[str, Raw]) -> Truth | None:
        """Outputs, under the names of the hand-written ones, and gradients, in balls; None if it cannot say."""
        from oracle.arithmetic.ball_program import Balls

        try:
            return self.run(Balls(), point, outputs)
        except TooManyTraces:
            return None
        except (CannotTrace, ProgramError, SubjectError) as error:
            if not self.implicit:
                raise
            self.drop(str(error).splitlines()[0])
            return None

    def run_quickly(self, point: Point, outputs: Mapping[str, Raw], fine: bool = False) -> Truth:
        """Outputs and gradients in float64, or in longer floats, by a program that is bound for that alone."""
        if self._quick is None or self._quick.program is not self.program:
            self._quick = QuickProgram(self.program)
        with np.errstate(all="ignore"):
            arithmetic = self._quick.fine if fine else self._quick.arithmetic
            return self.run(arithmetic, point, outputs, self._quick)

    def run(
        self,
        arithmetic: Any,
        point: Point,
        outputs: Mapping[str, Raw],
        program: GradientProgram | QuickProgram | None = None,
    ) -> Truth:
        """Outputs and gradients in any arithmetic; `program` is the gradient program, in another binding.

        Raises
        ------
        SubjectError
            If the reference has other outputs than the hand-written forward.
        ProgramError
            If it cannot be traced or run.
        """
        self._expect_its_options(point)
        try:
            bound = (program or self.program).at(point.case.sizes)
        except (CannotTrace, ProgramError) as error:
            if self.implicit or isinstance(error, TooManyTraces):
                raise
            raise SubjectError(f"the reference of {self.subject.name} is of no use: {error}") from error
        self.distrust = [why for why in dict.fromkeys([*self.distrust, *bound.distrust]) if why not in self.excused]
        self._check(bound.cotangents, outputs, point)
        inputs = {name: point.values[name] for name in self._arrays}
        cotangents = [point.cotangent(name, value.shape) for name, value in outputs.items()]
        every, gradients = bound.run(arithmetic, inputs, cotangents)
        real = [value for value, spec in zip(every, bound.outputs, strict=True) if spec.number]
        return dict(zip(outputs, real, strict=True)), gradients

    def _expect_its_options(self, point: Point) -> None:
        """Refuse a point at which the subject has drawn another option than this reference was traced with."""
        for name, spec in point.subject.leaves.items():
            if spec.options and point.values[name] is not self.subject.leaves[name].value:
                raise ValueError(
                    f"the option {name!r} is {point.values[name]!r} in this case, but the reference was asked with "
                    f"{self.subject.leaves[name].value!r}; ask the trial that is settled for the case"
                )

    def _check(self, specs: Any, outputs: Mapping[str, Raw], point: Point) -> None:
        name = self.subject.name
        if len(specs) != len(outputs):
            raise SubjectError(
                f"the reference of {name} returns {len(specs)} real outputs, "
                f"but the hand-written forward {len(outputs)}: {', '.join(outputs)}"
            )
        for (output, value), spec in zip(outputs.items(), specs, strict=True):
            if value.shape != spec.shape:
                raise SubjectError(
                    f"the output {output} of {name} has shape {value.shape}, but that of the reference {spec.shape}, "
                    f"at {point.case}"
                )

    def spread(self, point: Point, dtype: Any, samples: int, outputs: Mapping[str, Raw], declared: Any) -> Spread:
        """How far perturbed rounding spreads outputs and gradients of a case."""
        from oracle.arithmetic.stochastic import Stochastic

        arithmetic = Stochastic(dtype, samples, seed=point.case.seed)
        with np.errstate(all="ignore"):
            found, gradients = self.run(arithmetic, point, outputs)
        gradients = declared(gradients, point.case.sizes)
        return Spread(
            dtype,
            {name: arithmetic.spread(value) for name, value in gradients.items()},
            {name: arithmetic.spread(value) for name, value in found.items()},
        )

    # ---- losing faith

    def drop(self, why: str) -> None:
        """Do not ask it again."""
        self.dropped = why
        self.notes.append(f"{NO_WITNESS}{why}")

    def retrace(self) -> bool:
        """Trace at each sizes from now on, since the symbolic trace computes something else; False if it already is."""
        if self._retraced is not None or not self._traced.symbolic:
            return False
        self._retraced = self._traced.concretely()
        return True

    def retracing_helped(self) -> None:
        """Outputs agree that did not before it was traced anew: say so."""
        note = "the reference branches on sizes: it is traced anew at each of them"
        if note not in self.notes:
            self.notes.append(note)


def _real(value: Any) -> bool:
    """Whether an output is differentiated: floats and traced floats."""
    kind = getattr(getattr(value, "dtype", None), "kind", "f" if isinstance(value, float) else "")
    return bool(kind == "f")
