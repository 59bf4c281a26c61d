"""Whether nodes are written as the opset that the file states has them: operators, their inputs,
outputs and attributes, in ONNX's own domain and in ai.onnx.ml.

Source: the schemas of onnx, all opsets (``facts/onnx_operators.toml``); onnx 1.7.0's checker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack import facts
from neopack.facts import OnnxParameter, OnnxSchema
from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.frameworks.onnx.forms import NodeForm
from neopack.rules.members import named
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES", "least"]

# since this version a graph's inputs need not have its initializers
INITIALIZERS_APART = 4
MOST = 6
# the first opset of which TVM and ONNX Runtime have all forms
EARLIEST = 7


def _facts(context: CheckContext) -> OnnxFacts:
    return facts_of(context.info, OnnxFacts)


@rule("NEO-ON-014", needs=("info",))
def not_in_opset(context: CheckContext) -> Iterator[Hit]:
    """Operators are those of the opset that the file states (onnx 1.23.2, onnx.defs)."""
    known = _facts(context)
    lacking: dict[str, list[str]] = {}
    for full in context.info.operators if context.info else ():
        domain, _, operator = full.rpartition("::")
        if full not in known.functions and not _is_known(known, domain, operator):
            lacking.setdefault(domain, []).append(operator)
    for domain, operators in lacking.items():
        where = next((f.place for f in known.forms if f.operator in operators), "")
        yield Hit(
            message=f"{_opset(known, domain)} has no {named(sorted(operators))}", where=where
        )


def _is_known(known: OnnxFacts, domain: str, operator: str) -> bool:
    """Whether the opset has it, or nobody can tell. Operators of ONNX's experiments, some of which
    the guide listed, are let pass where ONNX 1.7.0 takes them."""
    opset = known.opsets.get(domain)
    if opset is None or domain not in facts.onnx_domains():
        return True
    schema = _schema(domain, operator, opset)
    if schema is not None:
        return not schema.gone
    if facts.onnx_schemas(domain, operator):
        return False
    listed = not domain and operator in facts.operators_2020("ONNX")
    return listed or opset <= (
        facts.experimental_operators().get(operator, 0) if not domain else 0
    )


def _schema(domain: str, operator: str, opset: int) -> OnnxSchema | None:
    """The one that holds in an opset."""
    older = [each for each in facts.onnx_schemas(domain, operator) if each.opset <= opset]
    return older[-1] if older else None


def _opset(known: OnnxFacts, domain: str) -> str:
    return f"opset {known.opsets[domain]}" + (f" of {domain}" if domain else "")


@rule("NEO-ON-015", needs=("info",))
def written_otherwise(context: CheckContext) -> Iterator[Hit]:
    """Nodes have the inputs, outputs and attributes of that opset (onnx 1.23.2, onnx.defs)."""
    known = _facts(context)
    problems = [(form, problem) for form in known.forms for problem in _problems(known, form)]
    shown = [f"{form.operator} ({form.place}) {problem}" for form, problem in problems[:MOST]]
    more = f", and {len(problems) - MOST} more" if len(problems) > MOST else ""
    if problems:
        first = problems[0][0]
        yield Hit(
            message=f"by {_opset(known, first.domain)}: {'; '.join(shown)}{more}",
            where=first.place,
        )


def _problems(known: OnnxFacts, form: NodeForm) -> Iterator[str]:
    opset = known.opsets.get(form.domain)
    name = f"{form.domain}::{form.operator}" if form.domain else form.operator
    if opset is None or form.domain not in facts.onnx_domains() or name in known.functions:
        return
    schema = _schema(form.domain, form.operator, opset)
    if schema is None or schema.gone:
        return
    others = facts.onnx_schemas(form.domain, form.operator)
    inputs = [each.inputs for each in others if each.opset > opset]
    outputs = [each.outputs for each in others if each.opset > opset]
    yield from _counted("input", form.inputs, form.empty_inputs, schema.inputs, inputs)
    yield from _counted("output", form.outputs, form.empty_outputs, schema.outputs, outputs)
    yield from _attributes(form, schema, others)


def _counted(
    side: str,
    count: int,
    empty: Sequence[int],
    parameters: Sequence[OnnxParameter],
    later: Sequence[Sequence[OnnxParameter]],
) -> Iterator[str]:
    needed = least(parameters)
    many = any(each.many for each in parameters)
    if count < needed:
        lacking = [each.name for each in parameters[count:needed]]
        yield f"lacks the {side} {named(lacking)}"
    elif count > len(parameters) and not many:
        names = next((each for each in later if len(each) >= count), ())
        extra = [each.name for each in names[len(parameters) : count]]
        what = f"the {side} {named(extra)}" if extra else f"{count} {side}s"
        yield f"has {what}; {_takes(side, parameters)}"
    for at in empty:
        if at < len(parameters) and parameters[at].required:
            yield f"leaves out the {side} {parameters[at].name!r}"


def least(parameters: Sequence[OnnxParameter]) -> int:
    """How many names there are at least: what may be left out before another is named "" then."""
    counts = [at + each.least for at, each in enumerate(parameters) if each.least or each.many]
    return max(counts, default=0)


def _takes(side: str, parameters: Sequence[OnnxParameter]) -> str:
    verb = "takes" if side == "input" else "gives"
    return f"it {verb} {named([each.name for each in parameters]) if parameters else 'none'}"


def _attributes(form: NodeForm, schema: OnnxSchema, others: Sequence[OnnxSchema]) -> Iterator[str]:
    for each in form.attributes:
        kind = schema.attributes.get(each.name)
        if kind is None:
            yield f"has the attribute {each.name!r}, {_known_in(each.name, schema, others)}"
        elif each.kind not in ("", kind):
            yield f"has {each.name!r} as {each.kind}, not {kind}"
    lacking = schema.required - {each.name for each in form.attributes}
    if lacking:
        yield f"lacks the attribute {named(sorted(lacking))}"


def _known_in(name: str, schema: OnnxSchema, others: Sequence[OnnxSchema]) -> str:
    since = [each.opset for each in others if name in each.attributes]
    if not since:
        return "which no opset has"
    if since[0] > schema.opset:
        return f"which came with opset {since[0]}"
    return f"which opset {schema.opset} took away"


@rule("NEO-ON-016", needs=("info",))
def initializers_apart(context: CheckContext) -> Iterator[Hit]:
    """Initializers are inputs too before IR 4 (onnx docs/IR.md; onnx 1.7.0's checker)."""
    known = _facts(context)
    names = sorted(known.unlisted_initializers)
    if names and 0 < known.ir_version < INITIALIZERS_APART:
        yield Hit(
            message=f"in IR {known.ir_version} {named(names)} of the initializers are not inputs",
            where=names[0],
        )


@rule("NEO-ON-017", needs=("info",))
def without_shape(context: CheckContext) -> Iterator[Hit]:
    """Inputs and outputs have a shape, if one of free dims (onnx 1.7.0's checker)."""
    known = _facts(context)
    names = [*known.unranked_inputs, *known.unranked_outputs]
    if names:
        yield Hit(message=f"no shape is stated of {named(names)}", where=names[0])


@rule("NEO-ON-018", paths=("tvm",), needs=("info",))
def early_forms(context: CheckContext) -> Iterator[Hit]:
    """Operators have their forms of opset 7 and later (TVM's importer, run on test models)."""
    known = _facts(context)
    opset = known.opsets.get("", EARLIEST)
    early = [form for form in known.forms if _is_early(form, opset)]
    if opset < EARLIEST and early:
        operators = named(sorted({form.operator for form in early}))
        yield Hit(message=f"opset {opset} has older forms of {operators}", where=early[0].place)


def _is_early(form: NodeForm, opset: int) -> bool:
    written, later = (_schema("", form.operator, each) for each in (opset, EARLIEST))
    if form.domain or later is None:
        return False
    return written is None or written.opset < later.opset


@rule("NEO-ON-019", paths=("tvm",), needs=("info",))
def other_constants(context: CheckContext) -> Iterator[Hit]:
    """A Constant has its value as a tensor (apache/tvm v0.8 relay/frontend/onnx.py)."""
    for form in _facts(context).forms:
        words = [attribute.name for attribute in form.attributes]
        if form.operator == "Constant" and not form.domain and "value" not in words:
            yield Hit(message=f"a Constant has {', '.join(words) or 'no value'}", where=form.place)


RULES: tuple[Rule, ...] = (
    not_in_opset,
    written_otherwise,
    initializers_apart,
    without_shape,
    early_forms,
    other_constants,
)
