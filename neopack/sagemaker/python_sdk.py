"""A job's artifact as a model object of the SageMaker Python SDK, version 2.

>>> from neopack.sagemaker.python_sdk import model
>>> predictor = model("net-ml_c5.tar.gz", instance="ml.c5.xlarge").deploy(1, "ml.c5.xlarge")

Version 3 of the SDK has no such objects (sagemaker 3.27.0, 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, UsageError
from neopack.facts import target
from neopack.facts.hosting import request_form
from neopack.options import Connection, DeployOptions
from neopack.sagemaker.deploying import place, planned
from neopack.sagemaker.following import JobOutcome
from neopack.values.artifact import CompiledArtifact
from neopack.values.log import SilentLog

__all__ = ["model"]


def model(
    compiled: str | Path | CompiledArtifact | JobOutcome,
    *,
    instance: str,
    role: str = "",
    image: str = "",
    environment: Mapping[str, str] | None = None,
    session: Any = None,
    connection: Connection | None = None,
) -> Any:
    """A ``sagemaker.model.Model`` with image, environment, name and data as ``neopack deploy``
    would have them; ``session`` is a ``sagemaker.Session``.

    Raises ``UsageError`` for an artifact that no job made, or an instance that does not serve it;
    ``Missing`` without the SDK.
    """
    settings = DeployOptions(
        instance=instance,
        role=role,
        image=image,
        environment=tuple((environment or {}).items()),
    )
    path = _path(compiled)
    manifest, hosting = planned(path, settings)
    sdk, predictor = _sdk()
    region = manifest.job.region if manifest.job else ""
    place(path, manifest, hosting, replace(connection or Connection(), region=region), SilentLog())
    form = request_form(
        manifest.framework, len(manifest.signature.inputs), target(manifest.target)
    )
    return sdk(
        image_uri=hosting.image,
        model_data=str(hosting.data),
        role=hosting.role,
        env=dict(hosting.environment),
        name=hosting.model,
        predictor_cls=predictor(form.content_type),
        sagemaker_session=session,
    )


def _path(compiled: str | Path | CompiledArtifact | JobOutcome) -> Path:
    if isinstance(compiled, str | Path):
        return Path(compiled)
    artifact = compiled.artifact if isinstance(compiled, JobOutcome) else compiled
    if artifact is None or artifact.path is None:
        raise UsageError("the job made no artifact")
    return artifact.path


def _sdk() -> tuple[Any, Any]:
    """The SDK's model class, and what makes its predictor for a content type."""
    try:
        from sagemaker import deserializers, predictor, serializers
        from sagemaker.model import Model
    except ImportError:
        hint = install_hint("sagemaker")
        raise Missing("version 2 of the SageMaker SDK is not installed", hint=hint) from None

    def made(content_type: str) -> Any:
        by_type = {
            "application/x-npy": serializers.NumpySerializer,
            "text/csv": serializers.CSVSerializer,
        }
        serializer = by_type.get(content_type, serializers.JSONSerializer)()
        answers = (
            deserializers.CSVDeserializer()
            if content_type == "text/csv"
            else deserializers.JSONDeserializer()
        )

        def build(endpoint_name: str, sagemaker_session: Any, **more: Any) -> Any:
            return predictor.Predictor(
                endpoint_name,
                sagemaker_session,
                serializer=serializer,
                deserializer=answers,
                **more,
            )

        return build

    return Model, made
