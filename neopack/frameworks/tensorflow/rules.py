"""What Neo demands of a TensorFlow model.

Sources: SageMaker developer guide, neo-compilation-preparing-model and neo-troubleshooting
(2026); neo-ai/neo-loader@06788c0, tensorflow_model_loader.py, tensorflow2_model_loader.py and
helpers/ (2022-08-17); the operators of TensorFlow 1.15.0.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from neopack import facts, versions
from neopack.frameworks.tensorflow.facts import (
    FrozenGraphFacts,
    SavedModelFacts,
    TensorFlowFacts,
)
from neopack.frameworks.tensorflow.layout import (
    CHECKPOINT,
    EXTRAS,
    SAVED_MODELS,
    SUFFIXES,
    VARIABLES,
    model_members,
)
from neopack.rules.members import named, normal, visible
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

# TF_GRAPH_DEF_VERSION of TensorFlow 1.15
GRAPH_VERSION_OF_1_15 = 134


def _facts(context: CheckContext) -> TensorFlowFacts:
    return facts_of(context.info, TensorFlowFacts)


def _saved(context: CheckContext) -> SavedModelFacts | None:
    facts_ = _facts(context)
    return facts_ if isinstance(facts_, SavedModelFacts) else None


def _frozen(context: CheckContext) -> FrozenGraphFacts | None:
    facts_ = _facts(context)
    return facts_ if isinstance(facts_, FrozenGraphFacts) else None


def _files(context: CheckContext) -> list[str]:
    return [normal(entry.name) for entry in visible(context)]


def _model(context: CheckContext) -> str:
    return normal(context.models[0]) if context.models else ""


def _saved_folder(context: CheckContext) -> str | None:
    """The directory of the SavedModel, empty at the root; None where there is no SavedModel."""
    name = _model(context)
    return posixpath.dirname(name) if posixpath.basename(name) in SAVED_MODELS else None


def _is_old(context: CheckContext) -> bool:
    """Whether Neo reads it with TensorFlow 1."""
    return context.framework_version.startswith("1.")


# --- the archive ----------------------------------------------------------------------------


@rule("NEO-TF-001")
def many_graphs(context: CheckContext) -> Iterator[Hit]:
    """One .pb or .pbtxt (guide, neo-troubleshooting-compilation)."""
    graphs = model_members(_files(context))
    if len(graphs) > 1:
        yield Hit(
            message=f"{len(graphs)} graphs where one is allowed: {named(graphs)}", where=graphs[1]
        )


@rule("NEO-TF-002")
def extra_protobufs(context: CheckContext) -> Iterator[Hit]:
    """No other .pb or .pbtxt at any depth: keras_metadata.pb, fingerprint.pb, in assets/."""
    files = _files(context)
    graphs = set(model_members(files))
    extras = [n for n in files if n.endswith(SUFFIXES) and n not in graphs]
    if extras:
        yield Hit(message=f"protobufs beside the model: {named(extras)}", where=extras[0])


@rule("NEO-TF-003")
def directory_member(context: CheckContext) -> Iterator[Hit]:
    """A SavedModel lies in a directory that is a member of its own (loader, run)."""
    folder = _saved_folder(context)
    if folder is None:
        return
    if folder in _directories(context):
        return
    if not folder:
        yield Hit(message="the SavedModel lies at the root of the archive", where=_model(context))
    else:
        yield Hit(
            message=f"the directory {folder!r} is not a member of the archive, only its files are",
            where=folder,
        )


def _directories(context: CheckContext) -> set[str]:
    """Those that are members; the root, "", where it is written ``/``. The loader does not see
    ``./``: it leaves out what begins with a dot."""
    names = [entry.name for entry in context.entries if entry.kind == "directory"]
    return {normal(name) for name in names if normal(name) != "."}


@rule("NEO-TF-004")
def no_variables(context: CheckContext) -> Iterator[Hit]:
    """A SavedModel has variables/ beside it: the loader tells it by that."""
    folder = _saved_folder(context)
    if folder is None:
        return
    variables = posixpath.join(folder, VARIABLES)
    names = [normal(entry.name) for entry in context.entries]
    if not any(n == variables or n.startswith(f"{variables}/") for n in names):
        yield Hit(message=f"no {variables}/ beside the SavedModel", where=_model(context))


@rule("NEO-TF-005")
def two_saved_models(context: CheckContext) -> Iterator[Hit]:
    """One directory that holds variables/ (loader)."""
    parents = {
        "/".join(parts[: parts.index(VARIABLES)]) or "."
        for parts in (name.split("/") for name in _files(context))
        if VARIABLES in parts[:-1]
    }
    if len(parents) > 1:
        yield Hit(message=f"variables in {len(parents)} directories: {named(sorted(parents))}")


@rule("NEO-TF-006")
def checkpoint(context: CheckContext) -> Iterator[Hit]:
    """No file named checkpoint in a directory that is a member (loader)."""
    directories = _directories(context)
    lists = [
        name
        for name in _files(context)
        if posixpath.basename(name) == CHECKPOINT and posixpath.dirname(name) in directories
    ]
    if lists:
        yield Hit(message=f"a checkpoint's list is in the archive: {named(lists)}", where=lists[0])


@rule("NEO-TF-007", needs=("info",))
def text_graph(context: CheckContext) -> Iterator[Hit]:
    """A frozen graph is binary (loader: it parses text as binary)."""
    frozen = _frozen(context)
    if frozen and frozen.text:
        yield Hit(message="the frozen graph is in text form", where=_model(context))


@rule("NEO-TF-008", needs=("info",))
def lost_shards(context: CheckContext) -> Iterator[Hit]:
    """All files of variables/ that the index names are there."""
    saved = _saved(context)
    if saved and saved.shards_missing:
        missing = named(saved.shards_missing)
        yield Hit(message=f"the index names files that are not there: {missing}")


# --- the SavedModel -------------------------------------------------------------------------


@rule("NEO-TF-009", needs=("info",))
def no_signature(context: CheckContext) -> Iterator[Hit]:
    """A SavedModel has a signature (loader: without one it is called with the first shape)."""
    saved = _saved(context)
    if saved and not saved.signatures:
        yield Hit(message="the SavedModel has no signature", where=_model(context))


@rule("NEO-TF-010", needs=("info",))
def many_signatures(context: CheckContext) -> Iterator[Hit]:
    """One signature: TensorFlow 1 takes all, TensorFlow 2 serving_default or the first."""
    saved = _saved(context)
    if saved and len(saved.signatures) > 1:
        yield Hit(
            message=f"{len(saved.signatures)} signatures: {named(sorted(saved.signatures))}",
            values={"chosen": saved.signature_key},
        )


@rule("NEO-TF-011", needs=("info",))
def many_graph_tags(context: CheckContext) -> Iterator[Hit]:
    """One graph in the SavedModel: the loader takes the first."""
    saved = _saved(context)
    if saved and len(saved.tags) > 1:
        shown = named("+".join(tags) or "none" for tags in saved.tags)
        yield Hit(message=f"{len(saved.tags)} graphs, tagged {shown}; the first is taken")


@rule("NEO-TF-012", needs=("info",))
def keras_saved_model(context: CheckContext) -> Iterator[Hit]:
    """No SavedModel that Keras wrote with its classes (guide, preparing-model)."""
    beside = {posixpath.basename(name) for name in _files(context)}
    saved = _saved(context)
    if saved and (saved.keras or EXTRAS[0] in beside):
        yield Hit(message="Keras wrote this SavedModel, with its own classes in it")


@rule("NEO-TF-013", needs=("info",))
def unranked(context: CheckContext) -> Iterator[Hit]:
    """Inputs and outputs of the signature have a rank."""
    saved = _saved(context)
    if saved and saved.unranked:
        yield Hit(message=f"without a known number of dims: {named(saved.unranked)}")


# --- the graph ------------------------------------------------------------------------------


@rule("NEO-TF-014", needs=("info",))
def not_frozen(context: CheckContext) -> Iterator[Hit]:
    """A frozen graph has no variables."""
    frozen = _frozen(context)
    if frozen and frozen.loose_variables:
        variables = named(sorted(frozen.loose_variables))
        yield Hit(message=f"variables without values: {variables}")


@rule("NEO-TF-015", paths=("tvm", "integrated", "neuron"), needs=("info",))
def frozen_for_two(context: CheckContext) -> Iterator[Hit]:
    """TensorFlow 2 gets a SavedModel (loader: it takes no other form)."""
    frozen = _frozen(context)
    if frozen and context.framework_version and not _is_old(context):
        yield Hit(
            message=f"a frozen graph for TensorFlow {context.framework_version}",
            where=_model(context),
        )


@rule("NEO-TF-016", needs=("info",))
def training_nodes(context: CheckContext) -> Iterator[Hit]:
    """No gradients and no optimizers."""
    operators = _facts(context).training
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
    frozen, saved = _frozen(context), _saved(context)
    if frozen:
        return [name for name, _ in frozen.outputs]
    chosen = saved.signatures.get(saved.signature_key) if saved else None
    return [tensor.removesuffix(":0") for tensor in chosen.outputs.values()] if chosen else []


@rule("NEO-TF-018", needs=("info",))
def many_ends(context: CheckContext) -> Iterator[Hit]:
    """What ends a frozen graph is meant as an output: the loader takes all of it."""
    frozen = _frozen(context)
    ends = frozen.outputs if frozen else ()
    if len(ends) > 1:
        shown = named(f"{name} ({op})" for name, op in ends)
        yield Hit(message=f"{len(ends)} operations end the graph: {shown}")


@rule("NEO-TF-019", needs=("info",))
def newer_than_old(context: CheckContext) -> Iterator[Hit]:
    """Operators and attributes are known to TensorFlow 1.15 where that reads the model."""
    names = _facts(context).newer
    if names and _is_old(context):
        yield Hit(message=f"TensorFlow 1.15 does not know {named(names)}")


@rule("NEO-TF-023", needs=("info",))
def in_groups(context: CheckContext) -> Iterator[Hit]:
    """No convolutions in groups where TensorFlow 1.15 computes them (conv_ops.cc, v1.15.0)."""
    names = _facts(context).grouped
    if names and _is_old(context):
        yield Hit(message=f"convolutions in groups: {named(names)}")


@rule("NEO-TF-024", needs=("info",))
def dilated_depthwise(context: CheckContext) -> Iterator[Hit]:
    """No dilations of depthwise convolutions where TensorFlow 1.15 computes them."""
    names = _facts(context).dilated_depthwise
    if names and _is_old(context):
        yield Hit(message=f"depthwise convolutions with dilations: {named(names)}")


@rule("NEO-TF-020", needs=("info",))
def newer_release(context: CheckContext) -> Iterator[Hit]:
    """No newer release wrote it than reads it, unless it uses what an old one knows already."""
    wrote = context.info.versions.get("tensorflow", "") if context.info else ""
    reads = context.framework_version
    if _is_old(context) or not wrote or not reads or not _facts(context).newer:
        return
    major_minor = ".".join(wrote.split(".")[:2])
    if not versions.at_most(major_minor, reads):
        yield Hit(
            message=f"written by TensorFlow {wrote}, read by {reads}, and it uses "
            f"{named(_facts(context).newer)}",
            values={"reads": reads},
        )


@rule("NEO-TF-021", needs=("info",))
def min_consumer(context: CheckContext) -> Iterator[Hit]:
    """The graph does not ask for a newer consumer than TensorFlow 1.15 is."""
    version = _facts(context).min_consumer
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
    if unlisted and _frozen(context):
        yield Hit(
            message=f"operators that the guide's list of 2020 did not have: {named(unlisted)}"
        )


RULES: tuple[Rule, ...] = (
    many_graphs,
    extra_protobufs,
    directory_member,
    no_variables,
    two_saved_models,
    checkpoint,
    text_graph,
    lost_shards,
    no_signature,
    many_signatures,
    many_graph_tags,
    keras_saved_model,
    unranked,
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
)
