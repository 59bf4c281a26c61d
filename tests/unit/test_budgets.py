"""What a file may cost: every reader and what rules look at counts into one budget, which grows
with the file on disk alone. Each input here is small, and so is the budget that refuses it."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import neopack
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.errors import LimitExceeded, NeopackError
from neopack.formats.files import limits_for
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.formats.pickle import read_pickle
from neopack.formats.source import BytesSource, Cursor
from neopack.options import CheckOptions

COUNT = 1000
LITTLE = Limits(operations=COUNT, memory_bytes=200_000)
OVER = "over the limit of"


def varint(value: int) -> bytes:
    return bytes((value,)) if value < 0x80 else bytes((value & 0x7F | 0x80,)) + varint(value >> 7)


def span(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def onnx(graph: bytes) -> bytes:
    value = span(1, b"x") + span(2, span(1, number(1, 1) + span(2, span(1, number(1, 1)))))
    shown = span(11, value) + span(12, value)
    return number(1, 7) + span(8, number(2, 12)) + span(7, shown + graph)


def saved_model(nodes: bytes, functions: bytes = b"") -> bytes:
    first = span(1, span(1, b"x") + span(2, b"Placeholder"))
    graph = first + nodes + (span(2, functions) if functions else b"")
    return number(1, 1) + span(2, span(1, span(4, b"serve")) + span(2, graph))


def stored(records: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as to:
        for name, content in records.items():
            to.writestr(f"archive/{name}", content)
    return buffer.getvalue()


def torch(pickled: bytes, code: str = "") -> bytes:
    script = {"constants.pkl": b"\x80\x02).", "code/__torch__.py": code.encode()} if code else {}
    return stored({"data.pkl": b"\x80\x02" + pickled + b".", "version": b"3\n", **script})


def packed(*members: tuple[str, bytes], headers: Iterable[bytes] = ()) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in (("model.onnx", onnx(b"")), *members):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(b"".join(headers) + buffer.getvalue())


def extended(body: bytes) -> bytes:
    """A pax header."""
    member = tarfile.TarInfo("pax")
    member.type, member.size = b"x", len(body)
    return member.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


def keras(layers: list[Any], attributes: int = 0) -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver="latest") as file:
        config = {"class_name": "Sequential", "config": {"layers": layers}}
        file.attrs["model_config"] = json.dumps(config)
        file.create_group("model_weights").attrs["layer_names"] = [b"x"]
        for name in range(attributes):
            file.attrs[str(name)] = name
    return buffer.getvalue()


SYMBOL = {"heads": [[0, 0, 0]], "attrs": {"mxnet_version": ["int", 10801]}}
DENSE = {"class_name": "Dense", "config": {"name": "d", "batch_input_shape": [None, 3]}}
SCRIPT = "class Net(Module):\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n"
MODULE = b"c__torch__\nNet\n)\x81}b"
SAVED = {"data.pkl": b"\x80\x02}.", "version": b"3\n"}
PLACEHOLDER = b'node { name: "x" op: "Placeholder" }'
UBJSON = b"{L" + struct.pack(">q", 7) + b"learner["

# file, and its content
COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "ONNX nodes": ("m.onnx", lambda: onnx(span(1, span(4, b"Relu")) * COUNT)),
    "ONNX nodes without anything": ("m.onnx", lambda: onnx(span(1, b"") * COUNT)),
    "ONNX initializers": ("m.onnx", lambda: onnx(span(5, b"") * COUNT)),
    "ONNX integers of an attribute": (
        "m.onnx",
        lambda: onnx(span(1, span(5, span(8, b"\1" * COUNT) + number(8, 1) * COUNT))),
    ),
    "opcodes of a pickle": ("m.pth", lambda: torch(b")" + b"\x85" * COUNT)),
    "marks of a pickle": ("m.pth", lambda: torch(b"N" + b"(1" * COUNT)),
    "code of TorchScript": ("m.pth", lambda: torch(MODULE, SCRIPT + "    x = (x)\n" * COUNT)),
    "one line of TorchScript": (
        "m.pth",
        lambda: torch(MODULE, SCRIPT + "    x = " + "(" * 20_000),
    ),
    "records of a zip": ("m.pth", lambda: stored(SAVED | {str(n): b"" for n in range(COUNT)})),
    "nodes of a SavedModel": ("saved_model.pb", lambda: saved_model(span(1, b"") * COUNT)),
    "functions of a SavedModel": (
        "saved_model.pb",
        lambda: saved_model(b"", span(1, b"") * COUNT),
    ),
    "text of a graph": ("m.pbtxt", lambda: PLACEHOLDER + b"node{}" * COUNT),
    "layers of Keras": ("m.h5", lambda: keras([DENSE] * COUNT)),
    "attributes of HDF5": ("m.h5", lambda: keras([DENSE], COUNT)),
    "lists of JSON": (
        "m.json",
        lambda: b'{"learner": [' + b"[]," * 4 * COUNT + b"1]}",
    ),
    "lists of UBJSON": ("m.ubj", lambda: UBJSON + b"[]" * COUNT + b"]}"),
    "nodes of MXNet": (
        "m-symbol.json",
        lambda: json.dumps(
            SYMBOL | {"nodes": [{"op": "null", "name": "x", "inputs": []}] * COUNT}
        ).encode(),
    ),
    "headers of a tar": ("m.tar.gz", lambda: packed(headers=[extended(b"")] * COUNT)),
    "records of a pax header": (
        "m.tar.gz",
        lambda: packed(headers=[extended(b"6 a=b\n" * COUNT)]),
    ),
    "names of members": (
        "m.tar.gz",
        lambda: packed(*((f"{n}" + "x" * 3000, b"") for n in range(30))),
    ),
    "a handler": ("m.tar.gz", lambda: packed(("code/inference.py", b"import a\n" * COUNT))),
    "requirements": ("m.tar.gz", lambda: packed(("code/requirements.txt", b"numpy\n" * COUNT))),
    "a manifest in an artifact": (
        "m-ml_c5.tar.gz",
        lambda: packed(("neopack.json", b"[" + b"{}," * 4 * COUNT + b"1]")),
    ),
}


def judged(path: Path, limits: Limits) -> str:
    """The error in one line, or what was found and what could not be read."""
    try:
        report = neopack.check(path, target="ml_c5", options=CheckOptions(limits=limits))
    except NeopackError as error:
        return error.line()
    return " ".join([*(o.reason for o in report.not_checked), *(f.id for f in report.findings)])


@pytest.mark.parametrize("kind", COSTLY)
def test_each_reader_counts_into_the_budget(tmp_path: Path, kind: str) -> None:
    name, content = COSTLY[kind]
    (tmp_path / name).write_bytes(content())
    assert OVER in judged(tmp_path / name, LITTLE)
    assert OVER not in judged(tmp_path / name, DEFAULT_LIMITS)


def test_two_models_share_one_budget(tmp_path: Path) -> None:
    """Each alone is within it; a directory of both is not."""
    half = onnx(span(1, span(4, b"Relu")) * 20)
    limits = Limits(operations=250)
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(half)
        assert OVER not in judged(tmp_path / name, limits)
    shared = limits_for(tmp_path, limits)
    read_pickle(Cursor(BytesSource("p", b"N0" * 100 + b"N.")), shared)
    with pytest.raises(LimitExceeded, match="operations over the limit of 250"):
        read_pickle(Cursor(BytesSource("p", b"N0" * 100 + b"N.")), shared)


def test_a_larger_file_may_cost_more() -> None:
    limits = Limits(operations=10)
    for size, most in ((0, 10), (1 << 20, 20), (10 << 20, 110), (1 << 40, 500)):
        budget = limits.for_file(size).begun(0)
        budget.spend(most, "m")
        with pytest.raises(LimitExceeded, match=r"--limit operations=N|over the limit of 10"):
            budget.spend(1, "m")


def test_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx(span(1, span(4, b"Relu")) * COUNT))
    assert "raise it with --limit operations=N" in judged(path, LITTLE)
    raised = LITTLE.with_settings(["operations=1000000", "memory_bytes=100000000"])
    assert OVER not in judged(path, raised)


@pytest.mark.parametrize("text", ["[" + "{}," * 90_000 + "1]", "[" + "[]," * 90_000 + "1]"])
def test_values_of_json_are_counted_before_they_are_made(text: str) -> None:
    with pytest.raises(LimitExceeded, match="memory bytes over the limit"):
        read_json(text, "m.json", Limits(memory_bytes=3 << 20))
    with pytest.raises(LimitExceeded, match="memory bytes"):
        ArtifactManifest.loads(text.encode(), "m.json", Limits(memory_bytes=3 << 20))


@pytest.mark.parametrize("protocol", range(1, 6))
def test_bytes_of_a_pickle_cost_less_than_opcodes(protocol: int) -> None:
    """A booster lies in its pickle as bytes, which older protocols write as a call."""
    booster = bytearray(3 * DEFAULT_LIMITS.operations)
    text = pickle.dumps({"handle": booster}, protocol)
    cursor = Cursor(BytesSource("model.pkl", text))
    read = read_pickle(cursor, DEFAULT_LIMITS.for_file(len(text)))
    assert read.value["handle"] == booster
