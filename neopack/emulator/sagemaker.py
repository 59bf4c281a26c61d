"""SageMaker's own protocol: an operation by X-Amz-Target, JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neopack.emulator.call import Call
from neopack.emulator.jobs import Jobs
from neopack.emulator.replies import AwsError, Reply, answer, refusal

__all__ = ["SageMaker"]

Operation = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class SageMaker:
    def __init__(self, jobs: Jobs) -> None:
        self._operations: dict[str, Operation] = {
            "CreateCompilationJob": jobs.create,
            "DescribeCompilationJob": jobs.describe,
            "ListCompilationJobs": jobs.list,
            "StopCompilationJob": jobs.stop,
            "DeleteCompilationJob": jobs.delete,
        }

    def __call__(self, call: Call) -> Reply:
        try:
            return self._answered(call)
        except AwsError as error:
            return refusal(call.service, error)

    def _answered(self, call: Call) -> Reply:
        operation = self._operations.get(call.operation)
        if operation is None:
            what = f"the emulator has no {call.operation}"
            raise AwsError("UnknownOperationException", what, 404)
        return answer(operation(call.region, _request(call)))


def _request(call: Call) -> Mapping[str, Any]:
    try:
        data = call.json()
    except ValueError:
        raise AwsError("SerializationException", "the body is no JSON") from None
    if not isinstance(data, dict):
        raise AwsError("SerializationException", "the body is no JSON object")
    return data
