"""Einsum whose labels are capital letters, as torch.onnx writes some: ONNX allows them since 12,
and ONNX Runtime 1.4.0, of ONNX 1.7.0's time, takes small ones alone."""

from __future__ import annotations

import string
from typing import Any

from neopack.frameworks.onnx.lowering.traversal import nodes

__all__ = ["in_small_letters", "use_small_letters"]


def use_small_letters(graph: Any) -> list[str]:
    """Write the equations of ``graph`` in small letters; returns what to say of it."""
    changed = 0
    for node in nodes(graph):
        if node.op_type == "Einsum":
            for attribute in node.attribute:
                equation = attribute.s.decode()
                attribute.s = in_small_letters(equation).encode()
                changed += attribute.s.decode() != equation
    return [f"Einsum: small letters ({changed})"] if changed else []


def in_small_letters(equation: str) -> str:
    """The same equation; as it is where it has more labels than there are small letters."""
    capitals = sorted({letter for letter in equation if letter.isupper()})
    free = [letter for letter in string.ascii_lowercase if letter not in equation]
    if len(capitals) > len(free):
        return equation
    return equation.translate(str.maketrans("".join(capitals), "".join(free[: len(capitals)])))
