"""Vectors as a JSON document: plain objects, one array a line. `docs/vectors.md` describes it for readers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from oracle.arithmetic.nearest import Rounded
from oracle.subject import Subject
from oracle.vectors.answers import DIGITS, Answer

FORMAT, VERSION = "gradient-oracle vectors", 1
_KINDS = {"f": "<f8", "i": "<i8", "u": "<i8", "b": "|b1"}
_NAMES = {"<f8": "float64", "<i8": "int64", "|b1": "bool"}


def document(subject: Subject, found: Sequence[Answer]) -> dict[str, Any]:
    """The vectors of a subject as plain JSON values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "subject": subject.name,
        "forward": subject.form.names[0],
        "backward": subject.form.names[1],
        "decimal_digits": DIGITS,
        "shapes": {name: list(spec.shape.dimensions) for name, spec in subject.leaves.items() if spec.kind != "fixed"},
        "fixed": {name: _fixed(spec.value) for name, spec in subject.leaves.items() if spec.kind == "fixed"},
        "cases": [_case(answer) for answer in found],
    }


def _case(answer: Answer) -> dict[str, Any]:
    """One case."""
    sizes = {name: int(size) for name, size in answer.case.sizes.items()}
    given = {"inputs": answer.inputs, "cotangents": answer.cotangents}
    certain = {"outputs": answer.outputs, "gradients": answer.gradients}
    return {
        "regime": answer.case.regime,
        "seed": answer.case.seed,
        "sizes": sizes,
        **{part: {name: _array(value) for name, value in arrays(named).items()} for part, named in given.items()},
        **{part: {name: _rounded(value) for name, value in named.items()} for part, named in certain.items()},
    }


def arrays(named: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some inputs that are arrays, little-endian, in the dtype that they are written in."""
    kept = {name: np.asarray(value) for name, value in named.items() if isinstance(value, np.ndarray | np.generic)}
    return {name: value.astype(_KINDS[value.dtype.kind]) for name, value in kept.items() if value.dtype.kind in _KINDS}


def _array(value: Any) -> dict[str, Any]:
    """An array that is exact as it stands."""
    return {
        "shape": list(value.shape),
        "dtype": _NAMES[value.dtype.str],
        "values": value.ravel().tolist(),
        "sha256": hashlib.sha256(value.tobytes()).hexdigest(),
    }


def _rounded(value: Rounded) -> dict[str, Any]:
    """An array that is rounded, with its decimals."""
    return _array(value.float64.astype("<f8")) | {"decimals": value.decimals.ravel().tolist()}


def _fixed(value: Any) -> str:
    """A fixed argument as text that is the same everywhere: its name if it has one, no addresses in memory."""
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def dumps(value: Any, indent: str = "") -> str:
    """The document as text: an object of objects over several lines, an array with its numbers on one."""
    if (
        isinstance(value, dict)
        and any(isinstance(part, dict | list) for part in value.values())
        and "dtype" not in value
    ):
        inner = indent + " "
        lines = [f"{inner}{json.dumps(name)}: {dumps(part, inner)}" for name, part in value.items()]
        text = "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        inner = indent + " "
        text = "[\n" + ",\n".join(inner + dumps(part, inner) for part in value) + f"\n{indent}]"
    else:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text if indent else text + "\n"
