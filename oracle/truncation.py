"""A declared truncation, and the reference that cuts the same: then every entry is compared at every number of steps.

What is cut shows in no forward, so finite differences cannot know it. A reference can: where it applies
`jax.lax.stop_gradient`, its gradient program is that of the truncated backward. It is believed under two conditions,
which are put to it before the first case. At T = k, where nothing may be cut yet, finite differences confirm its
gradients; at T = k + 1, where something must be, they refute them. Then it alone says what is cut beyond k.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from oracle.arithmetic import adapter
from oracle.arithmetic.refusals import Undecided, recording
from oracle.cases import Case, schedule
from oracle.point import Point
from oracle.program import CannotTrace, ProgramError
from oracle.program.trust import STOPPED
from oracle.runs import forward_in_balls
from oracle.witnesses.finite_difference import testify
from oracle.witnesses.statement import Testimony

if TYPE_CHECKING:
    from oracle.reference import Reference

_ATTEMPTS = 6  # cases at one number of steps: some may be at a kink


def is_beyond(reference: Reference, case: Case) -> bool:
    """Whether a case has more steps than are pushed back."""
    steps = reference.subject.deviations.truncate
    return steps is not None and case.sizes["T"] > steps


def admit(reference: Reference, sizes: Mapping[str, tuple[int, int]], digits: float, bits: int) -> None:
    """Believe the reference at every number of steps if it cuts what is declared, else note why it is not believed."""
    steps = reference.subject.deviations.truncate
    if steps is None or reference.implicit:
        return
    heard: list[Testimony | str] = [
        _asked(reference, {**sizes, "T": (count, count)}, digits, bits) for count in (steps, steps + 1)
    ]
    match heard:
        case [Testimony.CONFIRMS, Testimony.REFUTES]:
            reference.truncates = True
            reference.excused.add(STOPPED)
            reference.distrust = []
        case [str(why), _] | [_, str(why)]:
            reference.notes.append(f"beyond T={steps} the reference says nothing: {why}")
        case [Testimony.CONFIRMS, _]:
            reference.notes.append(
                f"the reference does not truncate: at T={steps + 1} it still gives the whole derivative, so nothing is "
                "compared beyond; cut it with jax.lax.stop_gradient where the backward cuts"
            )
        case _:
            reference.notes.append(
                f"the reference is not the derivative at T={steps}, where truncate={steps} cuts nothing yet, so it is "
                "not believed: where does it apply stop_gradient?"
            )


def _asked(reference: Reference, within: Mapping[str, tuple[int, int]], digits: float, bits: int) -> Testimony | str:
    """What finite differences say of the reference's gradients at these sizes; a sentence where they cannot."""
    why = "every case met a kink"
    for case in schedule(2 * _ATTEMPTS, 0, within):
        if case.regime != "generic":
            continue
        point = Point(reference.subject, case)
        with adapter.precision(bits), recording() as record:
            run = forward_in_balls(point, reference.binding, bits, {})
            if run.error is not None or run.record.refusals:
                return f"the forward does not run in balls: {run.error or run.record.refusals[0]}"
            balls = {name: value for name, value in run.outputs.items() if adapter.Balls().shape(value) is not None}
            try:
                _, gradients = reference.run(
                    _balls(), point, {name: adapter.raw(value) for name, value in balls.items()}
                )
            except (CannotTrace, ProgramError, Undecided) as error:
                return str(error).splitlines()[0]
        if distrust := [sentence for sentence in reference.distrust if sentence != STOPPED]:
            return distrust[0]
        if record.ties or run.record.ties:
            continue
        said = testify(point, reference.binding, gradients, digits=digits)
        if said.testimony is not Testimony.SILENT:
            return said.testimony
        why = said.why
    return why


def _balls() -> object:
    """The arithmetic, imported where JAX is needed anyway."""
    from oracle.arithmetic.ball_program import Balls

    return Balls()
