"""What stays the same over all cases of a subject: its binding, its gradient program, its lines, its options."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from oracle.accuracy import Spread
from oracle.arithmetic import adapter
from oracle.binding import Binding
from oracle.forms.form import SubjectError
from oracle.inputs import Input
from oracle.point import Point
from oracle.program import GradientProgram, trace
from oracle.runs import Run
from oracle.subject import Subject

Raw = adapter.Raw
BITS, MOST_BITS = 256, 4096
_KINDS = {"integer": "int", "boolean": "bool"}


class Trial:
    """A subject on trial."""

    def __init__(self, subject: Subject, digits: float, bits: int = BITS, most_bits: int = MOST_BITS) -> None:
        self.subject, self.digits = subject, digits
        self.bits, self.most_bits = bits, most_bits
        self.executed: set[tuple[str, int]] = set()
        self.backward_codes: set[Any] = set()
        self.left: dict[str, int] = {}
        self.distrusted: list[str] = []
        self.environment = environment()

    @cached_property
    def binding(self) -> Binding:
        """Where the code under test is put into another arithmetic."""
        return Binding(self.subject.form.code, extra=self.subject.modules)

    # ---- the gradient program

    @property
    def autodiff(self) -> bool:
        """Whether JAX's gradient program is a witness."""
        return self.program is not None

    @cached_property
    def program(self) -> GradientProgram | None:
        """The gradient program of the reference, or None if there is none to be had."""
        if self.subject.reference is None:
            return None
        return trace(self._reference(), self._specs(), kinds=self._kinds())

    def _arrays(self) -> dict[str, Input]:
        """The inputs that are arrays; fixed objects are constants of the reference."""
        return {name: spec for name, spec in self.subject.leaves.items() if spec.kind != "fixed"}

    def _specs(self) -> dict[str, str]:
        return {name: spec.shape.text for name, spec in self._arrays().items()}

    def _kinds(self) -> dict[str, str]:
        """The kind of each input, in the words of the program."""
        return {
            name: _KINDS.get(spec.kind, "float64" if spec.differentiated else "fixed")
            for name, spec in self._arrays().items()
        }

    def _reference(self) -> Any:
        subject, names = self.subject, tuple(self._arrays())
        assert subject.reference is not None
        constants = {name: spec.value for name, spec in subject.leaves.items() if spec.kind == "fixed"}

        def reference(*arrays: Any) -> Any:
            known = {**constants, **dict(zip(names, arrays, strict=True))}
            values = {name: known[name] for name in subject.leaves}
            assert subject.reference is not None
            return subject.reference(*subject.arguments(values))

        return reference

    def truth(self, point: Point, outputs: Mapping[str, Raw]) -> tuple[dict[str, Raw], dict[str, Raw]]:
        """The reference's outputs, under the names of the hand-written ones, and its gradients, in balls."""
        from oracle.arithmetic.ball_program import Balls

        return self._run(Balls(), point, outputs)

    def _run(self, arithmetic: Any, point: Point, outputs: Mapping[str, Raw]) -> tuple[dict[str, Raw], dict[str, Raw]]:
        assert self.program is not None
        bound = self.program.at(point.case.sizes)
        self.distrusted = list(dict.fromkeys([*self.distrusted, *bound.distrust]))
        if len(bound.cotangents) != len(outputs):
            raise SubjectError(
                f"the reference of {self.subject.name} returns {len(bound.cotangents)} real outputs, "
                f"but the hand-written forward {len(outputs)}: {', '.join(outputs)}"
            )
        for (name, value), spec in zip(outputs.items(), bound.cotangents, strict=True):
            if value.shape != spec.shape:
                raise SubjectError(
                    f"the output {name} of {self.subject.name} has shape {value.shape}, "
                    f"but that of the reference {spec.shape}, at {point.case}"
                )
        inputs = {name: point.values[name] for name in self._arrays()}
        cotangents = [point.cotangent(name, value.shape) for name, value in outputs.items()]
        every, gradients = bound.run(arithmetic, inputs, cotangents)
        real = [value for value, spec in zip(every, bound.outputs, strict=True) if spec.number]
        return dict(zip(outputs, real, strict=True)), gradients

    # ---- rounding

    def spread(self, point: Point, dtype: Any, samples: int, outputs: Mapping[str, Raw]) -> Spread:
        """How far perturbed rounding spreads outputs and gradients of this case."""
        from oracle.arithmetic.stochastic import Stochastic

        arithmetic = Stochastic(dtype, samples, seed=point.case.seed)
        with np.errstate(all="ignore"):
            found, gradients = self._run(arithmetic, point, outputs)
        spread = arithmetic.spread
        return Spread(
            dtype,
            {name: spread(value) for name, value in self.declared_floats(gradients, point.case.sizes).items()},
            {name: spread(value) for name, value in found.items()},
        )

    def rounding(self, spread: Spread, leaf: str) -> Any:
        """The derived bound of a gradient; reading it off a parameter update costs the parameter's own rounding."""
        bound = spread.bound(leaf)
        return bound + 4.0 * spread.unit * self._largest if self.subject.updates else bound

    _largest = 64.0  # no drawn parameter is larger, saturated ones included

    # ---- declared deviations

    def declared(self, truth: Mapping[str, Raw], sizes: Mapping[str, int]) -> dict[str, Raw]:
        """What the backward must return, given the derivative: the derivative with the declared deviations."""
        numerator, denominator = self.subject.deviations.factor(sizes)
        clip = self.subject.deviations.clip
        found = dict(truth)
        if (numerator, denominator) != (1.0, 1):
            found = {name: adapter.scaled(value, numerator, denominator) for name, value in found.items()}
        if clip is not None:
            found = {name: adapter.clipped(value, clip) for name, value in found.items()}
        return found

    def declared_floats(self, gradients: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        """The same for float arrays, with samples on the last axis."""
        numerator, denominator = self.subject.deviations.factor(sizes)
        clip = self.subject.deviations.clip
        scaled = {name: value * numerator / denominator for name, value in gradients.items()}
        return scaled if clip is None else {name: np.clip(value, -clip, clip) for name, value in scaled.items()}

    def undone(self, gradients: Mapping[str, Raw], sizes: Mapping[str, int]) -> dict[str, Raw]:
        """The derivative that declared gradients claim: the declared factor taken out."""
        numerator, denominator = self.subject.deviations.factor(sizes)
        if (numerator, denominator) == (1.0, 1):
            return dict(gradients)
        return {
            name: adapter.scaled(value, float(denominator), 1) / adapter.lift(numerator)
            for name, value in gradients.items()
        }

    # ---- what was seen

    def leave(self, why: str) -> None:
        """Remember why the code could not be judged in balls."""
        self.left[why] = self.left.get(why, 0) + 1

    def remember_lines(self, run: Run | None) -> None:
        """Add the lines of a run to those that some case reached."""
        if run is None:
            return
        for lines in (run.forward_lines, run.backward_lines):
            if lines is not None:
                self.executed |= lines.lines
        if run.backward_lines is not None:
            self.backward_codes |= run.backward_lines.codes

    def witnesses(self) -> tuple[str, ...]:
        """Who spoke."""
        spoke = ("autodiff",) if self.autodiff else ()
        return (*spoke, "finite_difference")

    def notes(self) -> list[str]:
        """What the report should say besides."""
        notes = [f"left ball arithmetic: {why}" for why in self.left]
        notes += [f"the reference is not trusted: {why}" for why in self.distrusted]
        if not self.autodiff:
            notes.append("forward compared with nothing: there is no independent reference")
        notes += [f"arithmetic on plain numbers is not lifted in {one}" for one in self.binding.unlifted[:3]]
        return notes


def environment() -> dict[str, Any]:
    """Versions of what a verdict depends on."""
    packages = ("gradient-oracle", "numpy", "jax", "python-flint", "hypothesis")
    versions = {}
    for name in packages:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {"python": sys.version.split()[0], "platform": platform.platform(terse=True), **versions}
