"""Edits of orders: axes that were folded in another order."""

import ast
from types import SimpleNamespace

import pytest

from oracle.diagnosis.repair.orders import folds


def texts(text):
    """What a family makes of an expression."""
    return [ast.unparse(node) for _, node in folds(SimpleNamespace(node=ast.parse(text, mode="eval").body))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.reshape(B, T, D).transpose(1, 0, 2)", ["a.reshape(T, B, D)"]),
        ("a.reshape(T, D)", ["a.reshape(D, T).transpose(1, 0)"]),
        ("a.reshape(B, T).transpose(0, t)", []),
        ("a.reshape(B, T).transpose(0, 0)", []),
        ("a.reshape(-1)", []),
        ("f(a)", []),
    ],
)
def test_axes_are_folded_in_another_order(text, expected):
    """A reshape of exchanged axes and back; where the order cannot be read, or is none, nothing is tried."""
    assert texts(text) == expected
