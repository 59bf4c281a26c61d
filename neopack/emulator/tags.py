"""Tags of resources, by ARN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from neopack.emulator.replies import AwsError

__all__ = ["Tags", "problems"]

# per resource (AWS general reference, tag naming limits, 2026)
MOST = 50


def problems(tags: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """What is wrong with the tags of one request, beside their shape."""
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        yield "Duplicate tag keys found"
    if any(key.casefold().startswith("aws:") for key in keys):
        yield "Tag keys that begin with aws: are reserved"


class Tags:
    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def keep(self, arn: str, tags: list[Mapping[str, str]]) -> None:
        self._tags.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags})

    def add(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        del region
        arn, added = request["ResourceArn"], request["Tags"]
        for problem in problems(added):
            raise AwsError("ValidationException", problem)
        if len(self._tags.get(arn, {}).keys() | {tag["Key"] for tag in added}) > MOST:
            raise AwsError("ValidationException", f"Too many tags: at most {MOST} per resource")
        self.keep(arn, added)
        return self._listed(request["ResourceArn"])

    def list(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        del region
        return self._listed(request["ResourceArn"])

    def delete(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        del region
        for key in request["TagKeys"]:
            self._tags.get(request["ResourceArn"], {}).pop(key, None)
        return {}

    def clear(self) -> None:
        self._tags.clear()

    def _listed(self, arn: str) -> Mapping[str, Any]:
        return {"Tags": [{"Key": k, "Value": v} for k, v in self._tags.get(arn, {}).items()]}
