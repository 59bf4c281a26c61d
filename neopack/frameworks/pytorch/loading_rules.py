"""Whether the PyTorch that Neo uses loads the file and can call it, on the machine that it has.

Sources: torch.jit.load of torch 1.4.0 to 2.0.1; neo-ai/neo-loader@06788c0, which calls it with
map_location="cpu" and then calls the module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack import facts, versions
from neopack.frameworks.pytorch.context_facts import operators_of, program_of, script_of
from neopack.frameworks.pytorch.lowering import compatibility, lower
from neopack.rules.members import named
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES"]


def _kind(device: str) -> str:
    """``cuda`` for ``cuda:0``."""
    return device.partition(":")[0]


# --- devices --------------------------------------------------------------------------------


@rule("NEO-PT-004", needs=("info",))
def code_names_gpu(context: CheckContext) -> Iterator[Hit]:
    """No GPU is written into the code but for a target that has one."""
    program = program_of(context)
    gpus = [d for d in (program.code_devices if program else ()) if _kind(d) == "cuda"]
    if gpus and context.target.accelerator != "NVIDIA":
        yield Hit(
            message=f"the code names {named(gpus)}, which {context.target.name} lacks",
            values={"target": context.target.name, "device": gpus[0]},
        )


@rule("NEO-PT-027", needs=("info",))
def code_names_other_device(context: CheckContext) -> Iterator[Hit]:
    """No device is written into the code that Neo has nowhere."""
    program = program_of(context)
    devices = program.code_devices if program else ()
    others = [device for device in devices if _kind(device) not in ("cpu", "cuda")]
    if others:
        yield Hit(
            message=f"the code names {named(others)}, which no target of Neo's has",
            values={"device": others[0]},
        )


@rule("NEO-PT-028", needs=("info",))
def stored_elsewhere(context: CheckContext) -> Iterator[Hit]:
    """Tensors are stored on the CPU, or on a GPU for a target that has one."""
    own = {"cpu", "cuda"} if context.target.accelerator == "NVIDIA" else {"cpu"}
    devices = [d for d in _stored_on(context) if _kind(d) not in own and _is_readable(d, context)]
    if devices:
        yield Hit(
            message=f"tensors are stored on {named(devices)}",
            values={"device": devices[0]},
        )


@rule("NEO-PT-029", needs=("info",))
def stored_nowhere(context: CheckContext) -> Iterator[Hit]:
    """That PyTorch knows the devices that tensors are stored on, and they have values there."""
    devices = [d for d in _stored_on(context) if not _is_readable(d, context)]
    version = context.framework_version
    for device in devices:
        without_values = _kind(device) == "meta"
        reason = "that device keeps no values" if without_values else f"PyTorch {version} refuses"
        yield Hit(
            message=f"tensors are stored on {device!r}: {reason}",
            values={"device": device, "version": version},
        )


def _stored_on(context: CheckContext) -> Sequence[str]:
    script = script_of(context)
    return script.devices if script else ()


def _is_readable(device: str, context: CheckContext) -> bool:
    kind = _kind(device)
    return kind != "meta" and kind in facts.torch_devices(context.framework_version)


# --- format and code ------------------------------------------------------------------------


@rule("NEO-PT-030", needs=("info",))
def no_forward(context: CheckContext) -> Iterator[Hit]:
    """The module has a forward(), which Neo calls."""
    script = script_of(context)
    if script and not script.has_forward:
        yield Hit(message="the module has no method named forward")


@rule("NEO-PT-031", needs=("info",))
def constants_gone(context: CheckContext) -> Iterator[Hit]:
    """The file has all its weights: what optimizes a module in memory may not save them."""
    gone = facts.torch_unsaved()
    used = [name for name in operators_of(context) if name in gone]
    if used:
        yield Hit(message=f"the code calls {named(used)}, whose values are not in the file")


@rule("NEO-PT-032", needs=("info",))
def legacy_format(context: CheckContext) -> Iterator[Hit]:
    """That PyTorch reads the format of torch 1.0 to 1.3."""
    script, version = script_of(context), context.framework_version
    since = facts.torch_legacy_refused_from()
    if script and script.legacy and versions.parts(version) and versions.at_least(version, since):
        yield Hit(
            message=f"the file is of the format of torch 1.0 to 1.3, which PyTorch {version} "
            "does not read",
            values={"version": version, "since": since},
        )


@rule("NEO-PT-021", needs=("info",))
def file_format(context: CheckContext) -> Iterator[Hit]:
    """The PyTorch that Neo loads the file with reads its format (PyTorch's versions.h)."""
    version = context.framework_version
    newer = compatibility.newer_format(context.info, version) if context.info else None
    if newer:
        number, most = newer
        yield Hit(
            message=f"the file is of format {number}; PyTorch {version} reads {most} at most",
            values={"found": str(number), "most": str(most), "version": version},
        )


@rule("NEO-PT-022", needs=("info",))
def operators_of_later_versions(context: CheckContext) -> Iterator[Hit]:
    """That PyTorch has each operator and takes it so (asked of those versions themselves)."""
    version = context.framework_version
    lacking = compatibility.lacking_operators(context.info, version) if context.info else []
    if lacking:
        program = program_of(context)
        places = program.called_in if program else {}
        names = [lack.partition("(")[0] for lack in lacking]
        phrases = [
            f"{lack} in {places[name]}" if name in places else lack
            for lack, name in zip(lacking, names, strict=True)
        ]
        more = f" and {len(phrases) - 4} more" if len(phrases) > 4 else ""
        yield Hit(
            message=f"PyTorch {version} has no {', '.join(phrases[:4])}{more}",
            values={"operator": names[0], "instead": _instead(names, version)},
        )


@rule("NEO-PT-033", needs=("info",))
def other_ties(context: CheckContext) -> Iterator[Hit]:
    """Of equal values, that PyTorch takes the same one (computed in those versions themselves)."""
    script, version = script_of(context), context.framework_version
    for call, place in (script.particular if script else {}).items():
        if facts.torch_takes_other_ties(version, call):
            operator = call.partition("(")[0]
            yield Hit(
                message=f"{operator} in {place}: its index is of another one of equal values in "
                f"PyTorch {version}",
                values={"operator": operator, "version": version},
            )


def _instead(names: Sequence[str], version: str) -> str:
    """What to do of the first that neopack does not rewrite, or of all where it rewrites each."""
    remaining = [name for name in names if name not in lower.rewritten()]
    if not remaining:
        return f"Package it with --framework-version {version}: neopack rewrites it."
    hint = facts.torch_instead(remaining[0])
    if hint:
        return f"In place of {remaining[0]}: {hint}."
    return f"neopack knows no way to write {remaining[0]} for it: use operators that it has."


@rule("NEO-PT-023", needs=("info",))
def code_of_later_versions(context: CheckContext) -> Iterator[Hit]:
    """That PyTorch can parse the code (tried in those versions themselves)."""
    version = context.framework_version
    newer = compatibility.newer_code(context.info, version) if context.info else {}
    for since, what in newer.items():
        yield Hit(
            message=f"{what}, which PyTorch {version} does not read",
            values={"since": since, "version": version},
        )


RULES: tuple[Rule, ...] = (
    code_names_gpu,
    code_names_other_device,
    stored_elsewhere,
    stored_nowhere,
    no_forward,
    constants_gone,
    legacy_format,
    file_format,
    operators_of_later_versions,
    other_ties,
    code_of_later_versions,
)
