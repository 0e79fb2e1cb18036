"""The registered subjects: `lstm_ref` joined with its JAX twins. Nothing is imported before it is asked for."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Final

from oracle.subject import Subject

VARIANTS: Final = ("vanilla", "nig", "nfg", "nog", "niaf", "noaf", "cifg", "fgr")

REGISTERED: Final = {
    "lstm-seed": "oracle.subjects.lstm:layer_seed",
    "lstm-standard": "oracle.subjects.lstm:layer_standard",
    **{f"lstm-{name}": f"oracle.subjects.family:{name}" for name in VARIANTS},
    "lstm-projected": "oracle.subjects.family:projected",
    "lstm-blocks": "oracle.subjects.family:blocks",
    "lstm-lengths": "oracle.subjects.family:lengths",
    "lstm-masked": "oracle.subjects.family:masked",
    "gru-reset-after": "oracle.subjects.family:gru_reset_after",
    "gru-reset-before": "oracle.subjects.family:gru_reset_before",
    "lstm-classic-node": "oracle.subjects.lstm:classic_node",
    "lstm-classic-network": "oracle.subjects.lstm:classic_network",
    "lstm-stacked": "oracle.subjects.networks:stacked",
    "lstm-reversed": "oracle.subjects.networks:reversed_input",
    "lstm-bidirectional": "oracle.subjects.networks:bidirectional",
    "lstm-chunked": "oracle.subjects.networks:chunked",
    "lstm-checkpointed": "oracle.subjects.networks:checkpointed",
    "lstm-truncated": "oracle.subjects.networks:truncated",
    "lstm-fgr-chunked": "oracle.subjects.networks:gates_chunked",
    "lstm-fgr-checkpointed": "oracle.subjects.networks:gates_checkpointed",
    "lstm-fgr-truncated": "oracle.subjects.networks:gates_truncated",
    "lstm-fgr-bidirectional": "oracle.subjects.networks:gates_carried",
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
