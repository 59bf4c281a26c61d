"""Archives and artifacts elsewhere: ``push`` and ``pull``."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import UsageError
from neopack.options import Connection, Place
from neopack.sharing.results import Pulled, Pushed
from neopack.values.log import Log, SilentLog

__all__ = ["pull", "push"]


def push(
    path: Place, url: str, *, connection: Connection | None = None, log: Log | None = None
) -> Pushed:
    """Send an archive or artifact, and what belongs to it, to ``s3://bucket/prefix`` or to
    ``oci://host/repository:tag``. What is there already is not sent again.

    Raises ``UsageError`` for another URL, ``Malformed`` where the files do not belong together,
    and ``ServiceError`` where the service refuses or cannot be reached.
    """
    log = log or SilentLog()
    if _is_s3(url):
        from neopack.sharing import s3

        return s3.push(Path(path), url, connection or Connection(), log)
    from neopack.sharing import oci

    return oci.push(Path(path), url, log)


def pull(
    url: str,
    folder: Place = ".",
    *,
    force: bool = False,
    connection: Connection | None = None,
    log: Log | None = None,
) -> Pulled:
    """Write what was pushed into ``folder``, each file compared with its digest, all or none.

    Raises what ``push`` does, and ``OutputError`` for another file of the same name without
    ``force``.
    """
    log = log or SilentLog()
    if _is_s3(url):
        from neopack.sharing import s3

        return s3.pull(url, Path(folder), connection or Connection(), log, force=force)
    from neopack.sharing import oci

    return oci.pull(url, Path(folder), log, force=force)


def _is_s3(url: str) -> bool:
    if not url.startswith(("s3://", "oci://")):
        raise UsageError(
            f"{url!r:.200} is neither in S3 nor in a registry",
            hint="s3://bucket/prefix, or oci://host/repository:tag",
        )
    return url.startswith("s3://")
