"""How compiled models are served: ``hosting.toml``."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.facts.rows import Scope, facts_file
from neopack.values.target import Target

__all__ = ["RequestForm", "accelerators", "cores", "environment", "instances", "request_form"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestForm:
    """The form of a request; ``wrap`` is the key around the rows in JSON."""

    content_type: str
    accept: str
    wrap: str = ""


def instances(target: Target) -> tuple[str, ...]:
    """Return the instance types that serve models compiled for ``target``; empty for devices."""
    data = facts_file("hosting")
    rows = data.table("instances")
    names = data.table("accelerated").texts("targets") if target.kind == "eia" else (target.name,)
    return tuple(
        f"{name.replace('_', '.')}.{size}" for name in names if name in rows
        for size in rows.texts(name)
    )  # fmt: skip


def accelerators(target: Target) -> tuple[str, ...]:
    """Return the AcceleratorTypes of a target that needs one; empty for the others."""
    types = facts_file("hosting").table("accelerated").texts("types")
    return types if target.kind == "eia" else ()


def cores(instance: str) -> int:
    """Return the number of NeuronCores of an instance; 0 if it has none or is unknown."""
    return facts_file("hosting").table("cores").number(instance, 0)


def environment(framework: str, target: Target, values: dict[str, str]) -> dict[str, str]:
    """Return the container's variables; ``values`` has ``region``, ``group`` and ``workers``."""
    variables: dict[str, str] = {}
    for row in facts_file("hosting").tables("environment"):
        if Scope.of(row).fits(target, framework):
            variables |= {name: text.format(**values) for name, text in row.words("set").items()}
    return variables


def request_form(framework: str, inputs: int, target: Target) -> RequestForm:
    """Return the default request form of a framework's container."""
    rows = facts_file("hosting").tables("request")
    row = next(row for row in rows if Scope.of(row).fits(target, framework))
    kind = row.text("several", "") if inputs > 1 else ""
    return RequestForm(
        content_type=kind or row.text("content_type"),
        accept=row.text("accept"),
        wrap=row.text("wrap", ""),
    )
