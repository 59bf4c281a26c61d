"""A library that was linked to CUDA's, and bound when it is loaded, loads without them: what it
computes itself it computes, and what it asks of them says that there is no device."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from neopack import runtimes
from neopack.errors import Malformed, Missing
from neopack.formats.elf import read_library
from neopack.formats.elf_write import shared_library
from neopack.formats.source import FileSource
from neopack.runtimes import Runtime, install, stand_ins
from neopack.runtimes.state import examined
from neopack.values.log import SilentLog

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
ABSENT = ("libcutiny.so.11", "libnccltiny.so.2")
NO_DEVICE = 100
ASK = """
import ctypes, json, sys
library = ctypes.CDLL(sys.argv[1])
library.said.restype = ctypes.c_char_p
names = ["computed", "python", "devices", "registered", "matmul", "send"]
print(json.dumps([library.said().decode(), *(library[name]() for name in names)]))
"""


def asked(framework: Path, python: Path | str = sys.executable) -> list[object]:
    """What it says when it is loaded as any extension is, with no help from outside."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("LD_")}
    command = [python, "-I", "-c", ASK, framework]
    told = subprocess.run(command, capture_output=True, check=True, env=plain)
    found: list[object] = json.loads(told.stdout)
    return found


@pytest.fixture
def packages(tmp_path: Path, fixtures: Path) -> Path:
    """An environment's packages with that framework in them."""
    place = tmp_path / "site-packages" / "tiny" / "lib"
    place.mkdir(parents=True)
    shutil.copy(fixtures / "elf" / "framework.so", place)
    return place.parents[1]


def test_a_framework_built_for_cuda_loads_and_computes(packages: Path) -> None:
    beside = packages / "tiny" / "lib"
    with pytest.raises(subprocess.CalledProcessError):
        asked(beside / "framework.so")
    assert stand_ins.put(packages, beside) == ABSENT
    said, *numbers = asked(beside / "framework.so")
    assert "CUDA's libraries are stood in for" in str(said)
    assert numbers == [42, 1] + [NO_DEVICE] * 4


def test_only_what_nobody_has_is_stood_in_for(packages: Path) -> None:
    """Python's functions are Python's; one library that is there gives its own."""
    beside = packages / "tiny" / "lib"
    mov = b"\xb8\x07\x00\x00\x00\xc3"
    there = shared_library(ABSENT[1], functions={"ncclTinySend": mov})
    (beside / ABSENT[1]).write_bytes(there)
    assert stand_ins.put(packages, beside) == ABSENT[:1]
    with FileSource(beside / "libneopack_stand_ins.so") as source:
        made = read_library(source).defined
    assert made == {"__cuTinyRegister", "cuTinyCount", "cuTinyGetErrorString", "cuTinyLtMatmul"}
    assert asked(beside / "framework.so")[-1] == 7


def test_a_copy_under_another_name_is_none(packages: Path) -> None:
    """As torchvision brings CUDA's runtime: what asks for a version asks that library alone."""
    beside = packages / "tiny" / "lib"
    with FileSource(beside / "framework.so") as source:
        wanted = read_library(source).imported
    functions = {name: b"\xc3" for name, file in wanted.items() if file == ABSENT[0]}
    assert functions
    copy = packages / "other.libs" / "libcutiny.60cfec8e.so.11"
    copy.parent.mkdir()
    copy.write_bytes(shared_library(copy.name, functions=functions))
    assert stand_ins.put(packages, beside) == ABSENT
    assert asked(beside / "framework.so")[1] == 42


def test_nothing_is_written_where_nothing_is_wanted(tmp_path: Path) -> None:
    """A wheel for the CPU, for another machine, for macOS."""
    (tmp_path / "_C.so").write_bytes(shared_library("_C.so", needed=["libm.so.6"]))
    arm = bytearray(shared_library("arm.so", needed=["libcuda.so.1"]))
    arm[18] = 183
    (tmp_path / "arm.so").write_bytes(arm)
    (tmp_path / "mac.so").write_bytes(b"\xcf\xfa\xed\xfe" + bytes(28))
    before = sorted(tmp_path.iterdir())
    assert stand_ins.put(tmp_path, tmp_path) == ()
    assert sorted(tmp_path.iterdir()) == before


def test_a_library_that_is_cut_is_named(packages: Path) -> None:
    library = packages / "tiny" / "lib" / "framework.so"
    library.write_bytes(library.read_bytes()[:3000])
    with pytest.raises(Malformed, match=r"framework\.so"):
        stand_ins.put(packages, library.parent)


# --- as a runtime ---------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime of one wheel that has the framework in it."""
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(install, "lock_text", lambda runtime: runtime.requires[0] + "\n")
    monkeypatch.setattr(install, "interpreter", lambda version, log: sys.executable)
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        told = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\nRequires-Dist: nvidia-tiny-cu11\n"
        archive.writestr("tiny-1.0.dist-info/METADATA", told)
        form = "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("tiny-1.0.dist-info/WHEEL", form)
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
        archive.writestr("tiny/__init__.py", "")
        archive.write(fixtures / "elf" / "framework.so", "tiny/lib/framework.so")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Runtime(
        name="tiny-1.0",
        framework="PYTORCH",
        version="1.0",
        python=HERE,
        module="pytorch",
        imports="tiny",
        environment="tiny-1.0",
        disk=1,
        requires=(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}",),
        stand_ins=True,
    )


def test_an_environment_has_them_and_says_so(tiny: Runtime) -> None:
    """What its wheel asks for and the lock leaves out is not asked of any index."""
    python = install.ensure(tiny, SilentLog())
    (framework,) = install.directory(tiny).glob("lib/python*/site-packages/tiny/lib/framework.so")
    assert asked(framework, python)[1:] == [42, 1] + [NO_DEVICE] * 4
    assert install.stood_in(tiny) == ABSENT


def test_one_that_was_cut_before_them_is_made_anew(
    tiny: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(stand_ins, "put", _full)
        with pytest.raises(Missing, match="cannot be installed: No space left on device"):
            install.ensure(tiny, SilentLog())
    assert not install.is_whole(tiny)
    install.ensure(tiny, SilentLog())
    assert install.is_whole(tiny)
    assert install.stood_in(tiny) == ABSENT


def _full(packages: Path, beside: Path) -> tuple[str, ...]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_one_that_was_made_without_them_is_made_anew(tiny: Runtime) -> None:
    install.ensure(replace(tiny, stand_ins=False), SilentLog())
    assert install.stood_in(tiny) == ()
    assert not install.is_whole(tiny)
    install.ensure(tiny, SilentLog())
    assert install.stood_in(tiny) == ABSENT


def test_the_doctor_tells_what_is_stood_in_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = runtimes.get("xgboost-1.3.3")
    install.ensure(runtime, SilentLog())
    real = install.directory(runtime)
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path))
    install.directory(runtime).mkdir(parents=True)
    for path in real.iterdir():
        (install.directory(runtime) / path.name).symlink_to(path)
    assert "without CUDA" not in examined(runtime).reports
    (install.directory(runtime) / "stood_in.txt").write_text("\n".join(ABSENT))
    seen = examined(runtime)
    assert seen.state == "works"
    assert seen.reports.endswith(", without CUDA")
