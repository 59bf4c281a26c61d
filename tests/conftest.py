"""What the suites share: archives made once a session, and the command line at a desk."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cloud import BUCKET, QUICK, Cloud
from desk import Answer, Call, Copied, Desk
from hypothesis import HealthCheck, settings

import neopack as package
from neopack import runtimes
from neopack.__main__ import main
from neopack.emulator import Emulator, EmulatorScript

ROOT = Path(__file__).parents[1]
# exact runtimes are installed once, beside what `make setup` installs, and gone with it
os.environ.setdefault("NEOPACK_HOME", str(Path(sys.prefix) / "neopack"))
# two processes on two cores are slower where each computes on both; read when numpy is imported
for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ.setdefault(f"{library}_THREADS", "1")
# pytest-xdist or a shell may set it, and text is wrapped to it; a test that is about it does too
os.environ.pop("COLUMNS", None)
# the same kernels on every CPU, as neopack has TensorFlow compute; read at its import
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# speed is measured in benchmarks/: a busy machine fails no test
untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# the same examples each time; `make properties` looks for others
settings.register_profile("sample", untimed, max_examples=20, derandomize=True)
settings.register_profile("full", untimed, max_examples=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "sample"))
# what takes longest starts first, so that no process waits long for the other at the end
LONGEST = ("tutorials", "exact", "integration", "sagemaker", "emulator", "conformance", "cli")
# many models of each kind, in the versions that Neo names: `make sweeps`, and CI
SWEEPS = ("differential", "exact")
# a process of its own or the installation of a runtime stands behind each
COSTLY = ("emulator", "xgboost_1_3_3", "onnx_1_7_0")
IMAGE = {"image": (1, 3, 8, 8)}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What runs in one process where there are several, and in which order that is given out.

    A file stays together, and with the other files that take one of the costly fixtures; only
    tutorials, which share nothing, are given out one by one.
    """
    for item in items:
        if _room(item.path) in SWEEPS:
            item.add_marker("sweep")
    if not hasattr(config, "workerinput"):  # one process: the order of the files
        return
    shared = {item.path: name for name in COSTLY for item in items if name in _fixtures(item)}
    items.sort(key=lambda item: _rank(item.path))
    for item in items:
        if item.path.parent.name != "tutorials":
            group = shared.get(item.path, item.path.relative_to(ROOT).as_posix())
            item.add_marker(pytest.mark.xdist_group(group))


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


def _room(path: Path) -> str:
    return path.relative_to(ROOT / "tests").parts[0]


def _rank(path: Path) -> int:
    room = _room(path)
    return LONGEST.index(room) if room in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def xgboost_1_3_3() -> Iterator[runtimes.Worker]:
    with runtimes.worker("xgboost-1.3.3") as worker:
        yield worker


@pytest.fixture(scope="session")
def onnx_1_7_0() -> Iterator[runtimes.Worker]:
    with runtimes.worker("onnx-1.7.0") as worker:
        yield worker


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def models() -> Path:
    """The file of tiny models, as ``file.py`` in ``file.py:callable``."""
    return Path(__file__).with_name("tiny_models.py")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, models: Path, fixtures: Path) -> Path:
    """Real archives, compiled ones beside them: cnn and tokens in PyTorch, onnx.

    Nobody writes here; a test that must takes a copy.
    """
    folder = tmp_path_factory.mktemp("shelf")
    package.package(f"{models}:cnn", inputs=IMAGE, path=folder / "cnn.tar.gz")
    package.package(fixtures / "onnx/cnn-opset12.onnx", path=folder / "onnx.tar.gz")
    for name in ("cnn", "onnx"):
        package.compile(folder / f"{name}.tar.gz", target="ml_c5")
    return folder


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    """A project that was packaged and compiled where it lies. Nobody writes here."""
    folder = tmp_path_factory.mktemp("packaged")
    (folder / "code").mkdir()
    (folder / "code/inference.py").write_text("def transform_fn(*args): ...\n")
    shutil.copy(fixtures / "onnx/cnn-opset12.onnx", folder / "cnn.onnx")
    with contextlib.chdir(folder):
        package.package("cnn.onnx", path="net.tar.gz", code="code", seed=5)
        package.compile("net.tar.gz", target="ml_c5")
    return folder


@pytest.fixture
def project(packaged: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with all of that project; no job of CI runs here."""
    for name in [*os.environ]:
        if name.startswith(("GITHUB_", "GITLAB_", "CI_", "ACTIONS_")) or name == "CI":
            monkeypatch.delenv(name)
    shutil.copytree(packaged, desk.path, dirs_exist_ok=True)
    return desk.path


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``keys("own")`` is a private key in PEM, with its public half in ``own.pub.pem``."""
    folder = tmp_path_factory.mktemp("keys")

    def openssl(*words: str | Path) -> None:
        subprocess.run(["/usr/bin/env", "openssl", *words], check=True, capture_output=True)

    def key(name: str) -> Path:
        path = folder / f"{name}.pem"
        if not path.exists():
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
            openssl("ec", "-in", path, "-pubout", "-out", path.with_suffix(".pub.pem"))
        return path

    return key


@pytest.fixture
def copied(shelf: Path, tmp_path: Path) -> Copied:
    """A copy of one archive of the shelf, with what lies beside it unless told otherwise."""

    def copy(name: str, to: Path, *, beside: bool = True) -> Path:
        for path in shelf.iterdir():
            if path.name == f"{name}.tar.gz" or (
                beside and path.name in (f"{name}.neopack.json", f"{name}.golden.npz")
            ):
                shutil.copy(path, to / path.name)
        return to / f"{name}.tar.gz"

    return copy


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path / "desk", tmp_path / "temporary")
    made.path.mkdir()
    made.temporary.mkdir()
    monkeypatch.chdir(made.path)
    monkeypatch.setenv("TMPDIR", str(made.temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    # importing a model's module leaves its bytecode beside it, as any import does
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return made


@pytest.fixture
def neopack(
    desk: Desk, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Call]:
    """``neopack("check", path, ...)``; signal handlers are put back afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(*arguments: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["neopack", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def refused(neopack: Call, desk: Desk) -> Call:
    """``refused(code, words, *arguments)``: the call ends with ``code`` and one error line that
    has all the words; there is no traceback, and nothing on disk that was not there before."""

    def call(code: int, words: str | tuple[str, ...], *arguments: str | Path) -> Answer:
        before = desk.seen()
        answer = neopack(*arguments)
        told = f"{answer.code}: {answer.err}"
        assert answer.code == code, told
        assert len(answer.errors) == 1, told
        assert "Traceback" not in answer.err, told
        assert "neopack has a bug" not in answer.err, told
        for word in (words,) if isinstance(words, str) else words:
            assert word in answer.errors[0], told
        assert desk.seen() == before
        return answer

    return call


@pytest.fixture(scope="session")
def executable() -> list[str]:
    """The command line in a process of its own."""
    return [sys.executable, "-m", "neopack"]


@pytest.fixture
def processes_of() -> Callable[[str], set[int]]:
    """The processes whose environment has a mark: a command's, and all that it started."""

    def find(mark: str) -> set[int]:
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and mark.encode() in environment(entry):
                found.add(int(entry.name))
        return found - {os.getpid()}

    return find


def environment(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """One process for all tests; a test takes ``aws``."""
    from botocore.loaders import JSONFileLoader

    with Emulator() as started, pytest.MonkeyPatch.context() as patch:
        # each session of boto3 parses the megabytes of its service models anew
        parsed = functools.cache(JSONFileLoader().load_file)
        patch.setattr(JSONFileLoader, "load_file", lambda loader, path: parsed(path))
        yield started


@pytest.fixture
def aws(emulator: Emulator) -> Emulator:
    """The emulator as if it had just started; its clock stands still until ``aws.advance``."""
    emulator.reset(EmulatorScript(clock="manual", engines=("openvino",)))
    return emulator


@pytest.fixture
def cloud(
    aws: Emulator,
    desk: Desk,
    neopack: Call,
    copied: Copied,
    monkeypatch: pytest.MonkeyPatch,
) -> Cloud:
    """An account with a bucket and a role, at a desk with the archive of the shelf's onnx.

    A job's state is over once it was seen, and nothing sleeps, boto3 neither.
    """
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "NEOPACK_BACKEND", "AWS_MAX_ATTEMPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("botocore.endpoint.time", types.SimpleNamespace(sleep=lambda _: None))
    where = {"LocationConstraint": "us-west-2"}
    aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    aws.script(timeline=QUICK)
    return Cloud(aws, neopack, copied("onnx", desk.path).relative_to(desk.path))
