"""How a user names a Darknet network: its .cfg, with the .weights beside it or in --weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neopack.errors import NotRecognized, SourceError
from neopack.formats.files import PlacedFiles
from neopack.formats.source import FileSource
from neopack.frameworks.darknet import read
from neopack.frameworks.darknet.layout import WEIGHTS, weights_of
from neopack.values.model import ModelSource

__all__ = ["NetworkFiles", "network_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFiles:
    """Both files of a network."""

    cfg: Path
    weights: Path

    def placed(self) -> PlacedFiles:
        """Under the names that they have in the archive."""
        members = {"model.cfg": self.cfg, "model.weights": self.weights}
        return PlacedFiles(str(self.cfg), members)


def network_files(source: ModelSource) -> NetworkFiles:
    """Raises ``SourceError`` where there is no .weights, or more than one that may be meant."""
    if source.kind != "file":
        raise SourceError("Darknet networks are packaged from a .cfg", where=source.where)
    cfg = Path(source.where)
    with FileSource(cfg) as opened:
        if read.recognize(opened) is None:
            raise NotRecognized("is not the .cfg of a Darknet network", where=str(cfg))
    weights = source.weights or _beside(cfg)
    if not weights.is_file():
        raise SourceError("no such file", where=str(weights))
    return NetworkFiles(cfg=cfg, weights=weights)


def _beside(cfg: Path) -> Path:
    names = sorted(path.name for path in cfg.parent.iterdir() if path.suffix == WEIGHTS)
    name = weights_of(names, cfg.name)
    if not name:
        several = f": {', '.join(names[:3])}, none of its name" if names else ""
        raise SourceError(
            f"there is no .weights beside it that is known to be its own{several}",
            where=str(cfg),
            hint="give it with --weights FILE: a .cfg alone has no numbers",
        )
    return cfg.parent / name
