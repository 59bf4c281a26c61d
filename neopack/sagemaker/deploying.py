"""The steps of ``deploy`` and ``undeploy``: plan, upload, create, wait, ask once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import golden_path
from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts.compiled_manifest import ArtifactManifest, beside
from neopack.artifacts.load import is_compiled, job_manifest, require_file
from neopack.artifacts.own_names import MARK, own_member
from neopack.errors import Malformed, NeopackError, ServiceError, UsageError
from neopack.facts.hosting import RequestForm, request_form
from neopack.facts.notices import notices_for
from neopack.goldens.cases import load_goldens
from neopack.options import Connection, DeployOptions, WaitOptions
from neopack.sagemaker import endpoints, upload
from neopack.sagemaker.account import Account
from neopack.sagemaker.hosting import EndpointPlan, plan
from neopack.sagemaker.watch import Pace
from neopack.serving import golden_request
from neopack.values.json import Json
from neopack.values.log import Log

__all__ = [
    "Deployment",
    "FirstRequest",
    "deploy",
    "described",
    "place",
    "planned",
    "requests_of",
    "undeploy",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRequest:
    """The first request. ``difference`` is relative to the largest golden output, None where
    the answer could not be compared; ``milliseconds`` is of the whole call."""

    content_type: str
    milliseconds: float
    difference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    endpoint: str
    arn: str
    status: str
    region: str
    model: str
    config: str
    image: str
    image_from: str
    instance: str
    environment: Mapping[str, str]
    smoke: FirstRequest | None = None


def described(compiled: Path) -> ArtifactManifest:
    """The manifest beside a job's artifact. Raises ``UsageError`` where it is absent."""
    require_file(compiled)
    scanned = scan(compiled)
    manifest = job_manifest(scanned)
    if manifest is not None:
        return manifest
    if beside(compiled).is_file():
        raise Malformed(
            "has changed since it was fetched",
            where=str(compiled),
            hint="neopack jobs attach fetches it again; a local compilation needs another name",
        )
    raise _no_artifact_of_a_job(scanned)


def _no_artifact_of_a_job(scanned: ArchiveScan) -> UsageError:
    if is_compiled(scanned) and not own_member(MARK, scanned.file_names()):
        return UsageError(
            "was compiled here, and SageMaker's containers serve what Neo compiled",
            where=str(scanned.path),
            hint="neopack compile --backend sagemaker compiles it as a job",
        )
    return UsageError(
        "nothing beside it says which job made it",
        where=str(scanned.path),
        hint="neopack jobs attach fetches an artifact with what is known of it",
    )


def planned(compiled: Path, settings: DeployOptions) -> tuple[ArtifactManifest, EndpointPlan]:
    """What would be created; needs no network."""
    manifest = described(compiled)
    stem = compiled.name.removesuffix(".gz").removesuffix(".tar")
    return manifest, plan(stem, manifest, settings)


def deploy(
    compiled: Path,
    settings: DeployOptions,
    connection: Connection,
    *,
    wait: WaitOptions,
    content_type: str = "",
    ask: bool = True,
    log: Log,
) -> Deployment:
    """Serve what a job made, on an endpoint. What was begun and failed is said, never hidden."""
    manifest, hosting = planned(compiled, settings)
    assert manifest.job is not None  # noqa: S101 - plan refuses it
    target = facts.target(manifest.target)
    if target.retired:
        log.warn(f"{target.retired}: AWS may refuse this")
    for notice in notices_for(target, manifest.framework):
        log.warn(notice.line)
    account = Account(replace(connection, region=connection.region or manifest.job.region))
    _refuse_region(account, manifest)
    if account.endpoint:
        log.note(f"AWS is {account.endpoint}")
    log.note(f"image {hosting.image}, by {hosting.image_from}")
    _upload(account, compiled, manifest, hosting, log)
    try:
        endpoints.bring_up(account, hosting, log)
        if wait.wait:
            pace = Pace.polling(wait.poll)
            endpoint = endpoints.wait(account, hosting.endpoint, pace, wait.timeout, log)
        else:
            endpoint = endpoints.describe(account, hosting.endpoint)
        if endpoint is None or endpoint.status == "Failed":
            why = endpoint.reason if endpoint else "it is gone"
            raise ServiceError(f"endpoint {hosting.endpoint} failed: {why}", code="Failed")
    except NeopackError as error:
        rest = f"what was made stays: neopack undeploy {hosting.endpoint}"
        error.hint = "; ".join(filter(None, [error.hint, rest]))
        raise
    deployment = Deployment(
        endpoint=hosting.endpoint,
        arn=endpoint.arn,
        status=endpoint.status,
        region=account.region,
        model=hosting.model,
        config=hosting.config,
        image=hosting.image,
        image_from=hosting.image_from,
        instance=hosting.instance,
        environment=hosting.environment,
    )
    if not (ask and wait.wait):
        return deployment
    return replace(
        deployment, smoke=_smoke(account, compiled, manifest, hosting, content_type, log)
    )


def place(
    compiled: Path,
    manifest: ArtifactManifest,
    hosting: EndpointPlan,
    connection: Connection,
    log: Log,
) -> None:
    """See to it that the artifact is in S3 where ``hosting`` says."""
    _upload(Account(connection), compiled, manifest, hosting, log)


def _refuse_region(account: Account, manifest: ArtifactManifest) -> None:
    region = manifest.job.region if manifest.job else ""
    if account.region != region:
        raise UsageError(
            f"the artifact is in {region}, the endpoint would be in {account.region}",
            where="--region",
            hint="compile it there",
        )


def _upload(
    account: Account, compiled: Path, manifest: ArtifactManifest, hosting: EndpointPlan, log: Log
) -> None:
    """To its place beside the job's, unless it is the job's own."""
    if manifest.job is not None and str(hosting.data) == manifest.job.artifact:
        return
    scanned = scan(compiled)
    payload = upload.Payload(
        path=compiled,
        bytes=scanned.archive_bytes,
        sha256=scanned.sha256,
        content_sha256=scanned.content_sha256,
    )
    upload.upload(account, payload, hosting.data, log)


def _smoke(
    account: Account,
    compiled: Path,
    manifest: ArtifactManifest,
    hosting: EndpointPlan,
    content_type: str,
    log: Log,
) -> FirstRequest | None:
    goldens = golden_path(compiled)
    if not goldens.is_file():
        log.warn("no golden inputs beside the artifact: the endpoint is not asked anything")
        return None
    form = _form(manifest, content_type)
    sent = golden_request.body(goldens, form)
    begun = time.perf_counter()
    answer = endpoints.invoke(account, hosting.endpoint, sent, form.content_type, form.accept)
    took = time.perf_counter() - begun
    off = golden_request.compared(load_goldens(goldens)[1], answer)
    if off is None:
        log.warn("the answer is not an array of the model's outputs: not compared")
    return FirstRequest(content_type=form.content_type, milliseconds=1000 * took, difference=off)


def _form(manifest: ArtifactManifest, content_type: str) -> RequestForm:
    inputs = len(manifest.signature.inputs)
    form = request_form(manifest.framework, inputs, facts.target(manifest.target))
    return replace(form, content_type=content_type) if content_type else form


def undeploy(name: str, connection: Connection, *, wait: WaitOptions, log: Log) -> tuple[str, ...]:
    """Delete the endpoint, and all configurations and models that ``deploy`` made for it."""
    pace = Pace.polling(wait.poll)
    return endpoints.take_down(Account(connection), name, pace, wait.timeout, log)


def requests_of(hosting: EndpointPlan) -> dict[str, Json]:
    """The three requests, in their order."""
    return {
        "CreateModel": hosting.create_model,
        "CreateEndpointConfig": hosting.create_config,
        "CreateEndpoint": hosting.create_endpoint,
    }
