"""What form TensorFlow's bytes have. None has a magic number, so this looks at the fields:
GraphDef, SavedModel and MetaGraphDef differ in theirs, and from ONNX's ModelProto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from neopack.errors import Malformed, NeopackError
from neopack.formats import prototext, sstable
from neopack.formats.guard import Limits
from neopack.formats.protobuf import LENGTH, VARINT, Field, Walker
from neopack.formats.source import ByteSource, Cursor

__all__ = ["CHECKPOINT", "GRAPH", "INDEX", "META", "SAVED_MODEL", "TEXT_FORMS", "form_of"]

SAVED_MODEL = "TensorFlow SavedModel"
GRAPH = "TensorFlow GraphDef"
META = "TensorFlow checkpoint's graph (.meta)"
CHECKPOINT = "TensorFlow checkpoint's list"
INDEX = "TensorFlow checkpoint's index"

# how the text begins -> the form, and the message that it is
TEXT_FORMS = {
    "saved_model_schema_version:": (SAVED_MODEL, "SavedModel"),
    "meta_graphs {": (SAVED_MODEL, "SavedModel"),
    "node {": (GRAPH, "GraphDef"),
    "library {": (GRAPH, "GraphDef"),
    "versions {": (GRAPH, "GraphDef"),
    "meta_info_def {": (META, "MetaGraphDef"),
    "graph_def {": (META, "MetaGraphDef"),
    "model_checkpoint_path:": (CHECKPOINT, ""),
}
_PEEK = Limits(operations=5_000)
_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_OP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_>]*")
# GraphDef: node, library, version, versions, debug_info
_GRAPH_FIELDS = {1: LENGTH, 2: LENGTH, 3: VARINT, 4: LENGTH, 5: LENGTH}
_SAVED_MODEL_FIELDS = {1: VARINT, 2: LENGTH}
_META_FIELDS = frozenset(range(1, 8))
# MetaInfoDef: all but stripped_default_attrs are messages or texts
_META_INFO_FIELDS = {
    1: LENGTH,
    2: LENGTH,
    3: LENGTH,
    4: LENGTH,
    5: LENGTH,
    6: LENGTH,
    7: VARINT,
    8: LENGTH,
}
_LATEST_SCHEMA = 10


def form_of(source: ByteSource) -> str | None:
    """One of the forms above, or None."""
    if sstable.is_table(source):
        return INDEX
    named = TEXT_FORMS.get(prototext.first_name(source))
    if named is not None:
        return named[0]
    for form, fits in ((SAVED_MODEL, _is_saved_model), (GRAPH, _is_graph), (META, _is_meta)):
        try:
            if fits(Walker(Cursor(source), _PEEK.for_file(0))):
                return form
        except NeopackError:
            continue
    return None


def _forgiving(fields: Iterator[Field]) -> Iterator[Field]:
    """The fields up to where the file is cut short: what came before says what it is."""
    try:
        yield from fields
    except Malformed:
        return


def _is_saved_model(walker: Walker) -> bool:
    has_meta_graph = False
    for part in _forgiving(walker.top()):
        if _SAVED_MODEL_FIELDS.get(part.number) != part.wire:
            return False
        if part.number == 1 and not 1 <= part.value <= _LATEST_SCHEMA:
            return False
        if part.number == 2:
            has_meta_graph = has_meta_graph or _is_meta_graph(walker, walker.message(part))
            if not has_meta_graph:
                return False
    return has_meta_graph


def _is_meta(walker: Walker) -> bool:
    return _is_meta_graph(walker, _forgiving(walker.top()))


def _is_meta_graph(walker: Walker, fields: Iterator[Field]) -> bool:
    """Fields of MetaGraphDef alone, with its MetaInfoDef first or a graph among them."""
    has_graph = False
    for part in fields:
        if part.number not in _META_FIELDS or part.wire != LENGTH:
            return False
        if part.number == 1:
            for inner in walker.message(part):
                if _META_INFO_FIELDS.get(inner.number) != inner.wire:
                    return False
        elif part.number == 2:
            if not _is_graph_span(walker, walker.message(part)):
                return False
            has_graph = True
        if has_graph:
            return True
    return has_graph


def _is_graph(walker: Walker) -> bool:
    return _is_graph_span(walker, _forgiving(walker.top()))


def _is_graph_span(walker: Walker, fields: Iterator[Field]) -> bool:
    """Fields of GraphDef alone; its first node has a name and an operator, as a node has."""
    for part in fields:
        if _GRAPH_FIELDS.get(part.number) != part.wire:
            return False
        if part.number == 1:
            return _is_node(walker, part)
        if part.number == 2:
            return _is_library(walker, part)
    return False


def _is_node(walker: Walker, span: Field) -> bool:
    texts = {1: "", 2: ""}
    for part in _forgiving(walker.message(span)):
        if part.wire != LENGTH or not 1 <= part.number <= 7:
            return False
        if part.number in texts:
            texts[part.number] = walker.text(part)
    return bool(_NODE_NAME.fullmatch(texts[1]) and _OP_NAME.fullmatch(texts[2]))


def _is_library(walker: Walker, span: Field) -> bool:
    """FunctionDefLibrary of a graph whose nodes come after it: a function, its signature first."""
    for function in walker.message(span):
        if function.number != 1 or function.wire != LENGTH:
            return False
        for part in walker.message(function):
            return part.number in (1, 2, 3, 4, 5, 6, 7, 8) and part.wire == LENGTH
    return False
