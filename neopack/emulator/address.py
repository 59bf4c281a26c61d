"""The address of an emulator, and the variables with which any SDK talks only to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neopack.emulator.arns import ACCOUNT
from neopack.emulator.script import EmulatorScript

__all__ = ["KEY", "REGION", "SECRET", "Address", "environment"]

REGION = "us-west-2"
# AWS's keys do not look like this
KEY, SECRET = "EMULATEDACCESSKEY", "emulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``buckets`` and ``roles`` are those that the script created at the start."""

    url: str
    region: str = REGION
    environment: Mapping[str, str]
    buckets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def text(self) -> str:
        """Return lines for a shell: exports, and comments."""
        there = ", ".join((*self.buckets, *self.roles))
        lines = [f"# an emulator of AWS on {self.url}, not AWS: it does not compile with Neo"]
        lines += [f"# there are {there}"] if there else []
        return "\n".join([*lines, *(f"export {k}={v}" for k, v in self.environment.items())])

    @classmethod
    def of(cls, url: str, script: EmulatorScript, bundle: Path) -> Address:
        return cls(
            url=url,
            environment=environment(url, bundle),
            buckets=tuple(f"s3://{name}" for name in script.buckets),
            roles=tuple(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in script.roles),
        )


def environment(url: str, bundle: Path) -> dict[str, str]:
    """Return variables for every AWS SDK, with which it ignores the user's files.

    The proxy is for clients that call an address of AWS of their own, as the SageMaker SDK calls
    STS: they trust the certificates of ``bundle``.
    """
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CA_BUNDLE": str(bundle),
        "HTTPS_PROXY": url,
        "https_proxy": url,
    }
