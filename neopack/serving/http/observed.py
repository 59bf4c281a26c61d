"""What is told of each request: Prometheus metrics at /metrics, and a line of JSON in the log."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from neopack.serving.bodies import Body

__all__ = ["Observed", "Observer", "access_line"]

# seconds: a compiled model answers in a fraction of a millisecond, and a request ends after 60 s
BUCKETS = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One request that is over. Sizes are those of the bodies."""

    id: str
    method: str
    path: str
    status: int
    seconds: float
    content_type: str
    bytes_in: int
    bytes_out: int


def access_line(seen: Observed) -> str:
    """A line of the access log, as JSON."""
    fields = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "id": seen.id,
        "method": seen.method,
        "path": seen.path,
        "status": seen.status,
        "ms": round(seen.seconds * 1000, 3),
        "content_type": seen.content_type,
        "bytes_in": seen.bytes_in,
        "bytes_out": seen.bytes_out,
        "pid": os.getpid(),
    }
    return json.dumps(fields)


class Observer:
    """``write`` takes a line of the access log. The metrics of all workers of a server are in the
    files of PROMETHEUS_MULTIPROC_DIR, if that is set before this is made."""

    def __init__(self, write: Callable[[str], Any] | None = None, *, threads: int = 1) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._write, self._threads, self._inside, self._last_queued = write, threads, 0, 0
        self._registry = CollectorRegistry()
        common: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter(
            "neopack_requests", "Requests by path and status.", ["path", "status"], **common
        )
        self._seconds = Histogram(
            "neopack_invocation_seconds", "From request to answer.", buckets=BUCKETS, **common
        )
        # this opens its file, for which there may be no file descriptor later
        self._requests.labels("/ping", "200")
        self._in_flight = Gauge(
            "neopack_requests_in_flight", "Now.", multiprocess_mode="livesum", **common
        )
        self._queued = Gauge(
            "neopack_requests_queued", "Now.", multiprocess_mode="livesum", **common
        )

    def began(self) -> None:
        self._inside += 1
        self._counted()

    def ended(self, seen: Observed) -> None:
        self._inside -= 1
        self._counted()
        path = seen.path if seen.path in ("/ping", "/invocations", "/metrics") else "other"
        self._requests.labels(path, str(seen.status)).inc()
        if path == "/invocations":
            self._seconds.observe(seen.seconds)
        if self._write is not None:
            self._write(access_line(seen))

    def _counted(self) -> None:
        self._in_flight.set(self._inside)
        queued = max(0, self._inside - self._threads)
        if queued != self._last_queued:  # each is a write to a file
            self._last_queued = queued
            self._queued.set(queued)

    def exposed(self) -> Body:
        """The metrics in Prometheus's text format, of all workers together."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Body(kind=CONTENT_TYPE_LATEST, data=generate_latest(registry))
