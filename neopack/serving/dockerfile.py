"""A Dockerfile that serves an archive as ``neopack serve`` does, for any service that runs
containers: SageMaker starts one with ``serve``, and calls it on port 8080."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from neopack import __version__
from neopack.archive.read import scan
from neopack.artifacts.load import open_archive, require_file
from neopack.errors import OutputError, UsageError
from neopack.options import ServeOptions
from neopack.outputs.staging import staging_directory
from neopack.serving.hosting import script_of

__all__ = ["write_dockerfile"]

# the newest Python that every extra has wheels for (2026)
IMAGE = "python:3.13-slim"
# engines and frameworks by the extras that bring them, where the names differ
EXTRAS = {
    "onnxruntime": "onnx", "pytorch": "torch", "mxnet": "onnx", "tvm": "runtimes",
}  # fmt: skip
TEXT = """\
# written by neopack {version}: serves {model} as `neopack serve` does
#     docker build -t NAME .
#     docker run --read-only --tmpfs /tmp -p 8080:8080 NAME
FROM {image}
RUN pip install --no-cache-dir "neopack[{extras}]=={version}"
{requirements}COPY model.tar.gz /opt/ml/model.tar.gz
RUN useradd --create-home model
USER model
EXPOSE 8080
# SageMaker adds the argument `serve`, which is not neopack's
ENTRYPOINT ["sh", "-c", {command}]
"""


def write_dockerfile(archive: Path, options: ServeOptions, folder: Path) -> Path:
    """Write a Dockerfile and the archive into ``folder``, which is new or empty; the Dockerfile's
    path. Raises ``NeopackError`` for an archive that cannot be served, ``OutputError`` for a
    folder that has something in it."""
    require_file(archive)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError("is not an empty folder", where=str(folder), hint="name a new one")
    scanned = scan(archive)
    script = script_of(scanned, {})
    engine = "" if script else open_archive(archive).engine.lower()
    if engine == "tvm":
        raise UsageError("TVM's runtime is in no package that a Dockerfile can name")
    extras = ",".join(dict.fromkeys(("serve", EXTRAS.get(engine, engine) or "all")))
    text = TEXT.format(
        version=__version__,
        model=archive.name,
        image=IMAGE,
        extras=extras,
        requirements="",
        command=json.dumps(_command(options)),
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with staging_directory(folder.parent) as staged:
        (staged / "Dockerfile").write_text(text)
        shutil.copyfile(archive, staged / "model.tar.gz")
        folder.mkdir(exist_ok=True)
        for path in staged.iterdir():
            path.replace(folder / path.name)
    return folder / "Dockerfile"


def _command(options: ServeOptions) -> str:
    words = [
        "exec neopack serve /opt/ml/model.tar.gz --host 0.0.0.0",
        f"--workers {options.workers} --threads {options.threads}",
    ]
    return " ".join(words)
