"""The lines that a job writes to CloudWatch.

Group and stream: SageMaker developer guide, neo-troubleshooting (2026). Who may not read them
still gets the job's result.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.errors import ServiceError
from neopack.sagemaker.account import Account
from neopack.sagemaker.seam import is_missing, translated

__all__ = ["LogTail", "tail"]

GROUP = "/aws/sagemaker/CompilationJobs"


class LogTail:
    """The lines of one job that were not told yet."""

    def __init__(self, account: Account, job: str) -> None:
        self._account, self._job = account, job
        self._token = ""

    def lines(self) -> Iterator[str]:
        """Raises ``ServiceError``; a stream that is not there yet has no lines."""
        while True:
            asked = {"nextToken": self._token} if self._token else {}
            try:
                with translated(f"reading the log of {self._job}"):
                    answer = self._account.client("logs").get_log_events(
                        logGroupName=GROUP, logStreamName=self._job, startFromHead=True, **asked
                    )
            except ServiceError as error:
                if is_missing(error):
                    return
                raise
            yield from (str(event["message"]).rstrip() for event in answer["events"])
            # the service answers the same token at the end
            if answer["nextForwardToken"] == self._token or not answer["events"]:
                self._token = answer["nextForwardToken"]
                return
            self._token = answer["nextForwardToken"]


def tail(account: Account, job: str, most: int = 20) -> tuple[str, ...]:
    """The last lines of a job; none where they cannot be had: they are an extra."""
    try:
        with translated(f"reading the log of {job}"):
            answer = account.client("logs").get_log_events(
                logGroupName=GROUP, logStreamName=job, limit=most, startFromHead=False
            )
    except ServiceError:
        return ()
    return tuple(str(event["message"]).rstrip() for event in answer["events"])[-most:]
