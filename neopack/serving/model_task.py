"""The side of an endpoint that runs in a child: one loaded artifact, arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from neopack.artifacts.load import load_opened, open_archive
from neopack.artifacts.loaded_model import checked_inputs
from neopack.formats.codec import from_json, to_json
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.values.artifact import Runner
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.signature import Signature, TensorSpec

__all__ = ["TASKS"]


class _Model:
    """One loaded artifact, kept between tasks."""

    def __init__(self) -> None:
        self._runner: Runner | None = None

    def open(self, data: AnyJson, log: Log) -> AnyJson:
        """Load ``path``; what it takes. ``signature`` is for an archive without a manifest."""
        known = from_json(Signature, data["signature"]) if data.get("signature") else None
        opened = open_archive(Path(data["path"]), signature=known)
        self._runner = load_opened(opened)
        return {"signature": to_json(opened.signature), "engine": opened.engine}

    def predict(self, data: AnyJson, log: Log) -> AnyJson:
        """The arrays of the .npz ``inputs`` in, those of the .npz ``outputs`` out, described."""
        assert self._runner is not None  # noqa: S101 - the parent opens first
        inputs = checked_inputs(self._runner.signature, load_arrays(Path(data["inputs"])))
        answers = self._runner.predict(inputs)
        with Path(data["outputs"]).open("wb") as stream:
            save_arrays(stream, answers)
        specs = [
            TensorSpec(name=name, dtype=str(array.dtype), shape=tuple(array.shape))
            for name, array in answers.items()
        ]
        return to_json(specs)


_model = _Model()

TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {
    "open": _model.open,
    "predict": _model.predict,
}
