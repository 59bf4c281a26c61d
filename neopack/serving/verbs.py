"""The verbs of serving, as the API has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Unpack

from neopack.errors import UsageError
from neopack.options import Place, chosen
from neopack.serving import dockerfile
from neopack.serving.environment import options_of
from neopack.serving.http.supervisor import Supervisor
from neopack.serving.options import ServeChoices, ServeOptions
from neopack.values.log import Log

__all__ = ["server", "write_dockerfile"]


def server(
    archive: Place,
    *,
    options: ServeOptions | None = None,
    quiet: bool = False,
    log: Log | None = None,
    **choices: Unpack[ServeChoices],
) -> Supervisor:
    """A server that answers as the container of the model does, from ``start`` to ``close``.

    Without ``options``, the environment variables of SageMaker's containers are read. ``quiet``
    leaves out the access log. Raises ``UsageError`` where it cannot listen.
    """
    options = chosen(ServeOptions, options or options_of(os.environ), choices)
    return Supervisor(Path(archive), options, quiet=quiet, log=log)


def write_dockerfile(
    archive: Place,
    folder: Place,
    *,
    options: ServeOptions | None = None,
    force: bool = False,
    **choices: Unpack[ServeChoices],
) -> tuple[Path, ...]:
    """Write a Dockerfile into ``folder``, and what it copies: a container that serves the archive
    as ``server`` does. The paths of the files.

    Raises ``OutputError`` for files that are there, unless ``force`` replaces them, and
    ``UsageError`` for ``host`` and ``port``, which are SageMaker's to say.
    """
    for name in ("host", "port"):
        if name in choices:
            raise UsageError(f"--{name} goes without --docker", hint="SageMaker calls port 8080")
    options = chosen(ServeOptions, options or options_of(os.environ), choices)
    return dockerfile.write_dockerfile(Path(archive), options, Path(folder), force=force)
