"""What Neo asks of an ONNX model: one file, of ONNX 1.7 or earlier, with fixed shapes.

Sources: SageMaker developer guide, neo-supported-cloud (2026); onnx/onnx docs/Versioning.md;
neo-ai/neo-loader@06788c0, onnx_model_loader.py (2022-08-17).
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack import facts, versions
from neopack.dataconfig.data_input_config import dims, example, shape_text
from neopack.facts import OnnxRelease
from neopack.frameworks.onnx import schema_rules, tvm_rules
from neopack.frameworks.onnx.facts import STRINGS, OnnxFacts, not_tensors
from neopack.rules.dataconfig import inputs_of
from neopack.rules.members import named, normal
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

_DEFAULT_DOMAINS = ("", "ai.onnx")
ML = "ai.onnx.ml"


def _facts(context: CheckContext) -> OnnxFacts:
    return facts_of(context.info, OnnxFacts)


def _newest_taken(context: CheckContext) -> OnnxRelease | None:
    """The newest release of ONNX that the guide lists for the target."""
    row = facts.support("ONNX", context.target, context.as_of or None)
    if row is None or not row.maximum:
        return None
    accepted = [r for r in facts.onnx_releases() if versions.at_most(r.release, row.maximum)]
    return accepted[-1] if accepted else None


def _came_with(*, opset: int = 0, ir: int = 0, ml: int = 0) -> str:
    """The first release that had an opset or an IR version."""
    for release in facts.onnx_releases():
        if release.opset >= opset and release.ir >= ir and release.ml >= ml:
            return f"ONNX {release.release}"
    return "a newer ONNX"


def _opset(context: CheckContext) -> int | None:
    opsets = _facts(context).opsets
    numbers = [opsets[domain] for domain in _DEFAULT_DOMAINS if domain in opsets]
    return max(numbers) if numbers else None


@rule("NEO-ON-001", needs=("info",))
def opset(context: CheckContext) -> Iterator[Hit]:
    """The opset is one that the listed release of ONNX knows (guide: 1.7.0, so opset 12)."""
    number, most = _opset(context), _newest_taken(context)
    if number is not None and most is not None and number > most.opset:
        yield Hit(
            message=f"opset {number} came with {_came_with(opset=number)}; Neo's guide lists "
            f"ONNX {most.release} and earlier, which is opset {most.opset}",
            values={"opset": str(most.opset), "release": most.release, "found": str(number)},
        )
    ml = _facts(context).opsets.get(ML, 0)
    if most is not None and ml > most.ml:
        yield Hit(
            message=f"opset {ml} of {ML} came with {_came_with(ml=ml)}; Neo's guide lists "
            f"ONNX {most.release} and earlier, which has opset {most.ml}",
            values={"opset": str(most.opset), "release": most.release, "found": str(ml)},
        )


@rule("NEO-ON-002", needs=("info",))
def ir_version(context: CheckContext) -> Iterator[Hit]:
    """The IR version is one that the listed release of ONNX knows (guide: 1.7.0, so IR 7)."""
    number, most = _facts(context).ir_version, _newest_taken(context)
    if most is not None and number > most.ir:
        yield Hit(
            message=f"IR version {number} came with {_came_with(ir=number)}; Neo's guide lists "
            f"ONNX {most.release} and earlier, which is IR {most.ir}",
            values={"ir": str(most.ir), "opset": str(most.opset), "release": most.release},
        )


def _external(context: CheckContext) -> tuple[list[str], list[str]]:
    """Files with external data: those in the archive, and those that are not."""
    names = {normal(entry.name) for entry in context.entries if entry.kind == "file"}
    model = normal(next(iter(context.models), ""))
    folder = model.rpartition("/")[0]
    present: list[str] = []
    absent: list[str] = []
    for location in dict.fromkeys(t.location for t in _facts(context).external_data):
        beside = normal(f"{folder}/{location}" if folder else location)
        (present if beside in names else absent).append(location)
    return present, absent


@rule("NEO-ON-003", needs=("info",))
def external_data(context: CheckContext) -> Iterator[Hit]:
    """All weights are inside the one .onnx file."""
    present, _ = _external(context)
    if present:
        yield Hit(message=f"weights outside of the model file: {named(present)}", where=present[0])


@rule("NEO-ON-004", needs=("info",))
def absent_data(context: CheckContext) -> Iterator[Hit]:
    """Files that the model takes weights from are there (onnx docs/ExternalData.md)."""
    _, absent = _external(context)
    if absent:
        yield Hit(
            message=f"the model takes weights from {named(absent)}, not in the archive",
            where=absent[0],
        )


@rule("NEO-ON-005", needs=("info",))
def custom_domains(context: CheckContext) -> Iterator[Hit]:
    """Operators are ONNX's own."""
    domains = _facts(context).custom_domains
    if domains:
        yield Hit(message=f"operators from outside of ONNX, of the domains {named(domains)}")


@rule("NEO-ON-006", needs=("info",))
def free_dims(context: CheckContext) -> Iterator[Hit]:
    """Free dims are given a size by DataInputConfig: Neo compiles for fixed shapes."""
    signature = context.info.signature if context.info else None
    if context.data_input_config is not None:
        return  # NEO-DC-011 asks for each input
    free = [spec for spec in (signature.inputs if signature else ()) if None in spec.shape]
    names = {f"{spec.name} {shape_text(spec.shape)}" for spec in free}
    names |= set(_facts(context).dynamic_inputs) if not free else set()
    if names:
        yield Hit(
            message=f"inputs with free dims and no DataInputConfig: {named(sorted(names))}",
            where="DataInputConfig",
            values={"example": example(signature)},
        )


@rule("NEO-ON-007", needs=("info",))
def quantised(context: CheckContext) -> Iterator[Hit]:
    """No quantized operators."""
    operators = _facts(context).quantised
    if operators:
        yield Hit(message=f"quantized operators: {named(operators)}")


@rule("NEO-ON-008", needs=("info",))
def sparse(context: CheckContext) -> Iterator[Hit]:
    """No sparse tensors."""
    count = _facts(context).sparse_initializers
    if count:
        yield Hit(message=f"{count} of the weights are sparse tensors")


@rule("NEO-ON-009", needs=("info",))
def no_opset(context: CheckContext) -> Iterator[Hit]:
    """The model says which opset it is of (onnx docs/IR.md: required from IR version 3)."""
    opsets = _facts(context).opsets
    if not any(domain in opsets for domain in _DEFAULT_DOMAINS):
        yield Hit(message="the model names no opset of ONNX's own domain")


@rule("NEO-ON-010", needs=("info",))
def unlisted_operators(context: CheckContext) -> Iterator[Hit]:
    """Operators are among those that the guide listed until 2020: a hint only."""
    operators = context.info.operators if context.info else {}
    own = {name for name in operators if "::" not in name}
    unlisted = sorted(own - facts.operators_2020("ONNX"))
    if unlisted:
        yield Hit(
            message=f"operators that the guide's list of 2020 did not have: {named(unlisted)}"
        )


@rule("NEO-ON-011", needs=("info",))
def other_inputs(context: CheckContext) -> Iterator[Hit]:
    """Inputs are tensors: DataInputConfig has one shape for each."""
    for name, kind in _facts(context).non_tensor_inputs.items():
        yield Hit(message=f"the input {name!r} is a {kind}, which has no shape", where=name)


@rule("NEO-ON-012", needs=("config", "info"))
def one_symbol_two_sizes(context: CheckContext) -> Iterator[Hit]:
    """A dim of one name has one size in all inputs (onnx docs/IR.md, dimension variables)."""
    shapes = {name: dims(value) for name, value in inputs_of(context).inputs}
    first: dict[str, tuple[str, int]] = {}
    for name, symbols in _facts(context).symbolic_dims.items():
        for symbol, size in zip(symbols, shapes.get(name) or (), strict=False):
            if not symbol or symbol == "?":
                continue
            other, other_size = first.setdefault(symbol, (name, size))
            if other_size != size:
                yield Hit(
                    message=f"the dim {symbol!r} is {other_size} in {other} and {size} in {name}",
                    where=f"DataInputConfig: {name}",
                )


@rule("NEO-ON-013", needs=("info",))
def other_outputs(context: CheckContext) -> Iterator[Hit]:
    """Outputs are tensors of numbers, and so are inputs that are tensors (onnx docs/IR.md)."""
    assert context.info is not None  # noqa: S101 - the rule needs it
    for side, name, kind in not_tensors(context.info):
        if side == "output" or kind == STRINGS:
            yield Hit(message=f"the {side} {name!r} is {kind}", where=name)


RULES: tuple[Rule, ...] = (
    opset,
    ir_version,
    external_data,
    absent_data,
    custom_domains,
    free_dims,
    quantised,
    sparse,
    no_opset,
    unlisted_operators,
    other_inputs,
    one_symbol_two_sizes,
    other_outputs,
    *schema_rules.RULES,
    *tvm_rules.RULES,
)
