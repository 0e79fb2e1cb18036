"""A reference with named places: what stands there, its cotangent, and its cotangent given those of all other places.

A twin marks a place with `o = probe("o", o)`, and writes its loop over time as `probe.scan`. Where nobody asks, `probe`
is `UNPROBED` and does nothing. Where the diagnosis asks, each place adds a perturbation e, which is zero, and returns
what stood there too. The gradient with respect to e is the cotangent of the place:

    through    u = v + e                   everything that depends on the place is seen
    not        u = stop_gradient(v) + e    only as far as the next places, whose cotangents are then given

One traced program does both, because `through` is one of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oracle.program.errors import CannotTrace
from oracle.program.gradient_program import GradientProgram, trace
from oracle.program.tracing import signature, symbolic_shapes

THROUGH = "through the places"


class Unprobed:
    """The places of a twin when nobody asks: values pass unchanged.

    >>> UNPROBED("o", 0.5)
    0.5
    """

    def __call__(self, place: str, value: Any) -> Any:
        """The value at a place, to be used from here on."""
        return value

    def known(self, name: str, value: Any) -> Any:
        """A value that the hand-written code keeps under this name; nothing depends on it."""
        return value

    def scan(self, step: Callable[..., Any], carry: Any, xs: Any = None, **options: Any) -> tuple[Any, Any]:
        """`jax.lax.scan`, for steps that have places in them.

        A place has a value for each step, in the order in which the loop takes them; where several loops pass it, those
        of the first loop come first.
        """
        from jax import lax

        result: tuple[Any, Any] = lax.scan(step, carry, xs, **options)
        return result


UNPROBED = Unprobed()


@dataclass(frozen=True)
class Place:
    """A place of a twin: the shape of its values over all steps, and whether the first axis counts steps."""

    shape: tuple[Any, ...]
    stacked: bool


class _Listening(Unprobed):
    """Notes what stands at the places, and in which loop; perturbs nothing."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {}
        self.looped: dict[str, list[Any]] = {}  # stacked by the loops that they are in
        self.loops: list[tuple[str, ...]] = []  # which places each loop passed
        self.kept: dict[str, Any] = {}
        self._kept_in_loops: dict[str, list[Any]] = {}
        self._inside: dict[str, Any] | None = None
        self._kept_inside: dict[str, Any] = {}

    def __call__(self, place: str, value: Any) -> Any:
        """The value, noted."""
        import jax.numpy as jnp

        value = jnp.asarray(value)
        if self._inside is not None:
            self._inside[place] = value
        else:
            self.values.setdefault(place, []).append(value)
        return self.perturbed(place, value)

    def perturbed(self, place: str, value: Any) -> Any:
        """What is used from here on."""
        return value

    def known(self, name: str, value: Any) -> Any:
        """The value, noted."""
        (self.kept if self._inside is None else self._kept_inside)[name] = value
        return value

    def scan(self, step: Callable[..., Any], carry: Any, xs: Any = None, **options: Any) -> tuple[Any, Any]:
        """The loop, with the values at its places taken out, and their perturbations put in."""
        from jax import lax

        def watched(state: Any, given: Any) -> tuple[Any, Any]:
            x, self._slices = given
            self._inside, self._kept_inside = {}, {}
            try:
                state, y = step(state, x)
                return state, (y, self._inside, self._kept_inside)
            finally:
                self._inside = None

        turned = bool(options.get("reverse"))
        added = _turned(self.perturbations(_steps(xs, options)), turned)
        carry, (ys, inside, kept) = lax.scan(watched, carry, (xs, added), **options)
        for given, gathered in ((inside, self.looped), (kept, self._kept_in_loops)):
            for name, stacked in _turned(given, turned).items():
                gathered.setdefault(name, []).append(stacked)
        self.loops.append(tuple(inside))
        return carry, ys

    def perturbations(self, steps: Any) -> dict[str, Any]:
        """Those of places in the loop that comes next, which has so many steps."""
        return {}

    def all_values(self) -> dict[str, Any]:
        """The values at all places; where a place was passed several times, stacked in that order."""
        import jax.numpy as jnp

        single = {name: found[0] if len(found) == 1 else jnp.stack(found) for name, found in self.values.items()}
        return {**single, **_joined(self.looped)}

    @property
    def known_names(self) -> tuple[str, ...]:
        """What the hand-written code is said to keep."""
        return tuple(dict.fromkeys([*self.kept, *self._kept_in_loops]))

    def all_known(self) -> dict[str, Any]:
        """What the hand-written code keeps, by name."""
        return {**self.kept, **_joined(self._kept_in_loops)}


def _turned(arrays: dict[str, Any], turned: bool) -> dict[str, Any]:
    """Arrays with a first axis of steps, the last step first where they are turned."""
    return {name: array[::-1] for name, array in arrays.items()} if turned else arrays


def _steps(xs: Any, options: Mapping[str, Any]) -> Any:
    """How many steps a loop has."""
    import jax

    return options["length"] if options.get("length") is not None else jax.tree.leaves(xs)[0].shape[0]


def _joined(stacked: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The values of all loops, one loop after the other."""
    import jax.numpy as jnp

    return {name: found[0] if len(found) == 1 else jnp.concatenate(found) for name, found in stacked.items()}


class _Perturbing(_Listening):
    """Adds the perturbations, and cuts what lies before a place off from what lies behind it, unless `through`."""

    def __init__(
        self,
        places: Mapping[str, Place],
        loops: Sequence[Sequence[str]],
        given: Mapping[str, Any],
        through: Any,
    ):
        super().__init__()
        self._places, self._loops, self._given, self._through = places, loops, given, through
        self._slices: dict[str, Any] = {}
        self._taken: dict[str, Any] = {}  # how many steps of a place the loops before have had

    def perturbations(self, steps: Any) -> dict[str, Any]:
        """Those of places in the loop that comes next, which has so many steps."""
        found = {}
        for name in [name for name in self._loops[len(self.loops)] if name in self._places]:
            first, self._taken[name] = self._taken.get(name, 0), self._taken.get(name, 0) + steps
            only = sum(name in loop for loop in self._loops) == 1
            found[name] = self._given[name] if only else self._given[name][first : first + steps]
        return found

    def perturbed(self, place: str, value: Any) -> Any:
        """The value with its perturbation."""
        import jax.numpy as jnp
        from jax import lax

        if place not in self._places:
            return value
        if self._inside is not None:
            e = self._slices[place]
        else:
            e = self._given[place]
            e = e[len(self.values[place]) - 1] if self._places[place].stacked else e
        return jnp.where(self._through, value, lax.stop_gradient(value)) + e


@dataclass(frozen=True)
class Probed:
    """The program of a probed twin: outputs, then the values at `places` and the `known` ones; and all gradients."""

    program: GradientProgram
    places: dict[str, Place]
    known: tuple[str, ...]


def perturbation(place: str) -> str:
    """The name of the input that is added at a place."""
    return f"{place} + e"


def probed(
    twin: Callable[..., Any],
    specs: Mapping[str, str],
    kinds: Mapping[str, str],
    wanted: Sequence[str],
    sizes: Mapping[str, int] | None = None,
) -> Probed:
    """The gradient program of `twin(*arrays, probe=…)` with the wanted places perturbed.

    With `sizes` it is traced for these sizes alone; without, for all.

    Raises
    ------
    CannotTrace
        If JAX cannot trace the twin, or cannot trace it for all sizes.

    >>> program = probed(lambda x, probe: probe("y", 2 * x) ** 2, {"x": "D"}, {}, ["y"])
    >>> program.places["y"].shape
    (D,)
    """
    listening, values = _listen(twin, specs, kinds, sizes)
    stacked = {name: name in listening.looped or len(listening.values[name]) > 1 for name in values}
    places = {name: Place(tuple(values[name].shape), stacked[name]) for name in wanted if name in values}
    extra = {
        perturbation(name): " ".join(str(d).replace(" ", "") for d in place.shape) for name, place in places.items()
    }
    kept, order = listening.known_names, list(specs)

    def function(*arrays: Any) -> Any:
        inputs, through = arrays[: len(order)], arrays[len(order)]
        given = dict(zip(places, arrays[len(order) + 1 :], strict=True))
        probe = _Perturbing(places, listening.loops, given, through)
        outputs = twin(*inputs, probe=probe)
        found, known = probe.all_values(), probe.all_known()
        return outputs, [found[name] for name in places], [known[name] for name in kept]

    try:
        every = trace(
            function,
            {**specs, THROUGH: "", **extra},
            kinds={**kinds, THROUGH: "bool"},
            max_concrete_traces=4,
        )
    except ValueError as error:  # a symbolic dimension that a spec cannot spell
        raise CannotTrace(str(error)) from error
    return Probed(every, places, kept)


def places(
    twin: Callable[..., Any], specs: Mapping[str, str], kinds: Mapping[str, str], sizes: Mapping[str, int]
) -> frozenset[str]:
    """The places that a twin marks at these sizes.

    Raises
    ------
    CannotTrace
        If JAX cannot trace the twin.

    >>> sorted(places(lambda x, probe: probe("y", 2 * x) ** 2, {"x": "D"}, {}, {"D": 3}))
    ['y']
    """
    return frozenset(_listen(twin, specs, kinds, sizes)[1])


def _listen(
    twin: Callable[..., Any], specs: Mapping[str, str], kinds: Mapping[str, str], sizes: Mapping[str, int] | None
) -> tuple[_Listening, dict[str, Any]]:
    """One pass through the twin with the shapes alone; gives those of the values at all places."""
    import jax
    import numpy as np

    signed = signature(specs, kinds)
    if sizes is None:
        shapes = symbolic_shapes(signed)
    else:
        shapes = {name: shape.concrete(sizes) for name, shape in signed.shapes.items()}
    listening = _Listening()
    try:
        with jax.enable_x64(True):
            inputs = [
                jax.ShapeDtypeStruct(shapes[name], np.dtype(signed.dtype(name)))  # type: ignore[no-untyped-call]
                for name in signed.names
            ]
            values = jax.eval_shape(lambda *arrays: _values(twin, arrays, listening), *inputs)
    except Exception as error:  # whatever a twin may raise when its arrays are not numbers
        first = next(iter(str(error).strip().splitlines()), "")
        raise CannotTrace(f"{type(error).__name__}: {first}") from error
    return listening, values


def _values(twin: Callable[..., Any], arrays: Sequence[Any], listening: _Listening) -> dict[str, Any]:
    """The values at all places of a twin."""
    twin(*arrays, probe=listening)
    return listening.all_values()
