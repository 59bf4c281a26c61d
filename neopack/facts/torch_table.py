"""The formats and operators of PyTorch releases: ``torch.toml``, and ``torch_operators.toml`` and
``torch_namespaces.toml``, which scripts write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from neopack import versions
from neopack.facts.rows import facts_file

__all__ = [
    "TorchKernels",
    "torch_computes_otherwise",
    "torch_devices",
    "torch_fails_on_integers",
    "torch_file_format",
    "torch_fused_otherwise",
    "torch_instead",
    "torch_is_known",
    "torch_kernels",
    "torch_lacks_call",
    "torch_legacy_refused_from",
    "torch_listed_namespaces",
    "torch_namespaces",
    "torch_older_name",
    "torch_random",
    "torch_schemas",
    "torch_schemas_today",
    "torch_takes_one_type",
    "torch_takes_other_ties",
    "torch_unsaved",
    "torch_views",
    "torchvision_converted",
]


_TABLES = ("torch_operators", "torch_namespaces")


def torch_file_format(version: str) -> int | None:
    """Return the newest file format that a release of PyTorch reads, or None for one that is newer
    than the table."""
    table = facts_file("torch").numbers("file_format")
    reads = [most for release, most in table.items() if versions.at_most(version, release)]
    return min(reads, default=None)


@cache
def torch_is_known(version: str) -> bool:
    """Whether the tables, which come from the runtimes, include that version."""
    return versions.parts(version) is not None and versions.at_most(version, _releases()[-2])


@cache
def torch_schemas(operator: str, version: str) -> tuple[str, ...]:
    """Return the schemas of an operator such as ``aten::relu`` in a known version; empty if that
    version lacks the operator."""
    at = max((i for i, r in enumerate(_releases()) if versions.at_least(version, r)), default=0)
    mended = facts_file("torch").words("fails_before")
    return tuple(
        schema
        for schema in _schemas(operator, at)
        if (since := mended.get(f"{operator.removeprefix('aten::')} {schema}")) is None
        or versions.at_least(version, since)
    )


def torch_schemas_today(operator: str) -> tuple[str, ...]:
    """Return the same for the newest PyTorch of the table."""
    return _schemas(operator, len(_releases()) - 1)


def _schemas(operator: str, at: int) -> tuple[str, ...]:
    rows = _history().get(operator.removeprefix("aten::"), {})
    return tuple(schema for schema, spans in rows.items() if any(at in span for span in spans))


@cache
def _releases() -> tuple[str, ...]:
    """The versions of the table, oldest first; the last one was current when it was written."""
    return tuple(sorted(facts_file("torch_operators").table("since"), key=versions.order))


@cache
def _history() -> Mapping[str, Mapping[str, list[range]]]:
    """For each operator and schema, the ranges of indexes in ``_releases``."""
    history: dict[str, dict[str, list[range]]] = {}
    for file, (at, release) in product(_TABLES, enumerate(_releases())):
        row = facts_file(file).table("since").table(release)
        for name, _, schema in (line.partition(" ") for line in row.text("new").splitlines()):
            spans = history.setdefault(name, {}).setdefault(schema, [])
            spans.append(range(at, len(_releases())))
        for name, _, schema in (line.partition(" ") for line in row.text("gone").splitlines()):
            spans = history[name][schema]
            spans[-1] = range(spans[-1].start, at)
    return history


def torch_instead(operator: str) -> str:
    """Return a replacement for an operator that an old PyTorch lacks, or "" if none is known."""
    name = operator.removeprefix("aten::")
    hints = facts_file("torch").words("instead")
    begins = [beginning for beginning in hints if name.startswith(beginning)]
    return hints[max(begins, key=len)] if begins else ""


def torch_computes_otherwise(version: str, operator: str) -> bool:
    """Whether the operator of that name computed other values in this version."""
    return _is_before("changed", version, operator)


@cache
def torch_fused_otherwise(version: str) -> frozenset[str]:
    """Return the operators that this version's fuser for CPUs computes otherwise."""
    row = facts_file("torch").table("fused")
    fuses = torch_is_known(version) and versions.at_least(version, row.text("since"))
    return frozenset(f"aten::{name}" for name in row.texts("operators") if fuses)


def torch_lacks_call(version: str, call: str) -> bool:
    """Whether this version loads a call, ``aten::lstm(proj_size)``, and cannot compute it."""
    return torch_is_known(version) and _is_before("particular", version, call)


def torch_takes_other_ties(version: str, call: str) -> bool:
    """Whether the call takes another one of equal values in this version."""
    return torch_is_known(version) and _is_before("ties", version, call)


def torch_fails_on_integers(version: str, operator: str) -> bool:
    """Whether the operator of that name does not take tensors of integers in this version."""
    return _is_before("integers", version, operator)


def torch_takes_one_type(version: str, operator: str) -> bool:
    """Whether the arguments of that operator must be of the type of its result in this version."""
    return _is_before("one_type", version, operator)


def torch_needs_types(version: str, operator: str) -> bool:
    """Whether that operator computes otherwise in this version if types that are not known differ
    from that of the result."""
    return _is_before("untyped", version, operator)


def torch_older_name(operator: str) -> str:
    """Return what an operator of today was called, or "" if it was called the same."""
    return facts_file("torch").words("older").get(operator.removeprefix("aten::"), "")


def _is_before(table: str, version: str, operator: str) -> bool:
    since = facts_file("torch").words(table).get(operator.removeprefix("aten::"))
    return since is not None and not versions.at_least(version, since)


@cache
def torch_namespaces() -> frozenset[str]:
    """Return the namespaces of the operators that PyTorch or torchvision has in some version."""
    unlisted = facts_file("torch").table("namespaces").texts("unlisted")
    return torch_listed_namespaces() | frozenset(unlisted)


@cache
def torch_listed_namespaces() -> frozenset[str]:
    """Return those of which the tables have the operators."""
    return frozenset({"aten", *(name.partition("::")[0] for name in _history() if "::" in name)})


@cache
def torch_devices(version: str) -> frozenset[str]:
    """Return the kinds of devices, such as ``cuda``, whose names a PyTorch version reads."""
    table = facts_file("torch").lists("devices")
    known = [release for release in table if versions.at_least(version, release)]
    newest = max(known or table, key=versions.order)
    return frozenset(table[newest])


@cache
def torch_unsaved() -> frozenset[str]:
    """Return the operators that a file may call and whose values or graphs are not in it."""
    names = facts_file("torch").table("unsaved").texts("operators")
    return frozenset(f"prim::{name}" for name in names)


def torch_legacy_refused_from() -> str:
    """Return the first version of PyTorch known not to read the format of torch 1.0 to 1.3."""
    return facts_file("torch").table("legacy_format").text("refused_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchKernels:
    """Operators, by the beginnings of their names, that are the kernels of some hardware."""

    prefixes: tuple[str, ...]
    maker: str
    hardware: str
    accelerator: str
    archs: tuple[str, ...]
    converted: bool


@cache
def torch_kernels() -> tuple[TorchKernels, ...]:
    return tuple(
        TorchKernels(
            prefixes=row.texts("prefixes"),
            maker=row.text("maker"),
            hardware=row.text("hardware"),
            accelerator=row.text("accelerator", ""),
            archs=row.texts("archs"),
            converted=row.flag("converted", default=False),
        )
        for row in facts_file("torch").tables("kernels")
    )


@cache
def torch_random() -> frozenset[str]:
    """Return the operators that draw random numbers at each call."""
    row = facts_file("torch").table("random")
    return frozenset(f"aten::{name}" for name in row.texts("operators"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchViews:
    """The operators whose result may lie in the memory of their first argument."""

    views: frozenset[str]
    splitting: frozenset[str]
    turning: frozenset[str]
    laid_out: frozenset[str]
    arranging: frozenset[str]


@cache
def torch_views() -> TorchViews:
    row = facts_file("torch").table("views")

    def operators(key: str) -> frozenset[str]:
        return frozenset(f"aten::{name}" for name in row.texts(key))

    return TorchViews(
        views=operators("views"),
        splitting=operators("splitting"),
        turning=operators("turning"),
        laid_out=operators("laid_out"),
        arranging=operators("arranging"),
    )


@cache
def torchvision_converted() -> tuple[str, ...]:
    """Return the names, without namespace, of those that TVM converts."""
    return facts_file("torch").table("torchvision").texts("converted")
