"""A subject: a hand-written forward and backward under test, with named inputs and their shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from oracle.cases import ranges
from oracle.deviations import Deviations
from oracle.diagnosis.probes.declared import Probe, plain, takes_probe
from oracle.diagnosis.probes.declared import parse as parse_probes
from oracle.forms.form import Form, describe, differentiated, expect_function, takes_size
from oracle.forms.functions import FunctionsForm
from oracle.forms.loss import LossForm
from oracle.forms.object import UPDATE, ObjectForm
from oracle.inputs import Input, Spec, nest


@dataclass(frozen=True, eq=False)
class Subject:
    """A hand-written pair on trial. Make one with `from_functions`, `from_object`, `from_loss` or `from_torch`."""

    name: str
    form: Form
    leaves: Mapping[str, Input]
    sizes: Mapping[str, tuple[int, int]]
    reference: Callable[..., Any] | None = None  # of the flat dictionary of inputs; returns the outputs
    deviations: Deviations = field(default_factory=Deviations)
    modules: Sequence[Any] = ()
    arguments: Callable[[Mapping[str, Any]], Sequence[Any]] = field(default=lambda values: list(values.values()))
    probes: Mapping[str, Probe] = field(default_factory=dict)  # which variable of the backward is which cotangent
    twin: Callable[..., Any] | None = None  # the reference with its places, if it takes `probe`
    spec: Any = None  # how to make the subject again: "path/to/file.py:name" or a registered name

    @cached_property
    def differentiated(self) -> tuple[str, ...]:
        """The names of the gradients under test."""
        return tuple(differentiated(self.leaves))

    @property
    def updates(self) -> bool:
        """Whether gradients are read off a parameter update, which costs digits."""
        return isinstance(self.form, ObjectForm) and self.form.rule == UPDATE

    def __repr__(self) -> str:
        leaves = ", ".join(f"{name}{spec.shape}" for name, spec in self.leaves.items())
        return f"<Subject {self.name}: {leaves}>"

    @classmethod
    def from_functions(
        cls,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        *,
        inputs: Mapping[str, Spec],
        reference: Callable[..., Any] | None = None,
        gradients: str | None = None,
        sizes: Mapping[str, tuple[int, int]] | None = None,
        name: str | None = None,
        modules: Sequence[Any] = (),
        probes: Mapping[str, str | Probe] | None = None,
        **deviations: Any,
    ) -> Subject:
        """The pair `forward(*inputs) -> (*outputs, cache)`, `backward(*cotangents, cache) -> gradients`.

        Parameters
        ----------
        forward, backward : functions
            Gradients come back as a mapping, a named tuple, a tuple in input order, or one array.
        inputs : mapping of name to shape spec
            The positional arguments of `forward`, in order. A shape spec, `oracle.reals`, `oracle.integers`,
            `oracle.booleans`, `oracle.fixed`, or a dictionary or list of them.
        reference : function, optional
            The same forward for JAX, of the same arguments; without one, JAX traces `forward` itself.
        gradients : str, optional
            The naming rule of a returned mapping, such as `"d{}"`; by default the usual rules are tried.
        sizes : mapping of size to (smallest, largest), optional
            By default 1 to 8 (T: 1 to 6, B: 1 to 3, N: 1 to 4).
        modules : sequence of modules, optional
            Further modules that hold code under test.
        probes : mapping of name to place, optional
            Which local variables of the backward are which cotangents, such as `{"o_bar": "do"}`; a failure then names
            the line. The reference marks the same places: `def reference(x, *, probe)` with `o = probe("o", o)`.
            A place may be an `oracle.probe`.
        **deviations
            What the backward does on purpose: see `oracle.deviations`.

        Raises
        ------
        ValueError
            If the forward does not take the inputs, or a spec, size or deviation is not understood.

        Examples
        --------
        >>> import numpy as np, oracle
        >>> def forward(x, w):
        ...     return x @ w, (x, w)
        >>> def backward(y_bar, cache):
        ...     x, w = cache
        ...     return y_bar @ w.T, x.T @ y_bar
        >>> oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"}, name="linear")
        <Subject linear: x(B, D), w(D, H)>
        """
        form = FunctionsForm(forward, backward, inputs, gradients)

        def arguments(values: Mapping[str, Any]) -> list[Any]:
            return [nest(spec, values, key) for key, spec in form.inputs.items()]

        title = name or describe(forward)
        return cls._make(title, form, form.leaves, sizes, reference, arguments, modules, probes, deviations)

    @classmethod
    def from_object(
        cls,
        make: Callable[..., Any],
        *,
        forward: str | Callable[..., Any] = "forward",
        backward: str | Callable[..., Any] = "backward",
        inputs: Mapping[str, Spec],
        parameters: Mapping[str, Spec] | None = None,
        outputs: Mapping[str, str] | None = None,
        gradients: str | Mapping[str, str] = "{}_diff",
        input_gradients: Mapping[str, str] | None = None,
        reset: str | Callable[[Any], Any] | None = None,
        update: str | Callable[[Any], Any] | None = None,
        reference: Callable[..., Any] | None = None,
        sizes: Mapping[str, tuple[int, int]] | None = None,
        name: str | None = None,
        modules: Sequence[Any] = (),
        probes: Mapping[str, str | Probe] | None = None,
        **deviations: Any,
    ) -> Subject:
        """The object `make(**sizes)`, with a forward, a backward, parameters and gradients at named places.

        Parameters
        ----------
        make : function
            Called with those sizes that it takes; gives a fresh object for each evaluation.
        forward, backward : str or function
            Method names (dotted paths work), or functions of the object and the arguments.
        parameters : mapping of path to shape spec
            Written before each forward. A path such as `"param.wg"`, `"layers[0].W"`, `'params["W"]'`.
        outputs : mapping of path to shape spec, optional
            Where the outputs are after the forward; by default they are what it returns.
        gradients : str or mapping
            A rule (`"{}_diff"`, `"d{}"`, `"grads.{}"`), a mapping of parameter to path, or `"update"`: the
            difference across a step with learning rate 1.
        input_gradients : mapping of input to path, optional
            By default what the backward returns, in input order.
        reset : str or function, optional
            Called between two sequences on one object.
        update : str or function, optional
            With `gradients="update"`: what takes the step after the backward.
        reference : function, optional
            `reference(parameters, *inputs)` for JAX, with `parameters` a dictionary by path.

        Raises
        ------
        ValueError
            If a rule, spec, size or deviation is not understood.

        Examples
        --------
        >>> import numpy as np, oracle
        >>> class Scale:
        ...     def __init__(self):
        ...         self.a = np.zeros(())
        ...     def forward(self, x):
        ...         self.x = x
        ...         return self.a * x
        ...     def backward(self, y_bar):
        ...         self.da = (self.x * y_bar).sum()
        ...         return self.a * y_bar
        >>> oracle.Subject.from_object(Scale, inputs={"x": "D"}, parameters={"a": ""}, gradients="d{}", name="scale")
        <Subject scale: a(), x(D,)>
        """
        form = ObjectForm(
            make,
            forward,
            backward,
            inputs,
            parameters or {},
            outputs,
            gradients,
            input_gradients,
            reset,
            update,
        )
        title = name or describe(make)
        arguments = _parameters_first(form.parameters, form.inputs)
        return cls._make(title, form, form.leaves, sizes, reference, arguments, modules, probes, deviations)

    @classmethod
    def from_loss(
        cls,
        function: Callable[..., Any],
        *,
        inputs: Mapping[str, Spec],
        parameters: Mapping[str, Spec] | None = None,
        gradients: str | Mapping[str, str] | Sequence[str] | None = None,
        owner: Any = None,
        reference: Callable[..., Any] | None = None,
        sizes: Mapping[str, tuple[int, int]] | None = None,
        name: str | None = None,
        modules: Sequence[Any] = (),
        probes: Mapping[str, str | Probe] | None = None,
        **deviations: Any,
    ) -> Subject:
        """One function that returns a loss and its gradients: `function(*inputs) -> (loss, *gradients)`.

        Parameters
        ----------
        parameters : mapping of path to shape spec
            Written on `owner` (by default the function's own module) before each call.
        gradients : optional
            A sequence of names for what follows the loss, a naming rule of a returned mapping, or paths on the
            owner. By default: the gradients of the parameters and then of the inputs, in order.
        reference : function, optional
            `reference(parameters, *inputs)` for JAX.

        Raises
        ------
        ValueError
            If the function does not take the inputs, or a spec, size or deviation is not understood.

        Examples
        --------
        >>> import oracle
        >>> def square(x):
        ...     return (x * x).sum(), 2 * x
        >>> oracle.Subject.from_loss(square, inputs={"x": "D"}, name="square")
        <Subject square: x(D,)>
        """
        form = LossForm(function, inputs, parameters or {}, gradients, owner)
        title = name or describe(function)
        arguments = _parameters_first(form.parameters, form.inputs)
        return cls._make(title, form, form.leaves, sizes, reference, arguments, modules, probes, deviations)

    @classmethod
    def from_torch(
        cls,
        function: Any,
        *,
        inputs: Mapping[str, Spec],
        reference: Callable[..., Any] | None = None,
        sizes: Mapping[str, tuple[int, int]] | None = None,
        name: str | None = None,
        modules: Sequence[Any] = (),
        probes: Mapping[str, str | Probe] | None = None,
        **deviations: Any,
    ) -> Subject:
        """A `torch.autograd.Function`, called by `Function.apply(*inputs)`; needs the optional extra `torch`.

        It is judged in floats, on the CPU, in float64 and in the float32 regime in float32: CONSISTENT at best.

        Parameters
        ----------
        function : class
            The Function itself, with its static `forward` and `backward`.
        inputs : mapping of name to shape spec
            The positional arguments of `apply`, in order.
        reference : function, optional
            The same forward for JAX: with it every entry is compared, and far smaller faults are seen.

        Raises
        ------
        ImportError
            If torch cannot be imported.
        ValueError
            If `function` is no Function, an input is nested, or a spec, size or deviation is not understood.

        Notes
        -----
        In one line: `oracle.Subject.from_torch(MyFunction, inputs={"x": "B D"}, reference=my_jax_forward)`.
        """
        from oracle.forms.torch_function import TorchForm

        form = TorchForm(function, inputs)

        def arguments(values: Mapping[str, Any]) -> list[Any]:
            return [values[name] for name in form.inputs]

        return cls._make(
            name or describe(function), form, form.leaves, sizes, reference, arguments, modules, probes, deviations
        )

    @classmethod
    def _make(
        cls,
        name: str,
        form: Form,
        leaves: Mapping[str, Input],
        sizes: Mapping[str, tuple[int, int]] | None,
        reference: Callable[..., Any] | None,
        arguments: Callable[[Mapping[str, Any]], Sequence[Any]],
        modules: Sequence[Any],
        probes: Mapping[str, str | Probe] | None,
        deviations: Mapping[str, Any],
    ) -> Subject:
        if not differentiated(leaves):
            raise ValueError(f"{name} has no input or parameter to differentiate")
        declared = Deviations.parse(deviations, leaves)
        known = {size for spec in leaves.values() for size in spec.names}
        if unknown := [size for size in declared.names if size not in known and not takes_size(form, size)]:
            raise ValueError(
                f"a declared deviation names the size {unknown[0]!r}, but the inputs have only the sizes "
                f"{', '.join(sorted(known)) or '(none)'}"
            )
        if reference is not None:
            expect_function("reference=", reference, "the same forward for JAX, a function of the same arguments")
        within = ranges(_names(leaves, declared), sizes or {})
        declared.expect_checkable(leaves, within)
        twin = reference if takes_probe(reference) else None
        named = parse_probes(probes)
        return cls(name, form, leaves, within, plain(reference), declared, tuple(modules), arguments, named, twin)


def _names(leaves: Mapping[str, Input], deviations: Deviations) -> tuple[str, ...]:
    """All sizes, in order of appearance."""
    found: Iterable[str] = (size for spec in leaves.values() for size in spec.names)
    return tuple(dict.fromkeys([*found, *deviations.names]))


def _parameters_first(
    parameters: Mapping[str, Input], inputs: Mapping[str, Spec]
) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """The arguments of a reference for objects and losses: a dictionary of parameters, then the inputs."""

    def arguments(values: Mapping[str, Any]) -> list[Any]:
        return [{name: values[name] for name in parameters}, *(nest(spec, values, key) for key, spec in inputs.items())]

    return arguments
