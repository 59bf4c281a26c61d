"""Write the files of a project, where none of them is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.beginning.options import InitOptions
from neopack.beginning.project_files import GITIGNORE, project_files
from neopack.distributions import NO_ADDRESS
from neopack.errors import OutputError
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable

__all__ = ["BegunProject", "begin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunProject:
    """``files`` were written; ``kept`` were there already, and stay as they are. Paths are below
    ``folder``."""

    folder: str
    files: tuple[str, ...]
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def begin(folder: Path, options: InitOptions) -> BegunProject:
    """Write what ``options`` name into ``folder``. An existing .gitignore stays as it is.

    Raises ``OutputError`` that names all files that exist, before anything is written.
    """
    files = project_files(options, folder)
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    kept = [name for name in there if name == GITIGNORE]
    taken = [name for name in there if name not in kept]
    if taken:
        raise OutputError(
            f"{', '.join(taken)} {'exist' if len(taken) > 1 else 'exists'} already",
            where=str(folder),
            hint="init overwrites nothing: move them away, or name another folder with --output",
        )
    fresh = {name: text for name, text in files.items() if name not in kept}
    for name in fresh:
        refuse_unwritable(folder / name, force=False)
    if not options.dry_run:
        _write(folder, fresh)
    notes = (*_lacking(folder, files, kept), *_to_fill_in(fresh))
    return BegunProject(folder=str(folder), files=tuple(fresh), kept=tuple(kept), notes=notes)


def _write(folder: Path, files: dict[str, str]) -> None:
    """All files of a folder appear together; neopack.toml, without which there is no project, is
    in the last one."""
    places: dict[Path, list[str]] = defaultdict(list)
    for name in files:
        places[(folder / name).parent].append(name)
    for place in sorted(places, reverse=True):
        with AtomicOutputs(force=False) as outputs:
            for name in places[place]:
                outputs.open(folder / name).write(files[name].encode())


def _lacking(folder: Path, files: Mapping[str, str], kept: Sequence[str]) -> Iterator[str]:
    """What the .gitignore of the project could have as well."""
    if GITIGNORE not in kept:
        return
    own = (folder / GITIGNORE).read_text("utf-8", "replace").split()
    lines = [line for line in files[GITIGNORE].splitlines() if not line.startswith("#")]
    absent = [line for line in lines if line not in own]
    if absent:
        yield f"{GITIGNORE} lacks {', '.join(absent)}"


def _to_fill_in(files: Mapping[str, str]) -> Iterator[str]:
    names = [name for name, text in files.items() if NO_ADDRESS in text]
    if names:
        yield f"write the address of neopack's wheel for {NO_ADDRESS} in {', '.join(names)}"
