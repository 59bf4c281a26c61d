"""The files of a bundle on this machine, for as long as runtimes are installed from them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neopack.errors import Missing
from neopack.runtimes import install
from neopack.runtimes.bundles.reading import take_out
from neopack.values.log import Log

__all__ = ["unpacked"]

MB = 1 << 20


@contextmanager
def unpacked(bundle: Path, names: Sequence[str], log: Log) -> Iterator[Path]:
    """Yield a folder with the files of those runtimes. Raises what ``take_out`` does, before
    anything is installed.

    It is beside the runtimes, where there is room for them. A process that is killed leaves it to
    the next one, which removes it.
    """
    place = install.home() / "bundle"
    with install.alone(place, log, "installs from a bundle"):
        try:
            shutil.rmtree(place, ignore_errors=True)
            with install.disk_errors(f"{bundle} cannot be unpacked"):
                _refuse_no_room(bundle, place)
                place.mkdir()
            with log.step(f"checking {bundle.name}"):
                take_out(bundle, names, place)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _refuse_no_room(bundle: Path, place: Path) -> None:
    try:
        size = bundle.stat().st_size
    except OSError:
        return  # take_out says so
    free = shutil.disk_usage(place.parent).free
    if free < size:
        raise Missing(
            f"{bundle} has {size // MB} MB and {place.parent} has {free // MB} MB left",
            hint="free some space, or set NEOPACK_HOME to another disk",
        )
