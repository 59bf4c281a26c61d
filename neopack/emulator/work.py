"""The work of a compilation job: read the archive, judge it, compile it, or say why not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack import api, facts
from neopack.archive.read import extract_member, scan
from neopack.archive.write import write_archive
from neopack.artifacts.emulated import EMULATED, EmulatedMark
from neopack.emulator.reasons import reason, said
from neopack.emulator.script import JobScript
from neopack.emulator.storage import Lacking, Place, Storage, place
from neopack.errors import LimitExceeded, Malformed, NeopackError
from neopack.types import Member, Report, Target

__all__ = ["Order", "Outcome", "perform"]

MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
DENIED = frozenset({"403", "AccessDenied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a job was created with, and what the script says of it."""

    arn: str
    region: str
    request: Mapping[str, Any]
    script: JobScript

    @property
    def target(self) -> Target:
        output = self.request["OutputConfig"]
        if "TargetDevice" in output:
            return facts.target(output["TargetDevice"])
        platform = output["TargetPlatform"]
        words = [platform["Os"], platform["Arch"], platform.get("Accelerator", "")]
        return facts.target("/".join(word for word in words if word).lower())

    @property
    def input(self) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.request["InputConfig"]
        return config


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The artifact in a file of the emulator's, and where it goes; or the reason there is none."""

    reason: str = ""
    artifact: Path | None = None
    to: Place | None = None
    sha256: str = ""
    image: str = ""
    derived: str = ""
    lines: tuple[str, ...] = ()


def perform(order: Order, storage: Storage, folder: Path) -> Outcome:
    """Do the work of a job in ``folder``. Never raises what a job can end with."""
    if order.script.fails:
        return _failed(reason(order.script.fails, framework=order.input["Framework"]))
    source = place(order.input["S3Uri"])
    archive = folder / (source.key.rsplit("/", 1)[-1] or "model.tar.gz")
    try:
        refused = _region_refused(order, storage, source)
        if refused:
            return _failed(refused)
        storage.fetch(source, archive)
    except Lacking as lacking:
        return _failed(_not_fetched(lacking, source))
    if order.script.untouched:
        return _finished(order, archive, ("the model is handed back as it came",))
    return _compiled(order, archive, folder)


def _region_refused(order: Order, storage: Storage, source: Place) -> str:
    region = storage.region(source.bucket)
    if region == order.region:
        return ""
    return reason("s3-region", bucket=source.bucket, region=region, service=order.region)


def _not_fetched(lacking: Lacking, source: Place) -> str:
    if lacking.code in DENIED:
        return reason("s3-denied")
    if lacking.code in MISSING:
        return reason("s3-missing", bucket=source.bucket, key=source.key)
    return said(f"InputConfiguration: {lacking.code}: {lacking.message}")


def _compiled(order: Order, archive: Path, folder: Path) -> Outcome:
    try:
        report = _judged(order, archive)
    except (Malformed, LimitExceeded) as error:
        return _failed(reason("untar"), str(error))
    except NeopackError as error:
        return _failed(reason("server"), str(error))
    words = _what_neo_says(report)
    if words:
        return _failed(words, *(f"{f.level} {f.id}: {f.message}" for f in report.findings))
    made = _repacked(order, archive, folder)
    return _finished(order, made, ("nothing here compiles this: the model is as it came",))


def _judged(order: Order, archive: Path) -> Report:
    return api.check(
        archive,
        target=order.target.name,
        framework=order.input["Framework"],
        framework_version=order.input.get("FrameworkVersion"),
        data_input_config=order.input.get("DataInputConfig"),
        compiler_options=order.request["OutputConfig"].get("CompilerOptions"),
    )


def _what_neo_says(report: Report) -> str:
    """Neo's words for the first error for which any are known."""
    words = [finding.said_by_neo for finding in report.at("error") if finding.said_by_neo]
    return said(words[0]) if words else ""


def _repacked(order: Order, archive: Path, folder: Path) -> Path:
    """The members as they are, and the emulator's mark."""
    scanned = scan(archive)
    names = sorted(set(scanned.file_names()) - {EMULATED})
    members = [
        Member(name=name, path=extract_member(scanned, name, folder / f"member-{index}"))
        for index, name in enumerate(names)
    ]
    mark = folder / EMULATED
    mark.write_bytes(_mark(order).dumps())
    directories = [entry.name for entry in scanned.entries if entry.kind == "directory"]
    path = folder / "artifact.tar.gz"
    with path.open("xb") as stream:
        write_archive(
            stream,
            [*members, Member(name=EMULATED, path=mark)],
            directories=sorted({name for name in directories if name}),
        )
    return path


def _mark(order: Order, engine: str = "") -> EmulatedMark:
    return EmulatedMark(
        job=order.arn,
        target=order.target.name,
        framework=order.input["Framework"],
        engine=engine,
        source={"S3Uri": order.input["S3Uri"]},
    )


def _finished(order: Order, artifact: Path, lines: tuple[str, ...]) -> Outcome:
    with artifact.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Outcome(
        artifact=artifact,
        to=_output_place(order),
        sha256=digest,
        lines=(*lines, "an emulated compilation, not a Neo job"),
    )


def _output_place(order: Order) -> Place:
    """``<prefix>/<stem>-<target>.tar.gz``; a platform is ``<OS>_<ARCH>_<ACCELERATOR>``."""
    output = order.request["OutputConfig"]
    prefix = place(output["S3OutputLocation"])
    leaf = place(order.input["S3Uri"]).key.rsplit("/", 1)[-1]
    stem = leaf.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")
    target = order.target
    name = target.name.upper().replace("/", "_") if target.kind == "platform" else target.name
    folder = prefix.key.strip("/")
    return Place(bucket=prefix.bucket, key=f"{folder}/{stem}-{name}.tar.gz".lstrip("/"))


def _failed(why: str, *lines: str) -> Outcome:
    return Outcome(reason=why, lines=(*lines, why))
