"""A registry over HTTP: requests with its credentials, which no other host is sent.

Protocol: OCI distribution-spec 1.1, and for tokens distribution's "Token Authentication
Specification" (2026-11).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

from neopack._version import __version__
from neopack.distributions import install_hint
from neopack.errors import Missing, ServiceError, first_line
from neopack.sharing.credentials import basic_for
from neopack.sharing.reference import Reference

__all__ = ["NETWORK", "Registry", "refuse_status"]

NETWORK, CREDENTIALS, DENIED, MISSING = "Network", "Credentials", "Denied", "NotFound"
# seconds to connect, and between two bytes
TIMEOUT = (10, 60)
MOST_HOPS = 5
PAUSES = (0.5, 2.0)
PASSING = (429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
MOST_TEXT = 4 << 20
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Registry:
    """``send`` is one request, whose answer the caller reads and closes."""

    def __init__(self, reference: Reference) -> None:
        try:
            import requests
        except ImportError:
            raise Missing("registries are reached by requests", hint=install_hint("oci")) from None
        self.reference = reference
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"neopack/{__version__}"
        self._basic = basic_for(reference.host)
        self._authorization = ""

    def close(self) -> None:
        """End the connections, which are kept for more requests."""
        self._session.close()

    @contextmanager
    def send(self, method: str, url: str, **options: Any) -> Iterator[Any]:
        """The answer, whatever its status, after the registry's question for credentials, and
        once more after an error of the server. Raises ``ServiceError`` where none came."""
        answer = self._answer(method, url, options)
        if answer.status_code == 401 and self._authorize(answer):
            answer.close()
            answer = self._answer(method, url, options)
        try:
            yield answer
        finally:
            answer.close()

    def _answer(self, method: str, url: str, options: Mapping[str, Any]) -> Any:
        for pause in (*PAUSES, None):
            answer = self._followed(method, url, options)
            repeatable = not hasattr(options.get("data"), "read")
            if pause is None or answer.status_code not in PASSING or not repeatable:
                return answer
            answer.close()
            time.sleep(pause)
        raise AssertionError("the last turn returns")

    def _followed(self, method: str, url: str, options: Mapping[str, Any]) -> Any:
        """Follow redirects of what is only read, as registries send to where their blobs are."""
        for _ in range(MOST_HOPS):
            answer = self._once(method, url, options)
            if answer.status_code not in REDIRECTS or method not in ("GET", "HEAD"):
                return answer
            answer.close()
            url = urljoin(url, answer.headers.get("Location", ""))
        raise ServiceError("redirects without end", code=NETWORK, where=str(self.reference))

    def _once(self, method: str, url: str, options: Mapping[str, Any]) -> Any:
        import requests

        # the digest is of the bytes as they are stored
        headers = {"Accept-Encoding": "identity", **options.get("headers", {})}
        if self._authorization and _origin(url) == self.reference.origin:
            headers["Authorization"] = self._authorization
        rest = {key: value for key, value in options.items() if key != "headers"}
        with reaching(self.reference):
            request = self._session.prepare_request(
                requests.Request(method, url, headers=headers, auth=_unchanged, **rest)
            )
            settings = self._session.merge_environment_settings(request.url, {}, True, None, None)
            return self._session.send(
                request, timeout=TIMEOUT, allow_redirects=False, **{**settings, "stream": True}
            )

    def _authorize(self, answer: Any) -> bool:
        """Whether there is something to answer the registry's question with."""
        question = answer.headers.get("WWW-Authenticate", "")
        scheme, _, rest = question.partition(" ")
        if _origin(answer.url) != self.reference.origin:
            return False
        before = self._authorization
        if scheme.lower() == "basic" and self._basic:
            self._authorization = f"Basic {self._basic}"
        elif scheme.lower() == "bearer":
            self._authorization = self._token(dict(_PARAMETER.findall(rest)))
        return self._authorization not in ("", before)

    def _token(self, parameters: Mapping[str, str]) -> str:
        """Credentials go to the realm that the registry names, as Docker has it, but never from
        an encrypted place to one that is not."""
        realm = parameters.get("realm", "")
        plain = urlsplit(realm).scheme != "https"
        if not realm or (plain and self.reference.origin.startswith("https:")):
            raise ServiceError(
                f"asks for tokens of {realm!r:.80}, which is not https",
                code=CREDENTIALS,
                where=str(self.reference),
            )
        named = {key: parameters[key] for key in ("service", "scope") if key in parameters}
        headers = {"Authorization": f"Basic {self._basic}"} if self._basic else {}
        with reaching(self.reference):
            answer = self._session.get(
                realm,
                params=named,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                auth=_unchanged,
            )
        refuse_status(answer, self.reference, "asking for a token")
        with reaching(self.reference):
            data = answer.json()
        token = data.get("token") or data.get("access_token") if isinstance(data, dict) else None
        return f"Bearer {token}" if isinstance(token, str) else ""


@contextmanager
def reaching(reference: Reference) -> Iterator[None]:
    """Turn an error of the connection into ``ServiceError``."""
    import requests

    try:
        yield
    except (requests.RequestException, OSError) as error:
        raise ServiceError(
            f"{reference.host} cannot be reached: {_reason(error)}",
            code=NETWORK,
            where=str(reference),
            hint="is the host right, and is a proxy or VPN needed?",
        ) from error


def refuse_status(answer: Any, reference: Reference, doing: str) -> None:
    """Raise ``ServiceError`` for a status that is not 2xx, with the registry's own word."""
    status = int(answer.status_code)
    if 200 <= status < 300:
        return
    code, hint = {
        401: (CREDENTIALS, f"docker login {reference.host}"),
        403: (DENIED, f"may you do so? docker login {reference.host} signs in as another"),
        404: (MISSING, "is the name right, and was it pushed?"),
    }.get(status, (NETWORK if status in PASSING else str(status), "try again later"))
    raise ServiceError(
        f"{doing}: {reference.host} answers {status}{_word(answer)}",
        code=code,
        where=str(reference),
        hint=hint,
    )


def _word(answer: Any) -> str:
    """The first error of the registry's document, if it has one."""
    try:
        data = next(answer.iter_content(MOST_TEXT), b"")
        import json

        error = json.loads(data)["errors"][0]
        text = f"{error['code']}: {error.get('message', '')}"
    except Exception:  # noqa: BLE001 - what a stranger answers may be anything
        return ""
    return f", {' '.join(text.split()):.120}"


def _reason(error: BaseException) -> str:
    """The innermost reason: requests wraps urllib3's errors, which wrap the system's."""
    while (inner := getattr(error, "reason", None) or error.__cause__ or error.__context__) and (
        isinstance(inner, BaseException)
    ):
        error = inner
    return first_line(error)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _unchanged(request: Any) -> Any:
    """Keeps requests from adding what .netrc has."""
    return request
