"""The names that jobs and objects get: derived, so that the same work has the same name.

CreateCompilationJob takes no client token (botocore 1.43.11, 2026), so the name has to be one:
a second call for the same work finds the first one's job under it.
"""

from __future__ import annotations

import hashlib
import json
import re

from neopack.sagemaker.location import Location
from neopack.values.json import Json
from neopack.values.target import Target

__all__ = ["archive_key", "digest", "job_name", "slug"]

LONGEST = 63
_DIGITS = 10


def digest(request: Json) -> str:
    """The sha256 of a request, whatever the order of its keys."""
    text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def job_name(stem: str, target: Target, request_digest: str, attempt: int = 1) -> str:
    """``<stem>-<target>-<10 digits>``, with ``-2`` for a second attempt at the same request.

    At most 63 of letters, digits and single hyphens, as the API wants them.
    """
    tail = f"-{request_digest[:_DIGITS]}" + (f"-{attempt}" if attempt > 1 else "")
    aim = slug(target.name)[: LONGEST - len(tail) - 2]
    head = slug(stem)[: LONGEST - len(tail) - len(aim) - 1].strip("-") or "model"[:1]
    return f"{head}-{aim}{tail}"


def slug(text: str) -> str:
    """Letters and digits with single hyphens between; ``model`` where nothing is left."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") or "model"


def archive_key(output: Location, content_sha256: str, stem: str) -> Location:
    """Where the archive goes: under the digest of its content, so that equal ones meet."""
    return output / "archives" / content_sha256 / f"{slug(stem)}.tar.gz"
