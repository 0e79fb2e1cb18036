"""How findings name gradients, numbers and cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from oracle.diagnosis.patterns.evidence import Evidence, Sample


def listed(names: Sequence[str], most: int = 6) -> str:
    """`W, U and b`.

    >>> listed(["W", "U", "b"]), listed(["x"]), listed(["a", "b", "c"], most=2)
    ('W, U and b', 'x', 'a, b and 1 more')
    """
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def gradients(leaves: Collection[str], evidence: Evidence) -> str:
    """`the gradient of x`, `every wrong gradient`, or `the gradients of W and b`."""
    if len(leaves) == 1:
        return f"the gradient of {next(iter(leaves))}"
    if set(leaves) == set(evidence.leaves):
        return "every gradient"
    if set(leaves) == set(evidence.wrong):
        return f"every wrong gradient ({listed(list(leaves))})"
    return f"the gradients of {listed([leaf for leaf in evidence.leaves if leaf in leaves])}"


def said_of(leaves: Collection[str], evidence: Evidence, one: str, several: str) -> str:
    """`the gradient of x is`, `every gradient is`, or `the gradients of W and b are`: the gradients with their verb."""
    what = gradients(leaves, evidence)
    return f"{what} {several if what.startswith('the gradients ') else one}"


def in_cases(samples: Collection[Sample]) -> str:
    """`every entry, in 7 cases`."""
    return f"every entry, in {counted(len(samples))}"


def counted(count: int, what: str = "case") -> str:
    """`1 case`, `7 cases`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
