"""Endpoints: creation, update, deletion, and the model behind each."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from neopack.emulator.arns import ACCOUNT, arn_of
from neopack.emulator.clock import Clock
from neopack.emulator.hosting import Hosted, Variant, hosted
from neopack.emulator.pages import PageRequest, page
from neopack.emulator.records import Records
from neopack.emulator.replies import AwsError
from neopack.emulator.script import EmulatorScript, Timeline
from neopack.emulator.storage import NoSuchObject, Storage, place
from neopack.errors import NeopackError
from neopack.values.log import Log

__all__ = ["EmulatedEndpoint", "Endpoints"]

Status = Literal["Creating", "Updating", "InService", "Failed", "Deleting"]
PATIENCE = 45.0
NOT_HEALTHY = (
    "The primary container for production variant {variant} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint. Emulated: {why}"
)


@dataclass(slots=True, kw_only=True)
class EmulatedEndpoint:
    """``serving`` answers now; ``coming`` is the container that is being started.

    An endpoint keeps its variant: its configuration may be deleted.
    """

    name: str
    region: str
    config: str
    variant: Mapping[str, Any]
    created: float
    since: float
    modified: float
    timeline: Timeline
    status: Status = "Creating"
    seen: int = 0
    why: str = ""
    next_config: str = ""
    next_variant: Mapping[str, Any] | None = None
    serving: Hosted | None = None
    coming: Future[Hosted] | None = None

    @property
    def arn(self) -> str:
        return arn_of(self.region, "endpoint", self.name.lower())


class Endpoints:
    def __init__(
        self,
        clock: Clock,
        storage: Storage,
        script: EmulatorScript,
        folder: Path,
        models: Records,
        configs: Records,
        log: Log,
    ) -> None:
        self._log = log
        self.clock, self.script = clock, script
        self._storage, self._folder = storage, folder
        self._models, self._configs = models, configs
        self._endpoints: dict[tuple[str, str], EmulatedEndpoint] = {}
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="endpoint")

    # --- the operations

    def create(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        with self._lock:
            self.tick()
            if (region, name) in self._endpoints:
                message = f'Cannot create already existing endpoint "{self._arn(region, name)}".'
                raise AwsError("ValidationException", message)
            variant = self._variant(region, config)
            now = self.clock.now()
            self._endpoints[region, name] = endpoint = EmulatedEndpoint(
                name=name,
                region=region,
                config=config,
                variant=variant,
                created=now,
                since=now,
                modified=now,
                timeline=self.script.endpoint,
            )
            endpoint.coming = self._pool.submit(self._up, region, variant)
        return {"EndpointArn": endpoint.arn}

    def update(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self.tick()
            endpoint = self._get(region, request["EndpointName"])
            if endpoint.status not in ("InService", "Failed"):
                message = f'Cannot update in-progress endpoint "{endpoint.arn}".'
                raise AwsError("ValidationException", message)
            config = request["EndpointConfigName"]
            variant = self._variant(region, config)
            endpoint.next_config, endpoint.next_variant = config, variant
            endpoint.coming = self._pool.submit(self._up, region, variant)
            self._move(endpoint, "Updating", self.clock.now())
        return {"EndpointArn": endpoint.arn}

    def delete(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self.tick()
            endpoint = self._get(region, request["EndpointName"])
            if endpoint.status in ("Creating", "Updating", "Deleting"):
                message = f'Cannot update in-progress endpoint "{endpoint.arn}".'
                raise AwsError("ValidationException", message)
            self._move(endpoint, "Deleting", self.clock.now())
        return {}

    def describe(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self.tick()
            endpoint = self._get(region, request["EndpointName"])
            endpoint.seen += 1
            variant = endpoint.variant
        answer = {
            **_summary(endpoint),
            "EndpointConfigName": endpoint.config,
            "FailureReason": endpoint.why,
            "ProductionVariants": [
                {
                    "VariantName": variant["VariantName"],
                    "CurrentWeight": variant.get("InitialVariantWeight", 1.0),
                    "DesiredWeight": variant.get("InitialVariantWeight", 1.0),
                    "CurrentInstanceCount": variant.get("InitialInstanceCount", 1),
                    "DesiredInstanceCount": variant.get("InitialInstanceCount", 1),
                }
            ],
        }
        return {key: value for key, value in answer.items() if value not in ("", None)}

    def list(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self.tick()
            asks = [
                PageRequest(
                    item=e, name=e.name, status=e.status, created=e.created, modified=e.modified
                )
                for (where, _), e in self._endpoints.items()
                if where == region
            ]
        keys = {"Name": "name", "Status": "status"}
        shown, token = page(asks, request, keys=keys, order="Descending")
        summaries = [_summary(ask.item) for ask in shown]
        return {"Endpoints": summaries} | ({"NextToken": token} if token else {})

    def container(self, region: str, name: str) -> tuple[Hosted, str]:
        """The container for an invocation, and its variant's name. Raises ``ValidationError``."""
        with self._lock:
            self.tick()
            endpoint = self._endpoints.get((region, name))
            if endpoint is None:
                message = f"Endpoint {name} of account {ACCOUNT} not found."
                raise AwsError("ValidationError", message)
            if endpoint.serving is None or endpoint.status not in ("InService", "Updating"):
                message = f"Endpoint {name} is {endpoint.status}, and not in service."
                raise AwsError("ValidationError", message)
            return endpoint.serving, endpoint.variant["VariantName"]

    # --- time

    def tick(self) -> None:
        with self._lock:
            for key, endpoint in list(self._endpoints.items()):
                if self._gone(endpoint):
                    del self._endpoints[key]
                elif endpoint.coming is not None:
                    self._arrive(endpoint, endpoint.coming)

    def clear(self) -> None:
        with self._lock:
            for endpoint in self._endpoints.values():
                _stop(endpoint)
            self._endpoints.clear()

    def _gone(self, endpoint: EmulatedEndpoint) -> bool:
        elapsed = self.clock.now() - endpoint.since
        over = endpoint.timeline.stopping.over(elapsed, endpoint.seen)
        if endpoint.status != "Deleting" or not over:
            return False
        _stop(endpoint)
        return True

    def _arrive(self, endpoint: EmulatedEndpoint, coming: Future[Hosted]) -> None:
        span, elapsed = endpoint.timeline.starting, self.clock.now() - endpoint.since
        if not span.over(elapsed, endpoint.seen):
            return
        try:
            failed = coming.exception(PATIENCE if self.clock.manual or span.describes else 0.0)
        except TimeoutError:
            return
        endpoint.coming = None
        if failed is None:
            previous, endpoint.serving = endpoint.serving, coming.result()
            endpoint.config, endpoint.why = endpoint.next_config or endpoint.config, ""
            endpoint.variant = endpoint.next_variant or endpoint.variant
            if previous is not None:
                previous.close()
        else:
            variant = (endpoint.next_variant or endpoint.variant)["VariantName"]
            endpoint.why = NOT_HEALTHY.format(variant=variant, why=failed)[:1024]
        endpoint.next_config, endpoint.next_variant = "", None
        # a failed update is rolled back
        status: Status = "Failed" if endpoint.serving is None else "InService"
        self._move(endpoint, status, endpoint.since + span.seconds)

    def _move(self, endpoint: EmulatedEndpoint, status: Status, since: float) -> None:
        endpoint.status, endpoint.since, endpoint.modified, endpoint.seen = status, since, since, 0

    # --- the containers

    def _up(self, region: str, variant: Mapping[str, Any]) -> Hosted:
        model = self._models.get(region, variant["ModelName"]).request
        container = model.get("PrimaryContainer") or model["Containers"][0]
        # the server may start another worker, and the folder goes with the emulator
        artifact = Path(tempfile.mkdtemp(dir=self._folder)) / "model.tar.gz"
        described = Variant(
            image=container.get("Image", ""),
            environment=container.get("Environment", {}),
            instance=variant.get("InstanceType", ""),
            accelerator=variant.get("AcceleratorType", ""),
            region=region,
        )
        try:
            self._storage.fetch(place(container["ModelDataUrl"]), artifact)
            return hosted(artifact, described, self._log)
        except (NoSuchObject, NeopackError) as error:
            shutil.rmtree(artifact.parent, ignore_errors=True)
            raise NeopackError(str(error)) from None

    def _variant(self, region: str, config: str) -> Mapping[str, Any]:
        variants = self._configs.get(region, config).request["ProductionVariants"]
        first: Mapping[str, Any] = variants[0]
        return first

    def _get(self, region: str, name: str) -> EmulatedEndpoint:
        endpoint = self._endpoints.get((region, name))
        if endpoint is None:
            message = f'Could not find endpoint "{self._arn(region, name)}".'
            raise AwsError("ValidationException", message)
        return endpoint

    def _arn(self, region: str, name: str) -> str:
        return arn_of(region, "endpoint", name.lower())


def _stop(endpoint: EmulatedEndpoint) -> None:
    if endpoint.serving is not None:
        endpoint.serving.close()
    if endpoint.coming is not None and endpoint.coming.exception() is None:
        endpoint.coming.result().close()


def _summary(endpoint: EmulatedEndpoint) -> dict[str, Any]:
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
