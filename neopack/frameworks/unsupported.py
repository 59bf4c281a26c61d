"""What people hand over that is not a model of Neo's: what it is, and what to do instead.

Files are recognized by their first bytes, directories and archives by the names in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.compressed import LZ4, head_of
from neopack.formats.darknet import is_weights
from neopack.formats.mar import is_mar
from neopack.formats.source import ByteSource

__all__ = ["ForeignFile", "among", "of_bytes", "refuse_stub"]

HEAD = 4096
# bytes of an answer
SHORT = 1024
_JSON_ERROR = re.compile(rb'\{\s*"(message|error|errors|detail|code|status|error_?code)"\s*:')
# first words of an answer in plain text
_REFUSALS = (
    b"invalid username or password", b"entry not found", b"repository not found", b"not found",
    b"access denied", b"accessdenied", b"access to model", b"unauthorized", b"forbidden",
    b"too many requests", b"rate limit", b"permission denied", b"401", b"403", b"404", b"429",
)  # fmt: skip
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")
_FIRST_CLASS = 64
NO_SUCH = "Neo does not compile such models"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile:
    """``what`` continues "is ..."; ``hint`` is what to do. A ``stub`` stands where the file that
    it is named for should be."""

    what: str
    hint: str
    stub: bool = False


_WEB_PAGE = ForeignFile(
    what="a web page", hint="fetch the file again: a page was saved in its place", stub=True
)
_XML_ERROR = ForeignFile(
    what="the error message of a download",
    hint="fetch the file again: a storage service answered with an error in XML",
    stub=True,
)
_ANSWER = ForeignFile(
    what="what a server answered instead of the file",
    hint="fetch the file again, with the rights to read it",
    stub=True,
)
_ZEROS = ForeignFile(
    what="zeros alone, as a download or a copy that ended early leaves",
    hint="fetch the file again",
    stub=True,
)
_LIGHTGBM = ForeignFile(
    what="a LightGBM model",
    hint=f"{NO_SUCH}: train it with XGBoost, or serve it with LightGBM itself",
)
_CATBOOST = ForeignFile(
    what="a CatBoost model",
    hint=f"{NO_SUCH}: train it with XGBoost, or export it with save_model(format='onnx')",
)
_GGUF = ForeignFile(what="a GGUF language model", hint=f"{NO_SUCH}: serve it as it is")
_GIT_LFS = ForeignFile(
    what="a Git LFS pointer, not the file it stands for",
    hint="fetch the file: git lfs pull",
    stub=True,
)
_EVENTS = ForeignFile(
    what="a log for TensorBoard", hint="package the SavedModel that the training wrote"
)
_PICKLE = ForeignFile(
    what="a pickle, which nothing here loads",
    hint="save the model in its framework's own format, where it was made",
)
_SKLEARN = ForeignFile(
    what="a pickle of scikit-learn's, which nothing here loads",
    hint="where you trust it, load it in a function that returns it, and package "
    "module:function --framework XGBOOST; of a Pipeline, --preprocessing code/inference.py writes "
    "what prepares the rows. Other models than trees are for scikit-learn itself to serve",
)
_LZ4 = ForeignFile(
    what="compressed with LZ4, which nothing here reads",
    hint="write it again with another compression: joblib.dump(model, path, compress='gzip')",
)
_MAR = ForeignFile(
    what="a TorchServe model archive",
    hint="neopack package takes the TorchScript model out of it; its handler is not for SageMaker",
)
_DARKNET = ForeignFile(
    what="the weights of a Darknet network",
    hint="name the .cfg of the network: neopack package NET.cfg --weights FILE",
)
_EMPTY = ForeignFile(what="empty", hint="", stub=True)


def _starts(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(heads)


def _is_page(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    whole = start.startswith((b"<!doctype html", b"<html", b"<head"))
    return whole or (start.startswith((b"<!--", b"<?xml")) and b"<html" in start)


def _is_answer(head: bytes) -> bool:
    """As hubs of models and services with JSON refuse a download: no model is as short."""
    text = head.strip().lower()
    return len(text) <= SHORT and (
        _JSON_ERROR.match(text) is not None or text.startswith(_REFUSALS)
    )


def _is_zeros(head: bytes) -> bool:
    return len(head) >= SHORT and not head.strip(b"\0")


def _is_xml_error(head: bytes) -> bool:
    """As S3 and Google Cloud Storage answer (Amazon S3 API reference, "Error responses")."""
    return head.lstrip().startswith((b"<?xml", b"<Error>")) and b"<Error>" in head


def _is_sklearn(head: bytes) -> bool:
    """The first class that a pickle names, which is its own object's, is scikit-learn's."""
    return head.startswith(_PICKLES) and b"sklearn." in head[:_FIRST_CLASS]


def _is_event_file(head: bytes) -> bool:
    """A TFRecord whose first event says its version (tensorflow/core/util/event.proto)."""
    return b"brain.Event:" in head[:64]


_BY_BYTES: tuple[tuple[Callable[[bytes], bool], ForeignFile], ...] = (
    (_is_page, _WEB_PAGE),
    (_is_xml_error, _XML_ERROR),
    (_is_answer, _ANSWER),
    (_is_zeros, _ZEROS),
    (_starts(b"tree\nversion=", b"tree\r\nversion="), _LIGHTGBM),
    (_starts(b"CBM1"), _CATBOOST),
    (_starts(b"GGUF"), _GGUF),
    (_starts(b"version https://git-lfs.github.com/spec/"), _GIT_LFS),
    (_is_event_file, _EVENTS),
    (_starts(LZ4), _LZ4),
    (_is_sklearn, _SKLEARN),
    (_starts(*_PICKLES), _PICKLE),
)

_SPARKML = ForeignFile(
    what="a SparkML pipeline (an MLeap bundle)",
    hint=f"{NO_SUCH}: serve it with SageMaker's SparkML container",
)
_SPARK = ForeignFile(
    what="a model saved by Spark", hint=f"{NO_SUCH}: serve it with Spark or MLeap"
)
_BUILT_IN = ForeignFile(
    what="the model of a SageMaker built-in algorithm such as Linear Learner",
    hint="serve it with the algorithm's own container; Neo takes the built-in image "
    "classification, and XGBoost",
)
_ESTIMATOR = ForeignFile(
    what="the working directory of a TensorFlow Estimator",
    hint="export it: estimator.export_saved_model(directory, serving_input_receiver_fn), and "
    "package what that writes",
)


def of_bytes(source: ByteSource) -> ForeignFile | None:
    """What a file is that no framework recognizes, where we know it."""
    if source.size == 0:
        return _EMPTY
    if is_mar(source):
        return _MAR
    if is_weights(source):
        return _DARKNET
    head = head_of(source, HEAD)
    return next((stranger for test, stranger in _BY_BYTES if test(head)), None)


def refuse_stub(source: ByteSource) -> None:
    """Raise where something stands in place of the file that it is named for."""
    stranger = of_bytes(source)
    if stranger is not None and stranger.stub:
        raise Malformed(f"is {stranger.what}", where=source.name, hint=stranger.hint)


def among(names: Sequence[str]) -> ForeignFile | None:
    """What a directory or an archive without a model is, where we know it."""
    leaves = {name.rsplit("/", 1)[-1] for name in names}
    if "bundle.json" in leaves and any("root/" in name for name in names):
        return _SPARKML
    if any(name.endswith("metadata/part-00000") for name in names):
        return _SPARK
    if "model_algo-1" in leaves:
        return _BUILT_IN
    checkpoints = any(leaf.startswith("model.ckpt-") for leaf in leaves)
    if "graph.pbtxt" in leaves and (checkpoints or "checkpoint" in leaves):
        return _ESTIMATOR
    return None
