"""What somebody else put into the bucket is neither compiled nor taken for what a job made."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from cloud import BUCKET, Cloud

from neopack.errors import ServiceError
from neopack.sagemaker.artifact_digest import refuse_replaced
from neopack.values.log import SilentLog

DATA = b"an artifact"


def replaced(cloud: Cloud, key: str, data: bytes) -> None:
    """Another object under the same name, with the metadata of the first."""
    s3 = cloud.aws.client("s3")
    metadata = s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    s3.put_object(Bucket=BUCKET, Key=key, Body=data, Metadata=metadata)


def uploaded(cloud: Cloud) -> tuple[str, bytes]:
    assert cloud.compile().code == 0
    s3 = cloud.aws.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    (key,) = [key for key in keys if not key.endswith("-ml_c5.tar.gz")]
    return key, s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


@pytest.mark.parametrize("change", ["one byte", "empty", "another byte", "longer"])
def test_a_replaced_archive_is_uploaded_again(cloud: Cloud, change: str) -> None:
    key, data = uploaded(cloud)
    half = len(data) // 2
    flipped = data[:half] + bytes((data[half] ^ 1,)) + data[half + 1 :]
    others = {"one byte": b"x", "empty": b"", "another byte": flipped, "longer": data + b"\0"}
    replaced(cloud, key, others[change])
    answer = cloud.compile("--rerun", "--force")
    assert answer.code == 0, answer.err
    assert "is there already" not in answer.err
    stored = cloud.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert stored == data


def test_what_is_there_is_there(cloud: Cloud) -> None:
    uploaded(cloud)
    assert "is there already: nothing to upload" in cloud.compile("--rerun", "--force").err


def artifact_key(cloud: Cloud) -> str:
    described = cloud.aws.client("sagemaker").describe_compilation_job(
        CompilationJobName=cloud.made()[0]
    )
    uri: str = described["ModelArtifacts"]["S3ModelArtifacts"]
    return uri.removeprefix(f"s3://{BUCKET}/")


def test_a_replaced_artifact_is_refused(cloud: Cloud) -> None:
    assert cloud.compile().code == 0
    own = Path("onnx-ml_c5.tar.gz").read_bytes()
    replaced(cloud, artifact_key(cloud), own[:-1] + b"\1")
    for path in Path().glob("onnx-ml_c5.*"):
        path.unlink()
    answer = cloud.jobs("attach", "onnx.ml_c5.job.json", "--poll", "0")
    assert answer.code == 5
    assert "is not what the job made" in answer.errors[0]
    assert not list(Path().glob("onnx-ml_c5.*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, b"up"])
def test_an_artifact_with_members_that_lead_elsewhere(
    cloud: Cloud, kind: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cloud.compile().code == 0
    for path in Path().glob("onnx-ml_c5.*"):
        path.unlink()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("../up" if kind == b"up" else "compiled.so")
        member.type, member.linkname = (tarfile.REGTYPE if kind == b"up" else kind), "/etc/passwd"
        tar.addfile(member)
    replaced(cloud, artifact_key(cloud), buffer.getvalue())
    # as where the digest has no form that is known
    monkeypatch.setattr("neopack.sagemaker.result.refuse_replaced", lambda *_: None)
    answer = cloud.jobs("attach", "onnx.ml_c5.job.json", "--poll", "0")
    assert answer.code == 1
    assert "s3://" in answer.errors[0]
    assert not list(Path().glob("onnx-ml_c5.*"))


GOOD = [
    f"sha256:{hashlib.sha256(DATA).hexdigest()}",
    f"SHA256:{hashlib.sha256(DATA).hexdigest().upper()}",
    hashlib.sha256(DATA).hexdigest(),
    f"blake2b:{hashlib.blake2b(DATA).hexdigest()}",
    hashlib.blake2b(DATA).hexdigest(),
    hashlib.blake2b(DATA, digest_size=32).hexdigest(),
    hashlib.blake2s(DATA).hexdigest(),
    *("", "0" * 64, "0" * 128, "md5:0011", "etag", "a:b:c"),
]


@pytest.mark.parametrize("stated", GOOD)
def test_digests_that_fit_or_say_nothing(tmp_path: Path, stated: str) -> None:
    (tmp_path / "a").write_bytes(DATA)
    refuse_replaced(tmp_path / "a", stated, "s3://b/a", SilentLog())


@pytest.mark.parametrize("stated", [text for text in GOOD[:4] if ":" in text])
def test_digests_of_something_else(tmp_path: Path, stated: str) -> None:
    (tmp_path / "a").write_bytes(DATA + b"!")
    with pytest.raises(ServiceError, match="is not what the job made"):
        refuse_replaced(tmp_path / "a", stated, "s3://b/a", SilentLog())
