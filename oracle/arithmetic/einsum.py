"""Einstein sums of raw arrays, contracted pair by pair as products of matrices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from oracle.arithmetic import kernels
from oracle.arithmetic.kernels import Raw


@functools.lru_cache(maxsize=256)
def parsed(subscripts: str, ranks: tuple[int, ...]) -> tuple[list[str], str]:
    """The labels of each operand and of the result, an ellipsis spelt out in letters of its own."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise ValueError("einstein sum subscripts string does not match the number of operands")
    spare = [chr(k) for k in range(192, 192 + 64)]
    terms = [_spelt(term, rank, spare) for term, rank in zip(terms, ranks, strict=True)]
    dots = max((rank_of for rank_of in (sum(label in spare for label in term) for term in terms)), default=0)
    if not arrow:
        letters = "".join(terms)
        output = "..." + "".join(sorted(x for x in set(letters) if letters.count(x) == 1 and x not in spare))
    output = output.replace("...", "".join(spare[len(spare) - dots :]))
    unknown = set(output) - set("".join(terms))
    if unknown or len(set(output)) != len(output):
        raise ValueError(f"einstein sum subscripts string has an output {output!r} that its inputs do not give")
    return terms, output


def _spelt(term: str, rank: int, spare: list[str]) -> str:
    """The labels of one operand; the ellipsis stands for its last unnamed axes."""
    named = len(term.replace("...", ""))
    if ("..." not in term and named != rank) or named > rank:
        raise ValueError(f"einstein sum subscripts {term!r} do not fit an operand with {rank} dimensions")
    return term.replace("...", "".join(spare[len(spare) - (rank - named) :]))


def einsum(terms: list[str], output: str, raws: list[Raw]) -> Raw:
    """The sum of products over all labels that the output lacks."""
    labels, result = _diagonal(terms[0], raws[0])
    for k, (term, raw) in enumerate(zip(terms[1:], raws[1:], strict=True), 1):
        wanted = set(output).union(*terms[k + 1 :])
        labels, result = _pair(labels, result, *_diagonal(term, raw), wanted)
    labels, result = _summed(labels, result, set(output))
    return kernels.boxed(result.transpose([labels.index(label) for label in output]))


def _diagonal(labels: str, raw: Raw) -> tuple[str, Raw]:
    """The operand with each label once: a repeated one walks a diagonal."""
    for label in set(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if raw.shape[first] != raw.shape[second]:
                raise ValueError(f"dimensions of label {label!r} differ: {raw.shape[first]} and {raw.shape[second]}")
            raw = np.diagonal(raw, axis1=first, axis2=second)
            labels = labels[:first] + labels[first + 1 : second] + labels[second + 1 :] + label
    return labels, raw


def _summed(labels: str, raw: Raw, wanted: set[str]) -> tuple[str, Raw]:
    """The operand summed over the labels that nobody wants."""
    axes = tuple(k for k, label in enumerate(labels) if label not in wanted)
    kept = "".join(label for label in labels if label in wanted)
    return kept, (kernels.reduce_sum(raw, axes) if axes else raw)


def _pair(a_labels: str, a: Raw, b_labels: str, b: Raw, wanted: set[str]) -> tuple[str, Raw]:
    """Two operands as one, summed over what they share and nobody else wants."""
    a_labels, a = _summed(a_labels, a, wanted | set(b_labels))
    b_labels, b = _summed(b_labels, b, wanted | set(a_labels))
    shared = [label for label in a_labels if label in b_labels]
    batch = [label for label in shared if label in wanted]
    inner = [label for label in shared if label not in wanted]
    only_a = [label for label in a_labels if label not in b_labels]
    only_b = [label for label in b_labels if label not in a_labels]
    sizes = _sizes(a_labels, a, b_labels, b)
    a = _arranged(a, a_labels, [batch, only_a, inner], sizes, shared)
    b = _arranged(b, b_labels, [batch, inner, only_b], sizes, shared)
    labels = "".join(batch + only_a + only_b)
    return labels, kernels.matmul(a, b).reshape([sizes[label] for label in labels])


def _sizes(a_labels: str, a: Raw, b_labels: str, b: Raw) -> dict[str, int]:
    """The length of each label; axes of length 1 stretch."""
    sizes: dict[str, int] = {}
    for label, n in [*zip(a_labels, a.shape, strict=True), *zip(b_labels, b.shape, strict=True)]:
        if sizes.setdefault(label, n) != n and 1 not in (n, sizes[label]):
            raise ValueError(f"operands could not be broadcast together: label {label!r} is {sizes[label]} and {n}")
        sizes[label] = n if sizes[label] == 1 else sizes[label]
    return sizes


def _arranged(raw: Raw, labels: str, groups: list[list[str]], sizes: dict[str, int], shared: Any) -> Raw:
    """The operand as a stack of matrices whose three axes are the groups of labels, the first group the stack."""
    order = [label for group in groups for label in group]
    moved = raw.transpose([labels.index(label) for label in order])
    full = np.broadcast_to(moved, [sizes[label] for label in order])
    return full.reshape([int(np.prod([sizes[label] for label in group], dtype=int)) for group in groups])
