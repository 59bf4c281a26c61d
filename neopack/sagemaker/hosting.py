"""What is to be created to serve a job's artifact: model, endpoint configuration, endpoint.

Names are derived, so that the same deployment finds itself again. Sources: SageMaker developer
guide, neo-deployment-hosting-services (2026); ``facts/hosting.toml`` and ``facts/images.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from neopack import facts
from neopack.artifacts.compiled_manifest import ArtifactManifest, JobRecord
from neopack.dataconfig.compiler_options import parse_options
from neopack.errors import Unsupported, UsageError
from neopack.facts import hosting
from neopack.facts.images import inference_image
from neopack.options import DeployOptions
from neopack.sagemaker import naming
from neopack.sagemaker.location import Location
from neopack.values.json import AnyJson, Json
from neopack.values.target import Target

__all__ = ["EndpointPlan", "belongs", "plan", "stem_of"]

VARIANT = "AllTraffic"
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_PIPELINE = re.compile(r"--(?:neuroncore-pipeline-cores|num-neuroncores)[ =](\d+)")
_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """The three requests; ``image_from`` says who named the image. ``data`` is where the
    artifact is to be in S3."""

    endpoint: str
    model: str
    config: str
    image: str
    image_from: str
    environment: Mapping[str, str]
    instance: str
    accelerator: str
    count: int
    role: str
    data: Location

    @property
    def create_model(self) -> dict[str, Json]:
        return {
            "ModelName": self.model,
            "ExecutionRoleArn": self.role,
            "PrimaryContainer": {
                "Image": self.image,
                "ModelDataUrl": str(self.data),
                "Environment": dict(self.environment),
            },
        }

    @property
    def create_config(self) -> dict[str, AnyJson]:
        variant: dict[str, Json] = {
            "VariantName": VARIANT,
            "ModelName": self.model,
            "InstanceType": self.instance,
            "InitialInstanceCount": self.count,
        }
        if self.accelerator:
            variant["AcceleratorType"] = self.accelerator
        return {"EndpointConfigName": self.config, "ProductionVariants": [variant]}

    @property
    def create_endpoint(self) -> dict[str, Json]:
        return {"EndpointName": self.endpoint, "EndpointConfigName": self.config}


def plan(stem: str, manifest: ArtifactManifest, settings: DeployOptions) -> EndpointPlan:
    """What to create. Raises ``UsageError`` and ``Unsupported`` for what cannot be served."""
    job = manifest.job
    if job is None:
        raise UsageError(
            "was compiled here, and SageMaker's containers serve what Neo compiled",
            where=stem,
            hint="neopack compile --backend sagemaker",
        )
    target = facts.target(manifest.target)
    _refuse_misfit(target, settings)
    image, image_from = _image(manifest, job, target, settings)
    data = _data(manifest, job, stem)
    environment = _environment(manifest, job, target, settings)
    role = settings.role or job.role
    if not role:
        raise UsageError("a model needs a role", hint="--role")
    what: list[Json] = [image, environment, str(data)]
    what += [settings.instance, settings.accelerator, settings.count]
    endpoint = settings.endpoint or _endpoint_name(stem, target)
    _refuse_name(endpoint)
    name_of_both = f"{stem_of(endpoint)}-{naming.digest([*what, role])[:_DIGITS]}"
    return EndpointPlan(
        endpoint=endpoint,
        model=name_of_both,
        config=name_of_both,
        image=image,
        image_from=image_from,
        environment=environment,
        instance=settings.instance,
        accelerator=settings.accelerator,
        count=settings.count,
        role=role,
        data=data,
    )


def stem_of(endpoint: str) -> str:
    """What the names of an endpoint's models and configurations begin with."""
    return endpoint[: 62 - _DIGITS].rstrip("-")


def belongs(name: str, endpoint: str) -> bool:
    """Whether a model or configuration of that name was made by ``plan`` for the endpoint."""
    return bool(re.fullmatch(rf"{re.escape(stem_of(endpoint))}-[0-9a-f]{{{_DIGITS}}}", name))


def _refuse_misfit(target: Target, settings: DeployOptions) -> None:
    fitting = hosting.instances(target)
    if not fitting:
        raise UsageError(f"what is compiled for {target.name} runs on the device, on no endpoint")
    if settings.instance not in fitting:
        raise UsageError(
            f"{settings.instance} does not serve what is compiled for {target.name}",
            where="--instance",
            hint=f"it takes {', '.join(fitting)}",
        )
    types = hosting.accelerators(target)
    if types and settings.accelerator not in types:
        raise UsageError(
            f"{target.name} needs an accelerator",
            where="--accelerator",
            hint=f"there are {', '.join(types)}",
        )
    if settings.accelerator and not types:
        raise UsageError(
            f"what is compiled for {target.name} uses no accelerator", where="--accelerator"
        )
    if target.retired and not settings.allow_retired:
        raise Unsupported(f"{settings.accelerator}: {target.retired}", hint="--allow-retired")
    if settings.count < 1:
        raise UsageError(f"--count must be 1 or more, not {settings.count}")


def _refuse_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > naming.LONGEST:
        raise UsageError(
            f"{name[:70]!r} is not a name that an endpoint can have",
            where="--endpoint-name",
            hint="at most 63 of letters, digits and hyphens between",
        )


def _endpoint_name(stem: str, target: Target) -> str:
    """The artifact's own name says both, as Neo names it; at most 63."""
    tail = naming.slug(target.name)
    head = naming.slug(stem).removesuffix(tail).strip("-") or "model"
    return f"{head[: 62 - len(tail)].strip('-')}-{tail}"


def _image(
    manifest: ArtifactManifest, job: JobRecord, target: Target, settings: DeployOptions
) -> tuple[str, str]:
    if settings.image:
        return settings.image, "--image"
    if job.image:
        return job.image, "the job"
    address = inference_image(manifest.framework, job.framework_version, target, job.region)
    if not address:
        raise UsageError(
            f"no table names an image for {manifest.framework} on {target.name} in {job.region}",
            hint="--image",
        )
    return address, "the table of images"


def _data(manifest: ArtifactManifest, job: JobRecord, stem: str) -> Location:
    """The job's own artifact, or a place beside it for one that was given its scripts again."""
    made = Location.of(job.artifact)
    if manifest.archive_sha256 == job.received_sha256:
        return made
    folder = Location(bucket=made.bucket, key=made.key.rpartition("/")[0])
    return folder / "deploy" / manifest.archive_sha256 / f"{naming.slug(stem)}.tar.gz"


def _environment(
    manifest: ArtifactManifest, job: JobRecord, target: Target, settings: DeployOptions
) -> dict[str, str]:
    group = _group(job.compiler_options)
    workers = max(1, hosting.cores(settings.instance) // group)
    values = {"region": job.region, "group": str(group), "workers": str(workers)}
    made = hosting.environment(manifest.framework, target, values)
    return {**made, **dict(settings.environment)}


def _group(compiler_options: str) -> int:
    """The NeuronCores that a model was compiled for."""
    options = parse_options(compiler_options) if compiler_options else None
    found = _PIPELINE.search(options.flags) if options else None
    return max(1, int(found[1])) if found else 1
