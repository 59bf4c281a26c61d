"""The work of a compilation job: read the archive, judge it, compile it, or fail."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack import api, facts
from neopack.archive.read import ArchiveScan, scan
from neopack.emulator import loader
from neopack.emulator.compiler import CompilationTask, compile_model, has_loader
from neopack.emulator.reasons import reason, said
from neopack.emulator.rules import target_of
from neopack.emulator.script import JobScript
from neopack.emulator.storage import NoSuchObject, ObjectPlace, Storage, place
from neopack.errors import LimitExceeded, LoaderRefused, Malformed, NeopackError
from neopack.facts.images import inference_image
from neopack.frameworks import registry as frameworks
from neopack.values.finding import Report
from neopack.values.target import Target

__all__ = ["CompilationOrder", "CompilationResult", "perform"]

INPUT = "InputConfiguration"
MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
DENIED = frozenset({"403", "AccessDenied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilationOrder:
    """The parameters of a job, and its part of the script. ``engines`` may compile it."""

    arn: str
    region: str
    request: Mapping[str, Any]
    script: JobScript
    engines: tuple[str, ...] | None = None

    @property
    def target(self) -> Target:
        return target_of(self.request["OutputConfig"])

    @property
    def input(self) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.request["InputConfig"]
        return config


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilationResult:
    """The artifact in a file of the emulator, and its place in S3; or the reason of failure."""

    reason: str = ""
    artifact: Path | None = None
    to: ObjectPlace | None = None
    sha256: str = ""
    image: str = ""
    derived: str = ""
    lines: tuple[str, ...] = ()


def perform(order: CompilationOrder, storage: Storage, folder: Path) -> CompilationResult:
    """Do the work of a job in ``folder``. Failures of the job are results, not exceptions."""
    if order.script.fails:
        return _failed(reason(order.script.fails, framework=order.input["Framework"]))
    source = place(order.input["S3Uri"])
    archive = folder / (source.key.rsplit("/", 1)[-1] or "model.tar.gz")
    try:
        refused = _region_refused(order, storage, source)
        if refused:
            return _failed(refused)
        storage.fetch(source, archive)
    except NoSuchObject as error:
        return _failed(_not_fetched(error, source))
    if order.script.untouched:
        return _finished(order, archive, ("the model is returned unchanged",))
    return _compiled(order, archive, folder)


def _region_refused(order: CompilationOrder, storage: Storage, source: ObjectPlace) -> str:
    region = storage.region(source.bucket)
    if region == order.region:
        return ""
    return reason("s3-region", bucket=source.bucket, region=region, service=order.region)


def _not_fetched(error: NoSuchObject, source: ObjectPlace) -> str:
    if error.code in DENIED:
        return reason("s3-denied")
    if error.code in MISSING:
        return reason("s3-missing", bucket=source.bucket, key=source.key)
    return said(f"InputConfiguration: {error.code}: {error.message}")


def _compiled(order: CompilationOrder, archive: Path, folder: Path) -> CompilationResult:
    try:
        scanned = scan(archive)
    except (Malformed, LimitExceeded) as error:
        return _failed(reason("untar"), str(error))
    if order.input["Framework"] not in frameworks.names():
        return _made(order, archive, folder)
    report = _judged(order, archive)
    words = _what_neo_says(order, report, scanned)
    if words:
        return _failed(words, *(f"{f.level} {f.id}: {f.message}" for f in report.findings))
    return _made(order, archive, folder)


def _made(order: CompilationOrder, archive: Path, folder: Path) -> CompilationResult:
    task = CompilationTask(
        archive=archive,
        folder=folder,
        target=order.target,
        job=order.arn,
        framework=order.input["Framework"],
        source={"S3Uri": order.input["S3Uri"]},
        config=order.input.get("DataInputConfig"),
        options=order.request["OutputConfig"].get("CompilerOptions"),
        version=order.input.get("FrameworkVersion", ""),
        engines=order.engines,
    )
    title = facts.framework(order.input["Framework"]).title
    try:
        made = compile_model(task)
    except LoaderRefused as error:
        return _failed(_refusal(error.message, title))
    except NeopackError as error:
        return _failed(said(f"CompilationError: Failed to compile {title} model: {error}"))
    return _finished(order, made.path, (made.how,), made.derived)


def _refusal(words: str, title: str) -> str:
    """The loader's sentence, with the beginning that it gives to most of them."""
    if not words.startswith(INPUT):
        words = (
            f"{INPUT}: TVM cannot convert {title} model. Please make sure the framework you "
            f"selected is correct. {words}"
        )
    return said(words)


def _judged(order: CompilationOrder, archive: Path) -> Report:
    return api.check(
        archive,
        target=order.target.name,
        framework=order.input["Framework"],
        framework_version=order.input.get("FrameworkVersion"),
        data_input_config=order.input.get("DataInputConfig"),
        compiler_options=order.request["OutputConfig"].get("CompilerOptions"),
    )


def _what_neo_says(order: CompilationOrder, report: Report, scanned: ArchiveScan) -> str:
    """Neo's message for the first error with a known message, or "" if the job continues.

    For the members of an archive, a verdict of the loader overrides neopack's rules; for its
    operators, the loader that is installed here is asked later, when it compiles the model.
    """
    name, version = order.input["Framework"], order.input.get("FrameworkVersion", "")
    verdict = loader.verdict(name, order.target, version, scanned.entries)
    errors = report.at("error")
    if verdict == "takes":
        errors = tuple(finding for finding in errors if not loader.is_about_names(finding))
    if has_loader(name, version, order.target, order.engines):
        errors = tuple(finding for finding in errors if not loader.is_about_operators(finding))
    words = [finding.said_by_neo for finding in errors if finding.said_by_neo]
    if not words and verdict == "refuses":
        words = [f"InputConfiguration: Framework cannot load {facts.framework(name).title} model"]
    return said(words[0]) if words else ""


def _finished(
    order: CompilationOrder, artifact: Path, lines: tuple[str, ...], derived: str = ""
) -> CompilationResult:
    with artifact.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return CompilationResult(
        artifact=artifact,
        to=_output_place(order),
        sha256=digest,
        image=_image(order),
        # only if the caller left it to the service (guide, neo-troubleshooting, 2026)
        derived="" if "DataInputConfig" in order.input else derived,
        lines=(*lines, "an emulated compilation, not a Neo job"),
    )


def _image(order: CompilationOrder) -> str:
    framework, version = order.input["Framework"], order.input.get("FrameworkVersion", "")
    return inference_image(framework, version, order.target, order.region)


def _output_place(order: CompilationOrder) -> ObjectPlace:
    """``<prefix>/<stem>-<target>.tar.gz``; a platform is ``<OS>_<ARCH>_<ACCELERATOR>``."""
    output = order.request["OutputConfig"]
    prefix = place(output["S3OutputLocation"])
    leaf = place(order.input["S3Uri"]).key.rsplit("/", 1)[-1]
    stem = leaf.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")
    target = order.target
    name = target.name.upper().replace("/", "_") if target.kind == "platform" else target.name
    folder = prefix.key.strip("/")
    return ObjectPlace(bucket=prefix.bucket, key=f"{folder}/{stem}-{name}.tar.gz".lstrip("/"))


def _failed(why: str, *lines: str) -> CompilationResult:
    return CompilationResult(reason=why, lines=(*lines, why))
