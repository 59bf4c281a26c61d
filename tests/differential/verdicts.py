"""What each judge says of a specimen: ``check``, ``package``, the exact runtime, and the public
loader."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeAlias

import public_loader
from specimen import Specimen, archived, job_strings, requests, stated

import neopack
from neopack import facts, runtimes
from neopack.errors import NeopackError
from neopack.formats.files import FolderFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks import registry
from neopack.goldens.inputs import random_inputs
from neopack.options import CheckOptions
from neopack.proving.verify import runtime_for
from neopack.values.model import ModelInfo

__all__ = ["Judges", "Verdict", "Verdicts"]

Word: TypeAlias = Literal["clean", "warns", "refuses", "silent"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``silent`` is a judge that was not asked. ``words`` are a refusal's, or the ids found."""

    word: Word
    words: str = ""


SILENT = Verdict(word="silent")


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """``verify`` is of the archive that ``package`` wrote."""

    check: Verdict
    loader: Verdict = SILENT
    runtime: Verdict = SILENT
    package: Verdict = SILENT
    verify: Verdict = SILENT

    @property
    def others(self) -> tuple[tuple[str, Verdict], ...]:
        """Those who judge the archive as it is."""
        return ("loader", self.loader), ("runtime", self.runtime), ("package", self.package)


class Judges:
    """One worker for each exact version, started when it is first asked."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, ExitStack()
        self._workers: dict[str, runtimes.Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, specimen: Specimen) -> Verdicts:
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            path = archived(specimen, folder / "model.tar.gz")
            info = _read(specimen, folder / "files")
            if specimen.change == "names":
                return Verdicts(check=checked(specimen, path, info), loader=loader(specimen))
            return Verdicts(
                check=checked(specimen, path, info),
                loader=loader(specimen),
                runtime=self._runtime(specimen, folder / "files", info),
                package=(written := self._package(specimen, path, info, folder))[0],
                verify=written[1],
            )

    # --- the exact version ------------------------------------------------------------------

    def _runtime(self, specimen: Specimen, folder: Path, info: ModelInfo | None) -> Verdict:
        signature = stated(specimen, info)
        files = [path for path in folder.rglob("*") if path.is_file()]
        model = folder / specimen.model
        task = {
            "path": str(model),
            "parts": [str(path) for path in files if path != model],
            "inputs": [spec.name for spec in signature.inputs],
            "outputs": [spec.name for spec in signature.outputs],
        }
        worker = self._worker(specimen)
        if worker is None:
            return SILENT
        try:
            handle, _ = worker.call("load", task)
            worker.call("predict", handle, arrays=random_inputs(requests(signature), 0))
            worker.call("release", handle)
        except NeopackError as error:
            if " while running " in error.message:  # it died of this one
                self._workers.pop(_runtime_name(specimen))
            return Verdict(word="refuses", words=error.message)
        return Verdict(word="clean")

    def _worker(self, specimen: Specimen) -> runtimes.Worker | None:
        if not runtimes.closest(specimen.framework, specimen.version):
            return None
        name = _runtime_name(specimen)
        if name not in self._workers:
            self._workers[name] = self._stack.enter_context(runtimes.worker(name))
        return self._workers[name]

    # --- package ------------------------------------------------------------------------------

    def _package(
        self, specimen: Specimen, path: Path, info: ModelInfo | None, folder: Path
    ) -> tuple[Verdict, Verdict]:
        if not specimen.packaged:
            return SILENT, SILENT
        out = folder / "out.tar.gz"
        try:
            neopack.package(
                path, path=out, inputs=requests(stated(specimen, info)), target=specimen.target,
                framework_version=specimen.version, framework=specimen.framework,
            )  # fmt: skip
        except NeopackError as error:
            return Verdict(word="refuses", words=error.message), SILENT
        return Verdict(word="clean"), _verified(out)


def _verified(path: Path) -> Verdict:
    try:
        neopack.verify(path)
    except NeopackError as error:
        return Verdict(word="refuses", words=error.message)
    return Verdict(word="clean")


def _runtime_name(specimen: Specimen) -> str:
    return runtime_for(specimen.framework, specimen.version).name


def _read(specimen: Specimen, folder: Path) -> ModelInfo | None:
    """The members on disk, and what our reader says of them."""
    for name, data in specimen.files.items():
        if data is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    with suppress(NeopackError):
        framework = registry.get(specimen.framework)
        return framework.read(FolderFiles(folder), specimen.model, DEFAULT_LIMITS)
    return None


# --- check, and the loader ------------------------------------------------------------------


def checked(specimen: Specimen, path: Path, info: ModelInfo | None) -> Verdict:
    config, compiler_options = job_strings(specimen, stated(specimen, info))
    options = CheckOptions(
        framework=specimen.framework, framework_version=specimen.version,
        data_input_config=config, compiler_options=compiler_options,
    )  # fmt: skip
    try:
        report = neopack.check(path, target=specimen.target, options=options)
    except NeopackError as error:
        return Verdict(word="refuses", words=error.message)
    found = {level: [f.id for f in report.at(level)] for level in ("error", "warning")}
    if found["error"] or report.not_checked:
        return Verdict(word="refuses", words=" ".join(found["error"]) or "not checked")
    if found["warning"]:
        return Verdict(word="warns", words=" ".join(found["warning"]))
    return Verdict(word="clean")


def loader(specimen: Specimen) -> Verdict:
    target = facts.target(specimen.target)
    if facts.compiler_path(specimen.framework, target, specimen.version) != "tvm":
        return SILENT
    reason = public_loader.refusal(specimen.framework, list(specimen.members))
    return Verdict(word="refuses", words=reason) if reason else Verdict(word="clean")
