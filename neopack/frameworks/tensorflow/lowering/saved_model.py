"""A SavedModel rewritten for Neo in its protobuf: one graph, one signature, plain names.

Neo's open loader takes the first tag set, ``serving_default`` or else the first signature in
TensorFlow 2, all signatures in TensorFlow 1, and names inputs by the keys in the one and by the
graph's tensors in the other (neo-loader@06788c0). So that all mean the same model, what was
chosen is all that is left, as ``serving_default``, and placeholders are called like their keys.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neopack.errors import UsageError
from neopack.frameworks.tensorflow.layout import ASSETS, EXTRAS, VARIABLES
from neopack.frameworks.tensorflow.lowering.library import drop_training
from neopack.frameworks.tensorflow.lowering.lower import LoweredGraph, lower
from neopack.frameworks.tensorflow.metagraph import DEFAULT
from neopack.values.model import Member

__all__ = ["SAVED_MODEL", "choose", "copy_parts", "meta_graph", "rewrite"]

SAVED_MODEL = "saved_model.pb"
_OWN = "__saved_model_"
_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_LOCATION = b"loc:@"


def meta_graph(folder: Path) -> Any:
    """The SavedModel message of ``folder``, from either form."""
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    path = folder / SAVED_MODEL
    if path.exists():
        model.ParseFromString(path.read_bytes())
    else:
        text_format.Parse((folder / "saved_model.pbtxt").read_text("utf-8"), model)
    return model


def choose(model: Any, tags: Sequence[str], key: str | None, where: str) -> tuple[Any, str]:
    """(the MetaGraph with those tags or the first, the key of the signature to take)."""
    metas = list(model.meta_graphs)
    fitting = [m for m in metas if not tags or set(tags) == set(m.meta_info_def.tags)]
    if not fitting:
        choices = "; ".join(", ".join(m.meta_info_def.tags) or "none" for m in metas)
        raise UsageError(
            f"holds no graph with the tags {', '.join(tags)}",
            where=where,
            hint=f"it has: {choices}",
        )
    meta = fitting[0]
    keys = sorted(name for name in meta.signature_def if not name.startswith(_OWN))
    chosen = key or (DEFAULT if DEFAULT in keys else next(iter(keys), ""))
    if chosen not in keys:
        hint = f"it has: {', '.join(keys)}" if keys else "save it with signatures=..."
        what = f"has no signature {chosen!r}" if chosen else "has no signature"
        raise UsageError(what, where=where, hint=hint)
    return meta, chosen


def rewrite(model: Any, meta: Any, key: str) -> tuple[list[str], LoweredGraph]:
    """Change ``model`` in place, so that it holds ``meta`` alone, with the signature ``key``.

    Returns what was done, in words.
    """
    rewrites = []
    if len(model.meta_graphs) > 1:
        only = type(meta).FromString(meta.SerializeToString())
        rewrites.append(f"only the graph tagged {', '.join(meta.meta_info_def.tags)} kept")
        del model.meta_graphs[:]
        model.meta_graphs.add().CopyFrom(only)
        meta = model.meta_graphs[0]
    rewrites += _keep_signature(meta, key)
    rewrites += drop_training(meta)
    rewrites += _name_placeholders(meta)
    lowered = lower(meta.graph_def)
    return [*rewrites, *lowered.rewrites()], lowered


def _keep_signature(meta: Any, key: str) -> list[str]:
    others = [n for n in meta.signature_def if n != key and not n.startswith(_OWN)]
    signature = type(meta.signature_def[key])()
    signature.CopyFrom(meta.signature_def[key])
    for name in [*others, key]:
        del meta.signature_def[name]
    meta.signature_def[DEFAULT].CopyFrom(signature)
    _keep_object(meta, key)
    rewrites = [f"the signature {key!r} is now {DEFAULT!r}"] * (key != DEFAULT)
    return [*rewrites, f"signatures left out: {', '.join(sorted(others))}"] if others else rewrites


def _keep_object(meta: Any, key: str) -> None:
    """TensorFlow 2 finds signatures as children of a node of its graph of objects."""
    for node in meta.object_graph_def.nodes:
        if node.user_object.identifier != "signature_map":
            continue
        for child in [child for child in node.children if child.local_name != key]:
            node.children.remove(child)
        for child in node.children:
            child.local_name = DEFAULT


def _name_placeholders(meta: Any) -> list[str]:
    used = {node.name for node in meta.graph_def.node}
    operators = {node.name: node.op for node in meta.graph_def.node}
    renamed: dict[str, str] = {}
    for key, info in meta.signature_def[DEFAULT].inputs.items():
        node = info.name.partition(":")[0]
        free = key not in used and _NODE_NAME.fullmatch(key)
        if node != key and node not in renamed and free and operators.get(node) == "Placeholder":
            renamed[node] = key
            used.add(key)
    if not renamed:
        return []
    _rename(meta, renamed)
    words = ", ".join(f"{old} is {new}" for old, new in sorted(renamed.items()))
    return [f"placeholders named by the signature: {words}"]


def _rename(meta: Any, renamed: dict[str, str]) -> None:
    def fresh(tensor: str) -> str:
        mark = "^" * tensor.startswith("^")
        node, colon, index = tensor.removeprefix("^").partition(":")
        return f"{mark}{renamed.get(node, node)}{colon}{index}"

    for node in meta.graph_def.node:
        node.name = renamed.get(node.name, node.name)
        inputs = [fresh(name) for name in node.input]
        del node.input[:]
        node.input.extend(inputs)
        places = node.attr["_class"].list.s if "_class" in node.attr else []
        for at, place in enumerate(places):
            if place.startswith(_LOCATION):
                there = place.removeprefix(_LOCATION).decode()
                places[at] = _LOCATION + renamed.get(there, there).encode()
    for info in meta.signature_def[DEFAULT].inputs.values():
        info.name = fresh(info.name)
    for info in meta.signature_def[DEFAULT].outputs.values():
        info.name = fresh(info.name)
    for collection in meta.collection_def.values():
        names = [fresh(name) for name in collection.node_list.value]
        if names:
            del collection.node_list.value[:]
            collection.node_list.value.extend(names)


def copy_parts(folder: Path, to: Path, name: str) -> tuple[list[Member], list[str]]:
    """The variables and assets of ``folder`` as members below ``name``; what was left out."""
    members = []
    for part in (VARIABLES, ASSETS):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                relative = path.relative_to(folder).as_posix()
                target = to / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                members.append(Member(name=f"{name}/{relative}", path=target))
    dropped = [name for name in EXTRAS if (folder / name).exists()]
    return members, [f"left out: {', '.join(dropped)}"] if dropped else []
