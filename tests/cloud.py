"""An account at the emulator, and the command line in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk import Answer, Call

from neopack.emulator import Emulator, EmulatorScript, JobScript, Span, Timeline

__all__ = ["BUCKET", "LONG", "QUICK", "ROLE", "Cloud", "trust"]

BUCKET = "models"
ROLE = "arn:aws:iam::123456789012:role/neo"
# each state is over when it was seen once: no clock
QUICK = Timeline(starting=Span(describes=1), running=Span(describes=1), stopping=Span(describes=1))

# and one whose end never comes by itself
LONG = Timeline(starting=Span(describes=1), running=Span(seconds=3600), stopping=Span(describes=1))


def trust(service: str = "sagemaker.amazonaws.com") -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Cloud:
    """``compile`` adds what every call needs; ``calls`` counts what came to AWS."""

    aws: Emulator
    neopack: Call
    archive: Path

    def compile(self, *options: str | Path, targets: Sequence[str] = ("ml_c5",)) -> Answer:
        chosen = [word for target in targets for word in ("-t", target)]
        place = ("--role", ROLE, "--output", f"s3://{BUCKET}/neo")
        pace = () if "--no-wait" in options else ("--poll", "0")
        return self.neopack("compile", self.archive, *chosen, *place, *pace, *options)

    def jobs(self, *options: str | Path) -> Answer:
        return self.neopack("jobs", *options)

    def script(self, *jobs: JobScript, **parts: Any) -> None:
        self.aws.script(
            EmulatorScript(
                jobs=jobs,
                engines=("openvino",),
                **{"timeline": QUICK, "clock": "manual", **parts},
            )
        )

    def calls(self, operation: str) -> int:
        """How often an operation went well."""
        return sum(call["status"] < 300 for call in self.aws.seen(operation=operation))

    def made(self) -> list[str]:
        """The names of all jobs that were ever made."""
        listed = self.aws.client("sagemaker").list_compilation_jobs(MaxResults=100)
        return sorted(job["CompilationJobName"] for job in listed["CompilationJobSummaries"])
