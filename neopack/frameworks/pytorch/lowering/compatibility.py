"""Whether a PyTorch of some version loads a TorchScript file, from what the file tells."""

from __future__ import annotations

from collections.abc import Iterable

from neopack import facts, versions
from neopack.frameworks.pytorch import schemas
from neopack.frameworks.pytorch.facts import ProgramFacts, TorchScriptFacts
from neopack.frameworks.pytorch.script_code import SYNTAX
from neopack.values.model import ModelInfo

__all__ = ["is_readable", "lacking", "lacking_operators", "newer_code", "newer_format"]

OLDEST = "1.4"


def is_readable(info: ModelInfo, version: str) -> bool:
    """True for a version that our tables do not reach: nothing is known against it. A file whose
    tensors are on another device can only be read where that is, or with map_location."""
    newer = newer_format(info, version), newer_code(info, version)
    elsewhere = isinstance(info.facts, TorchScriptFacts) and info.facts.devices
    return not any(newer) and not elsewhere and not lacking_operators(info, version)


def newer_format(info: ModelInfo, version: str) -> tuple[int, int] | None:
    """The number of the file's format and the most that the version reads, where that is less."""
    text, most = info.versions.get("file_format", ""), facts.torch_file_format(version)
    if not text.isdecimal() or most is None or int(text) <= most:
        return None
    return int(text), most


def newer_code(info: ModelInfo, version: str) -> dict[str, str]:
    """{since when it is read: what the code is written with} of what the version cannot parse."""
    if not versions.parts(version):
        return {}
    since_versions = info.facts.readable_since if isinstance(info.facts, TorchScriptFacts) else {}
    return {
        since: what
        for since, what in since_versions.items()
        if not versions.at_least(version, since)
    }


def lacking_operators(info: ModelInfo, version: str) -> list[str]:
    """``aten::mish``, or ``aten::meshgrid(Tensor[], indexing=str)`` where it has the operator and
    does not take it so: of those that PyTorch itself has."""
    particular = info.facts.particular if isinstance(info.facts, TorchScriptFacts) else {}
    return [
        *lacking(info, version, (n for n in info.operators if _is_of_pytorch(n))),
        *(call for call in particular if facts.torch_lacks_call(version, call)),
    ]


def lacking(info: ModelInfo, version: str, operators: Iterable[str]) -> list[str]:
    """The same, of these operators."""
    calls = info.facts.calls if isinstance(info.facts, ProgramFacts) else {}
    lacks = (
        schemas.lacks(version, name, map(schemas.OperatorCall.parse, calls.get(name, ())))
        for name in sorted(operators)
    )
    return [lack for lack in lacks if lack]


def _is_of_pytorch(operator: str) -> bool:
    namespace = operator.partition("::")[0]
    if namespace == "prim":  # later versions read the oldest without a schema: prim::shape
        return operator not in SYNTAX and not facts.torch_schemas(operator, OLDEST)
    return namespace in facts.torch_listed_namespaces() - {"torchvision"}
