"""Endpoints: create, wait, invoke, delete. An endpoint that exists already is used again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neopack.errors import ServiceError, StillRunning
from neopack.sagemaker.account import Account
from neopack.sagemaker.hosting import EndpointPlan, belongs, stem_of
from neopack.sagemaker.seam import is_missing, is_passing, translated
from neopack.sagemaker.watch import Pace
from neopack.serving.bodies import Body
from neopack.values.json import Json
from neopack.values.log import Log

__all__ = ["Endpoint", "bring_up", "describe", "instances", "invoke", "take_down", "wait"]

_CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    arn: str
    status: str
    config: str
    reason: str = ""


def describe(account: Account, name: str) -> Endpoint | None:
    try:
        with translated(f"describing endpoint {name}"):
            answer = account.client("sagemaker").describe_endpoint(EndpointName=name)
    except ServiceError as error:
        if is_missing(error):
            return None
        raise
    return Endpoint(
        name=answer["EndpointName"],
        arn=answer["EndpointArn"],
        status=answer["EndpointStatus"],
        config=answer.get("EndpointConfigName", ""),
        reason=answer.get("FailureReason", ""),
    )


def instances(account: Account, endpoint: Endpoint) -> tuple[str, int]:
    """The instance type of the first variant, and how many there are; "" and 0 where a
    configuration names none."""
    with translated(f"describing configuration {endpoint.config}"):
        answer = account.client("sagemaker").describe_endpoint_config(
            EndpointConfigName=endpoint.config
        )
    first = answer["ProductionVariants"][0]
    return first.get("InstanceType", ""), first.get("InitialInstanceCount", 0)


def bring_up(account: Account, hosting: EndpointPlan, log: Log) -> None:
    """Model and configuration, then the endpoint, new or moved to them."""
    sagemaker = account.client("sagemaker")
    _once(sagemaker.create_model, hosting.create_model, f"model {hosting.model}")
    _once(
        sagemaker.create_endpoint_config, hosting.create_config, f"configuration {hosting.config}"
    )
    there = describe(account, hosting.endpoint)
    if there is None:
        with translated(f"creating endpoint {hosting.endpoint}"):
            sagemaker.create_endpoint(**hosting.create_endpoint)
    elif there.config == hosting.config and there.status != "Failed":
        log.note(f"endpoint {hosting.endpoint} has this already ({there.status})")
    else:
        log.note(f"endpoint {hosting.endpoint} is moved from {there.config}")
        with translated(f"updating endpoint {hosting.endpoint}"):
            sagemaker.update_endpoint(**hosting.create_endpoint)


def _once(create: Any, request: Mapping[str, Json], what: str) -> None:
    """What is there under this name is the same: the name is a digest of the request."""
    try:
        with translated(f"creating {what}"):
            create(**request)
    except ServiceError as error:
        if error.code != "ValidationException" or "already existing" not in error.message:
            raise


def wait(
    account: Account, name: str, pace: Pace, timeout: float | None, log: Log
) -> Endpoint | None:
    """Until it changes no more; None where it is gone. Raises ``StillRunning`` at the timeout."""
    begun, interval, told = pace.now(), pace.first, ""
    while True:
        try:
            endpoint = describe(account, name)
        except ServiceError as error:
            if not is_passing(error):
                raise
            log.note(f"{error.line()}; still waiting")
        else:
            if endpoint is None or endpoint.status not in _CHANGING:
                return endpoint
            if endpoint.status != told:
                log.note(f"{name}  {endpoint.status}")
                told = endpoint.status
        waited = pace.now() - begun
        if timeout is not None and waited >= timeout:
            raise StillRunning(f"waited {timeout:g} s, and endpoint {name} is {told}")
        interval = pace.interval(interval, waited)
        pace.sleep(pace.spread(interval))


def invoke(account: Account, name: str, body: bytes, content_type: str, accept: str) -> Body:
    with translated(f"invoking {name}"):
        answer = account.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, Body=body, ContentType=content_type, Accept=accept
        )
        return Body(kind=answer.get("ContentType", ""), data=answer["Body"].read())


def take_down(
    account: Account, name: str, pace: Pace, timeout: float | None, log: Log
) -> tuple[str, ...]:
    """The endpoint, then all configurations and models that were made for it; what is gone.

    Raises ``ServiceError`` where there is nothing of that name.
    """
    sagemaker = account.client("sagemaker")
    there = wait(account, name, pace, timeout, log)
    configs = _made_for(sagemaker, name, "list_endpoint_configs", "EndpointConfig")
    models = _made_for(sagemaker, name, "list_models", "Model")
    if there is None and not configs and not models:
        raise ServiceError(
            f"there is no endpoint {name} in {account.region}",
            code="NotFound",
            hint="aws sagemaker list-endpoints",
        )
    gone = []
    if there is not None:
        if there.config not in configs:
            log.warn(f"configuration {there.config} was not made by neopack and stays")
        with translated(f"deleting endpoint {name}"):
            sagemaker.delete_endpoint(EndpointName=name)
        wait(account, name, pace, timeout, log)
        gone.append(f"endpoint {name}")
    for config in configs:
        with translated(f"deleting configuration {config}"):
            sagemaker.delete_endpoint_config(EndpointConfigName=config)
        gone.append(f"configuration {config}")
    for model in models:
        with translated(f"deleting model {model}"):
            sagemaker.delete_model(ModelName=model)
        gone.append(f"model {model}")
    return tuple(gone)


def _made_for(sagemaker: Any, endpoint: str, operation: str, kind: str) -> list[str]:
    """The names of what ``bring_up`` made for an endpoint, now or before it was moved."""
    with translated(f"looking for what was made for {endpoint}"):
        pages = sagemaker.get_paginator(operation).paginate(NameContains=stem_of(endpoint))
        names = [row[f"{kind}Name"] for page in pages for row in page[f"{kind}s"]]
    return [name for name in names if belongs(name, endpoint)]
