"""Every reader that a stranger's bytes come to, with real files to damage."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import doors
from damage import Make, anywhere, in_gzip, in_table, in_tar, in_zip, tar_of
from harness import Reader
from hdf5_trees import in_keras
from structured import archived, deflated, in_json, in_messages, in_pickles, in_records

__all__ = ["WHOLE", "readers"]

HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "fixtures"
SMALL = 9 << 10
WHOLE = 150 << 20  # memory of a whole check: 200 MB with the interpreter


def _words(name: str) -> tuple[bytes, ...]:
    """What the format is made of: a word a line, with Python's escapes."""
    lines = (HERE / "words" / f"{name}.txt").read_text("ascii").splitlines()
    return tuple(line.encode().decode("unicode_escape").encode("latin-1") for line in lines)


JSON, TOML, PYTHON, MESSAGE = map(_words, ("json", "toml", "python", "messages"))
ZIP, TAR, PICKLE, HDF5 = map(_words, ("zip", "tar", "pickle", "hdf5"))
PROTOBUF, PROTOTEXT, UBJSON = map(_words, ("protobuf", "prototext", "ubjson"))
FLATBUFFER = _words("flatbuffer")
DARKNET = _words("darknet")
PARAMS = _words("mxnet-params")
SCRIPT = (*PYTHON, *_words("torchscript"))
NUMPY = (*ZIP, *_words("numpy"))
CONFIG = (*JSON, *_words("data-input-config"))


@cache
def readers() -> dict[str, Reader]:
    """By name, in the order of the page."""
    made = (
        *(*_formats(), *_torch(), *_tensorflow(), *_others(), *_archives(), *_beside()),
        *_checked(),
    )
    return {reader.name: reader for reader in made}


# --- what is damaged ------------------------------------------------------------------------


def _found(*patterns: str, largest: int = SMALL) -> list[bytes]:
    """The fixtures of these names, the small ones: damage is denser, and cases are quick."""
    paths = sorted({path for pattern in patterns for path in FIXTURES.glob(pattern)})
    held = [path.read_bytes() for path in paths if path.is_file()]
    return [data for data in held if 0 < len(data) <= largest]


def _seeds(pattern: str) -> list[bytes]:
    """What no fixture is: the texts beside this file."""
    return [path.read_bytes() for path in sorted((HERE / "seeds").glob(pattern))]


def _inner(archives: Sequence[bytes], suffix: str) -> list[bytes]:
    """The records of that suffix in these zips."""
    found = []
    for data in archives:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            found += [opened.read(name) for name in opened.namelist() if name.endswith(suffix)]
    return [data for data in found if data]


@cache
def _torch_files() -> list[bytes]:
    return _found("pytorch/*", "pytorch/*/*")


@cache
def _graphs() -> list[bytes]:
    return _found(
        *(f"tensorflow/**/{name}" for name in ("*.pb", "*.pbtxt", "*.meta", "checkpoint"))
    )


@cache
def _tars() -> tuple[bytes, ...]:
    onnx, torch = _found("onnx/cnn-opset12.onnx")[0], _found("pytorch/nested.pt")[0]
    symbol, params = _found("mxnet/gluon/*.json")[0], _found("mxnet/gluon/*.params")[0]
    script = {"code/inference.py": _seeds("handler-container.txt")[0]}
    gnu, ustar = tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT
    return (
        tar_of({"model.onnx": onnx}),
        tar_of({"a/": b"", "a/model.pth": torch, **script}, form=ustar),
        tar_of({"n" * 150: onnx, "\u00e9.onnx": b"x"}, {"link": "../../etc/passwd"}),
        tar_of({"n" * 150 + ".onnx": onnx}, {"l" * 120: "t" * 120}, form=gnu),
        tar_of({"model-symbol.json": symbol, "model-0000.params": params}),
        tar_of({"._model.pth": b"x", "./model.pt": torch, "x.PTH": b"", "export/": b""}),
    )


def _artifacts() -> Make:
    """Artifacts with a damaged description in them."""
    said = anywhere([*_seeds("artifact.json"), *_seeds("emulated.json")], JSON)
    names = ("neopack.json", "emulated.json", "compiled.so")

    def make(random: Random) -> bytes:
        held = {random.choice(names): said(random), "compiled_model.json": b"{}"}
        return tar_of({**held, "compiled.params": b"p"})

    return make


# --- readers --------------------------------------------------------------------------------


def _formats() -> list[Reader]:
    zips = [*_found("pytorch/*.pt", "pytorch/*/*.pt"), *_found("mxnet/arrays/*.npz")]
    zips = [data for data in zips if zipfile.is_zipfile(io.BytesIO(data))]
    pickles = [*_inner(zips, ".pkl"), *_found("xgboost/*.pkl", "pytorch/*legacy.pt")]
    messages = _found("onnx/*.onnx", "tensorflow/**/*.pb")
    texts = [text[:3000] for text in _found("tensorflow/**/*.pbtxt")]
    tables = _found("tensorflow/**/*.index")
    trees = _found("keras/*.h5", largest=18 << 10)
    return [
        Reader("tar", in_tar(_tars(), TAR), doors.tars),
        Reader("zip", anywhere(zips, ZIP), doors.zips),
        Reader("pickle", anywhere(pickles, PICKLE), doors.pickles),
        Reader("protobuf", anywhere(messages, PROTOBUF), doors.protobufs),
        Reader("protobuf text", anywhere(texts, PROTOTEXT), doors.prototexts, 0.3),
        Reader("sorted table", in_table(tables, PROTOBUF), doors.tables, 0.5),
        Reader("HDF5", anywhere(trees, HDF5), doors.hdf5s),
        Reader("UBJSON", anywhere(_found("xgboost/*.ubj"), UBJSON), doors.ubjsons),
        Reader("MXNet parameters", anywhere(_found("mxnet/*/*.params"), PARAMS), doors.parameters),
        Reader("ELF library", anywhere(_found("elf/*.so")), doors.libraries),
        Reader("TorchScript code", anywhere(_inner(zips, ".py"), SCRIPT), doors.code, 0.6),
    ]


def _torch() -> list[Reader]:
    files, read = _torch_files(), doors.Model("PYTORCH", "model.pth")
    scripts = [data for data in files if b"constants.pkl" in data]
    states = [data for data in files if data[:2] == b"PK" and data not in scripts]
    in_scripts = in_zip(scripts, (".pkl", ".py", "version"), (*PICKLE, *SCRIPT))
    in_states = in_zip(states, (".pkl", ".json"), PICKLE)
    return [
        Reader("PyTorch", anywhere(files, (*ZIP, *PICKLE)), read),
        Reader("PyTorch, TorchScript in a sound zip", in_scripts, read, 0.5),
        Reader("PyTorch, pickles in a sound zip", in_states, read),
    ]


def _tensorflow() -> list[Reader]:
    saved = {"saved_model.pb": _found("tensorflow/2/saved-model/*.pb", largest=1 << 20)[-1]}
    index = "variables/variables.index"
    indexes = in_table(_found("tensorflow/**/*.index"), PROTOBUF)
    with_index = doors.Part("TENSORFLOW", "saved_model.pb", saved, index)
    graph = anywhere(_graphs(), (*PROTOBUF, *PROTOTEXT))
    return [
        Reader("TensorFlow", graph, doors.Model("TENSORFLOW", "model.pb"), 0.5),
        Reader("TensorFlow, index of variables", indexes, with_index, 0.1),
    ]


def _others() -> list[Reader]:
    h5s, archived = _found("keras/*", largest=18 << 10), _found("keras/*.keras", largest=40 << 10)
    config = in_zip(archived, ("config.json", "metadata.json"), JSON)
    symbols, params = _found("mxnet/*/*.json"), _found("mxnet/*/*.params")
    beside = {"model-0000.params": _found("mxnet/gluon/*.params")[0]}
    symbol = {"model-symbol.json": _found("mxnet/gluon/*.json")[0]}
    with_params = doors.Part("MXNET", "model-symbol.json", symbol, "model-0000.params")
    trees = _found("xgboost/*")
    any_model = [
        *_torch_files(),
        *_graphs(),
        *trees,
        *symbols,
        *_found("onnx/*", "keras/*", "tflite/*", "darknet/*"),
    ]
    words = (*ZIP, *PROTOBUF, *JSON)
    return [
        Reader("Keras", anywhere(h5s, HDF5), doors.Model("KERAS", "model.h5"), 0.6),
        Reader("Keras, config in a sound zip", config, doors.Model("KERAS", "model.keras"), 0.3),
        Reader("ONNX", anywhere(_found("onnx/*"), PROTOBUF), doors.Model("ONNX", "model.onnx")),
        Reader(
            "TensorFlow Lite",
            anywhere(_found("tflite/*"), FLATBUFFER),
            doors.Model("TFLITE", "m.tflite"),
        ),
        Reader(
            "Darknet",
            anywhere(_found("darknet/*.cfg"), DARKNET),
            doors.Model("DARKNET", "m.cfg", {"m.weights": _found("darknet/residual.weights")[0]}),
        ),
        Reader("XGBoost", anywhere(trees, (*UBJSON, *JSON)), doors.Model("XGBOOST", "model"), 0.8),
        Reader(
            "MXNet", anywhere(symbols, JSON), doors.Model("MXNET", "model-symbol.json", beside)
        ),
        Reader("MXNet, parameters of a symbol", anywhere(params, PARAMS), with_params),
        Reader("any model, judged", anywhere(any_model, words), doors.strangers, 0.3),
    ]


def _archives() -> list[Reader]:
    zipped = [gzip.compress(data) for data in _tars()]
    return [
        Reader("gzip", anywhere(zipped), doors.archives, 0.5),
        Reader("archive, judged and mended", in_gzip(in_tar(_tars(), TAR)), doors.archives, 0.2),
        Reader("compiled artifact", in_gzip(_artifacts()), doors.artifacts, 0.3),
    ]


def _checked() -> list[Reader]:
    """All of ``check``, for what is sound in form and hostile in content."""
    zips = [_records(data) for data in _torch_files() if zipfile.is_zipfile(io.BytesIO(data))]
    pickles = in_pickles([c for held in zips for n, c in held.items() if n.endswith(".pkl")])
    code = anywhere([c for held in zips for n, c in held.items() if n.endswith(".py")], SCRIPT)
    torch = {".pkl": pickles, ".py": code}
    onnx = in_messages(_found("onnx/*.onnx"))
    graphs = in_messages(_found("tensorflow/**/*.pb", largest=40 << 10))
    trees = in_json(_found("xgboost/*.json"))
    symbol, params = _found("mxnet/gluon/*.json"), _found("mxnet/gluon/*.params")
    configs = in_json(_inner(_found("keras/*.keras", largest=40 << 10), "config.json"))
    script = anywhere(_seeds("handler-*"), PYTHON)
    held = [
        {"model.onnx": b"", "code/inference.py": b""},
        {"model.pth": _found("pytorch/nested.pt")[0], "code/requirements.txt": b"numpy\n"},
        {"model-symbol.json": symbol[0], "model-0000.params": params[0]},
        {"model.json": _found("xgboost/*.json")[0]},
    ]
    inside = {".onnx": onnx, "symbol.json": in_json(symbol), ".json": trees, ".py": script}
    made = {
        "PyTorch, stored": ("m.pth", in_records(zips, torch)),
        "PyTorch, deflated": ("m.pth", in_records(zips, torch, deflated)),
        "ONNX": ("m.onnx", onnx),
        "TensorFlow graph": ("m.pb", graphs),
        "TensorFlow SavedModel": ("saved_model.pb", graphs),
        "XGBoost JSON": ("m.json", trees),
        "Keras, HDF5": ("m.h5", in_keras(configs)),
        "Keras architecture": ("m.json", configs),
        "archive": ("m.tar.gz", in_records(held, inside, archived)),
    }
    readers = [
        Reader(f"check of {name}", make, doors.Checked(file), 0.1, WHOLE)
        for name, (file, make) in made.items()
    ]
    beside = {"m-0000.params": params[0]}
    mxnet = doors.Checked("m-symbol.json", beside)
    return [*readers, Reader("check of MXNet", in_json(symbol), mxnet, 0.1, WHOLE)]


def _records(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _beside() -> list[Reader]:
    npz = _found("mxnet/arrays/*.npz")
    strings, said = _seeds("strings.txt")[0].splitlines(), _seeds("messages.txt")[0].splitlines()
    return [
        Reader("manifest", anywhere(_seeds("manifest.json"), JSON), doors.manifests),
        Reader("receipt of a job", anywhere(_seeds("receipt.json"), JSON), doors.receipts),
        Reader("settings", anywhere(_seeds("settings-*"), TOML), doors.settings),
        Reader("golden numbers", in_zip(npz, (".npy",), NUMPY), doors.goldens, 0.4),
        Reader("golden numbers, the zip", anywhere(npz, NUMPY), doors.goldens, 0.4),
        Reader("handler in code", anywhere(_seeds("handler-*"), PYTHON), doors.handlers, 0.5),
        Reader("strings of the call", anywhere(strings, CONFIG), doors.strings, 0.3),
        Reader("message of AWS's", anywhere(said, MESSAGE), doors.messages, 0.2),
    ]
