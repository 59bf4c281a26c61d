"""Rules for the artifact of a compilation job: it was compiled, and it is complete.

Sources: neo-ai/neo-ai-dlr@457aabf (2022-08-26) and #73 (2019); SageMaker developer guide,
neo-deployment-hosting-services (2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.facts.artifacts import default_loader, device_type
from neopack.rules.members import in_code, named, normal, visible
from neopack.rules.rule import CheckContext, Hit, Returned, Rule, rule

__all__ = ["RULES"]


def _of(context: CheckContext) -> Returned:
    return context.returned or Returned()


@rule("NEO-CA-001", needs=("returned",))
def untouched(context: CheckContext) -> Iterator[Hit]:
    """At least one file of the artifact was not submitted (neo-ai-dlr#73)."""
    if _of(context).untouched:
        yield Hit(message="every file equals a submitted one, byte for byte")


@rule("NEO-CA-002", needs=("returned",))
def incomplete(context: CheckContext) -> Iterator[Hit]:
    """All files that the runtime of its kind loads are present (neo-ai-dlr, src)."""
    returned = _of(context)
    if returned.lacking:
        yield Hit(
            message=f"a {returned.kind} for {returned.runtime} without {named(returned.lacking)}",
            values={"runtime": returned.runtime, "names": ", ".join(returned.lacking)},
        )


@rule("NEO-CA-003", needs=("returned",))
def unknown_kind(context: CheckContext) -> Iterator[Hit]:
    """Its files are those of a known kind of artifact (neo-ai-dlr; guide)."""
    returned = _of(context)
    if not returned.kind and not returned.untouched:
        names = named(entry.name for entry in context.entries)
        yield Hit(message=f"no known kind of artifact has these files: {names}")


@rule("NEO-CA-004", needs=("returned",))
def not_neo(context: CheckContext) -> Iterator[Hit]:
    """Neo wrote it, not a local engine or the emulator."""
    maker = _of(context).maker
    if maker:
        yield Hit(message=f"made by {maker}, not by Neo")


@rule("NEO-CA-005", needs=("returned",))
def doubled(context: CheckContext) -> Iterator[Hit]:
    """There is one file of each kind that DLR looks for (neo-ai-dlr, dlr_common.cc)."""
    for kind, names in _of(context).doubled.items():
        yield Hit(
            message=f"{len(names)} files are {kind}: {named(names)}",
            values={"kind": kind, "names": ", ".join(names)},
        )


@rule("NEO-CA-006", needs=("returned",))
def other_device(context: CheckContext) -> Iterator[Hit]:
    """It was compiled for the kind of device that the target has (neo-ai-dlr, dlr_common.cc)."""
    device, expected = _of(context).device, device_type(context.target.accelerator)
    if device and expected and device != expected:
        yield Hit(
            message=f"compiled for {device}; {context.target.name} is {expected}",
            where="compiled.meta",
            values={"device": device, "type": device, "given": expected},
        )


@rule("NEO-CA-007", needs=("returned",))
def no_loader(context: CheckContext) -> Iterator[Hit]:
    """Without a script, the container finds the files that it looks for (toolkits)."""
    names = [normal(entry.name) for entry in visible(context)]
    row = default_loader(_of(context).kind)
    if row is None or any(in_code(name) and name.endswith(".py") for name in names):
        return
    if not row.finds([name for name in names if not in_code(name)]):
        yield Hit(
            message=f"no script in code/, and not {row.wanted}",
            values={"wanted": row.wanted, "said": row.said},
        )


@rule("NEO-CA-008", needs=("returned",))
def unsafe_options(context: CheckContext) -> Iterator[Hit]:
    """Its manifest sets only options that its engine takes from an artifact (neopack)."""
    for option in _of(context).unsafe_options:
        yield Hit(message=f"the manifest sets {option}", where="neopack.json")


RULES: tuple[Rule, ...] = (
    untouched,
    incomplete,
    unknown_kind,
    not_neo,
    doubled,
    other_device,
    no_loader,
    unsafe_options,
)
