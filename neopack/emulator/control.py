"""The control interface for tests, under ``/_neopack/``: scripts, time, recorded calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from neopack.emulator import script as scripts
from neopack.emulator.call import HttpCall
from neopack.emulator.replies import AwsError, Reply, answer, refusal
from neopack.emulator.script import Fault
from neopack.errors import NeopackError
from neopack.formats.codec import from_json

__all__ = ["Control"]


class Control:
    """``script``, ``advance`` and ``reset`` change the emulator; ``seen`` returns its calls."""

    def __init__(self, emulator: Any) -> None:
        self._emulator = emulator
        self._verbs: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "script": self._script,
            "faults": self._faults,
            "advance": self._advance,
            "reset": self._reset,
            "seen": self._seen,
        }

    def __call__(self, call: HttpCall) -> Reply:
        verb = self._verbs.get(call.path.rpartition("/")[2])
        if verb is None:
            message = f"there are {', '.join(self._verbs)}"
            return refusal("control", AwsError("NotFound", message, 404))
        try:
            return answer(verb(call.json()))
        except (NeopackError, ValueError) as error:
            return refusal("control", AwsError("BadScript", str(error)))

    def _script(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        self._emulator.follow(scripts.parse(data))
        return {}

    def _faults(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        self._emulator.front.faults.add(from_json(tuple[Fault, ...], data["faults"]))
        return {}

    def _advance(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        self._emulator.advance(float(data["seconds"]))
        return {}

    def _reset(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        self._emulator.reset(scripts.parse(data))
        return {}

    def _seen(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        del data
        return {"seen": [asdict(seen) for seen in self._emulator.front.seen]}
