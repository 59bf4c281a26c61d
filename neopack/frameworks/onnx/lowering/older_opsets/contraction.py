"""Einsum before 12: each pair of tensors by Transpose, Reshape and MatMul.

Source: onnx/onnx docs/Operators.md, Einsum (2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["einsum"]


@dataclass(frozen=True, slots=True)
class Term:
    """A value and the label of each of its axes."""

    value: str
    labels: str


def einsum(site: Site) -> str:
    """Transpose, Reshape and MatMul"""
    labels, output = _labels(site)
    sizes = _sizes(site, labels)
    terms = [Term(site.input(place), of) for place, of in enumerate(labels)]
    for place, term in enumerate(terms):
        others = output + "".join(other.labels for other in terms[:place] + terms[place + 1 :])
        terms[place] = _summed(site, term, others)
    first, *rest = terms
    for place, term in enumerate(rest):
        later = output + "".join(other.labels for other in rest[place + 1 :])
        first = _product(site, first, term, later, sizes)
    first = _summed(site, first, output)
    turned = _turned(site, first, output)
    site.emit("Identity", turned, into=site.output(0))
    return "Transpose, Reshape and MatMul"


def _labels(site: Site) -> tuple[list[str], str]:
    """The labels of each input and of the output; "..." is spelled out in capitals."""
    equation = site.attribute("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    spelled = "".join(letter for letter in map(chr, range(0x3B1, 0x3C9)))
    spellings = []
    for place, term in enumerate(terms):
        free = site.rank(place) - len(term.replace("...", ""))
        spellings.append(term.replace("...", spelled[len(spelled) - free :] if free else ""))
    longest = max(
        (len(t) - len(g.replace("...", "")) for t, g in zip(spellings, terms, strict=True))
    )
    if not arrow:
        seen = "".join(sorted(label for label in left if label.isalpha()))
        right = ("..." if "..." in left else "") + "".join(
            label for label in seen if seen.count(label) == 1
        )
    output = right.replace("...", spelled[len(spelled) - longest :] if longest else "")
    for term in spellings:
        if len(set(term)) != len(term):
            raise NotInOnnx("Einsum along a diagonal", "EyeLike, Mul and ReduceSum")
    return spellings, output


def _sizes(site: Site, terms: Sequence[str]) -> Mapping[str, int]:
    sizes: dict[str, int] = {}
    for place, labels in enumerate(terms):
        for label, size in zip(labels, site.shape(place), strict=True):
            if sizes.setdefault(label, size) != size:
                raise NotInOnnx("Einsum that spreads an axis of 1", "Expand before it")
    return sizes


def _summed(site: Site, term: Term, needed: str) -> Term:
    """Without the axes that nothing else is about."""
    gone = [at for at, label in enumerate(term.labels) if label not in needed]
    if not gone:
        return term
    value = site.emit("ReduceSum", term.value, axes=gone, keepdims=0)
    return Term(value, "".join(label for label in term.labels if label in needed))


def _product(site: Site, one: Term, two: Term, needed: str, sizes: Mapping[str, int]) -> Term:
    shared = [label for label in one.labels if label in two.labels]
    batch = "".join(label for label in shared if label in needed)
    summed = "".join(label for label in shared if label not in needed)
    left = "".join(label for label in one.labels if label not in shared)
    right = "".join(label for label in two.labels if label not in shared)
    a = _folded(site, _turned(site, one, batch + left + summed), (batch, left, summed), sizes)
    b = _folded(site, _turned(site, two, batch + summed + right), (batch, summed, right), sizes)
    labels = batch + left + right
    product = site.emit("MatMul", a, b)
    return Term(_shaped(site, product, [sizes[label] for label in labels]), labels)


def _folded(site: Site, value: str, groups: Iterable[str], sizes: Mapping[str, int]) -> str:
    shape = [math.prod(sizes[label] for label in group) for group in groups]
    return _shaped(site, value, shape)


def _turned(site: Site, term: Term, labels: str) -> str:
    if term.labels == labels:
        return term.value
    return site.emit("Transpose", term.value, perm=[term.labels.index(label) for label in labels])


def _shaped(site: Site, value: str, shape: list[int]) -> str:
    import numpy as np

    return site.emit("Reshape", value, site.weight(np.array(shape, np.int64), "shape"))
