"""What a load test sends: golden inputs, a file, or the files of a folder in turn."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.archive.manifest import Manifest, golden_path, manifest_path, read_manifest, stem
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.load import open_archive
from neopack.errors import NeopackError, UsageError
from neopack.facts.hosting import RequestForm
from neopack.goldens.cases import load_goldens
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.serving import golden_request
from neopack.serving.bodies import JSON, LARGEST_BODY, NPY
from neopack.values.artifact import Array

__all__ = ["Payload", "payloads_of", "payloads_of_archive"]

# an artifact's source is looked for among so many archives beside it
MOST_SOURCES = 1000
# bytes of numbers whose JSON takes a server a millisecond and more to read
LONG_IN_JSON = 16 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """``goldens`` is the .npz whose outputs the answer is compared with."""

    name: str
    content_type: str
    data: bytes
    accept: str = ""
    goldens: Path | None = None


def payloads_of_archive(
    archive: Path, content_type: str, preferred: str, seed: int
) -> tuple[Payload, ...]:
    """The golden inputs of ``archive``, or of the one beside it that it was compiled from; without
    golden numbers, inputs from ``seed``, whose answers are not compared. They are sent as
    ``content_type``; where it is empty, as ``preferred`` if JSON would be long and it holds so
    many inputs."""
    sent = _sent(archive, seed)
    form = _form(content_type, preferred, sent)
    payload = Payload(
        name=sent.name,
        content_type=form.content_type,
        data=golden_request.encoded(sent.inputs, form),
        accept=form.accept,
        goldens=sent.goldens,
    )
    return (payload,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """``outputs`` is how many the model has."""

    name: str
    inputs: Mapping[str, Array]
    outputs: int
    goldens: Path | None = None


def _sent(archive: Path, seed: int) -> _Sent:
    own = golden_path(archive)
    if own.is_file():
        return _golden(own)
    opened = open_archive(archive)
    of_source = _goldens_of_source(archive, opened.compiled)
    if of_source is not None:
        return _golden(of_source)
    return _Sent(
        name="seeded inputs",
        inputs=random_inputs(stand_ins(opened.signature), seed),
        outputs=len(opened.signature.outputs),
    )


def _golden(goldens: Path) -> _Sent:
    inputs, outputs = load_goldens(goldens)
    return _Sent(name=goldens.name, inputs=inputs, outputs=len(outputs), goldens=goldens)


def _form(content_type: str, preferred: str, sent: _Sent) -> RequestForm:
    """The answer in the form of the request, if that holds so many outputs."""
    size = sum(array.nbytes for array in sent.inputs.values())
    pays = size > LONG_IN_JSON and (preferred != NPY or len(sent.inputs) == 1)
    kind = content_type or (preferred if pays else JSON)
    is_one = kind != NPY or sent.outputs == 1
    return RequestForm(content_type=kind, accept=kind if is_one else JSON)


def _goldens_of_source(artifact: Path, compiled: ArtifactManifest | None) -> Path | None:
    """The golden numbers of the archive that ``artifact`` was compiled from, in its folder."""
    if compiled is None:
        return None
    likely = artifact.with_name(f"{stem(artifact).removesuffix(f'-{compiled.target}')}.tar.gz")
    for source in dict.fromkeys([likely, *_archives_in(artifact.parent)]):
        manifest = _manifest(source)
        if manifest and manifest.archive.sha256 == compiled.source_sha256:
            return golden_path(source) if golden_path(source).is_file() else None
    return None


def _archives_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*.tar.gz"))[:MOST_SOURCES]:
        if manifest_path(path).is_file():
            yield path


def _manifest(archive: Path) -> Manifest | None:
    """None for one that is broken, too: another archive's is none of our business."""
    try:
        return read_manifest(archive)
    except NeopackError:
        return None


def payloads_of(path: Path, content_type: str) -> tuple[Payload, ...]:
    """The file, or the files of the folder in the order of their names."""
    files = _files(path)
    if not files:
        raise UsageError(f"{path} has no files to send")
    return tuple(_payload(file, content_type) for file in files)


def _files(path: Path) -> Sequence[Path]:
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.is_file())
    if not path.is_file():
        raise UsageError(f"{path} does not exist", hint="--payload takes a file or a folder")
    return [path]


def _payload(file: Path, content_type: str) -> Payload:
    if file.stat().st_size > LARGEST_BODY:
        raise UsageError(f"{file} is larger than a request may be: {LARGEST_BODY} bytes")
    kind = content_type or mimetypes.guess_type(file.name)[0]
    if not kind:
        raise UsageError(
            f"the content type of {file} is unknown", hint="give it with --content-type"
        )
    return Payload(name=file.name, content_type=kind, data=file.read_bytes())
