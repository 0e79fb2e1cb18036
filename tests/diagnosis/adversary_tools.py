"""Hand-written backwards in several styles, each with one fault, that tempt a diagnosis to accuse a line that is right.

Every one is a right program, and a change that makes it wrong: `faulty` is the program with the fault, and the lines
that the change touched are the only ones that may be called certain. Where a statement was taken out, none may be.
"""

from dataclasses import dataclass, field

import jax.numpy as jnp
from probes_tools import pair

import oracle
from oracle.program.probing import UNPROBED

# ---- a recurrent network, whose step may be masked


def rnn(x, W, h0, *, probe=UNPROBED):
    """h_t = tanh(x_t + W h_{t-1}) for JAX."""

    def step(h, x_t):
        h = probe("carry", h)
        h = probe("h", jnp.tanh(probe("a", x_t + W @ h)))
        return h, h

    return probe.scan(step, h0, x)[1]


def masked(x, m, W, h0, *, probe=UNPROBED):
    """The same where m_t, and h_{t-1} elsewhere."""

    def step(h, given):
        x_t, keep = given
        h = probe("carry", h)
        c = probe("c", jnp.tanh(probe("a", x_t + h @ W)))
        h = probe("h", jnp.where(keep[:, None], c, h))
        return h, h

    return probe.scan(step, h0, (x, m))[1]


def ragged(x, lengths, W, h0, *, probe=UNPROBED):
    """The same up to the length of each row."""
    keep = jnp.arange(x.shape[0])[:, None] < lengths[None, :]
    return masked(x, keep, W, h0, probe=probe)


def stacked(x, W, V, *, probe=UNPROBED):
    """Two layers of one step: tanh(tanh(x W) V)."""
    h = probe("h", jnp.tanh(probe("a", x @ W)))
    return jnp.tanh(probe("b", h @ V))


def gru(h, a, *, probe=UNPROBED):
    """h' = z h + (1 - z) tanh(n), with z = σ(a_0) and n = a_1."""
    z = probe("z", 1.0 / (1.0 + jnp.exp(-probe("a_z", a[0]))))
    n = probe("n", jnp.tanh(probe("a_n", a[1])))
    return z * h + (1.0 - z) * n


RNN = """
def forward(x, W, h0):
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(x[t] + W @ h[-1]))
    return np.array(h[1:]), (x, W, h)
def backward(h_bar, cache):
    x, W, h = cache
    x_bar, W_bar, carry = np.zeros_like(x), np.zeros_like(W), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dh = h_bar[t] + carry
        da = (1 - h[t + 1] ** 2) * dh
        x_bar[t] = da
        W_bar += np.outer(da, h[t])
        carry = W.T @ da
    return x_bar, W_bar, carry
"""
MASKED = """
def forward(x, m, W, h0):
    h, c = [h0], []
    for t in range(len(x)):
        c.append(np.tanh(x[t] + h[-1] @ W))
        h.append(np.where(m[t][:, None], c[t], h[t]))
    return np.array(h[1:]), (x, m, W, h, c)
def backward(h_bar, cache):
    x, m, W, h, c = cache
    x_bar, W_bar, carry = np.zeros_like(x), np.zeros_like(W), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dh = h_bar[t] + carry
        dc = np.where(m[t][:, None], dh, 0.0)
        da = (1 - c[t] ** 2) * dc
        x_bar[t] = da
        W_bar += h[t].T @ da
        carry = da @ W.T
        carry += np.where(m[t][:, None], 0.0, dh)
    return x_bar, W_bar, carry
"""
RAGGED = (
    MASKED.replace("(x, m, W, h0)", "(x, lengths, W, h0)")
    .replace("    h, c = [h0], []\n", "    h, c = [h0], []\n    m = np.arange(len(x))[:, None] < lengths[None, :]\n")
    .replace("(x, m, W, h, c)\ndef", "(x, lengths, W, h, c)\ndef")
    .replace(
        "x, m, W, h, c = cache\n",
        "x, lengths, W, h, c = cache\n    m = lengths[None, :] > np.arange(len(x))[:, None]\n",
    )
)
STACKED = """
def slope(y):
    return 1.0 - y * y
def forward(x, W, V):
    h = np.tanh(x @ W)
    y = np.tanh(h @ V)
    return y, (x, W, V, h, y)
def backward(y_bar, cache):
    x, W, V, h, y = cache
    db = y_bar * slope(y)
    dh = db @ V.T
    da = dh * slope(h)
    W_bar = x.T @ da
    V_bar = h.T @ db
    return da @ W.T, W_bar, V_bar
"""
GRU = """
def forward(h, a):
    z = 1.0 / (1.0 + np.exp(-a[0]))
    n = np.tanh(a[1])
    return z * h + (1.0 - z) * n, (h, z, n)
def backward(out_bar, cache):
    h, z, n = cache
    dz = out_bar * (h - n)
    dn = out_bar * (1.0 - z)
    da_z = dz * z * (1.0 - z)
    da_n = dn * (1.0 - n * n)
    return out_bar * z, np.stack([da_z, da_n])
"""

_PROBES = {"dh": "dh", "da": "da", "carry": "carry"}
FAMILIES = {
    "rnn": (RNN, {"x": "T D", "W": "D D", "h0": "D"}, rnn, _PROBES),
    "masked": (
        MASKED,
        {"x": "T B D", "m": oracle.booleans("T B"), "W": "D D", "h0": "B D"},
        masked,
        {**_PROBES, "dc": "dc"},
    ),
    "ragged": (
        RAGGED,
        {"x": "T B D", "lengths": oracle.integers("B", start=1, below="T+1"), "W": "D D", "h0": "B D"},
        ragged,
        {**_PROBES, "dc": "dc"},
    ),
    "stacked": (STACKED, {"x": "B D", "W": "D H", "V": "H H"}, stacked, {"db": "db", "dh": "dh", "da": "da"}),
    "gru": (GRU, {"h": "B H", "a": "2 B H"}, gru, {name: name for name in ("dz", "dn", "da_z", "da_n")}),
}


@dataclass(frozen=True)
class Trap:
    """A right program, written in some style, and a fault in it."""

    name: str
    family: str
    styled: tuple[tuple[str, str], ...]  # how the program is written
    fault: tuple[str, str]
    probes: dict = field(default_factory=dict)
    touched: tuple[str, ...] = ()  # how the lines begin that the fault changed; none, if it took some out

    def text(self, faulty):
        """The program, right or wrong."""
        text = FAMILIES[self.family][0]
        for old, new in (*self.styled, *([self.fault] if faulty else [])):
            assert text.count(old) == 1, (self.name, old, text)
            text = text.replace(old, new)
        return text

    def subject(self, faulty=True):
        """The program on trial."""
        _, inputs, reference, probes = FAMILIES[self.family]
        return pair(self.text(faulty), inputs=inputs, reference=reference, probes={**probes, **self.probes})


def trap(name, family, fault, *styled, touched=None, **options):
    """A trap; the touched lines are those of the new text, unless said otherwise."""
    lines = tuple(filter(None, (line.strip() for line in fault[1].splitlines())))
    return Trap(name, family, styled, fault, touched=lines if touched is None else touched, **options)


# ---- the traps

_DA, _CARRY = "da = (1 - h[t + 1] ** 2) * dh", "carry = W.T @ da"
_WRONG_CARRY = ("carry = W.T @ da", "carry = W @ da")
_SLOPED = (_DA, "da = slope(h[t + 1]) * dh")
_FORWARD = "\ndef forward("


_BACK = """
def back(dh, da, W, keep):
    out = da @ W.T + np.where(keep, 0.0, dh)
    return out
def forward("""
_MEMO = """
known = {}
def slope(y, key):
    if key not in known:
        known[key] = 1.0 - y * y
    return known[key]
def forward("""
_TWO_WAYS = """
def slope(y, top):
    if top:
        return 1.0 - y * y
    return 1.0 - y ** 2
def forward("""
_STACKED_SLOPE = "def slope(y):\n    return 1.0 - y * y\n"
_PUT_BACK = "        carry += np.where(m[t][:, None], 0.0, dh)\n"

TRAPS = [
    # what is missing
    trap("no carry at all", "rnn", ("        carry = W.T @ da\n", ""), touched=()),
    trap(
        "a factor on a line of its own",
        "rnn",
        ("        da *= 1 - h[t + 1] ** 2\n", ""),
        (_DA, "da = dh.copy()\n        da *= 1 - h[t + 1] ** 2"),
        touched=(),
    ),
    trap("a summand on a line of its own", "masked", (_PUT_BACK, ""), touched=()),
    trap(
        "a mask on a line of its own",
        "masked",
        ("        dc[~m[t]] = 0.0\n", ""),
        ("dc = np.where(m[t][:, None], dh, 0.0)", "dc = dh.copy()\n        dc[~m[t]] = 0.0"),
        touched=(),
    ),
    trap("lengths ignored", "ragged", ("dc = np.where(m[t][:, None], dh, 0.0)", "dc = dh")),
    trap("lengths off by one", "ragged", ("m = lengths[None, :] > np", "m = lengths[None, :] >= np")),
    trap(
        "mask upside down",
        "masked",
        ("keep = m[t][:, None]", "keep = ~m[t][:, None]"),
        ("dc = np.where(m[t][:, None], dh, 0.0)", "keep = m[t][:, None]\n        dc = np.where(keep, dh, 0.0)"),
    ),
    trap(
        "an inner loop too short",
        "rnn",
        ("for k in range(len(W)):", "for k in range(max(1, len(W) - 1)):"),
        (_CARRY, "carry = np.zeros_like(dh)\n        for k in range(len(W)):\n            carry += W[k] * da[k]"),
    ),
    trap(
        "a round left out",
        "rnn",
        ("        dh = h_bar[t] + carry\n", "        if t % 2:\n            continue\n        dh = h_bar[t] + carry\n"),
        touched=("if t", "continue"),
    ),
    # what a name holds
    trap(
        "a slice",
        "rnn",
        ("every = slice(0, None)", "every = slice(1, None)"),
        (_CARRY, "every = slice(0, None)\n        carry = W[every].T @ da[every]"),
    ),
    trap(
        "a size",
        "rnn",
        ("n = len(W)", "n = max(1, len(W) - 1)"),
        (_CARRY, "n = len(W)\n        carry = W[:n].T @ da[:n]"),
    ),
    trap(
        "a flag",
        "rnn",
        ("squared = True", "squared = False"),
        (_DA, "squared = True\n        da = (1 - h[t + 1] ** 2 if squared else 1 - h[t + 1]) * dh"),
    ),
    trap(
        "a branch",
        "rnn",
        ("if t >= 0:", "if t < 0:"),
        (_DA, "if t >= 0:\n            da = (1 - h[t + 1] ** 2) * dh\n        else:\n            da = dh + 0.0"),
    ),
    trap("a number", "rnn", ("power = 2", "power = 3"), (_DA, "power = 2\n        da = (1 - h[t + 1] ** power) * dh")),
    trap(
        "an alias of a function",
        "rnn",
        ("product = np.multiply", "product = np.add"),
        (_FORWARD, f"\nproduct = np.multiply{_FORWARD}"),
        (_DA, "da = product(1 - h[t + 1] ** 2, dh)"),
    ),
    trap(
        "a key of a table of functions",
        "rnn",
        ('kind = "tanh"', 'kind = "cube"'),
        (
            _FORWARD,
            f'\nslopes = {{"tanh": lambda y: 1 - y ** 2, "cube": lambda y: 1 - y ** 3}}\nkind = "tanh"{_FORWARD}',
        ),
        (_DA, "da = slopes[kind](h[t + 1]) * dh"),
    ),
    trap(
        "a key of remembered values",
        "stacked",
        ('keys = "y", "h"', 'keys = "y", "y"'),
        (_STACKED_SLOPE + "def forward(", _MEMO),
        ("    db = y_bar * slope(y)", '    known.clear()\n    keys = "y", "h"\n    db = y_bar * slope(y, keys[0])'),
        ("slope(h)", "slope(h, keys[1])"),
    ),
    trap(
        "what is remembered too long",
        "stacked",
        ('    keys = "y", "h"\n', '    keys = "y", "y"\n'),
        (_STACKED_SLOPE + "def forward(", _MEMO),
        (
            "    db = y_bar * slope(y)",
            '    known.clear()\n    keys = "y", "h"\n    low = keys[1]\n    db = y_bar * slope(y, "y")',
        ),
        ("slope(h)", "slope(h, low)"),
    ),
    trap(
        "the forward's cache",
        "rnn",
        ("np.array(h[1:]), (x, W, h)", "np.array(h[1:]), (x, W, h[:1] + h[:-1])"),
        touched=("return np.array",),
    ),
    trap("a sum that begins at one", "rnn", ("np.zeros_like(W), np", "np.ones_like(W), np"), touched=("x_bar, W_bar",)),
    # functions
    trap(
        "a lambda",
        "rnn",
        ("1 - y ** 2", "1 - y ** 3"),
        (_FORWARD, f"\nslope = lambda y: 1 - y ** 2{_FORWARD}"),
        _SLOPED,
        touched=("slope = lambda",),
    ),
    trap(
        "a lambda's default",
        "rnn",
        ("M=W: M.T @ d", "M=W.T: M.T @ d"),
        (_CARRY, "push = lambda d, M=W: M.T @ d\n        carry = push(da)"),
        touched=("push =",),
    ),
    trap(
        "a partial function",
        "rnn",
        ("functools.partial(power, 2)", "functools.partial(power, 3)"),
        (
            _FORWARD,
            "\nimport functools\ndef power(n, y):\n    return 1 - y ** n\n"
            f"slope = functools.partial(power, 2){_FORWARD}",
        ),
        _SLOPED,
        touched=("slope = functools",),
    ),
    trap(
        "a function that is right for one of two",
        "stacked",
        ("1.0 - y ** 2", "1.0 - y"),
        (_STACKED_SLOPE + "def forward(", _TWO_WAYS),
        ("slope(y)\n", "slope(y, True)\n"),
        ("slope(h)", "slope(h, False)"),
        touched=("return 1.0 - y",),
    ),
    trap(
        "a function that the forward calls in vain",
        "stacked",
        ("return 1.0 - y * y", "return 1.0 - y"),
        ("    return y, (x", "    unused = slope(h)\n    return y, (x"),
        touched=("return 1.0 - y",),
    ),
    trap(
        "a function within a function",
        "stacked",
        ("return y * y", "return y * y * y"),
        (_STACKED_SLOPE, "def square(y):\n    return y * y\ndef slope(y):\n    return 1.0 - square(y)\n"),
    ),
    trap(
        "arguments exchanged",
        "masked",
        ("carry = back(dh, da, W,", "carry = back(da, dh, W,"),
        (_FORWARD, _BACK),
        ("        carry = da @ W.T\n" + _PUT_BACK, "        carry = back(dh, da, W, m[t][:, None])\n"),
        probes={"carry": oracle.probe("back.out", of="carry")},
        touched=("carry = back(",),
    ),
    trap(
        "a generator of steps",
        "rnn",
        ("yield from reversed(range(n))", "yield from range(n)"),
        (_FORWARD, f"\ndef steps(n):\n    yield from reversed(range(n)){_FORWARD}"),
        ("in reversed(range(len(x)))", "in steps(len(x))"),
    ),
    trap(
        "a generator of values",
        "gru",
        ("yield z * (1.0 - z)", "yield z * (1.0 - n)"),
        (_FORWARD, f"\ndef slopes(z, n):\n    yield z * (1.0 - z)\n    yield 1.0 - n * n{_FORWARD}"),
        (
            "da_z = dz * z * (1.0 - z)\n    da_n = dn * (1.0 - n * n)",
            "da_z, da_n = [bar * s for bar, s in zip((dz, dn), slopes(z, n))]",
        ),
    ),
    trap(
        "a comprehension",
        "gru",
        ("slopes = z * (1.0 - z), 1.0", "slopes = z * (1.0 - n), 1.0"),
        (
            "da_z = dz * z * (1.0 - z)\n    da_n = dn * (1.0 - n * n)",
            "slopes = z * (1.0 - z), 1.0 - n * n\n    da_z, da_n = [bar * s for bar, s in zip((dz, dn), slopes)]",
        ),
    ),
    trap(
        "names exchanged",
        "gru",
        ("dn, dz = out_bar", "dz, dn = out_bar"),
        ("dz = out_bar * (h - n)\n    dn = out_bar * (1.0 - z)", "dn, dz = out_bar * (1.0 - z), out_bar * (h - n)"),
    ),
    # what the tracer sees
    trap(
        "a change that no text shows",
        "rnn",
        _WRONG_CARRY,
        (_DA, "da = dh.copy()\n        da.__imul__(1 - h[t + 1] ** 2)"),
    ),
    trap(
        "a result written by position",
        "rnn",
        _WRONG_CARRY,
        (_DA, "da = np.zeros_like(dh)\n        np.multiply(1 - h[t + 1] ** 2, dh, da)"),
    ),
    trap(
        "a change through a list",
        "rnn",
        _WRONG_CARRY,
        (_DA, "parts = [dh.copy()]\n        parts[0] *= 1 - h[t + 1] ** 2\n        da = parts.pop()"),
    ),
    trap(
        "two statements on a line",
        "rnn",
        ("** 2) * dh", "** 3) * dh"),
        ("        dh = h_bar[t] + carry\n        da", "        dh = h_bar[t] + carry; da"),
        touched=("dh =",),
    ),
    trap("a cast to float32", "rnn", _WRONG_CARRY, (_DA, "da = ((1 - h[t + 1] ** 2) * dh).astype(np.float32)")),
    trap(
        "a buffer used again",
        "rnn",
        ("        np.matmul(W.T, da, out=carry)\n", ""),
        (_CARRY, "np.matmul(W.T, da, out=carry)"),
        touched=(),
    ),
    trap("steps in the order of time", "rnn", ("in reversed(range(len(x)))", "in range(len(x))"), touched=("for t",)),
    trap(
        "a statement over several lines",
        "rnn",
        ("            1 - h[t + 1] ** 2,\n", "            1 - h[t + 1] ** 3,\n"),
        (_DA, "da = np.multiply(\n            1 - h[t + 1] ** 2,\n            dh,\n        )"),
        touched=("da =",),
    ),
]

PLAIN = [  # the controls: here nothing else can be to blame
    trap("another slope", "rnn", ("** 2) * dh", "** 3) * dh"), touched=("da =",)),
    trap("a transpose", "rnn", _WRONG_CARRY),
    trap("another gate", "gru", ("dn * (1.0 - n * n)", "dn * (1.0 - z * z)"), touched=("da_n",)),
    trap("another slope beside a mask", "masked", ("(1 - c[t] ** 2) * dc", "(1 - c[t]) * dc"), touched=("da =",)),
    trap("another slope beside lengths", "ragged", ("(1 - c[t] ** 2) * dc", "(1 - c[t]) * dc"), touched=("da =",)),
]
