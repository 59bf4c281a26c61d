"""Endpoints as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from neopack.sagemaker.deploying import Deployment
from neopack.values.json import Json

__all__ = ["deleted_text", "deployment_text", "requests_text"]


def deployment_text(made: Deployment) -> str:
    rows = [
        ("status", made.status),
        ("arn", made.arn),
        ("instance", made.instance),
        ("image", f"{made.image} (by {made.image_from})"),
        ("model", made.model),
        ("first request", _smoke(made)),
        ("take it down", f"neopack undeploy {made.endpoint}"),
    ]
    return "\n".join([made.endpoint, *(f"  {name:<15} {value}" for name, value in rows if value)])


def _smoke(made: Deployment) -> str:
    if made.smoke is None:
        return ""
    off = made.smoke.difference
    compared = "not compared" if off is None else f"{off:.2g} of the largest output off"
    return f"{made.smoke.milliseconds:.1f} ms as {made.smoke.content_type}, {compared}"


def requests_text(requests: Mapping[str, Json]) -> str:
    return "\n\n".join(
        f"{name}\n{json.dumps(request, indent=2, ensure_ascii=False)}"
        for name, request in requests.items()
    )


def deleted_text(names: Sequence[str]) -> str:
    return "\n".join(f"deleted {name}" for name in names)
