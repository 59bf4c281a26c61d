"""Places in registries: ``oci://host:port/repository:tag``, or ``@sha256:...`` in place of a tag.

Grammar: OCI distribution-spec 1.1, "Pulling manifests" (2026-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from neopack.errors import UsageError

__all__ = ["Reference"]

_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LATEST = "latest"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """``tag`` is empty where ``digest`` says which."""

    host: str
    repository: str
    tag: str = LATEST
    digest: str = ""

    @classmethod
    def of(cls, url: str) -> Reference:
        """Raises ``UsageError`` for what is not ``oci://host/repository[:tag][@digest]``."""
        host, _, rest = url.removeprefix("oci://").partition("/")
        rest, _, digest = rest.partition("@")
        repository, _, tag = rest.partition(":")
        wrong = (
            not (_HOST.fullmatch(host) and _REPOSITORY.fullmatch(repository))
            or not _TAG.fullmatch(tag or LATEST)
            or not (_DIGEST.fullmatch(digest) if "@" in url else True)
        )
        if wrong:
            raise UsageError(
                f"{url!r:.200} is not a place in a registry",
                hint="oci://host/repository:tag, in lower case, or @sha256:... for one version",
            )
        return cls(
            host=host, repository=repository, tag="" if digest else tag or LATEST, digest=digest
        )

    def __str__(self) -> str:
        version = f"@{self.digest}" if self.digest else f":{self.tag}"
        return f"oci://{self.host}/{self.repository}{version}"

    @property
    def name(self) -> str:
        """The tag or the digest, as it stands in a URL."""
        return self.digest or self.tag

    @property
    def origin(self) -> str:
        """Registries on this machine have no certificate."""
        plain = self.host.rpartition(":")[0] in LOOPBACK or self.host in LOOPBACK
        return f"{'http' if plain else 'https'}://{self.host}"

    @property
    def base(self) -> str:
        return f"{self.origin}/v2/{self.repository}"
