"""What is judged: one archive of a model, for one target and version, and how it was changed."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

from neopack import facts
from neopack.frameworks import registry
from neopack.proving.compiler import is_compiled_by_tvm
from neopack.values.model import ModelInfo
from neopack.values.signature import InputRequest, Shape, Signature, TensorSpec

__all__ = [
    "Change",
    "Members",
    "Specimen",
    "archived",
    "base",
    "job_strings",
    "members_of",
    "requests",
    "stated",
]

# name in the archive to bytes; None is a directory
Members = Mapping[str, bytes | None]
# a change of names leaves the model's bytes alone: no runtime is asked about it
Change = Literal["names", "content"]

EDGE = "rasp4b"
# what the loader of each framework has, of those that are compiled otherwise for the cloud
EDGE_VERSIONS = {"PYTORCH": "1.8", "TENSORFLOW": "1.15", "MXNET": "1.8"}


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """``members`` are those of the archive, ``files`` the model and its parts under their own
    names, ``model`` the main one of them. ``shapes`` are those of the model's inputs, in its own
    layout. ``packaged`` says that ``package`` is asked too, which takes longest;
    ``converted_only`` that the public loader alone is, which runs the framework itself; ``once``
    that it is not judged for an edge device too."""

    framework: str
    base: str
    members: Members
    files: Members
    model: str
    shapes: Mapping[str, tuple[int, ...]]
    target: str = "ml_c5"
    version: str = ""
    mutation: str = "as it is"
    change: Change = "content"
    packaged: bool = False
    converted_only: bool = False
    once: bool = False
    dtypes: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.base}: {self.mutation} ({self.target} {self.version})"

    def named(self, mutation: str, members: Members) -> Self:
        """With other names of members."""
        return replace(self, mutation=mutation, members=members, change="names", packaged=False)

    def with_model(self, mutation: str, data: bytes) -> Self:
        """With another main file."""
        files = {**self.files, self.model: data}
        return replace(self, mutation=mutation, members=files, files=files, packaged=False)

    @property
    def is_compiled_by_tvm(self) -> bool:
        return is_compiled_by_tvm(self.framework, facts.target(self.target), self.version)

    def for_tvm(self) -> Self:
        """For an edge device, whose models go through the loader and TVM."""
        version = EDGE_VERSIONS.get(self.framework, self.version)
        return replace(self, target=EDGE, version=version, converted_only=True, packaged=False)

    @property
    def data(self) -> bytes:
        return self.files[self.model] or b""


def base(
    framework: str,
    name: str,
    members: Members,
    shapes: Mapping[str, tuple[int, ...]],
    target: str = "ml_c5",
    version: str = "",
    **others: object,
) -> Specimen:
    """As it is, in the target's newest version if no other is named. The first member is the
    model."""
    newest = facts.default_version(framework, facts.target(target))
    model = next(member for member, data in members.items() if data is not None)
    specimen = Specimen(
        framework=framework, base=name, members=members, files=members, model=model, shapes=shapes,
        target=target, version=version or newest,
    )  # fmt: skip
    return replace(specimen, **others)  # type: ignore[arg-type]


def members_of(folder: Path, root: str = "") -> dict[str, bytes | None]:
    """The files of a directory and those below, the ones that name the model first."""
    found: dict[str, bytes | None] = {}
    if root:
        found[f"{root}/"] = None
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found["/".join((root, path.relative_to(folder).as_posix())).strip("/")] = path.read_bytes()
    return found


def archived(specimen: Specimen, path: Path) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, data in specimen.members.items():
            member = tarfile.TarInfo(name)
            if data is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            else:
                member.size = len(data)
            archive.addfile(member, io.BytesIO(data or b""))
    return path


# --- what a job would say of it ---------------------------------------------------------------


def stated(specimen: Specimen, info: ModelInfo | None) -> Signature:
    """The signature with the shapes that the user gives: by name, else in order, else as the bytes
    tell."""
    read = info.signature if info is not None else None
    if read is None or not read.inputs:
        return Signature(inputs=tuple(_of_shapes(specimen)))
    in_order = dict(
        zip((spec.name for spec in read.inputs), specimen.shapes.values(), strict=False)
    )
    inputs = tuple(
        replace(spec, shape=specimen.shapes.get(spec.name, in_order.get(spec.name, spec.shape)))
        for spec in read.inputs
    )
    return replace(read, inputs=tuple(replace(s, shape=_filled(s.shape)) for s in inputs))


def _of_shapes(specimen: Specimen) -> Iterator[TensorSpec]:
    for name, shape in specimen.shapes.items():
        yield TensorSpec(name=name, dtype=specimen.dtypes.get(name, "float32"), shape=shape)


def _filled(shape: Shape) -> tuple[int, ...]:
    return tuple(dim or 1 for dim in shape)


def requests(signature: Signature) -> tuple[InputRequest, ...]:
    return tuple(
        InputRequest(name=spec.name, shape=_filled(spec.shape), dtype=spec.dtype)
        for spec in signature.inputs
    )


def job_strings(specimen: Specimen, signature: Signature) -> tuple[str | None, str | None]:
    """DataInputConfig and CompilerOptions, as package would write them."""
    names = [name for name, data in specimen.files.items() if data is not None]
    target = facts.target(specimen.target)
    layout = registry.get(specimen.framework).layout(signature, target, names)
    return layout.data_input_config, layout.compiler_options
