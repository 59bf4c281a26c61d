"""What the tests of the emulator ask of it: a bucket, an archive, a job."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from neopack.emulator import Emulator

__all__ = ["BUCKET", "ROLE", "bucket", "create", "ended", "order", "repacked", "tar_of", "upload"]

BUCKET = "models"
ROLE = "arn:aws:iam::123456789012:role/neo"
KEY = "in/model.tar.gz"


def bucket(aws: Emulator, name: str = BUCKET, region: str = "us-west-2") -> str:
    where = {"LocationConstraint": region}
    aws.client("s3", region=region).create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return name


def upload(aws: Emulator, body: bytes | Path, key: str = KEY) -> str:
    """Into a new bucket; the URI."""
    data = body.read_bytes() if isinstance(body, Path) else body
    bucket(aws)
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
    return f"s3://{BUCKET}/{key}"


def tar_of(**files: bytes) -> bytes:
    """A .tar.gz; ``model_pth`` stands for ``model.pth``."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.replace("_", "."))
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def repacked(archive: Path, to: Path, **code: str) -> Path:
    """As ``sagemaker.utils.repack_model`` writes it: all members below one named "/".

    ``code`` has the modules of code/ by name, and requirements.txt as ``requirements``.
    """
    with tarfile.open(archive) as source, tarfile.open(to, "w:gz") as tar:
        root = tarfile.TarInfo("/")
        root.type, root.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(root)
        for member in source.getmembers():
            tar.addfile(member, source.extractfile(member))
        for name, text in code.items():
            suffix = "txt" if name == "requirements" else "py"
            entry = tarfile.TarInfo(f"code/{name}.{suffix}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return to


def order(name: str = "job", **changes: Any) -> dict[str, Any]:
    """A request that is right; ``InputConfig_Framework="ONNX"`` changes one field, None leaves
    it out."""
    request: dict[str, Any] = {
        "CompilationJobName": name,
        "RoleArn": ROLE,
        "InputConfig": {
            "S3Uri": f"s3://{BUCKET}/{KEY}",
            "DataInputConfig": '{"input0": [1, 3, 8, 8]}',
            "Framework": "PYTORCH",
            "FrameworkVersion": "1.8",
        },
        "OutputConfig": {"S3OutputLocation": f"s3://{BUCKET}/out", "TargetDevice": "ml_c5"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
    }
    for path, value in changes.items():
        outer, _, inner = path.partition("_")
        place, key = (request.setdefault(outer, {}), inner) if inner else (request, outer)
        place[key] = value
        if value is None:
            del place[key]
    return request


def create(aws: Emulator, name: str = "job", **changes: Any) -> str:
    answer = aws.client("sagemaker").create_compilation_job(**order(name, **changes))
    return str(answer["CompilationJobArn"])


def ended(aws: Emulator, name: str = "job") -> dict[str, Any]:
    """The job after its whole timeline."""
    aws.advance(10)
    answer: dict[str, Any] = aws.client("sagemaker").describe_compilation_job(
        CompilationJobName=name
    )
    return answer
