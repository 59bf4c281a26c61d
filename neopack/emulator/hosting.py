"""Host an artifact behind an endpoint, if target, instance and image fit together."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.read import scan
from neopack.errors import SourceError
from neopack.facts.images import inference_image
from neopack.serving.answers import Answer
from neopack.serving.bodies import Body
from neopack.serving.environment import options_of
from neopack.serving.hosting import CompiledFor, compiled_for
from neopack.serving.http.supervisor import Supervisor
from neopack.values.log import Log

__all__ = ["Hosted", "Variant", "hosted"]

# the server itself says that its time is over, a moment before
PATIENCE = 5.0
# headers of one connection, which are not passed on
OF_THE_WAY = frozenset({"connection", "content-length", "expect", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The instance and the image of an endpoint."""

    image: str
    environment: Mapping[str, str]
    instance: str
    accelerator: str
    region: str


class Hosted:
    """A server of ``neopack serve``, and requests to it. Raises ``NeopackError`` where the model
    does not load, or its script does not start. The artifact has to stay where it is."""

    def __init__(self, artifact: Path, variant: Variant, log: Log) -> None:
        asked = options_of(variant.environment)
        workers = min(asked.workers, os.cpu_count() or 1)
        self._timeout = asked.timeout
        self._server = Supervisor(
            artifact,
            replace(asked, host="127.0.0.1", port=0, workers=workers),
            environment=variant.environment,
            framework=_framework(variant.image),
            quiet=True,
            log=log,
        )
        try:
            self._port = int(self._server.start().url.rpartition(":")[2])
        except BaseException:
            self._server.close()
            raise
        self._server.watch()

    def answer(self, request: Body, accept: str) -> Answer:
        """What the server answers. Raises ``TimeoutError`` and other ``OSError`` where it gives
        no answer."""
        kept = {name: text for name, text in request.headers.items() if name not in OF_THE_WAY}
        headers = {**kept, "content-type": request.kind, "accept": accept}
        start = time.monotonic()
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=self._timeout + PATIENCE
        )
        with closing(connection):
            connection.request("POST", "/invocations", request.data, headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            body = Body(kind=told.get("content-type", ""), data=answer.read(), headers=told)
        late = answer.status == 500 and time.monotonic() - start >= self._timeout
        return Answer(status=answer.status, body=body, late=late)

    def close(self) -> None:
        self._server.close()


def hosted(artifact: Path, variant: Variant, log: Log) -> Hosted:
    """Serve the artifact. Raises ``NeopackError`` if it does not load, start or fit."""
    compiled = compiled_for(scan(artifact))
    if compiled is not None:
        _refuse_misfit(compiled, variant)
    return Hosted(artifact, variant, log)


def _framework(image: str) -> str:
    """The framework whose name an image has, or ""."""
    repository = _family(image)[0]
    names = (row.name for row in facts.frameworks() if row.name.lower() in repository)
    return next(names, "")


def _refuse_misfit(compiled: CompiledFor, variant: Variant) -> None:
    target = compiled.target
    family = target.name.replace("_", ".") + "."
    if target.kind in ("edge", "platform"):
        raise SourceError(
            f"a model compiled for {target.name} runs on the device, not on an endpoint"
        )
    if target.kind == "eia":
        if not variant.accelerator.startswith(family):
            raise SourceError(f"a model compiled for {target.name} needs an AcceleratorType")
        return
    if not variant.instance.startswith(family):
        raise SourceError(
            f"a model compiled for {target.name} runs on {family}*, not on {variant.instance}"
        )
    image = inference_image(compiled.framework, "", target, variant.region)
    if image and _family(image) != _family(variant.image):
        raise SourceError(
            f"the image {variant.image} does not serve {compiled.framework} compiled for "
            f"{target.name}; {image} does"
        )


def _family(image: str) -> tuple[str, str]:
    """The (repository, accelerator), which all versions of one image share."""
    repository, _, tag = image.rpartition("/")[2].partition(":")
    words = tag.split("-")
    return repository, words[1] if len(words) > 1 else ""
