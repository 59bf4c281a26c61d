"""Stored records, by region and name: models and endpoint configurations."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neopack.emulator.arns import arn_of
from neopack.emulator.clock import Clock
from neopack.emulator.pages import PageRequest, page
from neopack.emulator.replies import AwsError

__all__ = ["Record", "Records"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    arn: str
    name: str
    request: Mapping[str, Any]
    created: float


class Records:
    """Records of one kind: ``noun`` is its name in messages, ``word`` in the API's fields."""

    def __init__(self, clock: Clock, *, noun: str, word: str) -> None:
        self.clock = clock
        self._noun, self._word = noun, word
        self._records: dict[tuple[str, str], Record] = {}
        self._lock = threading.Lock()

    def create(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        name = request[f"{self._word}Name"]
        arn = arn_of(region, self._noun.replace(" ", "-"), name)
        with self._lock:
            if (region, name) in self._records:
                message = f'Cannot create already existing {self._noun} "{arn}".'
                raise AwsError("ValidationException", message)
            self._records[region, name] = Record(
                arn=arn, name=name, request=request, created=self.clock.now()
            )
        return {f"{self._word}Arn": arn}

    def get(self, region: str, name: str) -> Record:
        record = self._records.get((region, name))
        if record is None:
            arn = arn_of(region, self._noun.replace(" ", "-"), name)
            raise AwsError("ValidationException", f'Could not find {self._noun} "{arn}".')
        return record

    def describe(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        record = self.get(region, request[f"{self._word}Name"])
        return {
            **{key: value for key, value in record.request.items() if key != "Tags"},
            f"{self._word}Arn": record.arn,
            "CreationTime": record.created,
        }

    def list(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            records = [record for (where, _), record in self._records.items() if where == region]
        asks = [
            PageRequest(item=r, name=r.name, status="", created=r.created, modified=r.created)
            for r in records
        ]
        shown, token = page(asks, request, keys={"Name": "name"}, order="Descending")
        summaries = [
            {
                f"{self._word}Name": ask.name,
                f"{self._word}Arn": ask.item.arn,
                "CreationTime": ask.created,
            }
            for ask in shown
        ]
        return {f"{self._word}s": summaries} | ({"NextToken": token} if token else {})

    def delete(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        record = self.get(region, request[f"{self._word}Name"])
        with self._lock:
            self._records.pop((region, record.name), None)
        return {}

    def clear(self) -> None:
        self._records.clear()
