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
from neopack.rules.rule import Hit, Inspection, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

# TF_GRAPH_DEF_VERSION of TensorFlow 1.15
GRAPH_VERSION_OF_1_15 = 134


def _facts(inspection: Inspection) -> TensorFlowFacts:
    return facts_of(inspection.info, TensorFlowFacts)


def _saved(inspection: Inspection) -> SavedModelFacts | None:
    facts_ = _facts(inspection)
    return facts_ if isinstance(facts_, SavedModelFacts) else None


def _frozen(inspection: Inspection) -> FrozenGraphFacts | None:
    facts_ = _facts(inspection)
    return facts_ if isinstance(facts_, FrozenGraphFacts) else None


def _files(inspection: Inspection) -> list[str]:
    return [normal(entry.name) for entry in visible(inspection)]


def _model(inspection: Inspection) -> str:
    return normal(inspection.models[0]) if inspection.models else ""


def _saved_folder(inspection: Inspection) -> str | None:
    """The directory of the SavedModel, empty at the root; None where there is no SavedModel."""
    name = _model(inspection)
    return posixpath.dirname(name) if posixpath.basename(name) in SAVED_MODELS else None


def _is_old(inspection: Inspection) -> bool:
    """Whether Neo reads it with TensorFlow 1."""
    return inspection.framework_version.startswith("1.")


# --- the archive ----------------------------------------------------------------------------


@rule("NEO-TF-001")
def many_graphs(inspection: Inspection) -> Iterator[Hit]:
    """One .pb or .pbtxt (guide, neo-troubleshooting-compilation)."""
    graphs = model_members(_files(inspection))
    if len(graphs) > 1:
        yield Hit(
            message=f"{len(graphs)} graphs where one is allowed: {named(graphs)}", where=graphs[1]
        )


@rule("NEO-TF-002")
def extra_protobufs(inspection: Inspection) -> Iterator[Hit]:
    """No other .pb or .pbtxt at any depth: keras_metadata.pb, fingerprint.pb, in assets/."""
    files = _files(inspection)
    graphs = set(model_members(files))
    extras = [n for n in files if n.endswith(SUFFIXES) and n not in graphs]
    if extras:
        yield Hit(message=f"protobufs beside the model: {named(extras)}", where=extras[0])


@rule("NEO-TF-003")
def directory_member(inspection: Inspection) -> Iterator[Hit]:
    """A SavedModel lies in a directory that is a member of its own (loader, run)."""
    folder = _saved_folder(inspection)
    if folder is None:
        return
    directories = {normal(e.name) for e in inspection.entries if e.kind == "directory"}
    if not folder:
        yield Hit(
            message="the SavedModel lies at the root of the archive", where=_model(inspection)
        )
    elif folder not in directories:
        yield Hit(
            message=f"the directory {folder!r} is not a member of the archive, only its files are",
            where=folder,
        )


@rule("NEO-TF-004")
def no_variables(inspection: Inspection) -> Iterator[Hit]:
    """A SavedModel has variables/ beside it: the loader tells it by that."""
    folder = _saved_folder(inspection)
    if folder is None:
        return
    variables = posixpath.join(folder, VARIABLES)
    names = [normal(entry.name) for entry in inspection.entries]
    if not any(n == variables or n.startswith(f"{variables}/") for n in names):
        yield Hit(message=f"no {variables}/ beside the SavedModel", where=_model(inspection))


@rule("NEO-TF-005")
def two_saved_models(inspection: Inspection) -> Iterator[Hit]:
    """One directory that holds variables/ (loader)."""
    parents = {
        "/".join(parts[: parts.index(VARIABLES)]) or "."
        for parts in (name.split("/") for name in _files(inspection))
        if VARIABLES in parts[:-1]
    }
    if len(parents) > 1:
        yield Hit(message=f"variables in {len(parents)} directories: {named(sorted(parents))}")


@rule("NEO-TF-006")
def checkpoint(inspection: Inspection) -> Iterator[Hit]:
    """No file named checkpoint (loader)."""
    lists = [n for n in _files(inspection) if posixpath.basename(n) == CHECKPOINT]
    if lists:
        yield Hit(message=f"a checkpoint's list is in the archive: {named(lists)}", where=lists[0])


@rule("NEO-TF-007", needs=("info",))
def text_graph(inspection: Inspection) -> Iterator[Hit]:
    """A frozen graph is binary (loader: it parses text as binary)."""
    frozen = _frozen(inspection)
    if frozen and frozen.text:
        yield Hit(message="the frozen graph is in text form", where=_model(inspection))


@rule("NEO-TF-008", needs=("info",))
def lost_shards(inspection: Inspection) -> Iterator[Hit]:
    """All files of variables/ that the index names are there."""
    saved = _saved(inspection)
    if saved and saved.shards_missing:
        missing = named(saved.shards_missing)
        yield Hit(message=f"the index names files that are not there: {missing}")


# --- the SavedModel -------------------------------------------------------------------------


@rule("NEO-TF-009", needs=("info",))
def no_signature(inspection: Inspection) -> Iterator[Hit]:
    """A SavedModel has a signature (loader: without one it is called with the first shape)."""
    saved = _saved(inspection)
    if saved and not saved.signatures:
        yield Hit(message="the SavedModel has no signature", where=_model(inspection))


@rule("NEO-TF-010", needs=("info",))
def many_signatures(inspection: Inspection) -> Iterator[Hit]:
    """One signature: TensorFlow 1 takes all, TensorFlow 2 serving_default or the first."""
    saved = _saved(inspection)
    if saved and len(saved.signatures) > 1:
        yield Hit(
            message=f"{len(saved.signatures)} signatures: {named(sorted(saved.signatures))}",
            values={"chosen": saved.signature_key},
        )


@rule("NEO-TF-011", needs=("info",))
def many_graph_tags(inspection: Inspection) -> Iterator[Hit]:
    """One graph in the SavedModel: the loader takes the first."""
    saved = _saved(inspection)
    if saved and len(saved.tags) > 1:
        shown = named("+".join(tags) or "none" for tags in saved.tags)
        yield Hit(message=f"{len(saved.tags)} graphs, tagged {shown}; the first is taken")


@rule("NEO-TF-012", needs=("info",))
def keras_saved_model(inspection: Inspection) -> Iterator[Hit]:
    """No SavedModel that Keras wrote with its classes (guide, preparing-model)."""
    beside = {posixpath.basename(name) for name in _files(inspection)}
    saved = _saved(inspection)
    if saved and (saved.keras or EXTRAS[0] in beside):
        yield Hit(message="Keras wrote this SavedModel, with its own classes in it")


@rule("NEO-TF-013", needs=("info",))
def unranked(inspection: Inspection) -> Iterator[Hit]:
    """Inputs and outputs of the signature have a rank."""
    saved = _saved(inspection)
    if saved and saved.unranked:
        yield Hit(message=f"without a known number of dims: {named(saved.unranked)}")


# --- the graph ------------------------------------------------------------------------------


@rule("NEO-TF-014", needs=("info",))
def not_frozen(inspection: Inspection) -> Iterator[Hit]:
    """A frozen graph has no variables."""
    frozen = _frozen(inspection)
    if frozen and frozen.loose_variables:
        variables = named(sorted(frozen.loose_variables))
        yield Hit(message=f"variables without values: {variables}")


@rule("NEO-TF-015", paths=("tvm", "integrated", "neuron"), needs=("info",))
def frozen_for_two(inspection: Inspection) -> Iterator[Hit]:
    """TensorFlow 2 gets a SavedModel (loader: it takes no other form)."""
    frozen = _frozen(inspection)
    if frozen and inspection.framework_version and not _is_old(inspection):
        yield Hit(
            message=f"a frozen graph for TensorFlow {inspection.framework_version}",
            where=_model(inspection),
        )


@rule("NEO-TF-016", needs=("info",))
def training_nodes(inspection: Inspection) -> Iterator[Hit]:
    """No gradients and no optimizers."""
    operators = _facts(inspection).training
    if operators:
        yield Hit(message=f"operators of training: {named(operators)}")


@rule("NEO-TF-017", needs=("info",))
def cut_names(inspection: Inspection) -> Iterator[Hit]:
    """No output's name ends in 0: the loader cuts names with rstrip(':0')."""
    for name in _output_nodes(inspection):
        cut = name.rstrip(":0")
        if cut != name:
            yield Hit(message=f"the output {name!r} would be read as {cut!r}", where=name)


def _output_nodes(inspection: Inspection) -> list[str]:
    frozen, saved = _frozen(inspection), _saved(inspection)
    if frozen:
        return [name for name, _ in frozen.outputs]
    chosen = saved.signatures.get(saved.signature_key) if saved else None
    return [tensor.removesuffix(":0") for tensor in chosen.outputs.values()] if chosen else []


@rule("NEO-TF-018", needs=("info",))
def many_ends(inspection: Inspection) -> Iterator[Hit]:
    """What ends a frozen graph is meant as an output: the loader takes all of it."""
    frozen = _frozen(inspection)
    ends = frozen.outputs if frozen else ()
    if len(ends) > 1:
        shown = named(f"{name} ({op})" for name, op in ends)
        yield Hit(message=f"{len(ends)} operations end the graph: {shown}")


@rule("NEO-TF-019", needs=("info",))
def newer_than_old(inspection: Inspection) -> Iterator[Hit]:
    """Operators and attributes are known to TensorFlow 1.15 where that reads the model."""
    names = _facts(inspection).newer
    if names and _is_old(inspection):
        yield Hit(message=f"TensorFlow 1.15 does not know {named(names)}")


@rule("NEO-TF-023", needs=("info",))
def in_groups(inspection: Inspection) -> Iterator[Hit]:
    """No convolutions in groups where TensorFlow 1.15 computes them (conv_ops.cc, v1.15.0)."""
    names = _facts(inspection).grouped
    if names and _is_old(inspection):
        yield Hit(message=f"convolutions in groups: {named(names)}")


@rule("NEO-TF-024", needs=("info",))
def dilated_depthwise(inspection: Inspection) -> Iterator[Hit]:
    """No dilations of depthwise convolutions where TensorFlow 1.15 computes them."""
    names = _facts(inspection).dilated_depthwise
    if names and _is_old(inspection):
        yield Hit(message=f"depthwise convolutions with dilations: {named(names)}")


@rule("NEO-TF-020", needs=("info",))
def newer_release(inspection: Inspection) -> Iterator[Hit]:
    """No newer release wrote it than reads it, unless it uses what an old one knows already."""
    wrote = inspection.info.versions.get("tensorflow", "") if inspection.info else ""
    reads = inspection.framework_version
    if _is_old(inspection) or not wrote or not reads or not _facts(inspection).newer:
        return
    major_minor = ".".join(wrote.split(".")[:2])
    if not versions.at_most(major_minor, reads):
        yield Hit(
            message=f"written by TensorFlow {wrote}, read by {reads}, and it uses "
            f"{named(_facts(inspection).newer)}",
            values={"reads": reads},
        )


@rule("NEO-TF-021", needs=("info",))
def min_consumer(inspection: Inspection) -> Iterator[Hit]:
    """The graph does not ask for a newer consumer than TensorFlow 1.15 is."""
    version = _facts(inspection).min_consumer
    if _is_old(inspection) and version > GRAPH_VERSION_OF_1_15:
        yield Hit(
            message=f"the graph asks for a consumer of version {version}; TensorFlow 1.15 is "
            f"{GRAPH_VERSION_OF_1_15}"
        )


@rule("NEO-TF-022", needs=("info",))
def unlisted_operators(inspection: Inspection) -> Iterator[Hit]:
    """Operators of a frozen graph are among those that the guide listed until 2020: a hint."""
    operators = inspection.info.operators if inspection.info else {}
    listed = facts.operators_2020("TENSORFLOW") | {"Const", "Placeholder", "NoOp"}
    unlisted = sorted(set(operators) - listed)
    if unlisted and _frozen(inspection):
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
