"""What a load test sends: golden inputs, a file, or the files of a folder in turn."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.archive.manifest import golden_path, read_manifest, stem
from neopack.artifacts.load import open_archive
from neopack.errors import UsageError
from neopack.facts.hosting import RequestForm
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.serving import golden_request
from neopack.serving.bodies import JSON, LARGEST_BODY

__all__ = ["Payload", "payloads_of", "payloads_of_archive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """``goldens`` is the .npz whose outputs the answer is compared with."""

    name: str
    content_type: str
    data: bytes
    accept: str = ""
    goldens: Path | None = None


def payloads_of_archive(archive: Path, content_type: str, seed: int) -> tuple[Payload, ...]:
    """The golden inputs of ``archive``, or of the one beside it that it was compiled from; without
    golden numbers, inputs from ``seed``, whose answers are not compared."""
    form = RequestForm(content_type=content_type or JSON, accept=content_type or JSON)
    goldens = _goldens(archive)
    if goldens is None:
        requests = stand_ins(open_archive(archive).signature)
        data, name = golden_request.encoded(random_inputs(requests, seed), form), "seeded inputs"
    else:
        data, name = golden_request.body(goldens, form), goldens.name
    payload = Payload(
        name=name,
        content_type=form.content_type,
        data=data,
        accept=form.accept,
        goldens=goldens,
    )
    return (payload,)


def _goldens(archive: Path) -> Path | None:
    """The golden numbers beside ``archive``, or beside the archive it was compiled from."""
    own = golden_path(archive)
    if own.is_file():
        return own
    compiled = open_archive(archive).compiled
    if compiled is None:
        return None
    source = archive.with_name(f"{stem(archive).removesuffix(f'-{compiled.target}')}.tar.gz")
    manifest = read_manifest(source)
    if manifest is None or manifest.archive.sha256 != compiled.source_sha256:
        return None
    return golden_path(source) if golden_path(source).is_file() else None


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
