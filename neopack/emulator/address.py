"""Where an emulator listens, and what makes any SDK talk to it and to nobody else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from neopack.emulator.arns import ACCOUNT
from neopack.emulator.script import EmulatorScript

__all__ = ["KEY", "REGION", "SECRET", "Address", "environment"]

REGION = "us-west-2"
# no key of AWS's looks like this
KEY, SECRET = "EMULATEDACCESSKEY", "emulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``buckets`` and ``roles`` are what the script had made at the start."""

    url: str
    region: str = REGION
    environment: Mapping[str, str]
    buckets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def text(self) -> str:
        """Lines for a shell: exports, and remarks behind a #."""
        there = ", ".join((*self.buckets, *self.roles))
        lines = [f"# an emulator of AWS on {self.url}, not AWS: nothing it compiles is Neo's"]
        lines += [f"# there are {there}"] if there else []
        return "\n".join([*lines, *(f"export {k}={v}" for k, v in self.environment.items())])

    @classmethod
    def of(cls, url: str, script: EmulatorScript) -> Address:
        return cls(
            url=url,
            environment=environment(url),
            buckets=tuple(f"s3://{name}" for name in script.buckets),
            roles=tuple(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in script.roles),
        )


def environment(url: str) -> dict[str, str]:
    """Variables as every AWS SDK reads them; no file of the user's is looked at."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
