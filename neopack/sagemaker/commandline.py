"""A request as the call of AWS's own command line that does the same."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator

from neopack.sagemaker.request import JobRequest
from neopack.values.json import Json

__all__ = ["aws_command"]

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def aws_command(request: JobRequest) -> str:
    """One line for a POSIX shell: structures as JSON, so that nothing is quoted twice."""
    words = ["aws", "sagemaker", "create-compilation-job"]
    if request.settings.region:
        words += ["--region", request.settings.region]
    for name, value in request.body.items():
        words += [_option(name), *_words(value)]
    return shlex.join(words)


def _option(name: str) -> str:
    """``--compilation-job-name`` for CompilationJobName."""
    return "--" + _WORD.sub("-", name).lower()


def _words(value: Json) -> Iterator[str]:
    yield value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
