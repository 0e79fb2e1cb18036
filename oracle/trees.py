"""Outputs as people return them: one array, a tuple, a list per step, a dictionary, nested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def flatten(tree: Any, name: str = "out") -> tuple[dict[str, Any], Callable[[Mapping[str, Any]], Any]]:
    """The arrays in `tree` by name, and the function that puts others in their places.

    >>> leaves, rebuild = flatten((1.0, [2.0, None]))
    >>> leaves
    {'out[0]': 1.0, 'out[1][0]': 2.0}
    >>> rebuild({"out[0]": 10.0, "out[1][0]": 20.0})
    (10.0, [20.0, None])
    """
    if tree is None:
        return {}, lambda leaves: None
    if isinstance(tree, Mapping):
        parts = {key: flatten(part, f"{name}[{key!r}]") for key, part in tree.items()}
        found = {path: leaf for leaves, _ in parts.values() for path, leaf in leaves.items()}
        return found, lambda leaves: {key: rebuild(leaves) for key, (_, rebuild) in parts.items()}
    if isinstance(tree, list | tuple):
        listed = [flatten(part, f"{name}[{k}]") for k, part in enumerate(tree)]
        found = {path: leaf for leaves, _ in listed for path, leaf in leaves.items()}
        return found, lambda leaves: like(tree, [rebuild(leaves) for _, rebuild in listed])
    return {name: tree}, lambda leaves: leaves[name]


def like(model: list[Any] | tuple[Any, ...], parts: list[Any]) -> Any:
    """`parts` as the kind of sequence that `model` is; named tuples included."""
    return type(model)(*parts) if hasattr(model, "_fields") else type(model)(parts)
