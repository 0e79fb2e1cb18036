"""The same vectors as a safetensors file: the bits of every array, named CASE/PART/NAME, such as `0/gradients/W`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from oracle.subject import Subject
from oracle.vectors.answers import Answer
from oracle.vectors.document import FORMAT, VERSION, arrays


class NoSafetensors(ImportError):
    """The library that writes the format is not installed."""


def tensors(subject: Subject, found: Sequence[Answer]) -> bytes:
    """The file as bytes; its one metadata entry, `vectors`, is JSON that names the subject, and describes each case.

    Raises
    ------
    NoSafetensors
        If the library is not installed.
    """
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise NoSafetensors(
            'writing safetensors needs the extra interop: pip install "gradient-oracle[interop]"; without it, write '
            "--format json"
        ) from error
    about = {
        "format": FORMAT,
        "version": VERSION,
        "subject": subject.name,
        "cases": [{"regime": one.case.regime, "seed": one.case.seed, "sizes": dict(one.case.sizes)} for one in found],
    }
    data: bytes = save(_named(found), metadata={"vectors": json.dumps(about)})
    return data


def _named(found: Sequence[Answer]) -> dict[str, Any]:
    """Every array by its name in the file."""
    named: dict[str, Any] = {}
    for number, one in enumerate(found):
        parts = {
            "inputs": arrays(one.inputs),
            "cotangents": arrays(one.cotangents),
            "outputs": {name: value.float64 for name, value in one.outputs.items()},
            "gradients": {name: value.float64 for name, value in one.gradients.items()},
        }
        named |= {
            f"{number}/{part}/{name}": np.array(value, order="C")
            for part, values in parts.items()
            for name, value in values.items()
        }
    return named
