"""How a user names a Keras model: an .h5 or .keras file, a callable with or without weights, or a
live model. What would run code of its own when Keras loads it is refused before Keras sees it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neopack.errors import NotRecognized, SourceError, Unsafe
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.keras import read
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.read import Document
from neopack.values.model import ModelInfo, facts_of

__all__ = ["model_file", "refuse_code", "require_weights", "weights_beside"]

SUFFIXES = (".h5", ".hdf5")

WAY_OUT = "give the code and the weights: module:callable --weights FILE"
WEIGHTS_WAY_OUT = f"{WAY_OUT}; or what model.to_json() gave: model.json --weights FILE"


def model_file(path: Path) -> tuple[Document, ModelInfo]:
    """The model in a file, and what there is to know of it; raises for all that holds none."""
    with FileSource(path) as source:
        if read.form(source) is None:
            raise NotRecognized("is not a Keras model", where=str(path))
        document = read.document(source, DEFAULT_LIMITS)
        info = read.read_source(source, DEFAULT_LIMITS)
    if document.form == "weights":
        raise SourceError("holds weights without a model", where=str(path), hint=WEIGHTS_WAY_OUT)
    refuse_code(info, str(path))
    return document, info


def refuse_code(info: ModelInfo, where: str) -> None:
    """Lambda layers keep compiled Python in the file, and custom classes are looked for among
    what is installed; links lead to other files."""
    facts = facts_of(info, KerasFacts)
    if facts.lambdas:
        raise Unsafe(
            f"has Lambda layers, whose code is never run here: {_some(facts.lambdas)}",
            where=where,
            hint="build the model of layers alone, and save it again; Neo may refuse it as well",
        )
    if facts.custom:
        raise Unsafe(
            f"has layers of classes that are not Keras's own: {_some(facts.custom)}",
            where=where,
            hint="build the model of Keras's own layers; Neo has no other code",
        )
    if facts.strangers:
        raise Unsafe(
            f"has parts in its configuration that no model needs: {_some(facts.strangers)}",
            where=where,
            hint="a file that names functions to be called when it is loaded is not to be trusted",
        )
    if facts.links:
        raise Unsafe(f"links to other places: {_some(facts.links)}", where=where)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def weights_beside(path: Path) -> Path:
    """The one file of weights in the directory of an architecture."""
    files = sorted(each for each in path.parent.iterdir() if each.suffix in SUFFIXES)
    if len(files) != 1:
        there = f"there are {len(files)} beside it" if files else "there is none beside it"
        raise SourceError(
            f"is an architecture without weights, and {there}",
            where=str(path),
            hint=f"name the file of its weights: {path.name} --weights FILE",
        )
    return files[0]


def require_weights(path: Path) -> None:
    """``--weights`` names a file of weights, or a whole model whose weights are taken."""
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    with FileSource(path) as source:
        form = read.form(source)
        if form not in ("weights", "h5"):
            raise SourceError(
                "holds no weights of Keras",
                where=str(path),
                hint="save them with model.save_weights('FILE.weights.h5')",
            )
        links = read.document(source, DEFAULT_LIMITS).tree.nodes.values()
    if any(node.links for node in links):
        raise Unsafe("links to other places", where=str(path))
