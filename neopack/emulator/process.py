"""``Emulator``: a server in a child process, for tests and demos."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

from neopack import distributions
from neopack.distributions import install_hint
from neopack.emulator.address import KEY, REGION, SECRET, Address
from neopack.emulator.script import EmulatorScript, Fault
from neopack.errors import EngineFailed, Missing, NeopackError, UsageError
from neopack.formats.codec import from_json, to_json

__all__ = ["Emulator"]

LONGEST_ANSWER = 120


class Emulator:
    """AWS on a free port of 127.0.0.1, until the block ends.

    with Emulator() as aws:
        aws.client("s3").create_bucket(...)
        aws.script(jobs=[JobScript(name="bad-*", fails="compilation")])
    """

    def __init__(self, script: EmulatorScript | None = None) -> None:
        if distributions.version("moto") is None:
            raise Missing("the emulator needs moto and boto3", hint=install_hint("emulator"))
        self._script = script or EmulatorScript()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "neopack.emulator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for as pipes
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(json.dumps(to_json(self._script)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer.strip():
            self.close()
            raise EngineFailed("the emulator did not start", hint="its last output is above")
        self._address = from_json(Address, json.loads(answer))
        self.url = self._address.url

    # --- for clients

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables with which any SDK talks only to this emulator."""
        return dict(self._address.environment)

    def client(self, service: str, *, region: str = REGION, **config: Any) -> Any:
        """Return a boto3 client of one service; ``config`` is for ``botocore.config.Config``."""
        from botocore.config import Config

        return self._session.client(
            service, region_name=region, endpoint_url=self.url, config=Config(**config)
        )

    @cached_property
    def _session(self) -> Any:
        """One session for all clients: loading the model of a service takes seconds."""
        import boto3

        return boto3.session.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET)

    # --- for tests

    def script(self, script: EmulatorScript | None = None, **parts: Any) -> None:
        """Use another script from now on, or change ``parts`` of the current one:
        ``aws.script(jobs=[JobScript(name="bad-*", fails="compilation")])``."""
        changes: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in parts.items()
        }
        self._script = replace(script or self._script, **changes)
        self._tell("script", to_json(self._script))

    def fault(self, *faults: Fault) -> None:
        """Add faults to those of the script."""
        self._tell("faults", {"faults": to_json(faults)})

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self._tell("advance", {"seconds": seconds})

    def reset(self, script: EmulatorScript | None = None) -> None:
        """Forget everything: buckets, jobs, endpoints, recorded calls."""
        self._script = script or EmulatorScript()
        self._tell("reset", to_json(self._script))

    def seen(self, service: str = "", operation: str = "") -> list[dict[str, Any]]:
        """Return the calls in order: service, operation, resource, region, status, effect."""
        calls = self._tell("seen", {})["seen"]
        return [
            call
            for call in calls
            if service in ("", call["service"]) and operation in ("", call["operation"])
        ]

    def _tell(self, verb: str, data: Mapping[str, Any]) -> Any:
        request = urllib.request.Request(  # noqa: S310 - to our own child
            f"{self.url}/_neopack/{verb}", data=json.dumps(data).encode(), method="POST"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=LONGEST_ANSWER) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise UsageError(json.loads(error.read())["message"]) from None
        except OSError as error:
            raise NeopackError(f"the emulator does not answer: {error}") from None

    def close(self) -> None:
        """End the child process, by force if necessary."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
