"""Credentials of a registry, from where ``docker login`` keeps them.

Forms: Docker's documentation of ``docker login``, "Credential stores" and "Credential helpers"
(2026-11).
"""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from neopack.errors import UsageError
from neopack.values.json import AnyJson

__all__ = ["basic_for"]

# the name under which Docker Hub's are kept
HUB = "https://index.docker.io/v1/"
HUBS = ("docker.io", "registry-1.docker.io")
ANSWERS_WITHIN = 60


def basic_for(host: str, environment: Mapping[str, str] = os.environ) -> str:
    """The base64 of ``user:password`` for that host, "" where nobody logged in.

    Raises ``UsageError`` for a file that is not JSON, and for a helper that fails.
    """
    folder = environment.get("DOCKER_CONFIG") or Path.home() / ".docker"
    path = Path(folder) / "config.json"
    config = _read(path)
    key = HUB if host in HUBS else host
    helper = _of(config, "credHelpers").get(host) or config.get("credsStore")
    if isinstance(helper, str):
        return _by_helper(helper, key, path)
    row = _of(config, "auths").get(key)
    auth = row.get("auth") if isinstance(row, dict) else None
    return auth if isinstance(auth, str) else ""


def _read(path: Path) -> dict[str, AnyJson]:
    try:
        config = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read: {error}", where=str(path)) from None
    return config if isinstance(config, dict) else {}


def _of(config: Mapping[str, AnyJson], name: str) -> Mapping[str, AnyJson]:
    table = config.get(name)
    return table if isinstance(table, dict) else {}


def _by_helper(helper: str, host: str, path: Path) -> str:
    if not helper.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"{helper!r} is not the name of a credential helper", where=str(path))
    try:
        done = subprocess.run(
            [f"docker-credential-{helper}", "get"],
            input=host.encode(),
            capture_output=True,
            timeout=ANSWERS_WITHIN,
            check=False,
        )
        if done.returncode:
            return ""  # it has none for this host
        answer = json.loads(done.stdout)
        pair = f"{answer['Username']}:{answer['Secret']}"
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        raise UsageError(
            f"docker-credential-{helper} does not answer",
            where=str(path),
            hint="docker login again, or remove it from there",
        ) from None
    return b64encode(pair.encode()).decode()
