"""Verifying leaves the user's process as it was, also the first time, when JAX is imported."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import numpy as np, oracle
def forward(x):
    return np.tanh(x), x
def backward(y_bar, x):
    return (1 - np.tanh(x) ** 2) * y_bar
subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"})
np.random.seed(0)
expected = np.random.standard_normal(3)
np.random.seed(0)
print(oracle.verify(subject, cases=1).verdict.name, "jax" in __import__("sys").modules)
print((np.random.standard_normal(3) == expected).all())
"""


def test_the_first_verification_leaves_the_global_generator() -> None:
    """In a fresh process JAX is imported on the way, and NumPy's global generator goes on as if it had not been."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["CERTIFIED", "True", "True"]
