"""What releases of the frameworks can read: ``onnx.toml``, ``torch.toml``,
``torch_operators.toml``, ``tensorflow.toml``; and ``operators.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts import versions
from neopack.facts.rows import facts_file

__all__ = [
    "OnnxRelease",
    "onnx_releases",
    "operators_2020",
    "tensorflow_operators",
    "torch_file_format",
    "torch_operators",
    "torchvision_converted",
    "torchvision_operators",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRelease:
    release: str
    ir: int
    opset: int


@cache
def onnx_releases() -> tuple[OnnxRelease, ...]:
    """Each release of ONNX with the IR version and opset it came with, oldest first."""
    rows = facts_file("onnx").table("release")
    return tuple(
        OnnxRelease(
            release=name, ir=rows.table(name).number("ir"), opset=rows.table(name).number("opset")
        )
        for name in rows
    )


def torch_file_format(version: str) -> int | None:
    """The newest file format that a release of PyTorch can read; None for one yet newer."""
    table = facts_file("torch").numbers("file_format")
    reads = [most for release, most in table.items() if versions.at_most(version, release)]
    return min(reads, default=None)


@cache
def torch_operators(version: str) -> frozenset[str] | None:
    """The operators of ``aten`` that TorchScript has in a version of PyTorch, such as
    ``aten::relu``; None for one newer than our tables."""
    since = facts_file("torch_operators").table("since")
    listed = sorted(since, key=versions.order)
    if versions.parts(version) is None or not versions.at_most(version, listed[-1]):
        return None
    known: set[str] = set()
    for release in listed:
        if known and not versions.at_least(version, release):
            break
        row = since.table(release)
        known = (known | set(row.text("new").split())) - set(row.text("gone").split())
    return frozenset(f"aten::{name}" for name in known)


@cache
def torchvision_operators(version: str) -> frozenset[str]:
    """The operators of the torchvision that belongs to a version of PyTorch, such as
    ``torchvision::nms``: those that take what they take today."""
    since = facts_file("torch").table("torchvision").words("since")
    return frozenset(
        f"torchvision::{name}"
        for name, release in since.items()
        if versions.at_least(version, release) or versions.parts(version) is None
    )


@cache
def torchvision_converted() -> tuple[str, ...]:
    """Those of them that TVM converts, by their plain names."""
    return facts_file("torch").table("torchvision").texts("converted")


@cache
def tensorflow_operators() -> Mapping[str, frozenset[str]]:
    """The attributes of each operator that TensorFlow 1.15.0 has: newer ones are not loaded."""
    words = facts_file("tensorflow").words("operators")
    return {name: frozenset(attributes.split()) for name, attributes in words.items()}


def operators_2020(name: str) -> frozenset[str]:
    """The operators that the guide listed until 2020: a hint; empty where none is kept."""
    return frozenset(facts_file("operators").table("operators").texts(name))
