"""An AWS account as boto3 reaches it: clients of one session, made when they are first used.

Credentials, region, profile, endpoint and retries are boto3's own business and come from where
boto3 takes them.
"""

from __future__ import annotations

import os
from typing import Any

from neopack._version import __version__
from neopack.distributions import install_hint
from neopack.errors import Missing, ServiceError, UsageError
from neopack.options import Connection
from neopack.sagemaker.seam import CREDENTIALS, translated

__all__ = ["Account", "Connection"]

# quiet connections are given up sooner than after botocore's minute
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 20
# a container answers an invocation within 60 s (SageMaker developer guide, 2026); S3 takes minutes
# to complete a large upload, and sends spaces meanwhile (API reference, CompleteMultipartUpload)
PATIENT = {"sagemaker-runtime": 70, "s3": 120}
ATTEMPTS = 6
# the threads of an upload
CONNECTIONS = 16


class Account:
    """``account.client("s3")``: one client of each kind, of one session."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._session = _session(connection)
        self._clients: dict[str, Any] = {}

    @property
    def region(self) -> str:
        """The region of the jobs. Raises ``UsageError`` where nothing names one."""
        region = self._session.region_name
        if not region:
            raise UsageError("no region is known", hint="--region, or AWS_DEFAULT_REGION")
        return str(region)

    @property
    def endpoint(self) -> str:
        """Where calls go instead of AWS; empty where they go to AWS."""
        return self.connection.endpoint or os.environ.get("AWS_ENDPOINT_URL", "")

    def client(self, service: str) -> Any:
        if service not in self._clients:
            with translated(f"preparing calls to {service}"):
                self._clients[service] = self._session.client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.connection.endpoint or None,
                    config=self._config(service),
                )
        return self._clients[service]

    def credentials(self) -> Any:
        """botocore's frozen credentials, renewed before they expire."""
        with translated("reading the AWS credentials"):
            found = self._session.get_credentials()
            if found is None:
                raise ServiceError(
                    "no AWS credentials", code=CREDENTIALS, hint="aws configure, AWS_PROFILE"
                )
            return found.get_frozen_credentials()

    def renew(self) -> None:
        """Begin a new session, which reads credentials that somebody refreshed meanwhile."""
        self._session = _session(self.connection)
        self._clients.clear()

    def _config(self, service: str) -> Any:
        from botocore.config import Config

        timeout = PATIENT.get(service, READ_TIMEOUT)
        return Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=timeout,
            max_pool_connections=CONNECTIONS,
            user_agent_extra=f"neopack/{__version__}",
            retries=self._retries(),
        )

    def _retries(self) -> dict[str, Any] | None:
        """Ours only where the user says nothing: older versions of botocore mean "legacy"."""
        with translated("reading the AWS configuration"):
            inner = self._session._session  # noqa: SLF001 - boto3 has no other way to its settings
            said = [inner.get_config_variable(name) for name in ("retry_mode", "max_attempts")]
        return None if any(said) else {"mode": "standard", "total_max_attempts": ATTEMPTS}


def _session(connection: Connection) -> Any:
    try:
        import boto3
    except ImportError:
        raise Missing("AWS is reached through boto3", hint=install_hint("aws")) from None
    with translated("reading the AWS configuration"):
        return boto3.Session(
            profile_name=connection.profile or None, region_name=connection.region or None
        )
