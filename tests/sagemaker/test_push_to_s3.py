"""``push`` and ``pull`` by a bucket: the files as they are, compared by digest."""

from __future__ import annotations

from pathlib import Path

from cloud import BUCKET, Cloud

from neopack.emulator import Fault

URL = f"s3://{BUCKET}/shared"


def test_an_archive_goes_there_once_and_comes_back(cloud: Cloud) -> None:
    name = cloud.archive.name
    first = cloud.neopack("push", cloud.archive, URL, "--format", "json")
    assert first.code == 0, first.err
    assert first.document["sent"] == first.document["bytes"]
    assert len(first.document["files"]) == 3
    again = cloud.neopack("push", cloud.archive, URL, "--format", "json")
    assert (again.document["sent"], again.document["digest"]) == (0, first.document["digest"])

    pulled = cloud.neopack("pull", f"{URL}/{name}", "here", "--format", "json")
    assert pulled.code == 0, pulled.err
    for file in first.document["files"]:
        assert Path("here", file).read_bytes() == cloud.archive.with_name(file).read_bytes()

    s3 = cloud.aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key=f"shared/{name}", Body=b"another")
    refused = cloud.neopack("pull", f"{URL}/{name}", "there")
    assert refused.code == 5
    assert "not the file whose digest was pushed" in refused.err
    assert not Path("there").exists()


def test_what_is_not_there_or_not_allowed_is_one_line(cloud: Cloud) -> None:
    absent = cloud.neopack("pull", f"{URL}/absent.tar.gz")
    assert (absent.code, "neopack push writes it" in absent.err) == (5, True)
    cloud.aws.fault(Fault(effect="denied", service="s3", operation="PutObject", times=0))
    denied = cloud.neopack("push", cloud.archive, URL)
    assert denied.code == 5
    assert denied.err.count("error:") == 1
    for url in ("s3://UPPER/x", f"{URL}/net"):
        assert cloud.neopack("pull", url).code == 2
