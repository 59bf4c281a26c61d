"""Compare uploads by neopack and by ``aws s3 cp``, in turns, to the same local emulator.

    python benchmarks/upload.py --megabytes 1024

``aws`` comes from the PATH, or from ``--aws 'uvx --from awscli aws'``. The last line is the ratio
of the median throughputs.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from neopack.archive.read import scan
from neopack.archive.write import write_archive
from neopack.emulator import Emulator
from neopack.options import Connection
from neopack.sagemaker.account import Account
from neopack.sagemaker.location import Location
from neopack.sagemaker.upload import Payload, upload
from neopack.values.log import SilentLog
from neopack.values.model import Member

BUCKET = "models"


def archive(folder: Path, megabytes: int) -> Payload:
    """Random bytes, which compress as badly as weights."""
    model = folder / "model.onnx"
    with model.open("wb") as out:
        for _ in range(megabytes):
            out.write(os.urandom(1 << 20))
    path = folder / "model.tar.gz"
    with path.open("wb") as out:
        write_archive(out, [Member(name="model.onnx", path=model)], level=0)
    model.unlink()
    scanned = scan(path)
    return Payload(
        path=path,
        bytes=scanned.archive_bytes,
        sha256=scanned.sha256,
        content_sha256=scanned.content_sha256,
    )


def by_neopack(payload: Payload, key: str) -> float:
    start = time.perf_counter()
    upload(Account(Connection()), payload, Location(bucket=BUCKET, key=key), SilentLog())
    return time.perf_counter() - start


def by_aws(payload: Payload, key: str, aws: list[str]) -> float:
    call = [*aws, "s3", "cp", "--quiet", str(payload.path), f"s3://{BUCKET}/{key}"]
    start = time.perf_counter()
    subprocess.run(call, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--aws", default="aws")
    options = parser.parse_args()
    with Emulator() as aws, tempfile.TemporaryDirectory() as folder:
        os.environ.update(aws.environment)
        s3 = aws.client("s3")
        where = {"LocationConstraint": "us-west-2"}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        payload = archive(Path(folder), options.megabytes)
        took: dict[str, list[float]] = {"neopack": [], "aws s3 cp": []}
        for number in range(options.rounds):
            for name, seconds in took.items():
                key = f"{number}/{name.replace(' ', '-')}.tar.gz"
                if name == "neopack":
                    seconds.append(by_neopack(payload, key))
                else:
                    seconds.append(by_aws(payload, key, shlex.split(options.aws)))
                s3.delete_object(Bucket=BUCKET, Key=key)
                print(f"{name:10} {payload.bytes / 1e6 / seconds[-1]:8.1f} MB/s", flush=True)
    ours, theirs = (statistics.median(seconds) for seconds in took.values())
    print(f"neopack is {theirs / ours:.2f} times as fast as aws s3 cp")


if __name__ == "__main__":
    main()
