"""``compile --backend sagemaker`` against the emulator: submitted once, followed, fetched."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from cloud import BUCKET, LONG, ROLE, Cloud, trust
from desk import Call

import neopack as package
from neopack.emulator import JobScript
from neopack.errors import JobFailed
from neopack.facts.artifacts import kind_of
from neopack.options import JobOptions, WaitOptions
from neopack.sagemaker.result import UNTOUCHED

JSON = ("--format", "json")


def record(path: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(Path(path).read_text())
    return found


# --- one job --------------------------------------------------------------------------------


def test_the_whole_road(cloud: Cloud) -> None:
    answer = cloud.compile(*JSON)
    assert answer.code == 0, answer.err
    assert answer.document["kind"] == "compile"
    (outcome,) = answer.document["jobs"]
    assert outcome["job"]["status"] == "COMPLETED"
    artifact = Path("onnx-ml_c5.tar.gz").read_bytes()
    assert outcome["artifact"]["sha256"] == hashlib.sha256(artifact).hexdigest()
    described = record("onnx-ml_c5.compiled.json")
    assert described["what"] == "an emulated compilation, not a Neo job"
    job = described["job"]
    assert isinstance(job, dict)
    assert job["arn"] == outcome["job"]["arn"]
    assert job["received_sha256"] == described["archive_sha256"]
    assert Path("onnx-ml_c5.golden.npz").is_file()
    assert record("onnx.ml_c5.job.json")["job"] == outcome["job"]["name"]
    assert answer.err.splitlines()[0] == "backend sagemaker (--role)"


def test_the_same_again_pays_nothing(cloud: Cloud) -> None:
    first = cloud.compile(*JSON)
    again = cloud.compile(*JSON, "--force")
    assert again.code == 0, again.err
    assert "nothing is paid twice" in again.err
    assert first.document["jobs"][0]["job"] == again.document["jobs"][0]["job"]
    assert cloud.calls("CreateCompilationJob") == 1
    assert cloud.calls("PutObject") == 1


def test_what_is_done_is_done(cloud: Cloud) -> None:
    """Without --force: the job and its artifact are there, and nothing is overwritten."""
    first = cloud.compile(*JSON)
    before = Path("onnx-ml_c5.tar.gz").stat()
    again = cloud.compile(*JSON)
    assert again.code == 0, again.err
    assert "onnx-ml_c5.tar.gz is here already" in again.err
    assert first.document["jobs"][0]["artifact"] == again.document["jobs"][0]["artifact"]
    assert Path("onnx-ml_c5.tar.gz").stat().st_mtime_ns == before.st_mtime_ns
    Path("onnx-ml_c5.tar.gz").write_bytes(b"another")
    assert "already exists" in cloud.compile().errors[0]


def test_again_on_demand(cloud: Cloud) -> None:
    cloud.compile()
    answer = cloud.compile("--rerun", "--force")
    assert answer.code == 0, answer.err
    assert "is there already: nothing to upload" in answer.err
    first, second = cloud.made()
    assert second == f"{first}-2"


def test_a_failed_job_does_not_stand_in_the_way(cloud: Cloud) -> None:
    cloud.script(JobScript(fails="server"))
    assert cloud.compile().code == 5
    cloud.script()
    assert cloud.compile().code == 0
    first, second = cloud.made()
    assert second == f"{first}-2"
    assert record("onnx.ml_c5.job.json")["job"] == second


def test_outputs_are_refused_before_anything_is_asked(cloud: Cloud) -> None:
    Path("onnx-ml_c5.tar.gz").write_text("mine")
    answer = cloud.compile()
    assert answer.code == 2
    assert "already exists" in answer.errors[0]
    assert not cloud.aws.seen("sagemaker")
    assert Path("onnx-ml_c5.tar.gz").read_text() == "mine"


def test_what_neo_would_refuse_is_never_uploaded(cloud: Cloud) -> None:
    answer = cloud.compile("--data-input-config", "{'image': [1,3,8,8]}")
    assert answer.code == 1
    assert "NEO-DC" in answer.errors[0]
    assert not cloud.aws.seen("s3", "HeadObject")


def test_a_retired_target(cloud: Cloud) -> None:
    answer = cloud.compile("--dry-run", targets=["ml_eia2"])
    assert answer.code == 3
    assert "2023-04-15" in answer.errors[0]
    assert "--allow-retired" in answer.errors[0]
    # that opens the door; ONNX is still nothing that Elastic Inference took
    assert "NEO-TG-001" in cloud.compile("--dry-run", "--allow-retired", targets=["ml_eia2"]).err


def test_a_name_of_one_s_own(cloud: Cloud) -> None:
    assert cloud.compile("--job-name", "mine").code == 0
    assert cloud.made() == ["mine"]
    other = cloud.compile("--job-name", "mine", "--max-runtime", "1000", "--force")
    assert other.code == 5
    assert "another StoppingCondition.MaxRuntimeInSeconds" in other.errors[0]
    same = cloud.compile("--job-name", "mine", "--force")
    assert same.code == 0
    assert cloud.calls("CreateCompilationJob") == 1
    assert cloud.compile("--job-name", "x", targets=["ml_c5", "ml_m5"]).code == 2


# --- what comes back -------------------------------------------------------------------------


def test_the_scripts_are_put_back(cloud: Cloud, fixtures: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "inference.py").write_text("def model_fn(model_dir):\n    return None\n")
    package.package(
        fixtures / "onnx/cnn-opset12.onnx", path="coded.tar.gz", code=code, ignore=["NEO-HD"]
    )
    cloud.script(JobScript(untouched=True))
    bare = cloud.aws.client("s3")
    coded = Cloud(cloud.aws, cloud.neopack, Path("coded.tar.gz"))
    answer = coded.compile("--ignore", "NEO-HD", *JSON)
    assert answer.code == 0, answer.err
    with tarfile.open("coded-ml_c5.tar.gz") as tar:
        assert "code/inference.py" in tar.getnames()
    (outcome,) = answer.document["jobs"]
    received = bare.get_object(Bucket=BUCKET, Key=outcome["job"]["artifact"].split("/", 3)[3])
    digest = hashlib.sha256(received["Body"].read()).hexdigest()
    assert outcome["artifact"]["received_sha256"] == digest


def test_a_model_that_came_back_as_it_went(cloud: Cloud) -> None:
    cloud.script(JobScript(untouched=True))
    answer = cloud.compile(*JSON)
    assert answer.code == 0
    assert UNTOUCHED in answer.err
    assert answer.document["jobs"][0]["artifact"]["kind"] == "not compiled"


def test_what_the_emulator_hands_back_uncompiled_is_warned_of(cloud: Cloud) -> None:
    answer = cloud.compile("--download", "out.tar.gz", targets=("rasp3b",))
    assert UNTOUCHED in answer.err
    assert "not compiled" in answer.out
    with tarfile.open("out.tar.gz") as tar:
        (name,) = [name for name in tar.getnames() if name.startswith("neopack-emulated")]
        mark = tar.extractfile(name)
        assert mark is not None
        assert "not compiled" in json.load(mark)["what"]


def test_an_artifact_that_somebody_deleted(cloud: Cloud) -> None:
    name = cloud.compile("--no-wait", *JSON).document["jobs"][0]["job"]["name"]
    sagemaker = cloud.aws.client("sagemaker")
    while not (job := sagemaker.describe_compilation_job(CompilationJobName=name))[
        "ModelArtifacts"
    ]["S3ModelArtifacts"]:
        pass
    key = job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
    cloud.aws.client("s3").delete_object(Bucket=BUCKET, Key=key)
    answer = cloud.compile()
    assert answer.code == 5
    assert "--rerun compiles again" in answer.errors[0]


# --- several targets --------------------------------------------------------------------------


def test_many_targets_in_one_go(cloud: Cloud) -> None:
    answer = cloud.compile(targets=["ml_c5", "ml_g4dn", "linux/arm64", "ml.c5"])
    assert answer.code == 0, answer.err
    assert cloud.calls("PutObject") == 1
    assert cloud.calls("CreateCompilationJob") == 3
    assert cloud.calls("ListCompilationJobs") >= 2
    # one look for each before, one when it was made, one when it was over
    assert len(cloud.aws.seen("sagemaker", "DescribeCompilationJob")) == 9
    assert {path.name for path in Path().glob("*.tar.gz")} == {
        "onnx.tar.gz", "onnx-ml_c5.tar.gz", "onnx-ml_g4dn.tar.gz", "onnx-LINUX_ARM64.tar.gz",
    }  # fmt: skip


def test_the_accounts_limit_makes_a_queue(cloud: Cloud) -> None:
    cloud.script(running_jobs=1)
    answer = cloud.compile(targets=["ml_c5", "ml_m5", "ml_g4dn"])
    assert answer.code == 0, answer.err
    assert "QUEUED" in answer.err
    assert cloud.calls("CreateCompilationJob") == 3


def test_no_wait_says_what_was_not_submitted(cloud: Cloud) -> None:
    cloud.script(running_jobs=1)
    answer = cloud.compile("--no-wait", targets=["ml_c5", "ml_m5"])
    assert answer.code == 5
    assert "not submitted: the account runs as many" in answer.errors[0]
    assert "neopack jobs attach onnx.ml_c5.job.json" in answer.out


def test_one_fails_and_the_others_are_fetched(cloud: Cloud) -> None:
    cloud.script(JobScript(name="*-ml-m5-*", fails="operators"))
    answer = cloud.compile(targets=["ml_c5", "ml_m5", "ml_g4dn"])
    assert answer.code == 5
    assert "not implemented" in answer.errors[0]
    assert Path("onnx-ml_c5.tar.gz").is_file()
    assert Path("onnx-ml_g4dn.tar.gz").is_file()
    assert not Path("onnx-ml_m5.tar.gz").exists()


# --- coming back ------------------------------------------------------------------------------


def test_leaving_and_coming_back(cloud: Cloud) -> None:
    left = cloud.compile("--no-wait")
    assert left.code == 0
    assert not Path("onnx-ml_c5.tar.gz").exists()
    back = cloud.jobs("attach", "onnx.ml_c5.job.json", "--poll", "0")
    assert back.code == 0, back.err
    assert Path("onnx-ml_c5.golden.npz").is_file()
    again = cloud.jobs("attach", "onnx.ml_c5.job.json", *JSON)
    assert "is here already" in again.err
    receipt = hashlib.sha256(Path("onnx.ml_c5.job.json").read_bytes()).hexdigest()
    assert [each["sha256"] for each in again.document["subjects"]] == [receipt]
    assert cloud.calls("CreateCompilationJob") == 1


def test_coming_back_without_a_receipt(cloud: Cloud) -> None:
    name = cloud.compile("--no-wait", *JSON).document["jobs"][0]["job"]["name"]
    Path("onnx.ml_c5.job.json").unlink()
    answer = cloud.jobs("attach", name, "--poll", "0")
    assert answer.code == 0, answer.err
    assert Path(f"{name}.tar.gz").is_file()


def test_waiting_no_longer_than_asked(cloud: Cloud) -> None:
    answer = cloud.compile("--timeout", "0")
    assert answer.code == 7
    assert "goes on: neopack jobs attach onnx.ml_c5.job.json" in answer.errors[0]
    assert cloud.jobs("attach", "onnx.ml_c5.job.json", "--poll", "0").code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a receipt"),
        ('{"schema": 1, "job": 3}', "3 is not str"),
    ],
)
def test_a_receipt_that_is_none(cloud: Cloud, content: str, words: str) -> None:
    Path("x.job.json").write_text(content)
    answer = cloud.jobs("attach", "x.job.json")
    assert answer.code == 1
    assert words in answer.errors[0]
    assert "cannot be read" in cloud.jobs("attach", "gone.job.json").errors[0]


# --- failures ---------------------------------------------------------------------------------

CLASSES = {
    "untar": "load", "s3-missing": "load", "s3-denied": "client permission",
    "assume-role": "client permission", "timeout": "time", "operators": "compilation",
    "compilation": "compilation", "neuron": "compilation", "server": "system", "system": "system",
    "Something that nobody has seen": "unknown",
}  # fmt: skip


@pytest.mark.parametrize("fails", CLASSES)
def test_a_failure_is_explained(cloud: Cloud, fails: str) -> None:
    cloud.script(JobScript(fails=fails))
    answer = cloud.compile(*JSON)
    assert answer.code == 5
    assert f"FAILED, {CLASSES[fails]}" in answer.errors[0]
    failure = answer.document["jobs"][0]["failure"]
    assert failure["log"][-1] == "FAILED"
    known = failure["explanation"]
    assert bool(known["fix"]) == bool(known["cause"]) == (CLASSES[fails] != "unknown")
    assert Path("onnx.ml_c5.job.json").is_file()
    text = cloud.jobs("show", answer.document["jobs"][0]["job"]["name"])
    assert f"class           {CLASSES[fails]}" in text.out


def test_a_job_that_somebody_stopped(cloud: Cloud) -> None:
    cloud.script(timeline=LONG)
    name = cloud.compile("--no-wait", *JSON).document["jobs"][0]["job"]["name"]
    assert "STOPPING" in cloud.jobs("stop", name).out
    answer = cloud.jobs("attach", name, "--poll", "0")
    assert answer.code == 5
    assert "STOPPED, stopped" in answer.errors[0]


def test_an_error_in_python(cloud: Cloud) -> None:
    cloud.script(JobScript(fails="compilation"))
    with pytest.raises(JobFailed, match="FAILED, compilation") as failed:
        package.compile(
            cloud.archive,
            target="ml_c5",
            options=JobOptions(role=ROLE, output=f"s3://{BUCKET}"),
            wait=WaitOptions(poll=0),
        )
    assert failed.value.log[-1] == "FAILED"


# --- before anything is uploaded ----------------------------------------------------------------


def test_a_dry_run_needs_no_network_and_no_boto3(cloud: Cloud) -> None:
    answer = cloud.compile("--dry-run", *JSON)
    assert answer.code == 0, answer.err
    assert not cloud.aws.seen("sagemaker") + cloud.aws.seen("s3", "HeadBucket")
    (run,) = answer.document["requests"]
    assert run["request"]["RoleArn"] == ROLE
    assert run["command"].startswith("aws sagemaker create-compilation-job --region us-west-2 ")
    script = (
        "import sys; from neopack.cli import app;"
        f"app(['compile', '{cloud.archive}', '-t', 'ml_c5', '--role', '{ROLE}', '-o', 's3://abc',"
        "'--dry-run'], standalone_mode=False);"
        "print({'boto3', 'botocore'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stderr.splitlines()[-1] == b"set()"


def test_a_bucket_elsewhere(cloud: Cloud) -> None:
    s3 = cloud.aws.client("s3", region="eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="abroad", CreateBucketConfiguration=where)
    answer = cloud.compile("--output", "s3://abroad/x")
    assert answer.code == 2
    assert "is in eu-west-1, the job would run in us-west-2" in answer.errors[0]
    assert not cloud.aws.seen("s3", "PutObject")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--output", "s3://nowhere"), "there is no bucket nowhere"),
        (("--role", "arn:aws:iam::123456789012:role/gone"), "there is no role gone"),
        (("--role", "arn:aws:iam::999999999999:role/neo"), "of account 999999999999"),
        (("--role", "arn:aws:iam::123456789012:role/web"), "does not let sagemaker"),
    ],
)
def test_an_account_that_is_not_ready(cloud: Cloud, options: tuple[str, ...], words: str) -> None:
    policy = trust("ec2.amazonaws.com")
    cloud.aws.client("iam").create_role(RoleName="web", AssumeRolePolicyDocument=policy)
    answer = cloud.compile(*options)
    assert answer.code == 2
    assert words in answer.errors[0]
    assert not cloud.aws.seen("s3", "PutObject")


# --- jobs -------------------------------------------------------------------------------------


def test_jobs_as_they_are(cloud: Cloud) -> None:
    assert cloud.jobs("list").out == "no jobs\n"
    assert cloud.compile("--tag", "team=vision").code == 0
    (name,) = cloud.made()
    listed = cloud.jobs("list", *JSON).document
    assert [job["name"] for job in listed["jobs"]] == [name]
    assert cloud.jobs("list", "--status", "failed", *JSON).document["jobs"] == []
    assert cloud.jobs("list", "--contains", "onnx", *JSON).document["jobs"]
    shown = cloud.jobs("show", name, *JSON).document
    assert shown["job"]["request"]["RoleArn"] == ROLE
    assert "COMPLETED" in cloud.jobs("logs", name).out
    assert "is over already" in cloud.jobs("stop", name).err
    deleted = cloud.jobs("delete", name)
    assert deleted.code == 0
    assert "stays" in deleted.out
    assert cloud.made() == []


def test_jobs_that_are_not_there(cloud: Cloud, neopack: Call) -> None:
    for verb in ("show", "logs", "stop", "delete", "attach"):
        answer = cloud.jobs(verb, "gone")
        assert answer.code == 5
        assert "there is no job gone" in answer.errors[0]
    assert cloud.jobs("list", "--status", "nope").code == 2
    assert cloud.jobs("list", "--most", "0").code == 2
    cloud.script(timeline=LONG)
    cloud.compile("--no-wait")
    assert "neopack jobs stop" in cloud.jobs("delete", cloud.made()[0]).errors[0]


# --- what may be done with an artifact here -----------------------------------------------------


def test_an_emulated_artifact_runs_here(cloud: Cloud) -> None:
    assert cloud.compile(targets=["ml_c5", "ml_g4dn"]).code == 0
    for target in ("ml_c5", "ml_g4dn"):
        assert cloud.neopack("run", f"onnx-{target}.tar.gz", "--random").code == 0


def test_neo_s_own_does_not(cloud: Cloud) -> None:
    assert cloud.compile().code == 0
    path = Path("onnx-ml_g4dn.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        for name in ("compiled.so", "compiled.params", "compiled_model.json"):
            tar.addfile(tarfile.TarInfo(name))
    said = record("onnx-ml_c5.compiled.json")
    job = said["job"]
    assert isinstance(job, dict)
    said["job"] = {
        **job,
        "kind": kind_of(["compiled.so", "compiled.params", "compiled_model.json"]),
    }
    said["archive_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    Path("onnx-ml_g4dn.compiled.json").write_text(json.dumps(said))
    answer = cloud.neopack("run", path, "--random")
    assert answer.code == 3
    assert "only its containers run it (neopack deploy serves it)" in answer.errors[0]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["compiled.so", "compiled_model.json", "compiled.params", "compiled.meta", "libdlr.so"],
         "TVM graph"),
        (["compiled.so", "compiled.ro", "compiled.meta"], "Relay VM"),
        (["compiled.so", "compiled.meta", "libdlr.so", "dlr.h"], "Treelite"),
        (["net_hexagon_model.so", "libhexagon_nn_skel.so"], "Hexagon"),
        (["compiled-symbol.json", "compiled-0000.params"], "MXNet, compiled"),
        (["compiled.pt", "sample_input.pkl"], "PyTorch 1.4, compiled"),
        (["model.pth", "code/inference.py"], "PyTorch, compiled"),
        (["model_neuron.pt"], "PyTorch for Inferentia"),
        (["compiled_models/1/saved_model.pb"], "TensorFlow, compiled"),
        (["net.mlmodel"], "CoreML"),
        (["net.bin", "net.cfg"], "TI"),
        (["neopack-emulated.json", "compiled.xml"], "emulated"),
        (["libdlr.so", "code/inference.py"], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_the_kind_is_told_from_the_files(names: list[str], kind: str) -> None:
    assert kind_of(names) == kind
