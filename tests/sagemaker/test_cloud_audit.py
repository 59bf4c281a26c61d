"""``audit`` of what a job returned: the record beside it, and what the service says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cloud import Cloud


def claims(cloud: Cloud, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the claims by the link and the first word of what they are about."""
    answer = cloud.neopack("audit", "onnx-ml_c5.tar.gz", "--format", "json", *options)
    told = answer.document["claims"]
    return answer.code, {f"{each['link']} {each['subject']}": each for each in told}


def test_an_artifact_back_to_its_job_and_archive(cloud: Cloud) -> None:
    assert cloud.compile().code == 0
    code, told = claims(cloud)
    record = json.loads(Path("onnx-ml_c5.compiled.json").read_bytes())["job"]
    assert code == 0
    assert told["artifact onnx-ml_c5.tar.gz"]["state"] == "holds"
    assert told["archive onnx.tar.gz"]["state"] == "holds"
    job = told[f"job {record['arn']}"]
    assert (job["state"], "--region us-west-2" in job["why"]) == ("unchecked", True)
    assert cloud.neopack("provenance", "onnx-ml_c5.tar.gz").code == 0
    predicate = json.loads(Path("onnx-ml_c5.provenance.json").read_bytes())["predicate"]
    parameters = predicate["buildDefinition"]["externalParameters"]
    assert parameters["job"]["arn"] == record["arn"]

    code, told = claims(cloud, "--region", "us-west-2")
    assert (code, told[f"job {record['arn']}"]["state"]) == (0, "holds")
    edited = Path("onnx-ml_c5.compiled.json")
    document = json.loads(edited.read_bytes())
    document["job"]["image"] = "another"
    edited.write_text(json.dumps(document))
    code, told = claims(cloud, "--region", "us-west-2")
    assert (code, told["job image"]["state"]) == (1, "broken")
    document["job"]["name"] = "no-such-job"
    edited.write_text(json.dumps(document))
    code, told = claims(cloud, "--region", "us-west-2")
    assert (code, told[f"job {record['arn']}"]["state"]) == (1, "broken")
