"""Which cell: the features in which one LSTM differs from another.

Vanilla is the LSTM with all three gates, peepholes and both activations. Its eight modifications, each with one
feature changed, are those of Greff, Srivastava, Koutník, Steunebrink and Schmidhuber, "LSTM: A Search Space Odyssey"
(arXiv:1503.04069), whose bar stands for a pre-activation where ours stands for a cotangent.

| name    | what is changed             | equation                                   | parameters           |
| ------- | --------------------------- | ------------------------------------------ | -------------------- |
| VANILLA | nothing                     |                                            | W U b p              |
| NIG     | no input gate               | i = 1                                      | without the rows of i |
| NFG     | no forget gate              | f = 1                                      | without the rows of f |
| NOG     | no output gate              | o = 1                                      | without the rows of o |
| NIAF    | no input activation         | g = a_g                                    |                      |
| NOAF    | no output activation        | c = s                                      |                      |
| CIFG    | coupled input and forget gate | f = 1 - i                                | without the rows of f |
| NP      | no peepholes                | p = 0                                      | without p            |
| FGR     | full gate recurrence        | a += V [i, f, o]_{t-1}                     | and V, nine H × H    |

STANDARD is NP, the LSTM of most frameworks; SEED is NOAF without peepholes, that of nicodjimenez/lstm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Variant:
    """A cell, named and described by what it does.

    Raises
    ------
    TypeError : the name is no text, or a feature is neither True nor False
    ValueError : features that exclude each other

    Example
    -------
    >>> Variant("mine", peepholes=True, forget_gate=False).gates
    ('g', 'i', 'o')
    """

    name: str
    tanh_of_state: bool = True  # c = tanh(s); otherwise c = s
    tanh_of_input: bool = True  # g = tanh(a_g); otherwise g = a_g
    input_gate: bool = True  # otherwise i = 1
    forget_gate: bool = True  # otherwise f = 1
    output_gate: bool = True  # otherwise o = 1
    coupled: bool = False  # f = 1 - i
    peepholes: bool = False  # i and f look at s_{t-1}, o looks at s_t
    gate_recurrence: bool = False  # i, f and o look at i, f and o of the step before

    def __post_init__(self) -> None:
        """Raise unless the features go together."""
        if not isinstance(self.name, str):
            raise TypeError(f"name is {self.name!r}, expected text")
        for feature, value in vars(self).items():
            if feature != "name" and not isinstance(value, bool):
                raise TypeError(f"{feature} is {value!r}, expected True or False")
        if not (self.input_gate or self.forget_gate or self.output_gate):
            raise ValueError(f"variant {self.name!r} has no gate at all, expected an input, forget or output gate")
        if self.coupled and not (self.input_gate and self.forget_gate):
            raise ValueError(f"variant {self.name!r} couples f = 1 - i, expected an input and a forget gate")
        if self.gate_recurrence and self.gates != ("g", "i", "f", "o"):
            raise ValueError(f"variant {self.name!r} has gate recurrence, expected three gates that are not coupled")

    @cached_property
    def gates(self) -> tuple[str, ...]:
        """The letters that have rows in W, U and b, in their order."""
        own = {"i": self.input_gate, "f": self.forget_gate and not self.coupled, "o": self.output_gate}
        return ("g", *(gate for gate, has in own.items() if has))

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """Where g, i, f, o stand, if those that have rows in W come first, in their order."""
        order = [*self.gates, *(gate for gate in "gifo" if gate not in self.gates)]
        return tuple(order.index(gate) for gate in "gifo")

    @cached_property
    def waiting(self) -> int:
        """The first among the rows g, … whose gate waits for the state s of its own step; their number if none does."""
        return len(self.gates) - self.looks_at_new_state

    @cached_property
    def looks_at_new_state(self) -> bool:
        """Whether the output gate has a peephole."""
        return self.peepholes and self.output_gate


VANILLA = Variant("vanilla", peepholes=True)
NIG = Variant("no input gate", input_gate=False, peepholes=True)
NFG = Variant("no forget gate", forget_gate=False, peepholes=True)
NOG = Variant("no output gate", output_gate=False, peepholes=True)
NIAF = Variant("no input activation", tanh_of_input=False, peepholes=True)
NOAF = Variant("no output activation", tanh_of_state=False, peepholes=True)
CIFG = Variant("coupled", coupled=True, peepholes=True)
NP = STANDARD = Variant("standard")  # everyone since Graves (2013)
FGR = Variant("full gate recurrence", gate_recurrence=True, peepholes=True)
SEED = Variant("seed", tanh_of_state=False)  # nicodjimenez/lstm

VARIANTS = {
    "vanilla": VANILLA,
    "nig": NIG,
    "nfg": NFG,
    "nog": NOG,
    "niaf": NIAF,
    "noaf": NOAF,
    "cifg": CIFG,
    "np": NP,
    "fgr": FGR,
    "standard": STANDARD,
    "seed": SEED,
}


def variant(name: str) -> Variant:
    """The variant of this name, in upper or lower case.

    Raises
    ------
    ValueError : there is none

    Example
    -------
    >>> variant("CIFG").gates
    ('g', 'i', 'o')
    """
    if not isinstance(name, str) or name.lower() not in VARIANTS:
        raise ValueError(f"variant is {name!r}, expected one of {', '.join(VARIANTS)}")
    return VARIANTS[name.lower()]
