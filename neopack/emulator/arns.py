"""Names of resources, in moto's account."""

from __future__ import annotations

__all__ = ["ACCOUNT", "arn_of"]

ACCOUNT = "123456789012"


def arn_of(region: str, kind: str, name: str) -> str:
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    return f"arn:{partition}:sagemaker:{region}:{ACCOUNT}:{kind}/{name}"
