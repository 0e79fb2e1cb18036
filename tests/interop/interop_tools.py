"""Networks of drawn weights, run by lstm_ref and by JAX, and how far two sound float runs of one may be apart.

The bound of an entry is that of `oracle.accuracy`: the gradient program that JAX derives from a twin runs with every
operation perturbed in its last place, and 8 √3 times the root mean square deviation bounds the error of one sound
implementation (Hoeffding; 3e-14 per entry). Two of them are at most twice that apart. Nothing is chosen by hand.
"""

from typing import Any

import numpy as np

from lstm_ref import BOTH, REVERSED, backward, forward, gru_backward, gru_forward
from lstm_ref.checks import Array
from lstm_ref.weights import Gru, Lstm
from lstm_ref.weights.configuration import Configuration, places
from lstm_ref.weights.own import made
from oracle.accuracy import FACTOR
from oracle.arithmetic.stochastic import Stochastic
from oracle.program import jit_gradients, trace

T, B = 4, 3
SAMPLES = 48

NETWORKS = {
    "lstm": Lstm(D=3, H=2),
    "lstm without bias": Lstm(D=3, H=4, bias=False),
    "lstm stacked": Lstm(D=2, H=3, layers=3),
    "lstm both ways": Lstm(D=3, H=2, directions=BOTH),
    "lstm projected": Lstm(D=4, H=3, projection=2),
    "lstm of everything": Lstm(D=3, H=4, layers=2, directions=BOTH, projection=2),
    "gru": Gru(D=3, H=2),
    "gru without bias": Gru(D=3, H=4, bias=False),
    "gru stacked, both ways": Gru(D=2, H=3, layers=2, directions=BOTH),
}  # those that torch has
OPERATORS = {name: one for name, one in NETWORKS.items() if getattr(one, "projection", None) is None} | {
    "lstm reversed": Lstm(D=3, H=2, directions=REVERSED),
    "lstm with peepholes": Lstm(D=3, H=2, cell="vanilla"),
    "lstm with peepholes, stacked, both ways": Lstm(D=2, H=3, layers=2, directions=BOTH, cell="vanilla"),
    "gru, reset before": Gru(D=3, H=2, reset_after=False),
    "gru, reset before, stacked, reversed": Gru(D=3, H=2, layers=2, directions=REVERSED, reset_after=False),
}  # those that ONNX has


def drawn(configuration: Configuration, seed: int = 1) -> list[Any]:
    """Weights of order one, without biases where the configuration says so."""
    source = np.random.default_rng(seed)
    layers = []
    for _, l, _ in places(configuration):
        fields = {name: source.uniform(-1, 1, shape) for name, shape in configuration.shapes(l).items()}
        fields |= {} if configuration.bias else {name: np.zeros_like(fields[name]) for name in fields if name in "bc"}
        layers.append(made({name: one.astype(configuration.dtype) for name, one in fields.items()}, configuration))
    return layers


class Case:
    """Inputs, states and cotangents for one network, and its weights."""

    def __init__(
        self,
        configuration: Configuration,
        layers: list[Any] | None = None,
        x: Array | None = None,
        states: list[Array] | None = None,
    ) -> None:
        self.configuration = configuration
        self.layers = drawn(configuration) if layers is None else layers
        self.N, self.K = len(configuration.directions), len(self.layers)
        widths = [configuration.R] + ([] if isinstance(configuration, Gru) else [configuration.H])  # of h, of s
        source = np.random.default_rng(2)

        def draw(*shape: int) -> Array:
            return source.uniform(-1, 1, shape).astype(configuration.dtype)

        self.x = draw(T, B, configuration.D) if x is None else x
        steps, rows = self.x.shape[:2]
        self.states = [draw(self.K, rows, width) for width in widths] if states is None else states
        lasts = [draw(self.K, rows, width) for width in widths]
        self.cotangents = [draw(steps, rows, self.N * configuration.R), *lasts]

    def ours(self) -> tuple[list[Array], list[Array], list[Any]]:
        """Outputs y, h_T and s_T; gradients of x, h0 and s0; those of the layers."""
        y, lasts, tapes = self.x, [], []
        for l in range(self.configuration.layers):
            runs = []
            for n, d in enumerate(self.configuration.directions):
                k = l * self.N + n
                h, *last, tape = self._forward(y[::d], [state[k] for state in self.states], self.layers[k])
                runs.append(h[::d])
                lasts.append(last)
                tapes.append(tape)
            y = np.concatenate(runs, axis=-1)
        outputs = [y, *map(np.stack, zip(*lasts, strict=True))]
        return outputs, *self._pulled(tapes)

    def _forward(self, x: Array, states: list[Array], layer: Any) -> Any:
        """One layer in one direction."""
        if isinstance(self.configuration, Gru):
            return gru_forward(x, *states, *layer, self.configuration.reset_after)
        p, P = getattr(layer, "p", None), getattr(layer, "P", None)
        return forward(x, *states, layer.W, layer.U, layer.b, self.configuration.variant, p, None, P)

    def _pulled(self, tapes: list[Any]) -> tuple[list[Array], list[Any]]:
        """Backwards through all of it."""
        R, gradients = self.configuration.R, [None] * self.K
        y_bar, *last_bars = self.cotangents
        back = gru_backward if isinstance(self.configuration, Gru) else backward
        for l in reversed(range(self.configuration.layers)):
            x_bar = 0.0
            for n, d in enumerate(self.configuration.directions):
                k, h_bar = l * self.N + n, y_bar[..., n * R : (n + 1) * R]
                gradients[k] = back(h_bar[::d], *(bar[k] for bar in last_bars), tapes[k])
                x_bar = x_bar + gradients[k].x[::d]
            y_bar = x_bar
        names = ["h0", "s0"][: len(self.states)]
        return [y_bar, *(np.stack([getattr(one, name) for one in gradients]) for name in names)], gradients

    # ---- by JAX

    def named(self) -> dict[str, Array]:
        """Everything that has a gradient, by name."""
        every = {"x": self.x, "h0": self.states[0]} | ({"s0": self.states[1]} if len(self.states) > 1 else {})
        for k, layer in enumerate(self.layers):
            every |= {f"{k}.{name}": getattr(layer, name) for name in layer._fields}
        return every

    def gradients_named(self) -> dict[str, Array]:
        """Our gradients of it, by name, and our outputs."""
        outputs, inputs, layers = self.ours()
        every = dict(zip(["x", "h0", "s0"], inputs, strict=False))
        for k, (layer, gradient) in enumerate(zip(self.layers, layers, strict=True)):
            every |= {f"{k}.{name}": getattr(gradient, name) for name in layer._fields}
        return every | {f"out[{n}]": one for n, one in enumerate(outputs)}

    def reference(self, *arrays: Any) -> Any:
        """The twin that JAX differentiates, of the arrays of `named`."""
        given = dict(zip(self.named(), arrays, strict=True))
        layers = [{name: given[f"{k}.{name}"] for name in layer._fields} for k, layer in enumerate(self.layers)]
        states = [given[name] for name in ("h0", "s0") if name in given]
        return (_gru if isinstance(self.configuration, Gru) else _lstm)(self.configuration, given["x"], states, layers)

    def jax(self) -> dict[str, Array]:
        """Gradients by name and outputs, as `jax.jit` computes them in float64."""
        outputs, gradients = jit_gradients(self.reference, self.named(), self.cotangents)
        return gradients | {f"out[{n}]": one for n, one in enumerate(outputs)}

    def bounds(self) -> dict[str, Array]:
        """How far two sound runs may be apart, by name."""
        return bounds(self.reference, self.named(), self.cotangents, self.configuration.dtype)


def bounds(reference: Any, named: dict[str, Array], cotangents: list[Array], dtype: Any = float) -> dict[str, Array]:
    """How far two sound float runs of a reference may be apart, for its gradients by name and its outputs."""
    program = trace(reference, {name: " ".join(map(str, value.shape)) for name, value in named.items()})
    arithmetic = Stochastic(dtype, SAMPLES, seed=3)
    outputs, gradients = program.run(arithmetic, {}, named, cotangents)
    every = gradients | {f"out[{n}]": one for n, one in enumerate(outputs)}
    tiny = float(np.finfo(dtype).smallest_normal)
    return {name: 2 * (FACTOR * arithmetic.spread(raw) + tiny) for name, raw in every.items()}


def worst(got: dict[str, Array], expected: dict[str, Array], allowed: dict[str, Array]) -> float:
    """The largest gap over what is allowed, over all entries of all names; at most 1 where both are sound."""
    assert set(got) == set(expected)
    assert got
    ratios = []
    for name, value in got.items():
        assert value.shape == expected[name].shape == np.shape(allowed[name]), name
        assert np.isfinite(value).all(), name
        assert np.isfinite(expected[name]).all(), name
        ratios.append(float(np.max(np.abs(value - expected[name]) / allowed[name])))
    return max(ratios)


def same(layers: list[Any], others: list[Any]) -> bool:
    """Whether two networks have the same parameters, bit for bit."""
    pairs = list(zip(layers, others, strict=True))
    return all(one._fields == other._fields for one, other in pairs) and all(
        a.dtype == b.dtype and a.tobytes() == b.tobytes() and a.shape == b.shape
        for one, other in pairs
        for a, b in zip(one, other, strict=True)
    )


def _lstm(configuration: Lstm, x: Any, states: list[Any], layers: list[dict[str, Any]]) -> Any:
    """The LSTM network, by the twin of `lstm_ref.network`."""
    from oracle.subjects.twins_networks import network_of

    reversals = [direction < 0 for direction in configuration.directions]
    return network_of(reversals)(x, *states, layers, None, None)


def _gru(configuration: Gru, x: Any, states: list[Any], layers: list[dict[str, Any]]) -> Any:
    """The GRU network, from the twin of one layer."""
    import jax.numpy as jnp

    from oracle.subjects.twins_family import gru

    N, lasts = len(configuration.directions), []
    for first in range(0, len(layers), N):
        runs = []
        for k, d in enumerate(configuration.directions, first):
            h, h_T = gru(x[::d], states[0][k], **layers[k], reset_after=configuration.reset_after)
            runs.append(h[::d])
            lasts.append(h_T)
        x = jnp.concatenate(runs, axis=2)
    return x, jnp.stack(lasts)
