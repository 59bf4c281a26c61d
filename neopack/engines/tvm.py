"""TVM and Treelite, behind Neo's public loader: models of all frameworks, for CPUs of x86-64 and
ARM.

The artifact has the files that Neo hands back and that DLR loads. Everything of TVM happens in a
worker of the loader's runtime. A local compilation, never a Neo job.
"""

from __future__ import annotations

import platform
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from neopack import runtimes
from neopack.dataconfig.compiler_options import cpu_options
from neopack.engines import ArtifactOption, Availability, EngineVerdict, linking, registry
from neopack.engines.tvm_meta import META, compiled_names, write_meta
from neopack.errors import EngineFailed, LoaderRefused, Malformed, Missing, Unsupported
from neopack.facts.code_generation import (
    CODE,
    GeneratedCode,
    Linking,
    code_names,
    code_of,
    generated_code,
    generic,
    not_generated,
)
from neopack.goldens.arrays import in_dtype
from neopack.runtimes import Runtime, Worker, install, loading, this_cpu
from neopack.runtimes.loading import ConvertedModel
from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact, Runner, Twin
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["Tvm", "compiled_code", "engine"]

LIBRARY = "compiled.so"
# what a program has beside its library: a graph's files, or those of the virtual machine
PARTS = ("compiled_model.json", "compiled.params", "compiled.ro")
KINDS = ("cloud", "edge", "platform")
TREES = "XGBOOST"
HERE = code_of("llvm")
# of CompilerOptions: an accelerator needs them, and they say nothing of code for the CPU
OF_GPUS = ("gpu-code", "gpu_code", "trt-ver", "cuda-ver", "JETPACK_VERSION")
# in bytes; None is the memory of the machine
MOST_MEMORY: int | None = None
# the largest relative difference from the golden outputs that passes unasked
ALLOWED = 1e-3


class Tvm:
    name = "tvm"
    integer_bits = loading.INTEGER_BITS
    artifact_options = (
        ArtifactOption(name="runtime", values=runtimes.loaders()),
        ArtifactOption(name="code", values=code_names(), pattern=CODE),
    )

    def available(self) -> Availability:
        rows = [runtimes.get(name) for name in runtimes.loaders()]
        compilers = dict.fromkeys(_version(runtime) for runtime in rows)
        hint = f"neopack runtimes install {rows[0].name}"
        return Availability(version=", ".join(compilers), install=hint)

    def supports(self, request: CompilationRequest) -> EngineVerdict:
        verdict = registry.verdict(self.name, request)
        why_not = _why_not(request) if verdict.takes else ""
        if why_not:
            return EngineVerdict(takes=False, why_not=why_not)
        if not verdict.takes or _is_installed(runtime := _runtime(request.framework)):
            return verdict
        return replace(verdict, lacking=f"neopack runtimes install {runtime.name}")

    def compile(self, request: CompilationRequest, out: Path, log: Log) -> CompiledArtifact:
        runtime, code = _runtime(request.framework), _code(request)
        builds = {out: code} | ({} if this_cpu.runs(code) else {out / "here": HERE})
        if request.goldens is None:
            builds = {out: code}
        linkers = [linking.linker_for(_linking(each)) for each in builds.values()]
        with runtimes.worker(
            runtime.name, log=log, failure=EngineFailed, memory=MOST_MEMORY
        ) as worker:
            with log.step("converting by Neo's public loader"):
                model = _converted(request, worker)
            for (folder, each), linker in zip(builds.items(), linkers, strict=True):
                folder.mkdir(exist_ok=True)
                with log.step(f"building for {each.name}"):
                    _build(runtime, worker, each, linker, folder)
                write_meta(
                    folder / META, request.target, runtime.compiler, model.inputs, model.outputs
                )
        if request.target.accelerator:
            log.warn(f"code for the CPU only: none is generated for {request.target.accelerator}")
        twin = Twin(folder=out / "here", options=_options(runtime, HERE))
        return CompiledArtifact(
            engine=self.name,
            engine_version=_version(runtime),
            target=request.target.name,
            precision=request.precision,
            members=tuple(_members(out)),
            signature=request.signature,
            options=_options(runtime, code),
            twin=twin if len(builds) > 1 else None,
        )

    def allowed_difference(self, precision: str) -> float:
        return ALLOWED

    def load(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None,
    ) -> Runner:
        return TvmRunner(folder, signature, options, threads)


class TvmRunner:
    """An artifact in a worker of the runtime that compiled it, which ends with it."""

    def __init__(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None,
    ) -> None:
        self.signature = signature
        if not {"runtime", "code"} <= set(options):
            raise Malformed("does not say which runtime and code it has")
        code, runtime = code_of(str(options["code"])), runtimes.get(str(options["runtime"]))
        _refuse_foreign(folder / LIBRARY, code)
        if not _is_installed(runtime):
            raise Missing(
                f"it runs in {runtime.name}, which is not installed",
                hint=f"neopack runtimes install {runtime.name}",
            )
        inputs, outputs = compiled_names(folder / META)
        if len(inputs) != len(signature.inputs):
            raise Malformed("has other inputs than its manifest", where=META)
        stack = ExitStack()
        weakref.finalize(self, stack.close)
        self._worker = stack.enter_context(runtimes.worker(runtime.name, failure=EngineFailed))
        task: Json = {
            "folder": str(folder),
            "inputs": dict(zip((spec.name for spec in signature.inputs), inputs, strict=True)),
            "outputs": list(outputs),
            "turned": runtime.framework == "KERAS",
            "threads": threads,
        }
        self._worker.call("open", task)

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        _, outputs = self._worker.call("predict", None, arrays=dict(inputs))
        specs = {spec.name: spec for spec in self.signature.outputs}
        if not set(specs) <= set(outputs):
            raise EngineFailed(f"the artifact has no output {min(set(specs) - set(outputs))!r}")
        return {
            name: in_dtype(outputs[name], specs[name].dtype if name in specs else "")
            for name in specs or outputs
        }


def _why_not(request: CompilationRequest) -> str:
    """Why nothing is generated for the target, or with these CompilerOptions, or ""."""
    target, others = request.target, cpu_options(request.compiler_options).others
    unread = [key for key in others if key not in OF_GPUS]
    if unread:
        return f"tvm does not read {', '.join(unread)} of CompilerOptions: mcpu and mattr alone"
    on_gpu = target.kind == "cloud" and target.accelerator != ""
    code = generated_code(target)
    if target.kind not in KINDS or on_gpu or not_generated(target) or not code.name:
        return f"tvm generates no code for {target.name}"
    if code.linking is None:
        return f"nothing is known to link tvm's code for {target.name}"
    return ""


def _runtime(framework: str) -> Runtime:
    runtime = runtimes.closest_loader(framework, "")
    assert runtime is not None  # noqa: S101 - the frameworks of the catalogue row have one
    return runtime


def _is_installed(runtime: Runtime) -> bool:
    return install.is_whole(runtimes.get(runtime.environment))


def _version(runtime: Runtime) -> str:
    """``0.9 (hhb-tvm 2.4.5)``, or ``Treelite 1.1.0``."""
    return runtime.compiler.partition(" and ")[0].removeprefix("TVM ")


def _code(request: CompilationRequest) -> GeneratedCode:
    return compiled_code(request.framework, request.target, request.compiler_options)


def compiled_code(
    framework: str, target: Target, compiler_options: str | None = None
) -> GeneratedCode:
    """The code that a model of that framework is compiled to."""
    stated = cpu_options(compiler_options)
    code = generated_code(target, stated.mcpu, stated.mattr)
    # Treelite writes C, which says nothing of a CPU
    return generic(code) if framework == TREES else code


def _linking(code: GeneratedCode) -> Linking:
    known = code.linking
    assert known is not None  # noqa: S101 - `supports` refuses other code
    return known


def _converted(request: CompilationRequest, worker: Worker) -> ConvertedModel:
    folder = request.folder or request.model.parent
    names = request.members or tuple(sorted(path.name for path in folder.iterdir()))
    model = loading.converted(
        worker,
        framework=request.framework,
        folder=folder,
        members=names,
        signature=request.signature,
        config=request.data_input_config,
    )
    if model.refused:
        raise LoaderRefused(
            model.refused, hint="these are the words of Neo's public loader; try neopack explain"
        )
    return model


def _build(
    runtime: Runtime, worker: Worker, code: GeneratedCode, linker: linking.Linker, folder: Path
) -> None:
    """Write the program's files into ``folder``, and link its code there."""
    trees = runtime.framework == TREES
    raw = folder / "raw" if trees else folder
    raw.mkdir(exist_ok=True)
    task: Json = {"code": code.name, "runs": False, "path": str(raw)}
    answer, _ = worker.call("generate" if trees else "build", task, timeout=loading.BUILD_WITHIN)
    if answer["refused"]:
        raise EngineFailed(
            f"{runtime.compiler} cannot build it for {code.name}: {answer['refused']}"
        )
    objects: Sequence[Path] = sorted(folder.glob("object-*.o"))
    linker.link(linker.compile(sorted(raw.glob("*.c"))) if trees else objects, folder / LIBRARY)


def _members(folder: Path) -> list[Member]:
    names = [LIBRARY, *(name for name in PARTS if (folder / name).exists()), META]
    return [Member(name=name, path=folder / name) for name in names]


def _options(runtime: Runtime, code: GeneratedCode) -> dict[str, Json]:
    return {"runtime": runtime.name, "code": code.name}


def _refuse_foreign(library: Path, code: GeneratedCode) -> None:
    """Raise ``Unsupported`` for code that this machine does not run, ``Malformed`` for a library
    that is not what the manifest says."""
    known = _linking(code)
    if not library.is_file():
        raise Malformed(f"lacks {library.name}")
    linking.refuse_other_code(library, known.machine)
    if this_cpu.runs(code):
        return
    lacking = this_cpu.lacking(code)
    why = f"this CPU lacks {', '.join(lacking)}" if lacking else f"this is {platform.machine()}"
    raise Unsupported(
        f"its code is for {known.machine} ({code.name}), and {why}",
        hint="DLR loads it on such a machine; compile it for linux/x86_64 to run it here",
    )


engine = Tvm()
