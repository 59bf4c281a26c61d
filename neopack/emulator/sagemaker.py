"""SageMaker's protocol: the operation is in X-Amz-Target; requests and answers are JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neopack.emulator import rules, validation
from neopack.emulator.call import HttpCall, UnreadableBody
from neopack.emulator.clock import Clock
from neopack.emulator.endpoints import Endpoints
from neopack.emulator.jobs import Jobs
from neopack.emulator.records import Records
from neopack.emulator.replies import AwsError, Reply, answer, refusal
from neopack.emulator.roles import refuse_role
from neopack.emulator.runtime import InvocationApi
from neopack.emulator.script import EmulatorScript
from neopack.emulator.storage import NoSuchObject, Storage, place
from neopack.emulator.tags import Tags
from neopack.values.log import Log

__all__ = ["SageMaker"]

Operation = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
# an image of Amazon's registry: account, region, repository
ECR = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+")


class SageMaker:
    """Both services, control plane and runtime, on the state of one emulator."""

    def __init__(
        self, clock: Clock, storage: Storage, script: EmulatorScript, folder: Path, log: Log
    ) -> None:
        self._storage, self._tags = storage, Tags()
        self._models = Records(clock, noun="model", word="Model")
        self._configs = Records(clock, noun="endpoint configuration", word="EndpointConfig")
        self._jobs = Jobs(clock, storage, script, folder)
        self._endpoints = Endpoints(
            clock, storage, script, folder, self._models, self._configs, log
        )
        self._runtime = InvocationApi(self._endpoints)
        self._operations = self._table()

    def __call__(self, call: HttpCall) -> Reply:
        try:
            if call.service == "sagemaker-runtime":
                return self._runtime(call)
            return answer(self._answered(call))
        except AwsError as error:
            return refusal(call.service, error)
        except UnreadableBody:
            raise
        except RecursionError:
            deep = AwsError("SerializationException", "the body is nested too deep")
            return refusal(call.service, deep)
        except Exception as error:  # noqa: BLE001 - a bug of ours must be answered too
            message = f"neopack's emulator has a bug: {type(error).__name__}: {error}"
            return refusal(call.service, AwsError("InternalFailure", message, 500))

    def follow(self, clock: Clock, script: EmulatorScript) -> None:
        """Use another clock and script from now on."""
        for part in (self._jobs, self._endpoints):
            part.clock, part.script = clock, script
        self._models.clock = self._configs.clock = clock

    def tick(self) -> None:
        self._jobs.tick()
        self._endpoints.tick()

    def clear(self) -> None:
        for part in (self._endpoints, self._jobs, self._models, self._configs, self._tags):
            part.clear()

    def _table(self) -> Mapping[str, Operation]:
        jobs, models, configs = self._jobs, self._models, self._configs
        endpoints, tags = self._endpoints, self._tags
        return {
            "CreateCompilationJob": self._create_job,
            "DescribeCompilationJob": jobs.describe,
            "ListCompilationJobs": jobs.list,
            "StopCompilationJob": jobs.stop,
            "DeleteCompilationJob": jobs.delete,
            "CreateModel": self._create_model,
            "DescribeModel": models.describe,
            "ListModels": models.list,
            "DeleteModel": models.delete,
            "CreateEndpointConfig": self._create_config,
            "DescribeEndpointConfig": configs.describe,
            "ListEndpointConfigs": configs.list,
            "DeleteEndpointConfig": configs.delete,
            "CreateEndpoint": endpoints.create,
            "DescribeEndpoint": endpoints.describe,
            "ListEndpoints": endpoints.list,
            "UpdateEndpoint": endpoints.update,
            "DeleteEndpoint": endpoints.delete,
            "AddTags": tags.add,
            "ListTags": tags.list,
            "DeleteTags": tags.delete,
        }

    def _answered(self, call: HttpCall) -> Mapping[str, Any]:
        operation = self._operations.get(call.operation)
        if operation is None:
            message = f"neopack's emulator has no {call.operation}"
            raise AwsError("UnknownOperationException", message)
        request = validation.checked(call.operation, _request(call))
        response = operation(call.region, request)
        if "Tags" in request and call.operation.startswith("Create"):
            self._tags.keep(next(iter(response.values())), request["Tags"])
        return response

    # --- checks beyond the shape of a request

    def _create_job(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        rules.refuse(request, region)
        refuse_role(request["RoleArn"], self._storage)
        self._refuse_key(request["OutputConfig"].get("KmsKeyId", ""), region)
        return self._jobs.create(region, request)

    def _refuse_key(self, key_id: str, region: str) -> None:
        try:
            if key_id:
                self._storage.key(key_id, region)
        except NoSuchObject as error:
            message = f"KMS key {key_id} cannot be used: {error.message}"
            raise AwsError("ValidationException", message) from None

    def _create_model(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        containers = [request.get("PrimaryContainer"), *request.get("Containers", [])]
        containers = [container for container in containers if container]
        if not containers or "ExecutionRoleArn" not in request:
            message = "A model needs a PrimaryContainer or Containers, and an ExecutionRoleArn."
            raise AwsError("ValidationException", message)
        refuse_role(request["ExecutionRoleArn"], self._storage)
        for container in containers:
            self._refuse_container(container, request["ExecutionRoleArn"])
        return self._models.create(region, request)

    def _refuse_container(self, container: Mapping[str, Any], role: str) -> None:
        image = container.get("Image", "")
        if not ECR.fullmatch(image):
            message = f'Using non-ECR image "{image}" is not supported.'
            raise AwsError("ValidationException", message)
        uri = container.get("ModelDataUrl", "")
        try:
            self._storage.head(place(uri))
        except NoSuchObject:
            message = (
                f'Could not access model data at {uri}. Please ensure that the role "{role}" '
                "exists and that its trust relationship policy allows the action "
                '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also '
                'ensure that the role has "s3:GetObject" permissions and that the object is '
                "located in the region of the model."
            )
            raise AwsError("ValidationException", message) from None

    def _create_config(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        for variant in request["ProductionVariants"]:
            self._models.get(region, variant.get("ModelName", ""))
        return self._configs.create(region, request)


def _request(call: HttpCall) -> Mapping[str, Any]:
    try:
        data = call.json()
    except ValueError:
        raise AwsError("SerializationException", "the body is not JSON") from None
    if not isinstance(data, dict):
        raise AwsError("SerializationException", "the body is not a JSON object")
    return data
