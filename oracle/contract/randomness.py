"""Random generators that code under test draws from: those of the process, and its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from oracle.binding import Binding

_KINDS = (np.random.Generator, np.random.RandomState, random.Random)


def global_states() -> dict[str, Any]:
    """The global random states that every module shares, by whose they are; a normal number held back included."""
    _, words, *rest = np.random.get_state()
    return {
        "NumPy's global random state": bytes(np.asarray(words).tobytes()) + repr(rest).encode(),
        "the global state of Python's random": random.getstate(),
    }


def changed_since(before: Mapping[str, Any]) -> list[str]:
    """Which of them are not what they were."""
    return [name for name, state in global_states().items() if state != before[name]]


def own_generators(owner: Any, binding: Binding) -> dict[str, bytes]:
    """The states of the generators that an object or a module under test holds, by the name of their place."""
    places: dict[str, Any] = {}
    for scope in binding.scopes:
        if not isinstance(scope, str):
            places |= scope
    target = getattr(owner, "target", None)
    places |= {f"self.{name}": value for name, value in getattr(target, "__dict__", {}).items()}
    return {name: _state(value) for name, value in places.items() if isinstance(value, _KINDS)}


def _state(generator: Any) -> bytes:
    if isinstance(generator, np.random.Generator):
        return repr(generator.bit_generator.state).encode()
    return repr(generator.getstate() if isinstance(generator, random.Random) else generator.get_state()).encode()
