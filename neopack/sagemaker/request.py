"""The CreateCompilationJob request, from what an archive is and what the user asked.

Source: botocore 1.43.11 CreateCompilationJobRequest (2026); when FrameworkVersion may be sent:
``facts/targets.toml``. Nothing here needs boto3 or a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neopack import facts, versions
from neopack.sagemaker import naming
from neopack.sagemaker.location import Location
from neopack.values.json import AnyJson
from neopack.values.target import Target

__all__ = ["JobInput", "JobRequest", "JobSettings", "build", "sent_version"]

# the guide's and the SDK's default (neo-job-compilation, 2026)
MAX_RUNTIME = 900
# Neuron's compilers take longer: Inferentia's own notebooks ask for 1000 s and more
NEURON_RUNTIME = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInput:
    """What is to be compiled: the archive, and the strings of the API call that go with it."""

    stem: str
    content_sha256: str
    framework: str
    framework_version: str
    target: Target
    data_input_config: str | None = None
    compiler_options: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """What the user says of a job; times in seconds, ``region`` empty where it is not known."""

    role: str
    output: Location
    region: str = ""
    name: str = ""
    max_runtime: int | None = None
    max_pending: int | None = None
    kms_key: str = ""
    security_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One request, named after its digest; ``body`` is what the API gets."""

    subject: JobInput
    settings: JobSettings
    digest: str
    attempt: int = 1

    @property
    def name(self) -> str:
        if self.settings.name:
            return self.settings.name
        return naming.job_name(self.subject.stem, self.subject.target, self.digest, self.attempt)

    @property
    def archive(self) -> Location:
        subject = self.subject
        return naming.archive_key(self.settings.output, subject.content_sha256, subject.stem)

    @property
    def output(self) -> Location:
        """A prefix of its own for each job: Neo names artifacts by stem and target alone."""
        return self.settings.output / "jobs" / self.name

    @property
    def body(self) -> dict[str, AnyJson]:
        nameless = _nameless(self.subject, self.settings, self.archive)
        place = {"S3OutputLocation": str(self.output)}
        return {
            "CompilationJobName": self.name,
            **nameless,
            "OutputConfig": {**place, **nameless["OutputConfig"]},
        }

    def again(self) -> JobRequest:
        """The same request under the next name; a name once used is never free again."""
        return replace(self, attempt=self.attempt + 1)


def build(subject: JobInput, settings: JobSettings) -> JobRequest:
    """The request for one archive and one target, not yet validated."""
    request = JobRequest(subject=subject, settings=settings, digest="")
    nameless = _nameless(subject, settings, request.archive)
    # two requests that differ in where their output goes, or in region, are two
    place = [str(settings.output), settings.region]
    # the archive may go under another file name; what is in it counts, and tags do not
    nameless.pop("Tags", None)
    nameless["InputConfig"]["S3Uri"] = subject.content_sha256
    return replace(request, digest=naming.digest([nameless, place]))


def sent_version(subject: JobInput) -> str:
    """FrameworkVersion as it goes over the wire, major.minor; empty where it may not be sent."""
    version = subject.framework_version
    if not version or not facts.takes_version(subject.framework, subject.target):
        return ""
    return versions.major_minor(version)


def _runtime(subject: JobInput, seconds: int | None) -> int:
    if seconds is not None:
        return seconds
    path = facts.compiler_path(subject.framework, subject.target, subject.framework_version)
    return NEURON_RUNTIME if path == "neuron" else MAX_RUNTIME


def _nameless(subject: JobInput, settings: JobSettings, archive: Location) -> dict[str, AnyJson]:
    """The request without what its name decides."""
    body: dict[str, AnyJson] = {
        "RoleArn": settings.role,
        "InputConfig": _given(
            S3Uri=str(archive),
            DataInputConfig=subject.data_input_config,
            Framework=subject.framework,
            FrameworkVersion=sent_version(subject),
        ),
        "OutputConfig": _given(
            **_aim(subject.target),
            CompilerOptions=subject.compiler_options,
            KmsKeyId=settings.kms_key,
        ),
        "StoppingCondition": _given(
            MaxRuntimeInSeconds=_runtime(subject, settings.max_runtime),
            MaxPendingTimeInSeconds=settings.max_pending,
        ),
    }
    if settings.security_groups or settings.subnets:
        body["VpcConfig"] = {
            "SecurityGroupIds": list(settings.security_groups),
            "Subnets": list(settings.subnets),
        }
    if settings.tags:
        body["Tags"] = [{"Key": key, "Value": value} for key, value in settings.tags.items()]
    return body


def _aim(target: Target) -> dict[str, AnyJson]:
    """TargetDevice or TargetPlatform, never both."""
    if target.kind != "platform":
        return {"TargetDevice": target.name}
    return {
        "TargetPlatform": _given(Os=target.os, Arch=target.arch, Accelerator=target.accelerator)
    }


def _given(**fields: AnyJson) -> dict[str, AnyJson]:
    """An empty field is one to leave out: the API takes no empty strings here."""
    return {name: value for name, value in fields.items() if value not in (None, "")}
