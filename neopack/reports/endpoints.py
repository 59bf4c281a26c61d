"""Endpoints as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from neopack.sagemaker.deploying import Deployment
from neopack.values.json import Json

__all__ = ["deleted_text", "deployment_text", "requests_text"]


def deployment_text(deployment: Deployment) -> str:
    rows = [
        ("status", deployment.status),
        ("arn", deployment.arn),
        ("instance", deployment.instance),
        ("image", f"{deployment.image} (by {deployment.image_from})"),
        ("model", deployment.model),
        ("first request", _smoke(deployment)),
        ("take it down", f"neopack undeploy {deployment.endpoint}"),
    ]
    return "\n".join(
        [deployment.endpoint, *(f"  {name:<15} {value}" for name, value in rows if value)]
    )


def _smoke(deployment: Deployment) -> str:
    if deployment.smoke is None:
        return ""
    off = deployment.smoke.difference
    compared = "not compared" if off is None else f"{off:.2g} of the largest output off"
    return f"{deployment.smoke.milliseconds:.1f} ms as {deployment.smoke.content_type}, {compared}"


def requests_text(requests: Mapping[str, Json]) -> str:
    return "\n\n".join(
        f"{name}\n{json.dumps(request, indent=2, ensure_ascii=False)}"
        for name, request in requests.items()
    )


def deleted_text(names: Sequence[str]) -> str:
    return "\n".join(f"deleted {name}" for name in names)
