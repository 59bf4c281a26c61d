"""How a server is loaded: the options of ``loadtest``, which those of ``experiment`` extend."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self, TypedDict

from neopack.errors import UsageError
from neopack.goldens.comparison import check_max_difference
from neopack.options import Options

__all__ = ["LoadChoices", "LoadOptions", "Objective"]

# each caller is a connection, and each request of a second waits in memory
MOST_CALLERS = 10_000
MOST_RATE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A service-level objective: ``percent`` of the answers within ``milliseconds``."""

    percent: float
    milliseconds: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """``p95=50ms``. Raises ``UsageError`` for another form."""
        match = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?)=(\d+(?:\.\d+)?)(ms|s)", text.strip().lower())
        if match is None or not float(match[2]):
            raise UsageError(f"--slo {text} is not an objective", hint="write p95=50ms")
        scale = 1e3 if match[3] == "s" else 1.0
        return cls(percent=float(match[1]), milliseconds=scale * float(match[2]))

    def __str__(self) -> str:
        return f"p{self.percent:g}={self.milliseconds:g}ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions(Options):
    """How a server is loaded, for ``seconds`` a stage after ``warm_up`` seconds.

    A stage of a closed loop for each number in ``callers`` (``USUAL`` without any), who wait
    ``think`` milliseconds between answer and next request; or, with ``rates`` (requests a second),
    a stage of an open loop for each, whose requests arrive as ``arrivals`` says. ``search`` looks
    for the highest rate that meets ``slo``. ``payload`` is a file or a folder, sent as
    ``content_type``; without it golden inputs are sent. ``difference`` is allowed from golden
    outputs, relative to the largest; None: 1e-3, or what the engine allows in an artifact's
    precision. A file is served by ``workers`` processes of ``threads`` each. Raises ``UsageError``
    for numbers that mean nothing.
    """

    USUAL: ClassVar[tuple[int, ...]] = (1, 2, 4, 8, 16)

    callers: tuple[int, ...] = ()
    rates: tuple[float, ...] = ()
    arrivals: Literal["poisson", "constant"] = "poisson"
    seconds: float = 10.0
    warm_up: float = 2.0
    think: float = 0.0
    timeout: float = 60.0
    slo: Objective | None = None
    search: bool = False
    payload: Path | None = None
    content_type: str = ""
    difference: float | None = None
    workers: int = 1
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        positive = {"--seconds": self.seconds, "--timeout": self.timeout}
        positive |= {"--callers": min(self.callers, default=1)}
        positive |= {"--rate": min(self.rates, default=1.0)}
        for name, value in positive.items():
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name} {value:g} is not positive")
        for name, value in {"--warm-up": self.warm_up, "--think-ms": self.think}.items():
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} {value:g} is negative")
        most = max(self.callers, default=1)
        if most > MOST_CALLERS:
            raise UsageError(f"--callers {most} is more than {MOST_CALLERS}")
        if max(self.rates, default=0.0) > MOST_RATE:
            raise UsageError(f"--rate {max(self.rates):g} is more than {MOST_RATE}")
        if self.search and self.slo is None:
            raise UsageError("--search needs an objective to meet", hint="add --slo p95=50ms")
        check_max_difference(self.difference)

    @property
    def levels(self) -> tuple[float, ...]:
        """Requests a second in an open loop, else callers."""
        return self.rates or self.callers or self.USUAL


class LoadChoices(TypedDict, total=False):
    """The fields of ``LoadOptions`` as keywords; an objective may be its text, ``p95=50ms``."""

    callers: tuple[int, ...]
    rates: tuple[float, ...]
    arrivals: Literal["poisson", "constant"]
    seconds: float
    warm_up: float
    think: float
    timeout: float
    slo: Objective | str | None
    search: bool
    payload: Path | None
    content_type: str
    difference: float | None
    workers: int
    threads: int
    seed: int
