"""What Neo asks of the operators of a PyTorch model: whose they are, and where they run.

Sources: neo-ai/neo-loader@2775038, pytorch_model_loader.py, which imports torch and torchvision;
the operators of torch 1.4.0 to 2.0.1, each with its torchvision; TVM's frontend/pytorch.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack import facts
from neopack.frameworks.pytorch import tvm_calls
from neopack.frameworks.pytorch.context_facts import operators_of, program_of, script_of
from neopack.frameworks.pytorch.lowering import compatibility
from neopack.rules.members import named
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES"]

MOST_NAMED = 6
TORCHVISION = "torchvision::"


def _foreign(context: CheckContext) -> list[str]:
    """The operators of namespaces that neither PyTorch nor torchvision has."""
    program = program_of(context)
    own = facts.torch_namespaces()
    return [n for n in (program.custom_ops if program else ()) if n.partition("::")[0] not in own]


def _of_torchvision(context: CheckContext) -> tuple[list[str], list[str]]:
    """torchvision's operators, and those that its version of that PyTorch lacks or does not take
    with these arguments."""
    program = program_of(context)
    called = [n for n in (program.custom_ops if program else ()) if n.startswith(TORCHVISION)]
    version = context.framework_version
    lacking = compatibility.lacking(context.info, version, called) if context.info else []
    names = {lack.partition("(")[0] for lack in lacking}
    return [name for name in called if name not in names], lacking


@rule("NEO-PT-011", needs=("info",))
def custom_operators(context: CheckContext) -> Iterator[Hit]:
    """Operators are PyTorch's own or of its torchvision, none of another extension."""
    lacking = [*_foreign(context), *_of_torchvision(context)[1]]
    if lacking:
        yield Hit(
            message=f"operators from outside of PyTorch {context.framework_version} and its "
            f"torchvision: {named(lacking)}",
            values={"operator": lacking[0].partition("(")[0]},
        )


@rule("NEO-PT-024", needs=("info",))
def torchvision_operators(context: CheckContext) -> Iterator[Hit]:
    """What calls torchvision's operators is a matter of whether Neo converts them."""
    used = _of_torchvision(context)[0]
    if used:
        *most, last = facts.torchvision_converted()
        yield Hit(
            message=f"operators of torchvision: {named(used)}",
            values={"converted": f"{', '.join(most)} and {last}"},
        )


@rule("NEO-PT-025", needs=("info",))
def kernels(context: CheckContext) -> Iterator[Hit]:
    """Operators that are kernels of some hardware suit the target, and TVM converts them."""
    for row in facts.torch_kernels():
        used = [name for name in operators_of(context) if name.startswith(row.prefixes)]
        reason = _refused(row, context) if used else ""
        if reason:
            yield Hit(
                message=f"{named(used)}: {reason}",
                values={"operator": used[0], "maker": row.maker},
            )


def _refused(row: facts.TorchKernels, context: CheckContext) -> str:
    """Why the target cannot have these kernels, or "" if it may."""
    target = context.target
    if row.converted and context.path == "tvm":
        return ""
    fits = not row.archs or target.arch in (*row.archs, "")
    if target.accelerator != row.accelerator or not fits:
        return (
            f"{row.maker} computes them on {row.hardware}, and {target.name} compiles for others"
        )
    return "" if row.converted else f"{row.maker} computes them, and TVM does not convert them"


@rule("NEO-PT-026", needs=("info",))
def random_numbers(context: CheckContext) -> Iterator[Hit]:
    """The outputs follow from the inputs."""
    program = program_of(context)
    if program and program.random:
        yield Hit(message=f"draws random numbers: {named(program.random)}")


@rule("NEO-PT-034", needs=("info",))
def mixed_dtypes(context: CheckContext) -> Iterator[Hit]:
    """That PyTorch takes the dtypes that operators are called with, as far as the code tells."""
    script, version = script_of(context), context.framework_version
    found = [
        (call, since)
        for call in (script.mixed_calls if script else ())
        if (since := facts.torch_mixed_before(version, call.operator, call.kinds))
    ]
    if found:
        first, since = found[0]
        calls = [f"{call.operator}({', '.join(call.dtypes)})" for call, _ in found]
        yield Hit(
            message=f"PyTorch {version} may not take {named(list(dict.fromkeys(calls)))}",
            where=first.function,
            values={"operator": first.operator, "since": since},
        )


@rule("NEO-TV-003", paths=("tvm",), needs=("info",))
def changes_elsewhere(context: CheckContext) -> Iterator[Hit]:
    """What an operator in place changes is not used as another tensor later."""
    script = script_of(context)
    if script and script.seen_changes:
        yield Hit(message=f"another tensor sees the change by {named(script.seen_changes)}")


@rule("NEO-TV-004", paths=("tvm",), needs=("info",))
def converted_otherwise(context: CheckContext) -> Iterator[Hit]:
    """TVM converts the operators with the arguments that they are called with."""
    yield from _calls(context, sure=True)


@rule("NEO-TV-005", paths=("tvm",), needs=("info",))
def converted_for_some(context: CheckContext) -> Iterator[Hit]:
    """TVM converts the operators for all inputs, of all types and sizes."""
    yield from _calls(context, sure=False)


def _calls(context: CheckContext, *, sure: bool) -> Iterator[Hit]:
    script = script_of(context)
    refused = tvm_calls.words_of(script.tvm_calls, sure=sure) if script else []
    if script and refused:
        key = refused[0] if sure else f"may: {refused[0]}"
        more = f" and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
        yield Hit(
            message=f"calls that TVM converts otherwise: {'; '.join(refused[:MOST_NAMED])}{more}",
            where=script.tvm_calls[key],
        )


RULES: tuple[Rule, ...] = (
    custom_operators,
    torchvision_operators,
    kernels,
    random_numbers,
    mixed_dtypes,
    changes_elsewhere,
    converted_otherwise,
    converted_for_some,
)
