"""The role of a request: in this account, there, and trusting SageMaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neopack.emulator.arns import ACCOUNT
from neopack.emulator.replies import AwsError
from neopack.emulator.storage import NoSuchObject, Storage

__all__ = ["refuse_role"]

SERVICE = "sagemaker.amazonaws.com"
# as users quote it (aws/amazon-sagemaker-examples and others, 2019 to 2024)
NOT_ASSUMED = (
    "Could not assume role {role}. Please ensure that the role exists and allows principal "
    "'{service}' to assume the role."
)
FOREIGN = "Cross-account pass role is not allowed."


def refuse_role(role: str, storage: Storage) -> None:
    """Raise ``ValidationException`` for a role that the service cannot assume."""
    if role.split(":")[4] != ACCOUNT:
        raise AwsError("ValidationException", FOREIGN)
    try:
        known = storage.role(role.rpartition("/")[2])
    except NoSuchObject:
        known = {}
    # with its path, which is a part of the name here
    if role.partition(":role/")[2] != str(known.get("Arn", "")).partition(":role/")[2] or not (
        _trusts(known.get("AssumeRolePolicyDocument", {}))
    ):
        message = NOT_ASSUMED.format(role=role, service=SERVICE)
        raise AwsError("ValidationException", message)


def _trusts(policy: Mapping[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    return any(
        statement.get("Effect") == "Allow" and {SERVICE, "*"} & _principals(statement)
        for statement in ([statements] if isinstance(statements, Mapping) else statements)
    )


def _principals(statement: Mapping[str, Any]) -> set[str]:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, Mapping) else principal
    return {services} if isinstance(services, str) else set(services)
