"""Where and how a compiled model is served: ``hosting.toml``."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.facts.rows import Scope, facts_file
from neopack.values.target import Target

__all__ = ["RequestForm", "accelerators", "cores", "environment", "instances", "request_form"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestForm:
    """How a container is asked; ``wrap`` names the key around the rows in JSON."""

    content_type: str
    accept: str
    wrap: str = ""


def instances(target: Target) -> tuple[str, ...]:
    """The instance types that serve what was compiled for ``target``; none for devices."""
    data = facts_file("hosting")
    rows = data.table("instances")
    names = data.table("accelerated").texts("targets") if target.kind == "eia" else (target.name,)
    return tuple(
        f"{name.replace('_', '.')}.{size}" for name in names if name in rows
        for size in rows.texts(name)
    )  # fmt: skip


def accelerators(target: Target) -> tuple[str, ...]:
    """The AcceleratorTypes of a target that needs one; none for the others."""
    types = facts_file("hosting").table("accelerated").texts("types")
    return types if target.kind == "eia" else ()


def cores(instance: str) -> int:
    """The NeuronCores of an instance; 0 where it has none, or nobody says."""
    return facts_file("hosting").table("cores").number(instance, 0)


def environment(framework: str, target: Target, values: dict[str, str]) -> dict[str, str]:
    """The container's environment; ``values`` fill ``{region}``, ``{group}``, ``{workers}``."""
    made: dict[str, str] = {}
    for row in facts_file("hosting").tables("environment"):
        if Scope.of(row).fits(target, framework):
            made |= {name: text.format(**values) for name, text in row.words("set").items()}
    return made


def request_form(framework: str, inputs: int, target: Target) -> RequestForm:
    """How the container of a framework is asked by default."""
    rows = facts_file("hosting").tables("request")
    row = next(row for row in rows if Scope.of(row).fits(target, framework))
    kind = row.text("several", "") if inputs > 1 else ""
    return RequestForm(
        content_type=kind or row.text("content_type"),
        accept=row.text("accept"),
        wrap=row.text("wrap", ""),
    )
