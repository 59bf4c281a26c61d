"""How operators of ONNX are written in each opset: ``onnx_operators.toml``, and the releases that
came with opsets: ``onnx.toml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import facts_file

__all__ = [
    "OnnxParameter",
    "OnnxRelease",
    "OnnxSchema",
    "experimental_operators",
    "onnx_domains",
    "onnx_operators",
    "onnx_releases",
    "onnx_schemas",
]

OWN = "ai.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRelease:
    """``ml`` is the opset of the domain ai.onnx.ml."""

    release: str
    ir: int
    opset: int
    ml: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxParameter:
    """An input or an output. ``required``: it is one that may not be left out. ``least`` is how
    many there are at least, ``many`` that there may be any number."""

    name: str
    required: bool
    least: int
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxSchema:
    """An operator from ``opset`` on, until the next one. ``attributes`` have their types. ``gone``
    is an opset that took it away."""

    opset: int
    inputs: tuple[OnnxParameter, ...] = ()
    outputs: tuple[OnnxParameter, ...] = ()
    attributes: Mapping[str, str]
    required: frozenset[str] = frozenset()
    gone: bool = False


@cache
def onnx_releases() -> tuple[OnnxRelease, ...]:
    """Return each release of ONNX with its IR version and opsets, oldest first."""
    return tuple(
        OnnxRelease(
            release=name, ir=row.number("ir"), opset=row.number("opset"), ml=row.number("ml")
        )
        for name, row in facts_file("onnx").named_tables("release")
    )


def experimental_operators() -> Mapping[str, int]:
    """Return the operators of ONNX's experiments, and the last opset that ONNX 1.7.0 takes each
    in."""
    return facts_file("onnx").numbers("experimental")


def onnx_domains() -> frozenset[str]:
    """Return the domains that have schemas; "" is ONNX's own."""
    file = facts_file("onnx_operators")
    return frozenset("" if name == OWN else name for name in file if not file.is_text(name))


@cache
def onnx_schemas(domain: str, operator: str) -> tuple[OnnxSchema, ...]:
    """Return the schemas of an operator, the oldest first; none for one that ONNX never had."""
    text = facts_file("onnx_operators").table(domain or OWN).text(operator, "")
    return tuple(_schema(line) for line in text.splitlines())


def _schema(line: str) -> OnnxSchema:
    """``13 data, axes? -> squeezed; keepdims int``."""
    opset, _, rest = line.partition(" ")
    if rest == "gone":
        return OnnxSchema(opset=int(opset), attributes={}, gone=True)
    sides, _, attributes = rest.partition("; ")
    inputs, _, outputs = sides.partition("->")
    pairs = [attribute.split(" ") for attribute in attributes.split(", ") if attribute]
    return OnnxSchema(
        opset=int(opset),
        inputs=tuple(_parameters(inputs)),
        outputs=tuple(_parameters(outputs)),
        attributes={name: kind.rstrip("!") for name, kind in pairs},
        required=frozenset(name for name, kind in pairs if kind.endswith("!")),
    )


def _parameters(text: str) -> Iterator[OnnxParameter]:
    for word in text.strip().split(", ") if text.strip() else ():
        yield OnnxParameter(
            name=word.rstrip("?*+"),
            required=word[-1] not in "?*+",
            least=int(word[-1] not in "?*"),
            many=word[-1] in "*+",
        )


def onnx_operators(domain: str) -> tuple[str, ...]:
    """Return the operators of a domain, of any opset."""
    return tuple(facts_file("onnx_operators").table(domain or OWN))
