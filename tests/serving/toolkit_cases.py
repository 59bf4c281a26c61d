"""Scripts and requests for which the public inference toolkits and neopack give one answer.

``toolkit_cases.json`` has them: a request is a content type, what is accepted, and a body.
``toolkit_answers.json`` has the toolkits' answers, which ``tools/compare_toolkits.py`` writes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import with_script

from neopack.serving.answers import Answer, answered
from neopack.serving.bodies import Body
from neopack.serving.script import ServingScript
from neopack.serving.scripted import ScriptedContainer

__all__ = ["ANSWERS", "CASES", "ToolkitRequest", "alike", "ours"]

CASES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())
ANSWERS = Path(__file__).with_name("toolkit_answers.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolkitRequest:
    content_type: str
    accept: str
    body: bytes

    @classmethod
    def all_of(cls, name: str) -> Iterator[ToolkitRequest]:
        for content_type, accept, text in CASES[name]["requests"]:
            coded = text.removeprefix("base64:")
            body = text.encode() if coded == text else base64.b64decode(coded)
            yield cls(content_type=content_type, accept=accept, body=body)


def ours(name: str, archive: Path, folder: Path) -> list[Answer]:
    """The answers here to the requests of a case; ``archive`` is any that is compiled."""
    served = with_script(archive, folder / "net.tar.gz", CASES[name]["script"])
    with ScriptedContainer(served, ServingScript(calls="toolkit", tensors=True)) as container:
        return [
            answered(
                container,
                Body(
                    kind=each.content_type,
                    data=each.body,
                    headers={"content-type": each.content_type} if each.content_type else {},
                ),
                each.accept,
            )
            for each in ToolkitRequest.all_of(name)
        ]


def alike(theirs: dict[str, Any], ours: Answer) -> bool:
    """Whether both answer the same: of an error its status and its message, of an answer all."""
    told = base64.b64decode(theirs["body"])
    if theirs["status"] != ours.status:
        return False
    if theirs["status"] != 200:
        return told.split(b"\n")[0] == ours.body.data.split(b"\n")[0]
    headers = dict(ours.body.headers) == theirs["headers"]
    return told == ours.body.data and theirs["kind"] == ours.body.kind and headers
