"""What Neo demands of a TensorFlow model.

Sources: SageMaker developer guide, neo-compilation-preparing-model and neo-troubleshooting
(2026); neo-ai/neo-loader@06788c0, tensorflow_model_loader.py, tensorflow2_model_loader.py and
helpers/ (2022-08-17); the operators of TensorFlow 1.15.0.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from neopack.frameworks.tensorflow.graph_rules import GRAPH_RULES
from neopack.frameworks.tensorflow.layout import (
    CHECKPOINT,
    EXTRAS,
    SAVED_MODELS,
    SUFFIXES,
    VARIABLES,
    model_members,
)
from neopack.frameworks.tensorflow.rule_facts import frozen_facts, model, saved_facts
from neopack.rules.members import named, normal, visible
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES"]


def _files(context: CheckContext) -> list[str]:
    return [normal(entry.name) for entry in visible(context)]


def _saved_folder(context: CheckContext) -> str | None:
    """The directory of the SavedModel, empty at the root; None where there is no SavedModel."""
    name = model(context)
    return posixpath.dirname(name) if posixpath.basename(name) in SAVED_MODELS else None


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
        yield Hit(message="the SavedModel lies at the root of the archive", where=model(context))
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
        yield Hit(message=f"no {variables}/ beside the SavedModel", where=model(context))


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
    frozen = frozen_facts(context)
    if frozen and frozen.text:
        yield Hit(message="the frozen graph is in text form", where=model(context))


@rule("NEO-TF-008", needs=("info",))
def lost_shards(context: CheckContext) -> Iterator[Hit]:
    """All files of variables/ that the index names are there."""
    saved = saved_facts(context)
    if saved and saved.shards_missing:
        missing = named(saved.shards_missing)
        yield Hit(message=f"files of the variables are not there: {missing}")
    if saved and saved.shards_cut:
        cut = named(saved.shards_cut)
        yield Hit(message=f"files end before the values that the index describes: {cut}")


# --- the SavedModel -------------------------------------------------------------------------


@rule("NEO-TF-009", needs=("info",))
def no_signature(context: CheckContext) -> Iterator[Hit]:
    """A SavedModel has a signature (loader: without one it is called with the first shape)."""
    saved = saved_facts(context)
    if saved and not saved.signatures:
        yield Hit(message="the SavedModel has no signature", where=model(context))


@rule("NEO-TF-010", needs=("info",))
def many_signatures(context: CheckContext) -> Iterator[Hit]:
    """One signature: TensorFlow 1 takes all, TensorFlow 2 serving_default or the first."""
    saved = saved_facts(context)
    if saved and len(saved.signatures) > 1:
        yield Hit(
            message=f"{len(saved.signatures)} signatures: {named(sorted(saved.signatures))}",
            values={"chosen": saved.signature_key},
        )


@rule("NEO-TF-011", needs=("info",))
def many_graph_tags(context: CheckContext) -> Iterator[Hit]:
    """One graph in the SavedModel: the loader takes the first."""
    saved = saved_facts(context)
    if saved and len(saved.tags) > 1:
        shown = named("+".join(tags) or "none" for tags in saved.tags)
        yield Hit(message=f"{len(saved.tags)} graphs, tagged {shown}; the first is taken")


@rule("NEO-TF-012", needs=("info",))
def keras_saved_model(context: CheckContext) -> Iterator[Hit]:
    """No SavedModel that Keras wrote with its classes (guide, preparing-model)."""
    beside = {posixpath.basename(name) for name in _files(context)}
    saved = saved_facts(context)
    if saved and (saved.keras or EXTRAS[0] in beside):
        yield Hit(message="Keras wrote this SavedModel, with its own classes in it")


@rule("NEO-TF-013", needs=("info",))
def unranked(context: CheckContext) -> Iterator[Hit]:
    """Inputs and outputs of the signature have a rank."""
    saved = saved_facts(context)
    if saved and saved.unranked:
        yield Hit(message=f"without a known number of dims: {named(saved.unranked)}")


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
    *GRAPH_RULES,
)
