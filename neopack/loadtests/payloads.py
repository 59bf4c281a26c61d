"""What a load test sends: golden inputs, a file, or the files of a folder in turn."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.archive.manifest import golden_path
from neopack.errors import UsageError
from neopack.facts.hosting import RequestForm
from neopack.serving import golden_request
from neopack.serving.bodies import JSON, LARGEST_BODY

__all__ = ["Payload", "payloads_of", "payloads_of_goldens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """``goldens`` is the .npz whose outputs the answer is compared with."""

    name: str
    content_type: str
    data: bytes
    accept: str = ""
    goldens: Path | None = None


def payloads_of_goldens(archive: Path, content_type: str) -> tuple[Payload, ...]:
    """The golden inputs of ``archive`` in that form. Raises ``UsageError`` where it has none."""
    goldens = golden_path(archive)
    if not goldens.is_file():
        raise UsageError(
            f"{goldens.name} is not beside {archive.name}, so nothing is known to send",
            hint="give a request with --payload FILE and --content-type",
        )
    form = RequestForm(content_type=content_type or JSON, accept=content_type or JSON)
    data = golden_request.body(goldens, form)
    payload = Payload(
        name=goldens.name,
        content_type=form.content_type,
        data=data,
        accept=form.accept,
        goldens=goldens,
    )
    return (payload,)


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
