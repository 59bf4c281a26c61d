"""Tags of resources, by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Tags"]


class Tags:
    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def keep(self, arn: str, tags: list[Mapping[str, str]]) -> None:
        self._tags.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags})

    def add(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        del region
        self.keep(request["ResourceArn"], request["Tags"])
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
