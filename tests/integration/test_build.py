"""``neopack build``: what changed is done again, and nothing else.

One project is built once. Each test has a copy of it, elsewhere, with the same cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from neopack import api, distributions
from neopack.build import keys, step_keys
from neopack.build.options import BuildOptions
from neopack.build.results import BuildResult, StepProgress
from neopack.errors import CheckFailed, Missing, SourceError, UsageError

ROOT = Path(__file__).parents[2]
NET = """
import json
from pathlib import Path

import torch

import helper

CONFIG = json.loads(Path("config.json").read_text())
KINDS = sorted(path.name for path in Path("kinds").iterdir())


class Net(torch.nn.Module):
    def __init__(self, width=2):
        super().__init__()
        torch.manual_seed(1)
        self.linear = torch.nn.Linear(4, width)

    def forward(self, x):
        return self.linear(x) * helper.SCALE
"""
TOML = """
targets = ["ml_c5", "linux/arm64"]
reports = ["markdown", "html", "junit", "sarif", "json"]

[defaults]
level = 2

[[model]]
name = "net"
source = "net.py:Net"
inputs = { x = [1, 4] }
arguments = { width = 2 }
weights = "net.safetensors"
code = "code"
reads = ["more/*.txt"]

[[model]]
name = "trees"
source = "trees.json"
compile = { targets = ["ml_c5"], engine = "onnxruntime" }
"""


@dataclass(frozen=True)
class Site:
    """A project on disk, built in this process."""

    folder: Path
    cache: Path

    def build(self, **options: object) -> BuildResult:
        choices = BuildOptions(cache=str(self.cache), jobs=1, **options)  # type: ignore[arg-type]
        return api.build(self.folder, options=choices)

    def to_do(self, **options: object) -> dict[str, str]:
        """The steps that would be carried out, with the reasons."""
        result = self.build(dry_run=True, **options)
        return {
            f"{row.model} {row.target} {step.step}": step.why
            for row in result.rows
            for step in row.steps
            if step.state == "to do"
        }

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, before: str, after: str) -> None:
        text = (self.folder / name).read_text()
        assert before in text
        self.write(name, text.replace(before, after))

    def outputs(self) -> dict[str, bytes]:
        folder = self.folder / "build"
        paths = [path for path in folder.rglob("*") if path.is_file()]
        reports = {"summary.md", "index.html", "junit.xml", "report.sarif", "report.json"}
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in paths
            if ".neopack" not in path.parts and path.name not in reports
        }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    import torch
    from safetensors.torch import save_file

    site = Site(tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("cache"))
    site.write("net.py", NET)
    site.write("helper.py", "SCALE = 2\n")
    site.write("config.json", "{}")
    site.write("kinds/a", "")
    site.write("more/a.txt", "a")
    site.write("code/inference.py", "def input_fn(data, kind): ...\n")
    site.write("neopack.toml", TOML)
    weights = {"linear.weight": torch.ones(2, 4), "linear.bias": torch.zeros(2)}
    save_file(weights, site.folder / "net.safetensors")
    shutil.copy(ROOT / "fixtures" / "xgboost" / "logistic-1.3.3.json", site.folder / "trees.json")
    result = site.build()
    assert result.exit_code == 0, [row.failures for row in result.rows]
    assert {row.state for row in result.rows} == {"made"}
    return site


@pytest.fixture
def site(built: Site, tmp_path: Path) -> Site:
    shutil.copytree(built.folder, tmp_path / "site")
    return Site(tmp_path / "site", built.cache)


def test_everything_is_there(built: Site) -> None:
    assert sorted(built.outputs()) == [
        f"{folder}/{name}"
        for folder, names in {
            "linux_arm64": ("net", "trees"),
            "ml_c5": ("net", "trees-ml_c5", "trees"),
        }.items()
        for name in sorted(
            f"{each}.{kind}"
            for each in names
            for kind in (("tar.gz",) if "-" in each else ("golden.npz", "neopack.json", "tar.gz"))
        )
    ]
    sarif = json.loads((built.folder / "build" / "report.sarif").read_text())
    ids = [run["automationDetails"]["id"] for run in sarif["runs"]]
    assert len(set(ids)) == len(ids) == 4
    assert (built.folder / "neopack.lock").read_text().count("xgboost") >= 1


def test_a_second_build_does_nothing(built: Site) -> None:
    before = built.outputs()
    result = built.build()
    assert {row.state for row in result.rows} == {"up to date"}
    assert built.outputs() == before


def test_another_checkout_takes_all_from_the_cache(built: Site, tmp_path: Path) -> None:
    shutil.copytree(built.folder, tmp_path / "b", ignore=shutil.ignore_patterns("build"))
    other = Site(tmp_path / "b", built.cache)
    assert other.to_do() == {}
    assert {row.state for row in other.build().rows} == {"restored"}
    assert other.outputs() == built.outputs()


NET_BOTH = {"net ml_c5 package", "net linux/arm64 package"}
TREES_BOTH = {"trees ml_c5 package", "trees linux/arm64 package"}
Change = Callable[[Site], object]

# each input in turn: what is done again, and what is said of it
CHANGES: dict[str, tuple[Change, set[str], str]] = {
    "the source": (lambda s: s.edit("net.py", "2)", "2 )"), NET_BOTH, "net.py"),
    "a module it imports": (lambda s: s.write("helper.py", "SCALE = 3\n"), NET_BOTH, "helper.py"),
    "a file it opens": (lambda s: s.write("config.json", "[]"), NET_BOTH, "config.json"),
    "a folder it lists": (lambda s: s.write("kinds/b", ""), NET_BOTH, "kinds/"),
    "a file it is said to read": (lambda s: s.write("more/a.txt", "b"), NET_BOTH, "reads"),
    "another such file": (lambda s: s.write("more/b.txt", ""), NET_BOTH, "reads"),
    "a file that is gone": (lambda s: (s.folder / "helper.py").unlink(), NET_BOTH, "helper.py"),
    "a module in the place of another": (
        lambda s: s.write("typing_extensions.py", ""), NET_BOTH, "modules of the project"),
    "weights": (lambda s: (s.folder / "net.safetensors").write_bytes(b"other"), NET_BOTH,
                "weights"),
    "handlers": (lambda s: s.write("code/more.py", ""), NET_BOTH, "code"),
    "an argument": (lambda s: s.edit("neopack.toml", "width = 2", "width = 3"), NET_BOTH,
                    "settings"),
    "a shape": (lambda s: s.edit("neopack.toml", "[1, 4]", "[2, 4]"), NET_BOTH, "settings"),
    "a default": (lambda s: s.edit("neopack.toml", "level = 2", "level = 3"),
                  NET_BOTH | TREES_BOTH, "settings"),
    "a model file": (lambda s: s.edit("trees.json", "{", "{ "), TREES_BOTH, "source"),
    "a file that may belong to it": (
        lambda s: s.write("trees.params", ""), TREES_BOTH, "beside the source"),
    "how it is compiled": (
        lambda s: s.edit("neopack.toml", '"onnxruntime"',
                         '"onnxruntime", compiler_options = "{}"'),
        {"trees ml_c5 compile"}, "options"),
    "a target": (
        lambda s: s.edit("neopack.toml", '"linux/arm64"', '"linux/arm64", "ml_c4"'),
        {"net ml_c4 package", "trees ml_c4 package"}, "new"),
    # and what is no input of it
    "a file that nothing reads": (lambda s: s.write("notes.py", "x = 1"), set(), ""),
    "a hidden file": (lambda s: s.write("kinds/.hidden", ""), set(), ""),
    "a limit": (
        lambda s: s.edit("neopack.toml", "level = 2", 'level = 2\nthresholds.max_size = "9 MB"'),
        set(), ""),
    "the times of a file": (lambda s: os.utime(s.folder / "net.py", (1, 1)), set(), ""),
    "the order of the models": (
        lambda s: s.edit("neopack.toml", "[defaults]\nlevel = 2", "[defaults]\n# two\nlevel=2"),
        set(), ""),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_is_done_again_and_nothing_else(site: Site, what: str) -> None:
    change, expected, why = CHANGES[what]
    change(site)
    to_do = site.to_do()
    known = {each for each in to_do if not each.endswith("compile")} | (expected & to_do.keys())
    assert known == expected
    assert all(why in reason for each, reason in to_do.items() if each in expected)


def test_versions_count(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = distributions.versions

    def other(names: tuple[str, ...]) -> dict[str, str]:
        return {**installed(names), **{name: "99" for name in names if name == "safetensors"}}

    monkeypatch.setattr(distributions, "versions", other)
    keys._installed.cache_clear()
    assert site.to_do().keys() == NET_BOTH
    monkeypatch.undo()
    keys._installed.cache_clear()
    monkeypatch.setattr(step_keys, "_version", lambda engine: f"{engine} 99")
    assert site.to_do().keys() == {"trees ml_c5 compile"}
    monkeypatch.undo()
    monkeypatch.setattr(keys, "neopack_digest", lambda _: "another neopack")
    assert site.to_do().keys() >= NET_BOTH | TREES_BOTH


def test_a_change_that_changes_no_bytes_changes_the_manifest_alone(site: Site) -> None:
    before = site.outputs()
    site.write("helper.py", "SCALE = 2  # the same\n")
    rows = site.build(names=("net",)).rows
    assert {row.state for row in rows} == {"made"}
    after = site.outputs()
    manifest = json.loads(after["ml_c5/net.neopack.json"])
    sources = {each["path"]: each["sha256"] for each in manifest["origin"]["materials"]}
    assert sources.keys() >= {"net.py", "helper.py", "config.json", "net.safetensors"}
    assert sources["helper.py"] == hashlib.sha256(b"SCALE = 2  # the same\n").hexdigest()
    other = {name for name in before if after[name] != before[name]}
    assert other == {f"{target}/net.neopack.json" for target in ("ml_c5", "linux_arm64")}


def test_an_output_that_was_changed_or_removed_comes_back(site: Site) -> None:
    before = site.outputs()
    (site.folder / "build" / "ml_c5" / "net.tar.gz").write_bytes(b"changed")
    (site.folder / "build" / "ml_c5" / "trees-ml_c5.tar.gz").unlink()
    states = {f"{row.model} {row.target}": row.state for row in site.build().rows}
    assert [name for name, state in states.items() if state == "restored"] == [
        "net ml_c5",
        "trees ml_c5",
    ]
    assert site.outputs() == before


def test_who_watches_is_told_what_runs(site: Site) -> None:
    site.write("helper.py", "SCALE = 3\n")
    seen: list[StepProgress] = []
    options = BuildOptions(cache=str(site.cache), jobs=1, names=("net",), targets=("ml_c5",))
    api.build(site.folder, options=options, show=seen.append)
    states = [(each.step, each.state) for each in seen]
    assert states[:2] == [("package", "running"), ("package", "made")]
    assert [each.finished for each in seen[:2]] == [0, 1]
    assert {state for _, state in states} == {"running", "made"}


def test_what_a_cache_lost_is_made_again_at_once(site: Site, tmp_path: Path) -> None:
    """Its entries say that all is there; only the files know better."""
    cache = shutil.copytree(site.cache, tmp_path / "cache")
    for path in (cache / "v1" / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(bytes(path.stat().st_size))
    shutil.rmtree(site.folder / "build")
    other = Site(site.folder, cache)
    result = other.build(names=("trees",), targets=("ml_c5",))
    assert [(row.state, row.failures) for row in result.rows] == [("made", ())]
    assert result.rows[0].steps[0].why == "the cache lost its files"
    shutil.rmtree(site.folder / "build")
    again = other.build(names=("trees",), targets=("ml_c5",))
    assert [row.state for row in again.rows] == ["restored"]


def test_names_targets_and_what_is_missing(site: Site) -> None:
    rows = site.build(names=("t*",), targets=("ml.c5",), dry_run=True).rows
    assert [(row.model, row.target) for row in rows] == [("trees", "ml_c5")]
    with pytest.raises(UsageError, match="no model 'tree'") as caught:
        site.build(names=("tree",))
    assert "did you mean trees" in caught.value.line()
    (site.folder / "net.safetensors").unlink()
    with pytest.raises(SourceError, match=r"model net: weights net\.safetensors: no such file"):
        site.build()


def test_a_dry_run_writes_nothing(built: Site, tmp_path: Path) -> None:
    for name in ("net.py", "helper.py", "net.safetensors", "trees.json", "neopack.toml"):
        shutil.copy(built.folder / name, tmp_path)
    shutil.copytree(built.folder / "code", tmp_path / "code")
    before = sorted(tmp_path.rglob("*"))
    result = Site(folder=tmp_path, cache=built.cache).build(dry_run=True)
    assert {row.state for row in result.rows} > {"to do"}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<<<<<<< HEAD\n", "neopack.lock: is not TOML"),
        (b"\xff", "neopack.lock: is not TOML: it is not UTF-8 at byte 0"),
        (b"runtimes = 1\n", "neopack.lock: is not a lock of neopack"),
    ],
)
def test_a_lock_that_is_damaged(site: Site, data: bytes, says: str) -> None:
    (site.folder / "neopack.lock").write_bytes(data)
    with pytest.raises(UsageError, match=says) as raised:
        site.build()
    assert "remove it and build" in raised.value.hint


def test_a_lock_refuses_drift(site: Site) -> None:
    assert site.build(locked=True, dry_run=True).exit_code == 0
    lock = site.folder / "neopack.lock"
    lock.write_text(lock.read_text().replace('"targets.toml" = "sha256:', '"targets.toml" = "x:'))
    with pytest.raises(CheckFailed, match=r"tables targets\.toml is sha256:.*, not x:"):
        site.build(locked=True)
    site.build()
    assert "x:" not in lock.read_text()
    lock.unlink()
    with pytest.raises(UsageError, match="--locked needs a lock"):
        site.build(locked=True)


def test_since_a_revision(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs a repository of git"):
        site.build(since="HEAD", dry_run=True)

    def git(*words: str) -> None:
        who = ("-c", "user.name=n", "-c", "user.email=e@x.org")
        subprocess.run(["git", *who, *words], cwd=site.folder, check=True, capture_output=True)  # noqa: S607

    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    assert site.build(since="HEAD", dry_run=True).rows == ()
    site.write("helper.py", "SCALE = 4\n")
    rows = site.build(since="HEAD", dry_run=True).rows
    assert {row.model for row in rows} == {"net"}
    with pytest.raises(UsageError, match="no revision 'no-such'"):
        site.build(since="no-such", dry_run=True)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Missing, match="--since needs git"):
        site.build(since="HEAD", dry_run=True)


# --- processes ------------------------------------------------------------------------------


def started(site: Site, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "neopack", "build", "--cache", str(site.cache), *words]
    return subprocess.Popen(
        command, cwd=site.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(site: Site, *words: str) -> int:
    with started(site, *words) as process:
        process.communicate()
    return process.returncode


def test_a_build_that_is_killed_goes_on(built: Site, tmp_path: Path) -> None:
    shutil.copytree(built.folder, tmp_path / "b", ignore=shutil.ignore_patterns("build"))
    site = Site(tmp_path / "b", tmp_path / "cache")
    process = started(site, "trees", "net", "--jobs", "1")
    assert process.stderr is not None
    for line in process.stderr:
        if "package made" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = {each for each in site.to_do() if each.endswith("package")}
    assert left < NET_BOTH | TREES_BOTH
    assert site.outputs() == {}
    assert site.build().exit_code == 0
    assert site.outputs() == built.outputs()


def test_two_builds_share_a_cache_and_a_folder(built: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    sites = []
    for name in ("a", "b"):
        shutil.copytree(built.folder, tmp_path / name, ignore=shutil.ignore_patterns("build"))
        sites.append(Site(tmp_path / name, cache))
    with ThreadPoolExecutor() as pool:
        codes = pool.map(
            lambda site: finished(site, "trees", "-t", "linux/arm64"), [*sites, sites[0]]
        )
        assert list(codes) == [0, 0, 0]
    wanted = {k: v for k, v in built.outputs().items() if k.startswith("linux_arm64/trees")}
    assert [site.outputs() for site in sites] == [wanted, wanted]
    assert api.cache_contents(str(cache), verify=True).damaged == ()


def test_a_worker_that_dies_takes_one_step_with_it(site: Site) -> None:
    site.edit("net.py", "CONFIG =", "import time; time.sleep(60)\nCONFIG =")
    site.edit("trees.json", "{", "{  ")
    process = started(site, "-t", "linux/arm64", "--jobs", "1", "--format", "json")
    worker = waited_for(process)
    time.sleep(1)
    worker.kill()
    out, _ = process.communicate(timeout=60)
    rows = json.loads(out)["rows"]
    assert {row["model"]: row["state"] for row in rows} == {"net": "refused", "trees": "made"}
    assert process.returncode == 6
    assert "SIGKILL" in rows[0]["failures"][0]["message"]


def waited_for(process: subprocess.Popen[str]) -> psutil.Process:
    """The worker of a build."""
    for _ in range(300):
        for child in psutil.Process(process.pid).children():
            if "neopack.build.work" in child.cmdline():
                return child
        time.sleep(0.1)
    raise AssertionError("no worker was started")


def test_one_failure_may_end_the_build(site: Site) -> None:
    site.edit("net.py", "CONFIG =", "raise ValueError\nCONFIG =")
    site.edit("trees.json", "{", "{   ")
    rows = site.build(targets=("ml_c5",), keep_going=False).rows
    assert {row.model: row.state for row in rows} == {"net": "refused", "trees": "not reached"}


def test_an_interrupt_leaves_no_process(site: Site) -> None:
    site.edit("net.py", "CONFIG =", "import time; time.sleep(60)\nCONFIG =")
    process = started(site, "net", "-t", "ml_c5")
    waited_for(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
