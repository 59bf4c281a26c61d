"""What Neo demands of the graph in a SavedModel or a frozen graph: its operators, inputs and ends.

Sources: neo-ai/neo-loader@06788c0, tensorflow_model_loader.py, tensorflow2_model_loader.py and
helpers/ (2022-08-17); the operators of TensorFlow 1.15.0; aws-neuron/aws-neuron-sdk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neopack import facts, versions
from neopack.facts.compiler_settings import tvm_computes_otherwise
from neopack.frameworks.tensorflow.facts import NOT_FROZEN
from neopack.frameworks.tensorflow.rule_facts import frozen_facts, graph_facts, model, saved_facts
from neopack.rules.members import named
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["GRAPH_RULES"]

# TF_GRAPH_DEF_VERSION of TensorFlow 1.15
GRAPH_VERSION_OF_1_15 = 134
TEXT = "str"


def _is_old(context: CheckContext) -> bool:
    """Whether Neo reads it with TensorFlow 1."""
    return context.framework_version.startswith("1.")


@rule("NEO-TF-014", needs=("info",))
def not_frozen(context: CheckContext) -> Iterator[Hit]:
    """A frozen graph has no variables."""
    frozen = frozen_facts(context)
    if frozen and frozen.loose_variables:
        variables = named(sorted(frozen.loose_variables))
        yield Hit(message=f"variables without values: {variables}")


@rule("NEO-TF-015", paths=("tvm", "integrated", "neuron"), needs=("info",))
def frozen_for_two(context: CheckContext) -> Iterator[Hit]:
    """TensorFlow 2 gets a SavedModel (loader: it takes no other form)."""
    frozen = frozen_facts(context)
    if frozen and context.framework_version and not _is_old(context):
        yield Hit(
            message=f"a frozen graph for TensorFlow {context.framework_version}",
            where=model(context),
        )


@rule("NEO-TF-016", needs=("info",))
def training_nodes(context: CheckContext) -> Iterator[Hit]:
    """No gradients and no optimizers."""
    operators = graph_facts(context).training
    if operators:
        yield Hit(message=f"operators of training: {named(operators)}")


@rule("NEO-TF-017", needs=("info",))
def cut_names(context: CheckContext) -> Iterator[Hit]:
    """No output's name ends in 0: the loader cuts names with rstrip(':0')."""
    for name in _output_nodes(context):
        cut = name.rstrip(":0")
        if cut != name:
            yield Hit(message=f"the output {name!r} would be read as {cut!r}", where=name)


def _output_nodes(context: CheckContext) -> list[str]:
    frozen, saved = frozen_facts(context), saved_facts(context)
    if frozen:
        return [name for name, _ in frozen.outputs]
    chosen = saved.signatures.get(saved.signature_key) if saved else None
    return [tensor.removesuffix(":0") for tensor in chosen.outputs.values()] if chosen else []


@rule("NEO-TF-018", needs=("info",))
def many_ends(context: CheckContext) -> Iterator[Hit]:
    """What ends a frozen graph is meant as an output: the loader takes all of it."""
    frozen = frozen_facts(context)
    ends = frozen.outputs if frozen else ()
    if len(ends) > 1:
        shown = named(f"{name} ({op})" for name, op in ends)
        yield Hit(message=f"{len(ends)} operations end the graph: {shown}")


@rule("NEO-TF-019", needs=("info",))
def newer_than_old(context: CheckContext) -> Iterator[Hit]:
    """Operators and attributes are known to TensorFlow 1.15 where that reads the model."""
    names = graph_facts(context).newer
    if names and _is_old(context):
        yield Hit(message=f"TensorFlow 1.15 does not know {named(names)}")


@rule("NEO-TF-023", needs=("info",))
def in_groups(context: CheckContext) -> Iterator[Hit]:
    """No convolutions in groups where TensorFlow 1.15 computes them (conv_ops.cc, v1.15.0)."""
    names = graph_facts(context).grouped
    if names and _is_old(context):
        yield Hit(message=f"convolutions in groups: {named(names)}")


@rule("NEO-TF-024", needs=("info",))
def dilated_depthwise(context: CheckContext) -> Iterator[Hit]:
    """No dilations of depthwise convolutions where TensorFlow 1.15 computes them."""
    names = graph_facts(context).dilated_depthwise
    if names and _is_old(context):
        yield Hit(message=f"depthwise convolutions with dilations: {named(names)}")


@rule("NEO-TF-020", needs=("info",))
def newer_release(context: CheckContext) -> Iterator[Hit]:
    """No newer release wrote it than reads it, unless it uses what an old one knows already."""
    wrote = context.info.versions.get("tensorflow", "") if context.info else ""
    reads = context.framework_version
    if _is_old(context) or not wrote or not reads or not graph_facts(context).newer:
        return
    major_minor = ".".join(wrote.split(".")[:2])
    if not versions.at_most(major_minor, reads):
        yield Hit(
            message=f"written by TensorFlow {wrote}, read by {reads}, and it uses "
            f"{named(graph_facts(context).newer)}",
            values={"reads": reads},
        )


@rule("NEO-TF-021", needs=("info",))
def min_consumer(context: CheckContext) -> Iterator[Hit]:
    """The graph does not ask for a newer consumer than TensorFlow 1.15 is."""
    version = graph_facts(context).min_consumer
    if _is_old(context) and version > GRAPH_VERSION_OF_1_15:
        yield Hit(
            message=f"the graph asks for a consumer of version {version}; TensorFlow 1.15 is "
            f"{GRAPH_VERSION_OF_1_15}"
        )


@rule("NEO-TF-022", needs=("info",))
def unlisted_operators(context: CheckContext) -> Iterator[Hit]:
    """Operators of a frozen graph are among those that the guide listed until 2020: a hint."""
    operators = context.info.operators if context.info else {}
    listed = facts.operators_2020("TENSORFLOW") | {"Const", "Placeholder", "NoOp"}
    unlisted = sorted(set(operators) - listed)
    if unlisted and frozen_facts(context):
        yield Hit(
            message=f"operators that the guide's list of 2020 did not have: {named(unlisted)}"
        )


@rule("NEO-TF-025", needs=("info.signature",))
def strings(context: CheckContext) -> Iterator[Hit]:
    """Inputs and outputs are numbers (botocore InputConfig.DataInputConfig; apache/tvm v0.8)."""
    signature = context.info.signature if context.info else None
    for side in ("inputs", "outputs"):
        specs = getattr(signature, side) if signature else ()
        texts = [spec.name for spec in specs if spec.dtype == TEXT]
        if texts:
            yield Hit(message=f"{side} of strings: {named(texts)}", where=texts[0])


@rule("NEO-TF-026", needs=("info",))
def random(context: CheckContext) -> Iterator[Hit]:
    """No operators behind the outputs draw random numbers."""
    operators = graph_facts(context).random
    if operators:
        yield Hit(message=f"operators that draw random numbers: {named(operators)}")


@rule("NEO-TF-027", paths=("neuron",), needs=("info",))
def newer_form_for_neuron(context: CheckContext) -> Iterator[Hit]:
    """A SavedModel is of TensorFlow 1 where Neuron reads it with that (aws-neuron-sdk#389)."""
    saved = saved_facts(context)
    if saved and saved.objects and _is_old(context):
        yield Hit(message="a SavedModel of TensorFlow 2", where=model(context))


@rule("NEO-TF-028", paths=("tvm",), needs=("info",))
def not_frozen_by_loader(context: CheckContext) -> Iterator[Hit]:
    """The loader freezes a SavedModel of TensorFlow 2 with 1.15 (run on test models)."""
    saved = saved_facts(context)
    if not saved or not saved.objects or not _is_old(context):
        return
    if saved.trained_objects:
        yield Hit(message="an optimizer with its state is among its objects")
    for operator in NOT_FROZEN:
        if operator in saved.imported:
            yield Hit(message=f"{operator} reads variables", where=saved.imported[operator])


@rule("NEO-TF-029", paths=("tvm",), needs=("info",))
def computed_otherwise(context: CheckContext) -> Iterator[Hit]:
    """TVM computes the operators as TensorFlow does (built with it on graphs of one operator)."""
    yield from _otherwise(context, tvm_computes_otherwise(sure=True))
    facts_ = graph_facts(context)
    for operator in facts_.half_pixels:
        where = facts_.imported.get(operator, "")
        yield Hit(message=f"{operator}: half_pixel_centers is left out", where=where)


@rule("NEO-TF-030", paths=("tvm",), needs=("info",))
def computed_otherwise_for_some(context: CheckContext) -> Iterator[Hit]:
    """TVM computes the operators as TensorFlow does, for all inputs (as above)."""
    yield from _otherwise(context, tvm_computes_otherwise(sure=False))


def _otherwise(context: CheckContext, words: Mapping[str, str]) -> Iterator[Hit]:
    for operator, place in graph_facts(context).imported.items():
        if operator in words:
            yield Hit(message=f"{operator}: {words[operator]}", where=place)


GRAPH_RULES: tuple[Rule, ...] = (
    not_frozen,
    frozen_for_two,
    training_nodes,
    cut_names,
    many_ends,
    newer_than_old,
    in_groups,
    dilated_depthwise,
    newer_release,
    min_consumer,
    unlisted_operators,
    strings,
    random,
    newer_form_for_neuron,
    not_frozen_by_loader,
    computed_otherwise,
    computed_otherwise_for_some,
)
