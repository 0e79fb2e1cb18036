"""Names and exits that could make a check look elsewhere: an input called `out`, code that ends the process."""

from __future__ import annotations

import sys

import jax.numpy as jnp
import numpy as np
import pytest

import oracle


def forward(out):
    """tanh, of an input with the name that outputs have."""
    return np.tanh(out), out


def backward(y_bar, out):
    """Its backward."""
    return (1 - np.tanh(out) ** 2) * y_bar


def test_an_input_called_out_is_no_output():
    """The output of a subject with an input `out` is compared with the reference's all the same."""
    right = oracle.Subject.from_functions(forward, backward, inputs={"out": "D"}, reference=jnp.tanh)
    assert oracle.verify(right, cases=4).verdict is oracle.Verdict.CERTIFIED
    other = oracle.Subject.from_functions(
        forward, backward, inputs={"out": "D"}, reference=lambda out: jnp.tanh(out) + 1e-20
    )
    report = oracle.verify(other, cases=4)
    assert report.verdict is not oracle.Verdict.CERTIFIED
    assert "the output output[0] differs from the reference's" in str(
        oracle.verify(
            oracle.Subject.from_functions(
                forward, backward, inputs={"out": "D"}, reference=lambda out: jnp.tanh(out) + 1.0
            ),
            cases=2,
        )
    )


@pytest.mark.parametrize("code", [0, 1, None])
def test_code_that_ends_the_process_is_broken(code):
    """`sys.exit(0)` in the code under test is no success."""

    def leaving(y_bar, x):
        sys.exit(code)

    def identity(x):
        return x * 1.0, x

    subject = oracle.Subject.from_functions(identity, leaving, inputs={"x": "D"})
    report = oracle.verify(subject, cases=1)
    assert report.verdict is oracle.Verdict.BROKEN_CONTRACT
    assert "the code raised SystemExit" in str(report)
