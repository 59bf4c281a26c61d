"""What an .onnx file computes, here: in ONNX Runtime, or for opset 6 and below node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, SourceError, first_line
from neopack.frameworks.onnx.raising.raise_opset import needs_raising
from neopack.frameworks.onnx.raising.reading import Reading
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import worst
from neopack.goldens.directed import Compute
from neopack.goldens.inputs import shapes_text
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["refuse_otherwise", "runner_of", "source_of"]


def source_of(path: Path, where: str, *, optimized: bool = True) -> Compute:
    """The file as its user has it. Forms of operators that ONNX Runtime lacks are computed by
    their definitions."""
    import onnx

    try:
        return runner_of(path, where, optimized=optimized)
    except SourceError:
        model = onnx.load(str(path))
        if not needs_raising(model):
            raise
        return _calling(Reading(model), where)


def runner_of(path: Path, where: str, *, optimized: bool = True) -> Compute:
    """The file in ONNX Runtime. Without its optimizations and in exact integers, as quantized
    models are defined, if not ``optimized``."""
    data = path.read_bytes() if optimized else _exact(path)
    return _calling(OnnxRuntimeRunner(data, Signature(inputs=()), optimized=optimized), where)


def _exact(path: Path) -> bytes:
    """The file with operators of uint8 in place of those of int8, as the exact runtime has it:
    on some CPUs ONNX Runtime adds up products of int8 in 16 bits, which saturate."""
    import onnx

    from neopack.runtimes.inside.onnx_bytes import unsigned

    exact: Any = unsigned(onnx.load(str(path)))  # type: ignore[no-untyped-call]
    return path.read_bytes() if exact is None else bytes(exact.SerializeToString())


def _calling(session: OnnxRuntimeRunner | Reading, where: str) -> Compute:
    def compute(given: Mapping[str, Array]) -> dict[str, Array]:
        try:
            return session.predict(given)
        except Exception as error:
            raise ExportFailed(
                f"ONNX Runtime cannot compute it: {first_line(error)}",
                where=where,
                hint=f"it was given {shapes_text(given)}",
            ) from error

    return compute


def refuse_otherwise(
    cases: Sequence[GoldenCase],
    rewritten: Compute,
    allowed: float,
    where: str,
    *,
    hint: str = "export it for opset 12",
) -> None:
    """The rewritten file computes what the file as given computes."""
    off = worst(cases, rewritten)
    if not off.difference <= allowed:
        raise ExportFailed(
            f"rewritten, it computes otherwise: off by {off}, more than {allowed:g}",
            where=where,
            hint=hint,
        )
