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
    "torch_computes_otherwise",
    "torch_file_format",
    "torch_instead",
    "torch_operators",
    "torch_operators_today",
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
def torch_operators(version: str) -> Mapping[str, tuple[str, ...]] | None:
    """The schemas that each operator of ``aten`` has in a version of PyTorch, by names such as
    ``aten::relu``; None for a version that our tables, those of the runtimes, do not reach."""
    first, *later, last, _ = _torch_releases()
    if versions.parts(version) is None or not versions.at_most(version, last):
        return None
    later = [release for release in (*later, last) if versions.at_least(version, release)]
    mended = facts_file("torch").words("fails_before")
    failing = {row for row, since in mended.items() if not versions.at_least(version, since)}
    return _torch_schemas([first, *later], failing)


def torch_instead(operator: str) -> str:
    """What to write in place of an operator that an old PyTorch lacks; empty if we know none."""
    name = operator.removeprefix("aten::")
    hints = facts_file("torch").words("instead")
    begins = [beginning for beginning in hints if name.startswith(beginning)]
    return hints[max(begins, key=len)] if begins else ""


def torch_computes_otherwise(version: str, operator: str) -> bool:
    """Whether the operator of that name computed something else in this version."""
    since = facts_file("torch").words("changed").get(operator.removeprefix("aten::"))
    return since is not None and not versions.at_least(version, since)


@cache
def torch_operators_today() -> Mapping[str, tuple[str, ...]]:
    """The same of the newest PyTorch that we know."""
    return _torch_schemas(_torch_releases(), set())


def _torch_releases() -> list[str]:
    return sorted(facts_file("torch_operators").table("since"), key=versions.order)


def _torch_schemas(releases: list[str], failing: set[str]) -> Mapping[str, tuple[str, ...]]:
    since, known = facts_file("torch_operators").table("since"), set[str]()
    for release in releases:
        row = since.table(release)
        known |= set(row.text("new").splitlines())
        known -= set(row.text("gone").splitlines())
    found: dict[str, tuple[str, ...]] = {}
    for name, _, schema in (row.partition(" ") for row in sorted(known - failing)):
        found[f"aten::{name}"] = (*found.get(f"aten::{name}", ()), schema)
    return found


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
