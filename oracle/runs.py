"""One evaluation of a hand-written pair, in floats or in balls, with everything that was seen on the way."""

from __future__ import annotations

import contextlib
import io
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from oracle.arithmetic import adapter
from oracle.arithmetic.refusals import CONDITION, LeftArithmetic, Record, Undecided, recording
from oracle.binding import Binding
from oracle.forms.form import ContractError, SubjectError
from oracle.forms.loss import LossForm
from oracle.inputs import CONTAINERS, fresh
from oracle.paths import PathError
from oracle.point import Point
from oracle.subject import Subject
from oracle.tracing import Execution, executed_lines
from oracle.trees import flatten


class Numbers(Protocol):
    """What a run needs to know of its number system."""

    def argument(self, value: Any) -> Any:
        """The values of an input in this number system, as the code under test gets them."""

    def array(self, value: Any) -> Any:
        """A fresh array of this number system with these values."""

    def shape(self, value: Any) -> tuple[int, ...] | None:
        """The shape of a value if it holds real numbers of any kind, else None."""


@dataclass
class Run:
    """What one evaluation gave: outputs and gradients as the code returned them, or the error that ended it."""

    outputs: dict[str, Any] = field(default_factory=dict)
    returned: dict[str, Any] = field(default_factory=dict)  # the outputs themselves; `outputs` are copies of them
    gradients: dict[str, Any] = field(default_factory=dict)  # copies: leaving the binding restores the modules
    originals: dict[str, Any] = field(default_factory=dict)  # what the backward itself returned or left
    record: Record = field(default_factory=Record)
    error: BaseException | None = None
    traceback: str = ""
    remark: str = ""  # what the report should say of how it was run
    takes_cotangents: bool = True
    forward_lines: Execution | None = None
    backward_lines: Execution | None = None
    arguments: dict[str, Any] = field(default_factory=dict)  # as passed, to see what was done to them
    cotangents: dict[str, Any] = field(default_factory=dict)
    handed: tuple[Any, ...] = ()  # the arguments of the forward, nested as they were passed
    pushed: Any = None  # the cotangents, nested as they were passed
    fixed: dict[str, Any] = field(default_factory=dict)  # what fixed containers held between forward and backward

    @property
    def left(self) -> bool:
        """Whether something was refused because it would have left ball arithmetic."""
        return any(refusal.kind == LeftArithmetic.__name__ for refusal in self.record.refusals)

    @property
    def undecided(self) -> bool:
        """Whether a question stayed open."""
        return any(refusal.kind == Undecided.__name__ for refusal in self.record.refusals)


class Poison:
    """Gradient slots hold NaN before the backward: a gradient that was never written cannot pass."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    def prepare(self, name: str, present: Any) -> Any:
        """NaN in the shape of what is there; what is not an array of numbers stays."""
        shape = self.numbers.shape(present)
        return present if shape is None else self.numbers.array(np.full(shape, np.nan))

    def read(self, name: str, value: Any) -> Any:
        """What the backward left."""
        return value


class Known:
    """Gradient slots hold known values before the backward, which are subtracted afterwards (`accumulates`)."""

    def __init__(self, numbers: Numbers, value: float) -> None:
        self.numbers, self.value = numbers, value
        self._before: dict[str, Any] = {}

    def prepare(self, name: str, present: Any) -> Any:
        """Known values in the shape of what is there."""
        shape = self.numbers.shape(present)
        if shape is None:
            return present
        self._before[name] = self.numbers.array(self._values(shape))
        return self.numbers.array(self._values(shape))

    def _values(self, shape: tuple[int, ...]) -> Any:
        """1, -2, 3, ... times the value: of either sign, so that no sign lets them pass."""
        count = np.arange(1, 1 + int(np.prod(shape)))
        return self.value * np.where(count % 2, count, -count).reshape(shape)

    def read(self, name: str, value: Any) -> Any:
        """What the backward added."""
        if name not in self._before:
            raise ContractError(f"the gradient of {name} is declared to accumulate, but it had no slot to add to")
        return value - self._before[name]


def slots_for(subject: Subject, numbers: Numbers, known: float) -> Poison | Known:
    """How this subject's gradient slots are prepared."""
    return Known(numbers, known) if subject.deviations.accumulates else Poison(numbers)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The code under test may print and warn: that is its own business, and must not spoil our output."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def output_root(subject: Subject) -> str:
    """What the names of outputs begin with: something that the name of no input begins with."""
    taken = {name.split(".")[0].split("[")[0] for name in subject.leaves}
    return next(
        root for root in ("out", "output", *(f"output_{k}" for k in range(len(taken) + 1))) if root not in taken
    )


def _forget_conditions(record: Record) -> None:
    """Of plain conditions those of the backward count, as its lines do."""
    for question in [one for one in record.ways if one.name == CONDITION]:
        del record.ways[question]


def evaluate(
    run: Run,
    point: Point,
    numbers: Numbers,
    *,
    owner: Any = None,
    lines: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
    known: float = 0.0,
    slots: Poison | Known | None = None,
    cotangents: Mapping[str, Any] | None = None,
    between: Callable[[], object] = lambda: None,
) -> None:
    """Run forward and backward once and fill `run`; errors of the code under test end up in it too.

    `between` is called after the forward and before the backward.
    """
    form, sizes = point.subject.form, point.case.sizes
    try:
        owner = owner if owner is not None else form.begin(sizes)
        slots = slots or slots_for(point.subject, numbers, known)
        if isinstance(form, LossForm):  # whose gradients come with the loss
            form.prepare(owner, slots)
        run.arguments = as_passed(numbers, point.values)
        with lines() as run.forward_lines:
            tree = form.forward(owner, run.arguments)
        run.returned, rebuild = flatten(tree, output_root(point.subject))
        run.outputs = {name: _copy(value) for name, value in run.returned.items()}
        run.takes_cotangents = form.takes_cotangents(owner)
        run.cotangents = _cotangents(run, point, numbers, cotangents)
        run.handed, run.pushed = getattr(owner, "arguments", ()), rebuild(run.cotangents)
        run.fixed = {name: fresh(value) for name, value in run.arguments.items() if isinstance(value, CONTAINERS)}
        between()
        if not isinstance(form, LossForm):
            _forget_conditions(run.record)
        with lines() as run.backward_lines:
            run.originals = form.backward(owner, run.pushed, slots)
        run.gradients = {name: _copy(value) for name, value in run.originals.items()}
    except (LeftArithmetic, Undecided) as refusal:
        run.error = refusal
    except (SubjectError, PathError):
        raise
    except (Exception, SystemExit) as error:
        run.error = error
        run.traceback = _traceback(error)
    finally:
        if isinstance(form, LossForm) and owner is not None:
            form.finish(owner)


def as_passed(numbers: Numbers, values: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of all inputs, as a run passes them."""
    return {name: _argument(numbers, value) for name, value in values.items()}


def _argument(numbers: Numbers, value: Any) -> Any:
    """A copy of one input in the run's own number system; integers, masks and fixed things stay what they are."""
    return numbers.argument(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else fresh(value)


def _cotangents(run: Run, point: Point, numbers: Numbers, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """A cotangent for every real output; 1 for the loss of a backward that takes none."""
    shapes = {name: numbers.shape(value) for name, value in run.outputs.items()}
    if not run.takes_cotangents:
        real = [name for name, shape in shapes.items() if shape is not None]
        if len(real) != 1 or int(np.prod(shapes[real[0]] or ())) != 1:
            raise ContractError(
                f"the backward of {point.subject.name} takes no cotangent, so its forward must return one loss; "
                f"it returned {', '.join(f'{name} of shape {shape}' for name, shape in shapes.items()) or 'nothing'}"
            )
        point.set_cotangent(real[0], np.ones(shapes[real[0]] or ()))
    if run.takes_cotangents and not any(shape is not None for shape in shapes.values()):
        kinds = ", ".join(f"{name} is {_kind(value)}" for name, value in run.outputs.items())
        raise ContractError(
            f"the forward of {point.subject.name} returned nothing that has a derivative ({kinds}); "
            "expected an array of floats"
        )
    if given is None:
        given = point.cotangents({name: shape for name, shape in shapes.items() if shape is not None})
    return {name: None if shape is None else numbers.array(given[name]) for name, shape in shapes.items()}


def _kind(value: Any) -> str:
    """What an output is that holds no real numbers."""
    return f"of type {type(value).__name__}" if not hasattr(value, "dtype") else f"an array of {value.dtype}"


def _copy(value: Any) -> Any:
    """A copy of an array; anything else as it is."""
    return value.copy() if hasattr(value, "shape") and hasattr(value, "copy") else value


def _traceback(error: BaseException) -> str:
    """The traceback, less our own frames."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{'oracle'}/forms/" not in frame.filename.replace("\\", "/")]
    text = traceback.format_list(own[1:] or own)
    return "".join([*text, *traceback.format_exception_only(error)]).rstrip()


def in_floats(
    point: Point,
    binding: Binding,
    dtype: Any = np.float64,
    *,
    lines: bool = False,
    strided: bool = False,
    plain: bool = False,
    cotangents: Mapping[str, Any] | None = None,
    restore: bool = True,
) -> Run:
    """The untouched code, in float64 or float32; the modules are afterwards as they were before, with `restore`."""
    run = Run()
    tracer = (lambda: executed_lines(binding.scopes)) if lines else contextlib.nullcontext
    with binding.untouched() if restore else contextlib.nullcontext(), quiet():
        evaluate(run, point, adapter.Floats(dtype, strided, plain), lines=tracer, cotangents=cotangents)
    return run


def in_single(point: Point, binding: Binding, *, restore: bool = True) -> Run:
    """The untouched code in float32; scalar inputs are Python's floats where it takes no np.float32 for them.

    A NumPy float64 is a `float` to `isinstance`, and a float32 is not: code that asks has been given a `float`.
    """
    run = in_floats(point, binding, np.float32, restore=restore)
    if run.error is None or all(spec.kind != "real" or spec.shape.dimensions for spec in point.subject.leaves.values()):
        return run
    again = in_floats(point, binding, np.float32, plain=True, restore=restore)
    if again.error is None:
        why = f"{type(run.error).__name__}: {run.error}".splitlines()[0]
        again.remark = f"scalar inputs are Python floats in the float32 run, for with np.float32 it raised {why}"
        return again
    return run


def in_balls(point: Point, binding: Binding, bits: int, *, lines: bool = False) -> Run:
    """The same code in ball arithmetic of `bits` bits."""
    run = Run()
    tracer = (lambda: executed_lines(binding.scopes)) if lines else contextlib.nullcontext
    with binding.bound(adapter.stand_for), adapter.precision(bits), quiet(), recording() as run.record:
        evaluate(run, point, adapter.Balls(), lines=tracer, known=0.37)
    return run


def forward_in_balls(point: Point, binding: Binding, bits: int, values: Mapping[str, Any]) -> Run:
    """The forward alone, at other values of the inputs (raw balls by name)."""
    run, form = Run(), point.subject.form
    with binding.bound(adapter.stand_for), adapter.precision(bits), quiet(), recording() as run.record:
        try:
            numbers = adapter.Balls()
            given = {n: adapter.wrapped(v) if n in values else v for n, v in {**point.values, **values}.items()}
            arguments = {n: v if n in values else _argument(numbers, v) for n, v in given.items()}
            run.outputs, _ = flatten(form.forward(form.begin(point.case.sizes), arguments), output_root(point.subject))
        except (Exception, SystemExit) as error:
            run.error = error
    return run


def forward_in_floats(point: Point, binding: Binding, values: Mapping[str, Any]) -> Run:
    """The untouched forward alone, at other values of the inputs: float64, or complex for a complex step."""
    run, form = Run(), point.subject.form
    with binding.untouched(), quiet():
        try:
            arguments = {name: _unboxed(value) for name, value in values.items()}
            run.outputs, _ = flatten(form.forward(form.begin(point.case.sizes), arguments), output_root(point.subject))
        except (SubjectError, PathError):
            raise
        except (Exception, SystemExit) as error:
            run.error = error
    return run


def _unboxed(value: Any) -> Any:
    """A copy of what could be changed; a NumPy scalar where a number has no dimension."""
    number = isinstance(value, np.ndarray) and not value.ndim and value.dtype.kind in "fc"
    return value[()] if number else fresh(value)
