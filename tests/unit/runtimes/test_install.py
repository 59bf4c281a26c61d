"""Runtimes made by the real uv from a tiny lock: once, whole or not at all, by one at a time."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.server
import io
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from neopack import runtimes
from neopack.distributions import install_hint
from neopack.errors import Missing, UsageError
from neopack.runtimes import Runtime, install, interpreters
from neopack.values.log import SilentLog

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def tiny(requires: str = "") -> Runtime:
    return Runtime(
        name="tiny-1.0",
        framework="XGBOOST",
        version="1.0",
        python=HERE,
        module="xgboost",
        imports="tiny",
        environment="tiny-1.0",
        disk=1,
        requires=(requires,),
    )


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(install, "lock_text", lambda runtime: "\n".join(runtime.requires) + "\n")
    monkeypatch.setattr(install, "interpreter", lambda version, log: sys.executable)


class Heard(SilentLog):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_it_is_made_once_and_then_used() -> None:
    log = Heard()
    python = install.ensure(tiny(), log)
    assert python.exists()
    assert install.is_whole(tiny())
    assert "about 1 MB, once" in log.notes[0]
    again = Heard()
    assert install.ensure(tiny(), again) == python
    assert again.notes == []


def test_one_that_was_cut_is_made_anew() -> None:
    install.ensure(tiny(), SilentLog())
    (install.directory(tiny()) / "whole").unlink()
    assert not install.is_whole(tiny())
    install.ensure(tiny(), SilentLog())
    assert install.is_whole(tiny())


def test_one_whose_lock_changed_is_made_anew() -> None:
    install.ensure(tiny(), SilentLog())
    assert not install.is_whole(tiny("# another"))
    install.ensure(tiny("# another"), SilentLog())
    assert install.is_whole(tiny("# another"))


def test_one_that_lost_its_python_is_made_anew() -> None:
    python = install.ensure(tiny(), SilentLog())
    python.unlink()
    assert not install.is_whole(tiny())
    assert install.ensure(tiny(), SilentLog()).exists()


def test_one_that_is_whole_and_does_not_run_is_renewed() -> None:
    python = install.ensure(tiny(), SilentLog())
    target = python.resolve()
    python.unlink()
    python.symlink_to("/bin/false")
    assert install.is_whole(tiny()), "told by its files alone"
    install.renew(tiny(), SilentLog())
    assert python.resolve() == target
    assert install.is_whole(tiny())


def test_a_uv_that_outlives_us_keeps_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where we are killed, the uv that we started still writes: nobody else may begin."""
    left: list[subprocess.Popen[bytes]] = []

    def killed(*arguments: str, failure: str, holding: Sequence[int] = ()) -> str:
        left.append(subprocess.Popen(["/bin/sleep", "60"], pass_fds=holding))
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "uv", killed)
    with pytest.raises(KeyboardInterrupt):
        install.ensure(tiny(), SilentLog())
    lock = install.directory(tiny()).with_name("tiny-1.0.lock")
    with lock.open("w") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    left[0].kill()
    left[0].wait()
    with lock.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_no_network_by_uvs_own_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    with pytest.raises(Missing, match="the package index cannot be reached"):
        install.ensure(tiny("idna==3.10 --hash=sha256:" + "0" * 64), SilentLog())


def wheel() -> bytes:
    """One of a package named tiny, large enough to be cut."""
    told = {
        "tiny.py": "x = '" + "0123456789" * 20_000 + "'\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: us\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny-1.0.dist-info/RECORD": "",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in told.items():
            archive.writestr(name, text)
    return made.getvalue()


class Cutting(http.server.BaseHTTPRequestHandler):
    """Promises the whole wheel, and hangs up halfway while ``cut``."""

    data = wheel()
    cut = True
    sent = 0

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        type(self).sent += 1
        self.wfile.write(self.data[: len(self.data) // 2] if self.cut else self.data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its own
        """Nothing on standard error."""


def test_a_download_that_is_cut_leaves_nothing_that_looks_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(Cutting, "cut", True)
    monkeypatch.setattr(Cutting, "sent", 0)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cutting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}/tiny-1.0-py3-none-any.whl"
        digest = hashlib.sha256(Cutting.data).hexdigest()
        runtime = tiny(f"tiny @ {place} --hash=sha256:{digest}")
        with pytest.raises(Missing, match=r"tiny-1\.0 cannot be installed"):
            install.ensure(runtime, SilentLog())
        assert Cutting.sent
        assert not install.is_whole(runtime)
        Cutting.cut = False
        install.ensure(runtime, SilentLog())
        server.shutdown()
    assert list(install.directory(runtime).glob("lib/python*/site-packages/tiny.py"))


def test_a_wrong_hash_leaves_nothing_that_looks_whole() -> None:
    wrong = tiny("idna==3.10 --hash=sha256:" + "0" * 64)
    with pytest.raises(Missing, match=r"tiny-1\.0 cannot be installed"):
        install.ensure(wrong, SilentLog())
    assert not install.is_whole(wrong)


def test_no_room_is_said_before_anything_is_made(tmp_path: Path) -> None:
    huge = Runtime(**{**{f: getattr(tiny(), f) for f in Runtime.__slots__}, "disk": 1 << 40})
    with pytest.raises(Missing, match="MB left"):
        install.ensure(huge, SilentLog())
    assert not install.directory(huge).exists()


def _where_files_stay_small(requires: str) -> str:
    """What is said where no file may grow as large as the wheel's: a disk that fills meanwhile."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    try:
        install.ensure(tiny(requires), SilentLog())
    except Missing as error:
        return error.line()
    return ""


def test_a_disk_that_fills_while_installing_leaves_nothing_that_looks_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "tiny-1.0-py3-none-any.whl"
    place.write_bytes(wheel())
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    requires = f"tiny @ {place.as_uri()} --hash=sha256:{digest}"
    with multiprocessing.get_context("fork").Pool(1) as pool:
        said = pool.apply(_where_files_stay_small, (requires,))
    assert said.startswith("tiny-1.0 cannot be installed: ")
    assert not install.is_whole(tiny(requires))
    install.ensure(tiny(requires), SilentLog())
    assert install.is_whole(tiny(requires))


def test_what_is_not_uv_s_to_say_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "interpreter", _full)
    with pytest.raises(Missing, match="cannot be installed: No space left on device"):
        install.ensure(tiny(), SilentLog())


def _full(version: str, log: object) -> str:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_home_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path / "file"))
    with pytest.raises(Missing, match="cannot hold runtimes"):
        install.ensure(tiny(), SilentLog())


def _ensure(_: int) -> list[str]:
    log = Heard()
    install.ensure(tiny(), log)
    return log.notes


def test_of_two_processes_one_makes_it_and_the_other_waits() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        said = pool.map(_ensure, range(2), chunksize=1)
    made = [note for notes in said for note in notes if note.startswith("installing")]
    assert len(made) == 1
    assert install.is_whole(tiny())


def test_removing_says_whether_there_was_one() -> None:
    install.ensure(tiny(), SilentLog())
    assert install.remove(tiny(), SilentLog())
    assert not install.remove(tiny(), SilentLog())
    assert not install.is_whole(tiny())


def test_without_uv_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Missing) as caught:
        install.ensure(tiny(), SilentLog())
    assert "uv is not installed" in caught.value.line()
    assert install_hint("runtimes") in caught.value.line()


def test_an_interpreter_is_asked_who_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / f"python{HERE}"
    shim.write_text("#!/bin/sh\necho 2.7\n")
    shim.chmod(0o755)
    assert not interpreters._is_python(shim, HERE)
    assert interpreters._is_python(Path(sys.executable), HERE)


def test_a_python_that_nobody_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(Missing, match=r"Python 3\.99 cannot be downloaded"):
        interpreters.interpreter("3.99", SilentLog())


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="no runtime 'mxnet-9'"):
        runtimes.get("mxnet-9")


@pytest.mark.parametrize("name", runtimes.names())
def test_every_runtime_has_a_lock_with_hashes_and_tasks(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    runtime = runtimes.get(name)
    text = install.lock_text(runtime)
    for requirement in runtime.requires:
        assert requirement.split("<")[0].lower().replace(">", "") in text.lower()
    apart = install.apart_text(runtime)
    assert bool(apart) == bool(runtime.apart)
    assert all(requirement in apart for requirement in runtime.apart)
    assert (text + apart).count("--hash=sha256:") >= (text + apart).count("==")
    packages = [line.partition("==")[0] for line in text.splitlines() if "==" in line]
    assert not [one for one in packages for out in runtime.without if fnmatchcase(one, out)]
