"""Waiting for jobs: botocore has no waiter for them, and no event tells that one is over.

One job is described; several are listed, a hundred in one call, and each is described once when
it is over. There is at most one call a second, however many jobs there are.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from neopack.errors import ServiceError, StillRunning
from neopack.sagemaker import jobs
from neopack.sagemaker.account import Account
from neopack.sagemaker.jobs import Job, SubmittedJob
from neopack.sagemaker.request import JobRequest
from neopack.sagemaker.seam import is_passing, status_of
from neopack.values.log import Log

__all__ = ["QUEUED", "Pace", "Watch"]

# our word for what the account's limit does not let run yet
QUEUED = "QUEUED"
# a list call tells of jobs made since the first of ours, by the service's clock
_EARLIER = dt.timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to ask, in seconds: ``first`` for a minute, growing to ``most``; ``worst``
    while the service is throttling or away. ``spacing`` lies between any two calls."""

    first: float = 5.0
    most: float = 30.0
    worst: float = 60.0
    growth: float = 1.5
    jitter: float = 0.2
    steady: float = 60.0
    spacing: float = 1.0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def polling(cls, first: float) -> Pace:
        """A pace that begins with ``first`` and keeps the usual proportions."""
        usual = cls()
        return cls(
            first=first,
            most=max(first, min(usual.most, 6 * first)),
            worst=min(usual.worst, 12 * first),
            spacing=min(usual.spacing, first),
        )

    def interval(self, last: float, waited: float) -> float:
        """The next interval after ``last``, ``waited`` seconds into the wait."""
        return self.first if waited < self.steady else min(self.most, last * self.growth)

    def spread(self, interval: float) -> float:
        """So that many machines do not ask at once."""
        return interval * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311


class Watch:
    """Jobs until they are over. ``pending`` requests are submitted as the account lets them.

    ``timeout`` in seconds, None for none; ``submit`` makes a job of a request.
    """

    def __init__(
        self,
        account: Account,
        *,
        running: Mapping[str, Job],
        pending: tuple[JobRequest, ...] = (),
        submit: Callable[[JobRequest], SubmittedJob] | None = None,
        pace: Pace | None = None,
        timeout: float | None = None,
        log: Log,
    ) -> None:
        self._account, self._log = account, log
        self.jobs = dict(running)
        self.pending = list(pending)
        self._submit = submit
        self._pace = pace or Pace()
        self._timeout = timeout
        # asked to be made, and no answer yet
        self.unanswered: set[str] = set()
        self._called = float("-inf")
        self._renewed = False

    def states(self) -> Iterator[dict[str, Job]]:
        """All jobs after each round, by name, until all are over.

        Raises ``StillRunning`` at the timeout, ``ServiceError`` where asking has no sense any
        more; the jobs go on in both cases.
        """
        begun, interval = self._pace.now(), self._pace.first
        while True:
            calm = self._round()
            yield self.shown()
            if not self.pending and all(job.over for job in self.jobs.values()):
                return
            waited = self._pace.now() - begun
            if calm:
                interval = self._pace.interval(interval, waited)
            else:
                interval = min(self._pace.worst, 2 * interval)
            self._pause(self._pace.spread(interval), waited)

    def _pause(self, seconds: float, waited: float) -> None:
        left = float("inf") if self._timeout is None else self._timeout - waited
        if left <= 0:
            going = ", ".join(name for name, job in self.shown().items() if not job.over)
            raise StillRunning(f"waited {self._timeout:g} s, and {going} not over yet")
        self._pace.sleep(min(seconds, left))

    def shown(self) -> dict[str, Job]:
        """All jobs by name; those that are not submitted yet are ``QUEUED``."""
        queued = {
            request.name: Job(
                name=request.name, arn="", status=QUEUED, target=request.subject.target.name
            )
            for request in self.pending
        }
        return {**self.jobs, **queued}

    def _round(self) -> bool:
        """Submit and ask once; False where the service was not to be had."""
        try:
            self.submit_pending()
            self._ask()
        except ServiceError as error:
            if status_of(error) == "credentials" and not self._renewed:
                self._renewed = True
                self._account.renew()
                return False
            if not is_passing(error):
                raise
            self._log.note(f"{error.line()}; still waiting")
            return False
        self._renewed = False
        return True

    def submit_pending(self) -> None:
        """Submit in order until the account's limit is reached."""
        while self.pending and self._submit is not None:
            name = self.pending[0].name
            self.unanswered.add(name)
            try:
                made = self._submit(self.pending[0])
            except ServiceError as error:
                if not is_passing(error):
                    self.unanswered.discard(name)
                if error.code != jobs.LIMIT:
                    raise
                return  # one of the running ones has to end first, ours or another's
            self.unanswered.discard(name)
            self.pending.pop(0)
            self.jobs[name] = made.job

    def _ask(self) -> None:
        going = [name for name, job in self.jobs.items() if not job.over]
        if len(going) > 1:
            going = self._over_by_list(going)
        for name in going:
            self._space()
            job = jobs.describe(self._account, name)
            if job is None:
                lost = "somebody deleted its record"
                job = replace(self.jobs[name], status="STOPPED", reason=lost)
            self.jobs[name] = job

    def _over_by_list(self, going: list[str]) -> list[str]:
        """The names to describe: a list says that they are over, or does not know them."""
        wanted, over = set(going), []
        first = min(dt.datetime.fromisoformat(self.jobs[name].created) for name in going)
        self._space()
        for count, job in enumerate(
            jobs.listed(self._account, after=first - _EARLIER, most=10_000), 1
        ):
            if count % 100 == 0:
                self._space()
            if job.name not in wanted:
                continue
            wanted.discard(job.name)
            if job.over:
                over.append(job.name)
            else:
                self.jobs[job.name] = replace(
                    self.jobs[job.name], status=job.status, started=job.started
                )
            if not wanted:
                break
        return [*over, *wanted]

    def _space(self) -> None:
        since = self._pace.now() - self._called
        if since < self._pace.spacing:
            self._pace.sleep(self._pace.spacing - since)
        self._called = self._pace.now()
