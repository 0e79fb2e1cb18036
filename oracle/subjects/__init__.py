"""The registered subjects: `lstm_ref` joined with its JAX twins. Nothing is imported before it is asked for."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Final

from oracle.subject import Subject

REGISTERED: Final = {
    "lstm-seed": "oracle.subjects.lstm:layer_seed",
    "lstm-standard": "oracle.subjects.lstm:layer_standard",
    "lstm-classic-node": "oracle.subjects.lstm:classic_node",
    "lstm-classic-network": "oracle.subjects.lstm:classic_network",
    "lstm-stacked": "oracle.subjects.networks:stacked",
    "lstm-reversed": "oracle.subjects.networks:reversed_input",
    "lstm-bidirectional": "oracle.subjects.networks:bidirectional",
    "lstm-chunked": "oracle.subjects.networks:chunked",
    "lstm-checkpointed": "oracle.subjects.networks:checkpointed",
    "lstm-truncated": "oracle.subjects.networks:truncated",
}


def names() -> list[str]:
    """The names of all registered subjects."""
    return list(REGISTERED)


def load(name: str) -> Subject:
    """The registered subject of this name.

    Raises
    ------
    KeyError
        If there is none.
    """
    module, function = REGISTERED[name].split(":")
    subject: Subject = getattr(importlib.import_module(module), function)()
    return dataclasses.replace(subject, name=name, spec=name)
