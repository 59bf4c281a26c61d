"""The doors that a stranger's bytes come in by: each takes bytes and reads all of them."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neopack import facts
from neopack.api import check_targets
from neopack.archive.manifest import read_manifest
from neopack.archive.read import scan
from neopack.artifacts import compiled
from neopack.checks import repacking
from neopack.checks.checking import archive
from neopack.checks.explaining import explain_any
from neopack.checks.judging import ArchiveContents, Submission, context_of, judge
from neopack.errors import NeopackError
from neopack.formats import prototext, tar
from neopack.formats.elf import read_library
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.hdf5 import read_tree
from neopack.formats.mxparams import read_params
from neopack.formats.pickle import read_pickle
from neopack.formats.protobuf import LENGTH, Walker
from neopack.formats.source import BytesSource, Cursor
from neopack.formats.sstable import read_table
from neopack.formats.tar import TarEntry
from neopack.formats.ubjson import read_ubjson
from neopack.formats.zip import first_name, read_directory
from neopack.frameworks import registry
from neopack.frameworks.pytorch.script_code import ScriptSummary, read_code
from neopack.frameworks.tensorflow.bundle import read_bundle
from neopack.frameworks.tensorflow.schema import SCHEMA
from neopack.goldens.arrays import load_arrays
from neopack.options import CheckOptions
from neopack.project.settings import read_settings
from neopack.reports.registry import formats, render
from neopack.sagemaker import receipt

# in memory where the machine has such a place: some readers take nothing but a path
_MEMORY = "/dev/shm"  # noqa: S108
_FOLDER = tempfile.TemporaryDirectory(
    prefix="neopack-fuzz-", dir=_MEMORY if Path(_MEMORY).is_dir() else None
)
HERE = Path(_FOLDER.name)
# what a terminal obeys or hides: C0 but white space, C1, and marks of direction
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
AIMS = tuple(facts.target(name) for name in ("ml_c5", "ml_inf1", "linux/arm64/nvidia", "coreml"))


class Held:
    """Files in memory."""

    name = "held"

    def __init__(self, held: Mapping[str, bytes]) -> None:
        self._held = held

    def names(self) -> tuple[str, ...]:
        return tuple(self._held)

    def open(self, name: str) -> Any:
        return contextlib.nullcontext(BytesSource(name, self._held[name]))


def written(name: str, data: bytes) -> Path:
    path = HERE / name
    path.write_bytes(data)
    return path


# --- formats --------------------------------------------------------------------------------


def tars(data: bytes) -> None:
    list(tar.entries(Cursor(BytesSource("t", data))))


def zips(data: bytes) -> None:
    source = BytesSource("z", data)
    first_name(source)
    directory = read_directory(source)
    for name in directory.records:
        with contextlib.suppress(NeopackError):
            directory.read(name)


def pickles(data: bytes) -> None:
    read_pickle(Cursor(BytesSource("p", data)))


def protobufs(data: bytes) -> None:
    """Down into whatever may be a message."""
    walker = Walker(Cursor(BytesSource("p", data)))

    def down(fields: Any) -> None:
        for field in fields:
            if field.wire == LENGTH:
                with contextlib.suppress(NeopackError):
                    walker.text(field)
                down(walker.message(field))

    down(walker.top())


def prototexts(data: bytes) -> None:
    source = BytesSource("t", data)
    prototext.first_name(source)
    for root in ("GraphDef", "SavedModel"):
        with contextlib.suppress(NeopackError):
            prototext.transcode(source, SCHEMA, root)


def tables(data: bytes) -> None:
    source = BytesSource("index", data)
    list(read_table(source))
    read_bundle(source)


def hdf5s(data: bytes) -> None:
    source = BytesSource("h", data)
    with contextlib.suppress(NeopackError):
        read_tree(source, root_only=True)
    read_tree(source)


def libraries(data: bytes) -> None:
    read_library(BytesSource("l", data))


def ubjsons(data: bytes) -> None:
    read_ubjson(BytesSource("u", data))


def parameters(data: bytes) -> None:
    read_params(BytesSource("p", data))


def code(data: bytes) -> None:
    read_code(ScriptSummary(), "code/__torch__.py", data.decode("utf-8", "replace"))


# --- models ---------------------------------------------------------------------------------


class Model:
    """A framework's reader over one damaged file and the sound ones that lie beside it."""

    def __init__(self, framework: str, name: str, beside: Mapping[str, bytes] | None = None):
        self._framework = registry.get(framework)
        self._name, self._beside = name, beside or {}

    def __call__(self, data: bytes) -> None:
        words = self._framework.recognize(BytesSource(self._name, data))
        assert words is None or words
        files = Held({**self._beside, self._name: data})
        self._framework.read(files, self._name, DEFAULT_LIMITS)


class Part:
    """A framework's reader over a sound model and a damaged part of it."""

    def __init__(self, framework: str, model: str, held: Mapping[str, bytes], part: str):
        self._framework = registry.get(framework)
        self._model, self._held, self._part = model, held, part

    def __call__(self, data: bytes) -> None:
        files = Held({**self._held, self._part: data})
        self._framework.read(files, self._model, DEFAULT_LIMITS)


def strangers(data: bytes) -> None:
    """Any file by its bytes, then read and judged as what it is."""
    framework, _ = registry.recognize(BytesSource("model", data))
    info = framework.read(Held({"model": data}), "model", DEFAULT_LIMITS)
    entry = TarEntry(name="model", kind="file", size=len(data), offset=512)
    seen = ArchiveContents(
        name="m.tar.gz", entries=(entry,), framework=framework, model="model", info=info
    )
    for aim in AIMS:
        judge(context_of(seen, Submission(target=aim)))


class Checked:
    """All of ``check`` for a file of that name: reading, what lies beside, rules, the report."""

    def __init__(self, name: str, beside: Mapping[str, bytes] | None = None) -> None:
        self._name, self._beside = name, beside or {}

    def __call__(self, data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            for name, content in {**self._beside, self._name: data}.items():
                (Path(folder) / name).write_bytes(content)
            result = check_targets(Path(folder) / self._name, ["ml_c5"])
        for form in formats("checks")[1:]:  # text is made printable where it is printed
            if unseen := UNSEEN.search(render("checks", form, result)):
                raise AssertionError(f"{form} has {unseen.group()!r}")


# --- archives -------------------------------------------------------------------------------


def archives(data: bytes) -> None:
    """Scanned, judged and mended."""
    path = written("case.tar.gz", data)
    scanned = scan(path)
    subject = archive(path, scanned, CheckOptions(framework="PYTORCH"))
    judge(context_of(subject.contents, Submission(target=AIMS[0])))
    repacking.plan(scanned.entries, subject.contents.framework, AIMS[0], subject.model)


def artifacts(data: bytes) -> None:
    path = written("case-ml_c5.tar.gz", data)
    compiled.look(scan(path), None)


# --- what lies beside, and what is written by hand ------------------------------------------


def manifests(data: bytes) -> None:
    written("case.neopack.json", data)
    manifest = read_manifest(HERE / "case.tar.gz")
    assert manifest is not None


def receipts(data: bytes) -> None:
    receipt.read(written("case.job.json", data))


def settings(data: bytes) -> None:
    folder = HERE / "project"
    folder.mkdir(exist_ok=True)
    written("project/neopack.toml", data)
    read_settings(folder)


def goldens(data: bytes) -> None:
    load_arrays(written("case.npz", data))


def handlers(data: bytes) -> None:
    """code/ of an archive, before the rules of its container."""
    text = data.decode("utf-8", "replace")
    for name in ("PYTORCH", "TENSORFLOW", "KERAS"):
        seen = ArchiveContents(
            name="m.tar.gz",
            entries=(),
            framework=registry.get(name),
            code={"code/inference.py": text, "code/requirements.txt": text},
        )
        judge(context_of(seen, Submission(target=AIMS[0])), select=("NEO-HD",))


def strings(data: bytes) -> None:
    """The two strings of the call."""
    text = data.decode("utf-8", "replace")
    for name, aim in (("PYTORCH", AIMS[0]), ("ONNX", AIMS[2]), ("KERAS", AIMS[3])):
        seen = ArchiveContents(name="m.tar.gz", entries=(), framework=registry.get(name))
        asked = Submission(target=aim, data_input_config=text, compiler_options=text)
        judge(context_of(seen, asked))


def messages(data: bytes) -> None:
    explain_any(data.decode("utf-8", "replace"))
