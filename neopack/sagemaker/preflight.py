"""What has to be so in the account before anything is uploaded: who calls, the bucket, the role.

What the caller may not look at is not held against them; the service will tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from neopack.errors import ServiceError, UsageError
from neopack.sagemaker.account import Account
from neopack.sagemaker.location import Location
from neopack.sagemaker.seam import is_missing, status_of, translated
from neopack.values.log import Log

__all__ = ["check_account"]

SERVICE = "sagemaker.amazonaws.com"


def check_account(account: Account, role: str, output: Location, log: Log) -> str:
    """The caller's account id. Raises ``ServiceError`` or ``UsageError``; few calls, all reads."""
    with log.step("looking at the account"):
        caller = _caller(account)
        _refuse_foreign_role(role, caller)
        _check_bucket(account, output, log)
        _check_role(account, role, log)
    return caller


def _caller(account: Account) -> str:
    with translated("asking who calls"):
        return str(account.client("sts").get_caller_identity()["Account"])


def _refuse_foreign_role(role: str, caller: str) -> None:
    owner = role.split(":")[4] if role.count(":") >= 5 else caller
    if owner != caller:
        raise UsageError(
            f"the role is of account {owner}, the caller of {caller}",
            where=role,
            hint="a role can be handed over in its own account only",
        )


def _check_bucket(account: Account, output: Location, log: Log) -> None:
    region = _bucket_region(account, output.bucket, log)
    if region and region != account.region:
        raise UsageError(
            f"bucket {output.bucket} is in {region}, the job would run in {account.region}",
            where="--output",
            hint=f"--region {region}, or a bucket in {account.region}",
        )


def _bucket_region(account: Account, bucket: str, log: Log) -> str:
    """Where a bucket is; empty where the caller may not know."""
    s3 = account.client("s3")
    try:
        with translated(f"looking at bucket {bucket}"):
            answer = s3.head_bucket(Bucket=bucket)
            return str(answer.get("BucketRegion") or _location(s3, bucket))
    except ServiceError as error:
        said = _header(error, "x-amz-bucket-region")
        if said and said != account.region:
            return said
        if is_missing(error):
            raise UsageError(
                f"there is no bucket {bucket}",
                where="--output",
                hint=f"aws s3 mb s3://{bucket} --region {account.region}",
            ) from error
        if status_of(error) != "denied":
            raise
        log.note(f"may not look at bucket {bucket}; going on")
        return said


def _location(s3: Any, bucket: str) -> str:
    said = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or ""
    # the two old names (S3 API reference, GetBucketLocation)
    return {"": "us-east-1", "EU": "eu-west-1"}.get(said, str(said))


def _header(error: ServiceError, name: str) -> str:
    response: Mapping[str, Any] = getattr(error.__cause__, "response", {})
    return str(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name, ""))


def _check_role(account: Account, role: str, log: Log) -> None:
    name = role.rpartition("/")[2]
    try:
        with translated(f"looking at role {name}"):
            found = account.client("iam").get_role(RoleName=name)["Role"]
    except ServiceError as error:
        if is_missing(error):
            raise UsageError(
                f"there is no role {name}", where="--role", hint="neopack init aws writes one"
            ) from error
        if status_of(error) != "denied":
            raise
        log.note(f"may not look at role {name}; going on")
        return
    if not _trusts_sagemaker(found.get("AssumeRolePolicyDocument", {})):
        raise UsageError(
            f"the role's trust policy does not let {SERVICE} take it",
            where="--role",
            hint="neopack init aws writes one that does",
        )


def _trusts_sagemaker(document: Any) -> bool:
    if isinstance(document, str):
        document = json.loads(unquote(document))
    statements = document.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else [principal]
        listed = [services] if isinstance(services, str) else services
        if statement.get("Effect") == "Allow" and {SERVICE, "*"} & set(listed):
            return True
    return False
