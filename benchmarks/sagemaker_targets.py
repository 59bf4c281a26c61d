"""Try every target and framework of the newest support table at the emulator.

    python benchmarks/sagemaker_targets.py              # the 37 devices, 9 frameworks
    python benchmarks/sagemaker_targets.py --platforms  # and the listed platforms

The output has the request and the outcome of each pair. A pair that the table does not list must
be refused before anything is sent; a listed pair must be COMPLETED. For a framework that neopack
does not package, the request is validated but not sent. The last line counts the outcomes; the
exit code is 1 for any other outcome.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import neopack
from neopack import facts
from neopack.emulator import Emulator, EmulatorScript, Span, Timeline
from neopack.errors import CheckFailed, NeopackError
from neopack.options import Connection, JobOptions
from neopack.sagemaker.following import JobOutcome, Waiting
from neopack.sagemaker.location import Location
from neopack.sagemaker.request import JobInput, JobRequest, JobSettings, build
from neopack.sagemaker.submitting import plan, submit
from neopack.sagemaker.validate import refuse_what_is_wrong
from neopack.sagemaker.watch import Pace
from neopack.values.log import SilentLog
from neopack.values.target import Target

ROOT = Path(__file__).parents[1]
ROLE = "arn:aws:iam::123456789012:role/neo"
REGION = "us-west-2"
ONCE = Span(describes=1)
NOW = Waiting(pace=Pace(first=0, spacing=0))
# the sources: packaged once for the first target, and checked again for each
SOURCES: dict[str, dict[str, Any]] = {
    "PYTORCH": {
        "model": f"{ROOT}/tests/tiny_models.py:cnn",
        "inputs": {"image": (1, 3, 8, 8)},
    },
    "ONNX": {"model": ROOT / "fixtures/onnx/cnn-opset12.onnx"},
    "XGBOOST": {"model": ROOT / "fixtures/xgboost/dart-1.3.3.model"},
    "TENSORFLOW": {
        "model": ROOT / "fixtures/tensorflow/2/saved-model",
        "inputs": {"images": (1, 8, 8, 3)},
    },
    "KERAS": {"model": ROOT / "fixtures/keras/cnn-2.2.4.h5"},
    "MXNET": {
        "model": ROOT / "fixtures/mxnet/gluon",
        "inputs": {"data": (1, 3, 8, 8)},
    },
}
# a TargetPlatform with an NVIDIA accelerator needs these options
NVIDIA = '{"gpu-code":"sm_62","trt-ver":"6.0.1","cuda-ver":"10.0"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    framework: str
    target: str
    listed: bool
    request: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    right: bool = True


def region_of(target: Target) -> str:
    return next(iter(facts.regions(target)), REGION)


def job_options(target: Target) -> JobOptions:
    wants_options = target.kind == "platform" and target.accelerator == "NVIDIA"
    return JobOptions(
        role=ROLE,
        output=f"s3://models-{region_of(target)}/neo",
        connection=Connection(region=region_of(target)),
        compiler_options=NVIDIA if wants_options else None,
        allow_retired=True,
        force=True,
    )


def walk(archives: Mapping[str, Path], targets: list[Target]) -> Iterator[Row]:
    for framework in facts.frameworks():
        for target in targets:
            listed = facts.support(framework.name, target) is not None
            row = Row(framework=framework.name, target=target.name, listed=listed)
            archive = archives.get(framework.name)
            yield by_request(row, target) if archive is None else by_job(row, archive, target)


def by_request(row: Row, target: Target) -> Row:
    """Build and validate the request without an archive to send."""
    if not row.listed:
        return replace(row, outcome="not listed")
    settings = JobSettings(
        role=ROLE, output=Location.of(f"s3://models-{region_of(target)}"), region=region_of(target)
    )
    subject = JobInput(
        stem="model",
        content_sha256="0" * 64,
        framework=row.framework,
        framework_version=facts.default_version(row.framework, target),
        target=target,
        data_input_config='{"input":[1,3,224,224]}',
    )
    request = build(subject, settings)
    try:
        refuse_what_is_wrong(request)
    except NeopackError as error:
        return replace(row, outcome=error.line(), right=False)
    return replace(row, request=brief(request), outcome="request valid, no archive yet")


def by_job(row: Row, archive: Path, target: Target) -> Row:
    try:
        _, (planned,) = plan(archive, [target.name], job_options(target), region_of(target))
    except CheckFailed as refused:
        word = f"refused here: {refused.message.split(':')[0]}"
        return replace(row, outcome=word, right=not row.listed)
    row = replace(row, request=brief(planned.request))
    try:
        (outcome,) = submit(archive, [target.name], job_options(target), NOW, SilentLog())
    except NeopackError as error:
        return replace(row, outcome=error.line(), right=False)
    return replace(row, outcome=summary(outcome), right=outcome.artifact is not None)


def brief(request: JobRequest) -> dict[str, Any]:
    """Return the fields of the request that differ between pairs."""
    given, output = request.body["InputConfig"], request.body["OutputConfig"]
    return {
        "version": given.get("FrameworkVersion", "-"),
        "config": given.get("DataInputConfig", "-"),
        "options": output.get("CompilerOptions", "-"),
        "region": request.settings.region,
    }


def summary(outcome: JobOutcome) -> str:
    if outcome.artifact is None:
        return f"{outcome.job.status}: {outcome.job.reason}"
    made = json.loads(outcome.artifact.manifest.read_text())["members"]
    engine = "compiled by openvino" if "compiled.xml" in made else "handed back as it came"
    return f"COMPLETED, {engine}"


def shown(row: Row) -> str:
    request = row.request
    words = [request.get(key, "") for key in ("version", "config", "options")]
    mark = " " if row.right else "!"
    return (
        f"{mark} {row.framework:10} {row.target:26} {words[0]:7} {words[1]:26} {words[2]:44} "
        + (row.outcome)
    )


def prepared(aws: Emulator, folder: Path, targets: list[Target]) -> dict[str, Path]:
    """Create buckets in every region that is needed, and write the archives."""
    for region in sorted({region_of(target) for target in targets}):
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        bucket = {"Bucket": f"models-{region}"} | (place if region != "us-east-1" else {})
        aws.client("s3", region=region).create_bucket(**bucket)
    archives = {}
    for framework, source in SOURCES.items():
        archives[framework] = folder / f"{framework.lower()}.tar.gz"
        neopack.package(path=archives[framework], **source)
    return archives


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platforms", action="store_true")
    parser.add_argument("--only", action="append", help="a target")
    options = parser.parse_args()
    targets = list(facts.targets())
    if options.platforms:
        targets += facts.platforms()
    targets = [target for target in targets if not options.only or target.name in options.only]
    script = EmulatorScript(timeline=Timeline(starting=ONCE, running=ONCE, stopping=ONCE))
    rows = []
    with Emulator(script) as aws, tempfile.TemporaryDirectory() as folder:
        os.environ.update(aws.environment)
        archives = prepared(aws, Path(folder), targets)
        for row in walk(archives, targets):
            rows.append(row)
            if row.listed or not row.right or row.framework in archives:
                print(shown(row), flush=True)
    wrong = [row for row in rows if not row.right]
    done = [row for row in rows if row.outcome.startswith("COMPLETED")]
    valid = [row for row in rows if row.outcome.startswith("request valid")]
    print(
        f"{len(rows)} pairs of the table of {facts.newest()}: {len(done)} jobs COMPLETED, "
        f"{len(valid)} requests valid, {len(rows) - len(done) - len(valid) - len(wrong)} refused "
        f"here or not listed, {len(wrong)} ended otherwise"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
