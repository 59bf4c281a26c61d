"""The steps of ``explain``: a rule by its id, what AWS printed, or a job as AWS describes it."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from pathlib import Path

from neopack import facts
from neopack.checks.engine import refuse_unknown
from neopack.checks.failure_reasons import Explanation, explain, explain_rule
from neopack.errors import LimitExceeded, Malformed, UsageError
from neopack.formats.json_text import read_json
from neopack.formats.source import FileSource
from neopack.values.json import Json

__all__ = ["explain_any"]

_ID = re.compile(r"neo-[a-z]{2}-\d+", re.IGNORECASE)
# DescribeCompilationJob answers with a few kilobytes
LARGEST = 1 << 20
# one word that ends like this was meant for a file
FILES = (".json", ".txt", ".log")
STATUS, REASON = "CompilationJobStatus", "FailureReason"


def explain_any(text: str) -> Explanation:
    """``text`` is a rule's id, a message, a job as JSON, or the path of a file that holds one of
    these. Raises ``UsageError`` for an id that no rule has and a job that did not fail."""
    message, where = _read(text)
    if _ID.fullmatch(message):
        refuse_unknown(message)
        return explain_rule(facts.error_row(message.upper()).id)
    if not message:
        raise UsageError("there is nothing to explain", where=where)
    if message.startswith("{"):
        return _job(message, where)
    return explain(message)


def _read(text: str) -> tuple[str, str]:
    """The words, and the file that they are of."""
    if not _is_file(text):
        if text.endswith(FILES) and not any(map(str.isspace, text)):
            raise UsageError("no such file", where=text, hint="the words themselves will do too")
        return text.strip(), "explain"
    with FileSource(Path(text)) as source:
        if source.size > LARGEST:
            raise LimitExceeded(f"is larger than {LARGEST} bytes", where=text)
        data = source.read(0, source.size)
    try:
        # Windows' shells redirect what aws prints as UTF-16
        words = data.decode(
            "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
        )
    except UnicodeDecodeError:
        words = "\0"
    if "\0" in words:
        raise Malformed(
            "is not text", where=text, hint="neopack inspect says what a model file is"
        )
    return words.strip(), text


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # a message of AWS's can be longer than any name of a file
        return False


def _job(text: str, where: str) -> Explanation:
    """A job as ``aws sagemaker describe-compilation-job`` prints it, or an event about one."""
    answer = read_json(text, where)
    job = answer.get("detail", answer)
    if not isinstance(job, dict) or not (REASON in job or STATUS in job):
        raise Malformed(
            f"has neither {REASON} nor {STATUS}",
            where=where,
            hint="give what aws sagemaker describe-compilation-job prints",
        )
    return _ended(job, where)


def _ended(job: Mapping[str, Json], where: str) -> Explanation:
    status, reason = job.get(STATUS, "FAILED"), job.get(REASON, "")
    if not isinstance(reason, str):
        raise Malformed(f"{REASON} is not text", where=where)
    if reason:
        return explain(reason)
    if status == "STOPPED":
        return Explanation(
            kind="stopped",
            reason="stopped before it was done",
            cause="Somebody stopped it, or it ran into MaxRuntimeInSeconds.",
            fix="Submit it again; where its time was up, with a longer --max-runtime.",
        )
    raise UsageError(f"the job is {status} and gives no reason", where=where)
