"""A Dockerfile that serves an archive as ``neopack serve`` does. SageMaker starts such a container
with the argument ``serve``, and calls it on port 8080."""

from __future__ import annotations

import json
import posixpath
from pathlib import Path

from neopack import distributions
from neopack.archive.read import ArchiveScan, MemberSource, scan
from neopack.artifacts.load import find_model, open_archive, require_file
from neopack.engines import registry as engines
from neopack.errors import NeopackError
from neopack.frameworks import registry as frameworks
from neopack.outputs.atomic import AtomicOutputs
from neopack.serving.hosting import compiled_for, script_of
from neopack.serving.options import ServeOptions
from neopack.serving.requirements import REQUIREMENTS

__all__ = ["write_dockerfile"]

# the newest Python that every extra has wheels for (2026)
IMAGE = "python:3.13-slim"
TEXT = """\
# Serves {model} as `neopack serve` does:
#     docker build -t NAME .
#     docker run -p 8080:8080 NAME
FROM {image}
{steps}COPY model.tar.gz /opt/ml/model.tar.gz
RUN useradd --create-home model
USER model
EXPOSE 8080
# the argument `serve`, with which SageMaker starts a container, is not neopack's
ENTRYPOINT ["sh", "-c", {command}]
"""
COPIED = 1 << 20


def write_dockerfile(
    archive: Path, options: ServeOptions, folder: Path, *, force: bool = False
) -> tuple[Path, ...]:
    """Write a Dockerfile and the archive into ``folder``, with the requirements of its script.

    Raises ``NeopackError`` for what cannot be served, ``OutputError`` for files that are there.
    """
    require_file(archive)
    scanned = scan(archive)
    requirements = _requirements(scanned)
    model = archive.read_bytes()
    paths = [folder / "Dockerfile", folder / "model.tar.gz"]
    text = TEXT.format(
        model=archive.name,
        image=IMAGE,
        steps=_steps(",".join(_extras(archive, scanned)), bool(requirements)),
        command=json.dumps(_command(options)),
    )
    contents = [text.encode(), model]
    if requirements:
        paths.append(folder / "requirements.txt")
        contents.append(requirements)
    with AtomicOutputs(force=force) as outputs:
        for path, content in zip(paths, contents, strict=True):
            outputs.open(path).write(content)
    return tuple(paths)


def _steps(extras: str, has_requirements: bool) -> str:
    version = distributions.version("neopack")
    lines = [f'RUN pip install --no-cache-dir "neopack[{extras}]=={version}"']
    if has_requirements:
        lines += [
            "COPY requirements.txt /tmp/requirements.txt",
            "RUN pip install --no-cache-dir -r /tmp/requirements.txt",
        ]
    return "".join(f"{line}\n" for line in lines)


def _extras(archive: Path, scanned: ArchiveScan) -> tuple[str, ...]:
    """What the model needs; everything, where only its script knows that."""
    if script_of(scanned, {}, compiled_for(scanned)) is not None:
        try:
            opened = open_archive(archive)
        except NeopackError:
            model = find_model(scanned)
            return ("serve", frameworks.extra_of(model[0].name)) if model else ("all",)
    else:
        opened = open_archive(archive)
    extra = (
        engines.extra_of(opened.engine)
        if opened.compiled
        else frameworks.extra_of(opened.framework)
    )
    return ("serve", extra)


def _requirements(scanned: ArchiveScan) -> bytes:
    for name in scanned.file_names():
        if posixpath.normpath(name) == REQUIREMENTS:
            with MemberSource(scanned, name) as source:
                return source.read(0, min(source.size, COPIED))
    return b""


def _command(options: ServeOptions) -> str:
    """One line of a shell, which leaves out what SageMaker adds."""
    most = f" --max-memory {options.max_memory}" if options.max_memory else ""
    return (
        "exec neopack serve /opt/ml/model.tar.gz --host 0.0.0.0 --port 8080 "
        f"--workers {options.workers} --threads {options.threads} --timeout {options.timeout:g} "
        f"--max-batch {options.max_batch} --max-wait-ms {options.max_wait_ms:g}{most}"
    )
