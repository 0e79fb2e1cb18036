"""Reads known-answer vectors with nothing but NumPy: python read_vectors.py vectors/lstm-standard.json"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np


def array(entry):
    """The array of an entry; its checksum is that of its bytes, little-endian, row after row."""
    dtype = {"float64": "<f8", "int64": "<i8", "bool": "|b1"}[entry["dtype"]]
    values = np.array(entry["values"], dtype=dtype).reshape(entry["shape"])
    assert hashlib.sha256(values.tobytes()).hexdigest() == entry["sha256"], "the file is damaged"
    return values


def ulps(got, expected):
    """How far a result is from the answer, in units of the last place of each entry."""
    return float(np.max(np.abs(got - expected) / np.spacing(np.abs(expected)), initial=0.0))


if __name__ == "__main__":
    for case in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cases"]:
        parts = ("inputs", "cotangents", "outputs", "gradients")
        x, y_bar, y, x_bar = ({name: array(entry) for name, entry in case[part].items()} for part in parts)
        got = {name: answer.astype(np.float32) for name, answer in x_bar.items()}  # your forward and backward go here
        worst = max(ulps(got[name].astype(float), answer) for name, answer in x_bar.items())
        print(f"{case['regime']} {case['sizes']}: {len(x_bar)} gradients within {worst:.0f} ulps")
