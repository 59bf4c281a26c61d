"""A compilation that is done already: an artifact names what it was compiled from, and with what.

The same archive, golden outputs, target, engine, options, calibration data and CPU, by the digests
of their contents, give the same artifact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from neopack import __version__, distributions
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.load import open_archive, refuse_changed
from neopack.compiling.metrics import METRICS
from neopack.engines import Engine
from neopack.errors import NeopackError
from neopack.options import CompileOptions
from neopack.runtimes import this_cpu
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.model import Member
from neopack.values.quantization import AUTO, QUANTIZED, Calibration

__all__ = ["compilation_digest", "earlier_artifact"]


def compilation_digest(
    archive_sha256: str,
    request: CompilationRequest,
    engines: Sequence[Engine],
    settings: CompileOptions,
) -> str:
    """SHA-256, in hex, of all that the artifact follows from; "" where the user's own code is part
    of that, whose contents nobody can tell."""
    calibration = settings.calibrated
    if calibration is not None and _is_code(calibration):
        return ""
    named = [
        __version__,
        archive_sha256,
        request.target.name,
        *(f"{engine.name} {engine.available().version}" for engine in engines),
        f"nncf {distributions.version('nncf')}" if _quantizes(settings) else "",
        settings.digest(),
        this_cpu.identity(),
        *([_digest(request.goldens)] if request.goldens else [""]),
        *(_digest(path) for path in _files(calibration)),
    ]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def earlier_artifact(path: Path) -> tuple[str, CompiledArtifact] | None:
    """The artifact at ``path`` and the digest of what it follows from; None where there is not a
    whole artifact that says so."""
    if not path.is_file():
        return None
    try:
        opened = open_archive(path)
        manifest = opened.compiled
        if manifest is None or not manifest.compilation:
            return None
        if set(manifest.digests) != set(manifest.members):  # nobody could tell what is damaged
            return None
        refuse_changed(opened.scan, manifest)
    except NeopackError:
        return None
    return manifest.compilation, _artifact(manifest, path)


def _artifact(manifest: ArtifactManifest, path: Path) -> CompiledArtifact:
    return CompiledArtifact(
        engine=manifest.engine,
        engine_version=manifest.engine_version,
        target=manifest.target,
        precision=manifest.precision,
        members=tuple(Member(name=name, path=path) for name in manifest.members),
        signature=manifest.signature,
        options=manifest.options,
        difference=manifest.difference,
        quantization=manifest.quantization,
        trials=manifest.trials,
        path=path,
        unchanged=True,
    )


def _quantizes(settings: CompileOptions) -> bool:
    return settings.precision in (*QUANTIZED, AUTO)


def _is_code(calibration: Calibration) -> bool:
    own_metric = calibration.metric is not None and calibration.metric not in METRICS
    return own_metric or not (calibration.is_random or Path(calibration.data).exists())


def _files(calibration: Calibration | None) -> Iterator[Path]:
    path = Path(calibration.data) if calibration is not None else Path()
    if path.is_file():
        yield path
    elif calibration is not None and path.is_dir():
        yield from (each for each in sorted(path.rglob("*")) if each.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
