"""The outputs of a chain in the folder of the build: ``build/ml_c5/net.tar.gz`` and what belongs
to it, all or none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from neopack.archive.manifest import Manifest
from neopack.build.chain import Chain
from neopack.build.digests import Digests
from neopack.build.memory import PlacedOutputs
from neopack.build.work import target_folder
from neopack.formats.codec import from_json
from neopack.outputs.atomic import AtomicOutputs
from neopack.values.evidence import CompilerEvidence, Evidence
from neopack.values.json import AnyJson

__all__ = ["are_placed", "output_names", "place"]

E = TypeVar("E", Evidence, CompilerEvidence)
# of the files of a step, those that users get
GIVEN = ("archive", "manifest", "goldens", "artifact", "compiled", "bench")


def are_placed(chain: Chain, placed: PlacedOutputs | None, folder: Path, digests: Digests) -> bool:
    """Whether the outputs are there, unchanged, and are what the chain would place."""
    if placed is None or placed.made_from != chain.made_from():
        return False
    if set(output_names(chain).values()) - placed.files.keys():
        return False
    return all(digests.file(folder / name) == sha for name, sha in placed.files.items())


def output_names(chain: Chain) -> Mapping[str, str]:
    """The path of each output in the build's folder, by its use."""
    return {
        use: f"{target_folder(chain.target)}/{chain.file_name(use)}"
        for step in chain.steps.values()
        if step.entry is not None
        for use in step.entry.files
        if use in GIVEN
    }


def place(chain: Chain, folder: Path, digests: Digests) -> PlacedOutputs:
    """Write the outputs; the manifest has the evidence of the proofs. The files of every step must
    be here."""
    paths = {use: path for step in chain.steps.values() for use, path in step.files.items()}
    names = output_names(chain)
    with AtomicOutputs(force=True, main=folder / names["archive"]) as outputs:
        for use, name in names.items():
            stream = outputs.open(folder / name)
            if use == "manifest":
                stream.write(_manifest(chain, paths[use]))
            else:
                with paths[use].open("rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)
    files = {name: digests.file(folder / name) for name in names.values()}
    return PlacedOutputs(made_from=chain.made_from(), files=files)


def _manifest(chain: Chain, path: Path) -> bytes:
    """As ``package`` wrote it, with the evidence of this chain and no other."""
    manifest = from_json(Manifest, json.loads(path.read_bytes()))
    return replace(
        manifest,
        evidence=_evidence(chain, "framework", Evidence),
        compiler=_evidence(chain, "compiler", CompilerEvidence),
    ).dumps()


def _evidence(chain: Chain, kind: str, of: type[E]) -> tuple[E, ...]:
    step = next((step for step in chain.steps.values() if step.kind == kind), None)
    if step is None or step.entry is None:
        return ()
    value: AnyJson = step.entry.value["evidence"]
    return (from_json(of, value),)
