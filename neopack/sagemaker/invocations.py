"""InvokeEndpoint for load tests: one signed request for each, which nothing tries again.

boto3 itself would hide what is throttled or fails behind its retries, and take threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from neopack.errors import ServiceError, UsageError
from neopack.options import Connection
from neopack.sagemaker import endpoints
from neopack.sagemaker.account import Account

__all__ = ["Invocations"]

SERVICE = "sagemaker"
DIGEST = "X-Amz-Content-SHA256"


class Invocations:
    """Raises ``ServiceError`` where there is no endpoint of that name in service, ``UsageError``
    for an empty name."""

    def __init__(self, connection: Connection, name: str) -> None:
        if not name:
            raise UsageError("endpoint: needs a name", hint="write endpoint:NAME")
        account = Account(connection)
        endpoint = endpoints.describe(account, name)
        if endpoint is None or endpoint.status != "InService":
            status = f"is {endpoint.status}" if endpoint else "does not exist"
            raise ServiceError(
                f"endpoint {name} {status} in {account.region}",
                code="NotInService",
                hint="aws sagemaker list-endpoints",
            )
        self.instance, self.count = endpoints.instances(account, endpoint)
        address = account.client("sagemaker-runtime").meta.endpoint_url
        self.url = f"{address}/endpoints/{quote(name, safe='')}/invocations"
        self._account = account
        self._digests: dict[int, str] = {}

    def signed(self, data: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """``headers`` with those of Signature Version 4, for now."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        named = {**headers, DIGEST: self._digest(data)}
        request = AWSRequest(method="POST", url=self.url, data=data, headers=named)
        SigV4Auth(self._account.credentials(), SERVICE, self._account.region).add_auth(request)
        return dict(request.headers.items())

    def _digest(self, data: bytes) -> str:
        """A payload is sent many times, and stays in memory meanwhile."""
        if id(data) not in self._digests:
            self._digests[id(data)] = hashlib.sha256(data).hexdigest()
        return self._digests[id(data)]
