"""The quick check: a hand-written pair in floats beside the gradient program in floats, within the derived bound.

It certifies nothing. What it says is that no entry differs from the derivative by more than rounding explains on this
very case, and how small a fault it would have seen. With x̄ the hand-written gradient, ĝ the gradient program's in
float64, g the derivative and B the derived bound (`oracle.accuracy`):

1. Entries with |x̄ - ĝ| ≤ B pass. As |ĝ - g| ≤ B but for chance, they lie within 2 B of the derivative.
2. If some do not, B is estimated again from many samples.
3. If some still do not, the gradient program runs in balls, and |x̄ - g| ≤ B decides. Only this accuses.

A fault that moves an entry by more than B + |x̄ - ĝ| leaves it beyond step 1: the largest of these over a gradient,
relative to its largest entry, is its detection limit.

With `quick` there is a step before these: arrays with |x̄ - ĝ| ≤ 16 u max |ĝ| in every entry pass, u the roundoff. That
is a finer sieve than B for entries near the largest, and a coarser one for entries far below it; it costs a quarter,
because no samples are needed, and most cases end there. Where an array does not pass, half of the time it is ĝ that is
inexact: then ĝ comes once more from floats that are longer than float64, where C has them, for the same comparison of
all arrays. The detection limit is then 16 u + |x̄ - ĝ| / max |ĝ|, but for what ĝ itself is off.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from oracle.accuracy import FEW, MANY, Spread, error
from oracle.arithmetic import adapter, enclosures
from oracle.arithmetic.ball_program import Balls
from oracle.arithmetic.refusals import Undecided, recording
from oracle.arithmetic.stochastic import Stochastic
from oracle.cases import Case
from oracle.contract import structure
from oracle.float_arrays import Beside, FloatArray, QuickLook
from oracle.float_check import FloatCheck, Suspect
from oracle.forms.form import SIZES
from oracle.forms.loss import LossForm
from oracle.point import Point
from oracle.program import CannotTrace, ProgramError
from oracle.program.quick import LONGER
from oracle.runs import Run, in_floats, in_single
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import Verdict

_BITS, _DIGITS = 320, 30
_THIN = 2.0**-10  # how much of its bound the radius of a true entry may be


def check_in_floats(
    subject: Subject, case: Case, *, dtype: npt.DTypeLike = "float64", quick: bool = False
) -> FloatCheck:
    """Whether the hand-written pair agrees with the gradient program in floats, every entry, in this very case.

    The verdict is CONSISTENT within the derived bound, INCONSISTENT beyond it, FORWARD_DIFFERS where an output is
    beyond its own, BROKEN_CONTRACT where the code raises or a gradient has no values, and UNDECIDED at a kink or
    outside the domain. It is never CERTIFIED: that takes `oracle.verify`.

    Parameters
    ----------
    subject : Subject
        The hand-written pair; JAX must be able to trace its reference, or its forward where it has none.
    case : Case
        As `oracle.cases.cases(subject.sizes)` draws them.
    dtype : "float64" or "float32"
        In which the hand-written code runs; for float32 the case's values are rounded to float32 first.
    quick : bool
        Pass arrays that are within 16 roundings of their largest entry, before any bound is derived: several times
        faster, and as sharp relative to the largest entry, but blind to small faults of far smaller entries. What the
        code itself changes in its modules then stays changed.

    Raises
    ------
    TypeError
        If `subject` is no Subject or `case` no Case.
    ValueError
        If the dtype is another, the sizes are not the subject's, or there is no gradient program to compare with.

    Examples
    --------
    >>> import numpy as np, oracle
    >>> def forward(x):
    ...     return np.tanh(x), x
    >>> def backward(y_bar, x):
    ...     return (1 - np.tanh(x) ** 2) * y_bar
    >>> import jax.numpy as jnp
    >>> subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"}, reference=jnp.tanh)
    >>> check_in_floats(subject, oracle.cases.Case({"D": 3})).verdict.name
    'CONSISTENT'
    """
    name = np.dtype(dtype).name
    if not isinstance(subject, Subject) or not isinstance(case, Case):
        raise TypeError(
            f"check_in_floats takes a Subject and a Case, but got a {type(subject).__name__} "
            f"and a {type(case).__name__}"
        )
    if name not in ("float64", "float32"):
        raise ValueError(f"dtype={name!r} must be float64 or float32")
    if set(case.sizes) != set(subject.sizes):
        raise ValueError(f"the sizes are {', '.join(subject.sizes)}, but the case has {', '.join(case.sizes)}")
    trial = _trial_of(subject)
    trial.expect_within(case)
    return _Check(trial.settled(case), case, name).outcome(quick)


def _trial_of(subject: Subject) -> Trial:
    """The trial of a subject, which lives as long as the subject."""
    kept: dict[str, Trial] = vars(subject).setdefault("_float_trials", {})
    if "trial" not in kept:
        kept["trial"] = Trial(subject, _DIGITS)
    return kept["trial"]


def _writes(subject: Subject) -> bool:
    """Whether the oracle itself writes into modules of this subject: parameters of a loss, sizes of a script."""
    modules = [sys.modules.get(getattr(one, "__module__", None) or "") for one in subject.form.code]
    return isinstance(subject.form, LossForm) or any(
        getattr(one, SIZES, None) for one in (*modules, *subject.form.code)
    )


class _Single(Point):
    """A point of which every value is a float32 number, so that both precisions see the same."""

    def __init__(self, subject: Subject, case: Case) -> None:
        super().__init__(subject, case)
        self.values = {name: _single(value) for name, value in self.values.items()}

    def cotangents(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[np.float64]]:
        """The cotangents of outputs, rounded."""
        return {name: np.asarray(_single(value)) for name, value in super().cotangents(shapes).items()}


def _single(value: Any) -> Any:
    """A float array rounded to float32; anything else as it is."""
    real = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(np.float32).astype(np.float64) if real else value


class _Check:
    """One case in one float type."""

    def __init__(self, trial: Trial, case: Case, dtype: str) -> None:
        self.trial, self.case, self.dtype = trial, case, dtype
        self.point = (_Single if dtype == "float32" else Point)(trial.subject, case)
        self.run = Run()

    def outcome(self, quick: bool) -> FloatCheck:
        """The steps of this module's first page."""
        run = in_single if self.dtype == "float32" else in_floats
        self.run = run(self.point, self.trial.binding, restore=not quick or _writes(self.trial.subject))
        if (error := self.run.error) is not None:
            return self._end(Verdict.BROKEN_CONTRACT, f"the code raised {type(error).__name__}: {error}")
        for finding in structure(self.point, self.run):
            return self._end(Verdict.BROKEN_CONTRACT, finding.message)
        if not all(bool(np.isfinite(value).all()) for value in self._outputs.values()):
            return self._end(Verdict.UNDECIDED, "the forward is not finite in floats")
        if quick and (look := self._quick_look()) is not None:
            return self._consistent(look.ratio, look.limits(), 0)
        for stage, samples in enumerate((FEW, MANY), 1):
            arrays = self._beside_program(samples)
            if not any(array.beyond for array in arrays):
                return self._within(arrays, stage)
        return self._in_balls(arrays)

    @cached_property
    def _outputs(self) -> dict[str, FloatArray]:
        """The real outputs of the hand-written forward."""
        arrays = {name: np.asarray(value) for name, value in self.run.outputs.items()}
        return {name: value for name, value in arrays.items() if value.dtype.kind == "f"}

    def _modelled(self, value: Any) -> str:
        """The float type whose bound an array is held to: its own, if that is less than the inputs'."""
        return "float32" if self.dtype == "float32" or np.asarray(value).dtype.itemsize < 8 else "float64"

    def _beside_program(self, samples: int) -> list[Beside]:
        """Every output and gradient beside the gradient program's, from one run of it in stochastic floats."""
        sizes, trial, found = self.case.sizes, self.trial, []
        values = {"outputs": self._outputs, "gradients": self.run.gradients}
        for dtype in sorted({self._modelled(value) for part in values.values() for value in part.values()}):
            arithmetic = Stochastic(dtype, samples, seed=self.case.seed)
            outputs, gradients = self._asked(arithmetic)
            said = {"outputs": outputs, "gradients": trial.declared_floats(gradients, sizes)}
            spread = Spread(dtype, *(_spreads(arithmetic, said[of]) for of in ("gradients", "outputs")))
            for of, part in values.items():
                for name, value in part.items():
                    if self._modelled(value) == dtype:
                        program = said[of][name][..., 0]
                        bound = trial.rounding(spread, name) if of == "gradients" else spread.bound(name, of)
                        got = np.asarray(value, dtype=np.float64).reshape(program.shape)
                        found.append(Beside(name, of, got, program, bound))
        return found

    def _quick_look(self) -> QuickLook | None:
        """A look that finds nothing beyond 16 roundings; None if there is none."""
        looks = (self._beside_quick_program(fine) for fine in ((False, True) if LONGER else (False,)))
        return next((look for look in looks if not look.beyond), None)

    def _beside_quick_program(self, fine: bool) -> QuickLook:
        """Every output and gradient beside the gradient program's, with 16 roundings of the largest as the bound."""
        outputs, gradients = self._asked(None, fine)
        said = {"outputs": outputs, "gradients": self.trial.declared_floats(gradients, self.case.sizes)}
        arrays, kinds = [], []
        for of, part in (("outputs", self._outputs), ("gradients", self.run.gradients)):
            for name, value in part.items():
                program = said[of][name]
                arrays.append((name, of, np.asarray(value, dtype=float).reshape(program.shape), program))
                kinds.append(self._modelled(value))
        return QuickLook(arrays, kinds)

    def _asked(self, arithmetic: Any, fine: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the gradient program says, in any arithmetic; without one, quickly in float64 or in longer floats."""
        reference, name = self.trial.reference, self.trial.subject.name
        try:
            with np.errstate(all="ignore"):
                if arithmetic is None:
                    said = reference.run_quickly(self.point, self._outputs, fine)
                else:
                    said = reference.run(arithmetic, self.point, self._outputs)
        except (CannotTrace, ProgramError) as error:
            raise ValueError(f"{name} has no gradient program to compare with: {error}") from error
        if reference.distrust:
            raise ValueError(f"{name} has no gradient program to compare with: {reference.distrust[0]}")
        return said

    def _within(self, arrays: list[Beside], stage: int) -> FloatCheck:
        """Everything is within its derived bound."""
        limits = {array.name: array.limit for array in arrays if array.of == "gradients"}
        return self._consistent(max(array.ratio for array in arrays), limits, stage)

    def _consistent(self, ratio: float, limits: Mapping[str, float], stage: int) -> FloatCheck:
        """Everything is within its bound; that is something only if a gradient has an entry that is not zero."""
        entries = sum(np.size(self.run.gradients[name]) for name in limits)
        if not any(math.isfinite(limit) or np.any(self.run.gradients[name]) for name, limit in limits.items()):
            return self._end(Verdict.NOTHING_COMPARED, "every gradient is zero on both sides")
        return self._end(Verdict.CONSISTENT, entries=entries, ratio=ratio, limits=limits, stage=stage)

    def _in_balls(self, arrays: list[Beside]) -> FloatCheck:
        """The suspects beside certified truth; beyond the bound even there, they are accused."""
        with adapter.precision(_BITS), recording() as record:
            try:
                outputs, gradients = self._asked(Balls())
            except Undecided as refusal:
                return self._end(Verdict.UNDECIDED, f"still open at {_BITS} bits: {refusal}", stage=3)
            truth = {"outputs": outputs, "gradients": self.trial.declared(gradients, self.case.sizes)}
            suspects = {of: list(_suspects(arrays, truth[of], of)) for of in truth}
            if not any(suspects.values()):
                return replace(self._within(arrays, 3), ratio=1.0)
            if record.ties:
                return self._end(Verdict.UNDECIDED, f"at a kink: {next(iter(record.ties))}", stage=3)
            if (open_ := _unknown(arrays, truth)) is not None:
                return self._end(Verdict.UNDECIDED, f"{open_} has no finite bound, or no truth this fine", stage=3)
        wrong = Verdict.FORWARD_DIFFERS if suspects["outputs"] else Verdict.INCONSISTENT
        return self._end(wrong, suspects=tuple(suspects["outputs"] or suspects["gradients"]), stage=3)

    def _end(self, verdict: Verdict, why: str = "", **more: Any) -> FloatCheck:
        return FloatCheck(self.trial.subject.name, self.case, self.dtype, verdict, why=why, **more)


def _spreads(arithmetic: Stochastic, said: Mapping[str, Any]) -> dict[str, FloatArray]:
    """The spread of each array over the samples."""
    with np.errstate(all="ignore"):
        return {name: arithmetic.spread(value) for name, value in said.items()}


def _suspects(arrays: list[Beside], truth: Mapping[str, Any], of: str) -> Iterator[Suspect]:
    """The worst entry of each array that lies beyond its bound of the truth, or cannot be said not to."""
    for array in arrays:
        if array.of != of:
            continue
        errors = error(array.value, truth[array.name])
        with np.errstate(all="ignore"):
            times = np.where((errors <= array.bound) & np.isfinite(array.bound), 0.0, errors / array.bound)
        times = np.where(np.isfinite(times), times, np.inf)
        if times.any():
            index = tuple(int(k) for k in np.unravel_index(int(np.argmax(times)), times.shape))
            shown = enclosures.show(truth[array.name][index], 17)
            yield Suspect(array.name, index, float(array.value[index]), shown, float(times[index]))


def _unknown(arrays: list[Beside], truth: Mapping[str, Mapping[str, Any]]) -> str | None:
    """An array whose bound is not finite, or whose truth is not known more finely than its bound."""
    for array in arrays:
        radius = enclosures.radius(truth[array.of][array.name])
        if not bool(np.all(np.isfinite(array.bound) & (radius <= _THIN * array.bound))):
            return array.name
    return None
