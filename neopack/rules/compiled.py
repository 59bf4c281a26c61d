"""Rules for the artifact of a compilation job: it was compiled, and it is complete.

Sources: neo-ai/neo-ai-dlr@457aabf (2022-08-26) and #73 (2019); SageMaker developer guide,
neo-deployment-hosting-services (2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.facts.artifacts import default_loader, device_type
from neopack.rules.members import in_code, named, normal, visible
from neopack.rules.rule import Hit, Inspection, Returned, Rule, rule

__all__ = ["RULES"]


def _of(inspection: Inspection) -> Returned:
    return inspection.returned or Returned()


@rule("NEO-CA-001", needs=("returned",))
def untouched(inspection: Inspection) -> Iterator[Hit]:
    """At least one file of the artifact was not submitted (neo-ai-dlr#73)."""
    if _of(inspection).untouched:
        yield Hit(message="every file equals a submitted one, byte for byte")


@rule("NEO-CA-002", needs=("returned",))
def incomplete(inspection: Inspection) -> Iterator[Hit]:
    """All files that the runtime of its kind loads are present (neo-ai-dlr, src)."""
    returned = _of(inspection)
    if returned.lacking:
        yield Hit(
            message=f"a {returned.kind} for {returned.runtime} without {named(returned.lacking)}",
            values={"runtime": returned.runtime, "names": ", ".join(returned.lacking)},
        )


@rule("NEO-CA-003", needs=("returned",))
def unknown_kind(inspection: Inspection) -> Iterator[Hit]:
    """Its files are those of a known kind of artifact (neo-ai-dlr; guide)."""
    returned = _of(inspection)
    if not returned.kind and not returned.untouched:
        names = named(entry.name for entry in inspection.entries)
        yield Hit(message=f"no known kind of artifact has these files: {names}")


@rule("NEO-CA-004", needs=("returned",))
def not_neo(inspection: Inspection) -> Iterator[Hit]:
    """Neo wrote it, not a local engine or the emulator."""
    maker = _of(inspection).maker
    if maker:
        yield Hit(message=f"made by {maker}, not by Neo")


@rule("NEO-CA-005", needs=("returned",))
def doubled(inspection: Inspection) -> Iterator[Hit]:
    """There is one file of each kind that DLR looks for (neo-ai-dlr, dlr_common.cc)."""
    for kind, names in _of(inspection).doubled.items():
        yield Hit(
            message=f"{len(names)} files are {kind}: {named(names)}",
            values={"kind": kind, "names": ", ".join(names)},
        )


@rule("NEO-CA-006", needs=("returned",))
def other_device(inspection: Inspection) -> Iterator[Hit]:
    """It was compiled for the kind of device that the target has (neo-ai-dlr, dlr_common.cc)."""
    device, expected = _of(inspection).device, device_type(inspection.target.accelerator)
    if device and expected and device != expected:
        yield Hit(
            message=f"compiled for {device}; {inspection.target.name} is {expected}",
            where="compiled.meta",
            values={"device": device, "type": device, "given": expected},
        )


@rule("NEO-CA-007", needs=("returned",))
def no_loader(inspection: Inspection) -> Iterator[Hit]:
    """Without a script, the container finds the files that it looks for (toolkits)."""
    names = [normal(entry.name) for entry in visible(inspection)]
    row = default_loader(_of(inspection).kind)
    if row is None or any(in_code(name) and name.endswith(".py") for name in names):
        return
    if not row.finds([name for name in names if not in_code(name)]):
        yield Hit(
            message=f"no script in code/, and not {row.wanted}",
            values={"wanted": row.wanted, "said": row.said},
        )


RULES: tuple[Rule, ...] = (
    untouched,
    incomplete,
    unknown_kind,
    not_neo,
    doubled,
    other_device,
    no_loader,
)
