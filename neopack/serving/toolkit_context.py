"""What a function of a script gets as its ``context``: the headers of a request, and the status
and the headers of its answer.

Source: awslabs/multi-model-server, mms/context.py (2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ToolkitContext"]


class _RequestProcessor:
    """One request; its headers are found in whatever case they are asked for."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._asked = {name.title(): value for name, value in headers.items()}
        self._answered: dict[str, str] = {}
        self._status, self._phrase = 200, ""

    def get_request_property(self, key: str) -> str | None:
        return self._asked.get(key.title())

    def get_request_properties(self) -> dict[str, str]:
        return self._asked

    def add_response_property(self, key: str, value: Any) -> None:
        self._answered[key] = str(value)

    def get_response_header(self, key: str) -> str | None:
        return self._answered.get(key)

    def get_response_headers(self) -> dict[str, str]:
        return self._answered

    def report_status(self, code: int, reason_phrase: str | None = None) -> None:
        self._status, self._phrase = code, reason_phrase or ""

    def get_response_status_code(self) -> int:
        return self._status

    def get_response_status_phrase(self) -> str:
        return self._phrase


class ToolkitContext:
    """One for all requests of a worker, as there; ``begin`` makes it that of the next one."""

    def __init__(self, model_dir: str) -> None:
        self.model_name, self.metrics = "model", None
        self.manifest: dict[str, Any] = {"model": {}}
        self.system_properties = {
            "model_dir": model_dir,
            "gpu_id": None,
            "batch_size": 1,
            "server_name": "MMS",
        }
        self.request_ids: dict[int, str] = {}
        self.begin({})

    def begin(self, headers: Mapping[str, str]) -> None:
        self.request_processor = [_RequestProcessor(headers)]
        self.request_ids = {0: headers.get("x-request-id", "")}

    def get_request_id(self, idx: int = 0) -> str | None:
        return self.request_ids.get(idx)

    def get_request_header(self, idx: int, key: str) -> str | None:
        return self.request_processor[idx].get_request_property(key)

    def get_all_request_header(self, idx: int) -> dict[str, str]:
        return self.request_processor[idx].get_request_properties()

    def set_response_header(self, idx: int, key: str, value: Any) -> None:
        self.request_processor[idx].add_response_property(key, value)

    def get_response_headers(self, idx: int) -> dict[str, str]:
        return self.request_processor[idx].get_response_headers()

    def set_response_content_type(self, idx: int, value: str) -> None:
        self.set_response_header(idx, "content-type", value)

    def get_response_content_type(self, idx: int) -> str | None:
        return self.request_processor[idx].get_response_header("content-type")

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        self.request_processor[idx].report_status(code, phrase)

    def set_all_response_status(self, code: int = 200, phrase: str = "") -> None:
        for each in self.request_processor:
            each.report_status(code, phrase)
