"""What each judge says of a specimen: ``check``, ``package``, the exact runtime, and the public
loader."""

from __future__ import annotations

import tarfile
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self, TypeAlias

import public_loader
from specimen import Specimen, archived, job_strings, requests, stated
from workers import Workers

import neopack
from neopack import runtimes
from neopack.dataconfig.data_input_config import example
from neopack.errors import NeopackError
from neopack.formats.files import FolderFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks import registry
from neopack.goldens.inputs import random_inputs
from neopack.options import CheckOptions
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
    """One process for each exact version, and one for the public loader. ``sweep`` has the
    loader itself convert an archive of other names too, which the table of names judges else."""

    def __init__(self, folder: Path, *, sweep: bool = False) -> None:
        self._folder, self._sweep, self._workers = folder, sweep, Workers()

    def __enter__(self) -> Self:
        self._workers.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._workers.__exit__(*error)

    def of(self, specimen: Specimen) -> Verdicts:
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            path = archived(specimen, folder / "model.tar.gz")
            info = _read(specimen, folder / "files")
            verdicts = Verdicts(
                check=checked(specimen, path, info), loader=self._loader(specimen, path, info)
            )
            if specimen.change == "names" or specimen.converted_only:
                return verdicts
            package, verify = self._package(specimen, path, info, folder)
            runtime = self._runtime(specimen, folder / "files", info)
            return replace(verdicts, runtime=runtime, package=package, verify=verify)

    # --- the public loader, and the exact version -------------------------------------------

    def _loader(self, specimen: Specimen, path: Path, info: ModelInfo | None) -> Verdict:
        """Of the archive as it unpacks it; it judges what is compiled by TVM or Treelite."""
        signature = stated(specimen, info)
        runtime = runtimes.closest_loader(specimen.framework, specimen.version)
        if runtime is None or not specimen.is_compiled_by_tvm:
            return SILENT
        if specimen.change == "names" and not self._sweep:
            return _verdict(public_loader.refusal(specimen.framework, list(specimen.members)))
        folder = path.with_name("unpacked")
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="tar")
            members = archive.getnames()
        config = job_strings(specimen, signature)[0]
        task = {
            "framework": specimen.framework.lower(),
            "folder": str(folder),
            "members": members,
            "config": config or example(signature, specimen.framework),
            "inputs": [spec.name for spec in signature.inputs],
            "outputs": [spec.name for spec in signature.outputs],
        }
        try:
            refused = self._workers.call(runtime.name, "load", task)["refused"]
        except NeopackError as error:
            refused = error.message
        return _verdict(refused)

    def _runtime(self, specimen: Specimen, folder: Path, info: ModelInfo | None) -> Verdict:
        signature = stated(specimen, info)
        runtime = runtimes.closest(specimen.framework, specimen.version)
        if runtime is None:
            return SILENT
        files = [path for path in folder.rglob("*") if path.is_file()]
        model = folder / specimen.model
        task = {
            "path": str(model),
            "parts": [str(path) for path in files if path != model],
            "inputs": [spec.name for spec in signature.inputs],
            "outputs": [spec.name for spec in signature.outputs],
        }
        arrays = random_inputs(requests(signature), 0)
        try:
            handle = self._workers.call(runtime.name, "load", task)
            self._workers.call(runtime.name, "predict", handle, arrays)
            self._workers.call(runtime.name, "release", handle)
        except NeopackError as error:
            return Verdict(word="refuses", words=error.message)
        return Verdict(word="clean")

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


def _verdict(refused: str) -> Verdict:
    return Verdict(word="refuses", words=refused) if refused else Verdict(word="clean")


def _verified(path: Path) -> Verdict:
    try:
        neopack.verify(path)
    except NeopackError as error:
        return Verdict(word="refuses", words=error.message)
    return Verdict(word="clean")


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


# --- check ------------------------------------------------------------------


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
