"""What the probes and the gradients should be: of the whole program, and from the author's own upstream values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from oracle.inputs import fresh
from oracle.point import Point
from oracle.program import CannotTrace
from oracle.program.gradient_program import BoundProgram
from oracle.program.probing import THROUGH, Probed, perturbation, places, probed
from oracle.program.quick import QuickFloats, QuickProgram
from oracle.subject import Subject

Raw = np.ndarray[Any, Any]
_KINDS = {"integer": "int", "boolean": "bool"}


@dataclass
class Truth:
    """What holds at one point: values at the places, and the cotangents of places and inputs."""

    outputs: list[Raw]
    values: dict[str, Raw]  # by place, and what the twin says is known
    cotangents: dict[str, Raw]  # by place
    gradients: dict[str, Raw]  # by input


class Twin:
    """The probed twin of a subject."""

    def __init__(self, subject: Subject) -> None:
        assert subject.twin is not None
        self.subject = subject
        self._arrays = {name: spec for name, spec in subject.leaves.items() if spec.kind != "fixed"}
        self._symbolic = True
        self._programs: dict[tuple[Any, ...], Probed] = {}

    @property
    def arrays(self) -> list[str]:
        """The inputs that are arrays; fixed objects are constants of the twin."""
        return list(self._arrays)

    def _function(self, *arrays: Any, probe: Any) -> Any:
        """The twin as a function of arrays."""
        known = dict(zip(self._arrays, arrays, strict=True))
        values = {
            name: known[name] if name in known else fresh(spec.value) for name, spec in self.subject.leaves.items()
        }
        assert self.subject.twin is not None
        return self.subject.twin(*self.subject.arguments(values), probe=probe)

    def probed(self, sizes: Mapping[str, int], wanted: Sequence[str]) -> Probed:
        """The program that holds at these sizes, with these places perturbed.

        Raises
        ------
        CannotTrace
            If JAX cannot trace the twin.
        """
        if self._symbolic and (shared := self._programs.get(tuple(wanted))) is not None:
            return shared
        key = (*wanted, *sorted(sizes.items()))
        if key not in self._programs:
            found = self._trace(sizes, wanted)
            self._programs[tuple(wanted) if self._symbolic else key] = found
            return found
        return self._programs[key]

    def marked(self, sizes: Mapping[str, int]) -> frozenset[str]:
        """The places that the twin marks at these sizes; none if JAX cannot trace it."""
        state = np.random.get_state()
        try:
            return places(self._function, *self._signature(), sizes)
        except CannotTrace:
            return frozenset()
        finally:
            np.random.set_state(state)  # importing JAX draws from the user's generator

    def _signature(self) -> tuple[dict[str, str], dict[str, str]]:
        """The shapes and the kinds of the arrays."""
        specs = {name: spec.shape.text for name, spec in self._arrays.items()}
        kinds = {
            name: _KINDS.get(spec.kind, "float64" if spec.differentiated else "fixed")
            for name, spec in self._arrays.items()
        }
        return specs, kinds

    def _trace(self, sizes: Mapping[str, int], wanted: Sequence[str]) -> Probed:
        specs, kinds = self._signature()
        state = np.random.get_state()
        try:
            if self._symbolic:
                try:
                    found = probed(self._function, specs, kinds, wanted)
                    if found.program.symbolic:
                        return found
                except CannotTrace:
                    pass
                self._symbolic = False
            return probed(self._function, specs, kinds, wanted, sizes)
        finally:
            np.random.set_state(state)  # importing JAX draws from the user's generator


class Asked:
    """The probed twin at one point."""

    def __init__(self, twin: Twin, point: Point, cotangents: Sequence[Any], wanted: Sequence[str]) -> None:
        self.point, self.cotangents = point, list(cotangents)
        self.program = twin.probed(point.case.sizes, wanted)
        self.names = list(self.program.places)
        self._inputs = {name: point.values[name] for name in twin.arrays}
        self._bound = self.program.program.at(point.case.sizes)
        self._quick: BoundProgram | None = None
        outputs = len(self._bound.cotangents) - len(self.names) - len(self.program.known)
        specs = self._bound.cotangents[outputs:]
        self.shapes = {name: spec.shape for name, spec in zip(self.names, specs, strict=False)}
        self._known = [spec.shape for spec in specs[len(self.names) :]]
        self._responses: dict[tuple[str, int | None], dict[str, Any]] = {}

    def whole(self) -> Truth:
        """The cotangents, through everything."""
        from oracle.arithmetic.ball_program import Balls

        return self._run(Balls(), self._bound, True, self.cotangents, {})

    def local(self, author: Mapping[str, Any]) -> Truth:
        """What each cotangent must be, given the author's values of those that it is computed from."""
        from oracle.arithmetic.ball_program import Balls

        return self._run(Balls(), self._bound, False, self.cotangents, author)

    def responds(self, to: str, step: int | None) -> dict[str, Any]:
        """In float64: what changes when the cotangent of one place at one step changes, or that of an output."""
        if (to, step) not in self._responses:
            self._quick = self._quick or QuickProgram(self.program.program).at(self.point.case.sizes)
            zero = [np.zeros(np.shape(value)) for value in self.cotangents]
            value = np.zeros(self.shapes[to]) if to in self.shapes else zero[int(to)]
            part = value[...] if step is None else value[step : step + 1]
            part[...] = 1.0 + np.arange(part.size).reshape(part.shape) / 7.0
            given = {to: value} if to in self.shapes else {}
            with np.errstate(all="ignore"):
                found = self._run(QuickFloats(), self._quick, False, zero, given)
            self._responses[to, step] = {**found.gradients, **{f"{n} at": v for n, v in found.cotangents.items()}}
        return self._responses[to, step]

    def _run(
        self, arithmetic: Any, bound: BoundProgram, through: bool, cotangents: Sequence[Any], given: Mapping[str, Any]
    ) -> Truth:
        zeros = {perturbation(name): np.zeros(self.shapes[name]) for name in self.names}
        inputs = {**self._inputs, THROUGH: np.array(through), **zeros}
        bars = [*cotangents, *(given.get(name, np.zeros(self.shapes[name])) for name in self.names)]
        bars += [np.zeros(shape) for shape in self._known]
        outputs, gradients = bound.run(arithmetic, inputs, bars)
        real = [one for one, spec in zip(outputs, bound.outputs, strict=True) if spec.number]
        count = len(self.cotangents)
        names = [*self.names, *self.program.known]
        return Truth(
            real[:count],
            dict(zip(names, real[count:], strict=True)),
            {name: gradients[perturbation(name)] for name in self.names},
            {name: value for name, value in gradients.items() if name in self.point.subject.leaves},
        )
