"""What a supervisor tells a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neopack.serving.options import ServeOptions

__all__ = ["CONNECTIONS", "STOPPING", "WorkerSpec"]

# seconds for requests in flight at the end; SageMaker kills a container 30 s after SIGTERM
STOPPING = 25.0
# of one worker at once
CONNECTIONS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """``channel`` is the file descriptor of the socket to the reception; ``environment`` is that
    of the container, and ``framework`` that of its image, where one is named."""

    artifact: str
    options: ServeOptions
    channel: int
    log: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    framework: str = ""
