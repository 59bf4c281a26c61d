"""The keys of the steps after ``package``: each from what the archive turned out to be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from neopack import distributions, facts, runtimes
from neopack.build.digests import Digests, digest_of
from neopack.build.keys import MODULES, Key, neopack_digest
from neopack.build.work import compile_options
from neopack.engines import registry as engines
from neopack.formats.codec import to_json
from neopack.project.model_settings import ModelSettings
from neopack.runtimes import Runtime, install, this_cpu
from neopack.values.json import AnyJson

__all__ = ["bench_key", "compile_key", "compiler_key", "compiler_skips", "framework_key",
           "lock_digest", "runtime_of"]  # fmt: skip

Value = Mapping[str, AnyJson]


def framework_key(model: ModelSettings, archive: Value, digests: Digests) -> Key:
    """A proof in the exact framework is the same for all targets that get the same files."""
    runtime = runtime_of(model, archive)
    parts = {
        **_subject(archive, digests),
        "runtime": runtime.name if runtime else "",
        "its lock": lock_digest(runtime) if runtime else "",
        "max_difference": str(model.thresholds.max_difference),
    }
    return Key(parts=tuple(parts.items()))


def compiler_key(model: ModelSettings, target: str, archive: Value, digests: Digests) -> Key:
    runtime = runtimes.closest_loader(archive["framework"], archive["framework_version"])
    parts = {
        **_subject(archive, digests),
        "target": target,
        "DataInputConfig": str(archive["data_input_config"]),
        "CompilerOptions": str(archive["compiler_options"]),
        "runtime": runtime.name if runtime else "",
        "its lock": lock_digest(runtime) if runtime else "",
        "CPU": this_cpu.identity(),
        "max_difference": str(model.thresholds.max_difference),
    }
    return Key(parts=tuple(parts.items()))


def compiler_skips(target: str, archive: Value) -> str:
    """Why Neo's loader does not compile it for ``target``; "" where it does."""
    from neopack.proving.compiler import is_compiled_by_tvm

    framework, version = archive["framework"], archive["framework_version"]
    if not is_compiled_by_tvm(framework, facts.target(target), version):
        return "Neo compiles it without its loader"
    if runtimes.closest_loader(framework, version) is None:
        return f"there is no runtime of Neo's loader for {framework}"
    return ""


def runtime_of(model: ModelSettings, archive: Value) -> Runtime | None:
    if model.runtime:
        return runtimes.get(model.runtime)
    return runtimes.closest(archive["framework"], archive["framework_version"])


@cache
def lock_digest(runtime: Runtime) -> str:
    text = install.lock_text(runtime) + install.apart_text(runtime)
    return hashlib.sha256(text.encode()).hexdigest()


def compile_key(
    model: ModelSettings, target: str, archive: Value, root: Path, digests: Digests
) -> Key:
    parts = {
        **_subject(archive, digests),
        "archive": archive["sha256"],
        "target": target,
        "backend": f"{model.backend or 'local'} {model.role} {model.output}",
    }
    if model.backend == "sagemaker":
        parts["options"] = digest_of(to_json(model.compile))
    else:
        options = compile_options(model)
        parts |= {
            "options": options.digest(),
            "engines": _engines(options.engine, archive["framework"]),
            "CPU": this_cpu.identity(),
            **dict(_calibration(model, root, digests)),
        }
    return Key(parts=tuple(parts.items()))


def bench_key(model: ModelSettings, archive: Value, artifact: str, digests: Digests) -> Key:
    parts = {
        "neopack": neopack_digest(digests),
        "archive": archive["sha256"],
        "artifact": artifact,
        "settings": digest_of(to_json(model.bench)),
        "engines": _engines(None, archive["framework"]),
        "CPU": this_cpu.identity(),
    }
    return Key(parts=tuple(parts.items()))


def _subject(archive: Value, digests: Digests) -> dict[str, str]:
    """What is proven or compiled: the files, their signature and golden outputs."""
    return {
        "neopack": neopack_digest(digests),
        "content": archive["content_sha256"],
        "goldens": archive["goldens_sha256"],
        "framework": f"{archive['framework']} {archive['framework_version']}",
        "signature": digest_of(archive["signature"], archive["random"]),
    }


def _engines(name: str | None, framework: str) -> str:
    """The versions of the engine, or of all that may be chosen, and of what they import."""
    names = (name,) if name in engines.names() else engines.names()
    imported = {module for each in names for module in engines.preload(each, framework)}
    versions = [f"{each} {_version(each)}" for each in names]
    versions += [f"{module} {distributions.version(module)}" for module in sorted(imported)]
    return ", ".join(versions)


@cache
def _version(engine: str) -> str:
    distribution = engines.distribution_of(engine)
    return (distributions.version(distribution) or "absent") if distribution else "?"


def _calibration(model: ModelSettings, root: Path, digests: Digests) -> Iterator[tuple[str, str]]:
    """The data, and where the user's own code reads it or judges by it, all modules."""
    settings = model.compile
    if settings is None or settings.calibration in (None, "random"):
        return
    path = root / str(settings.calibration)
    yield "calibration", digests.tree(path)
    if not path.exists() or ":" in (settings.metric or ""):
        yield MODULES, digests.modules(root)
