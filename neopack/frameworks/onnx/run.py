"""Run a packaged, uncompiled .onnx file in ONNX Runtime."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError
from neopack.formats.files import Files
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["OnnxRuntimeRunner", "runner"]

# ONNX Runtime's levels: 3 is "error"; its warnings on standard error help no user of ours
QUIET = 3
PROVIDERS = ["CPUExecutionProvider"]
NEWEST_IR = re.compile(r"max supported IR version: (\d{1,2})\b")
# field 1 of a ModelProto, a number; of two values in a message the last one counts
IR_FIELD = 0x08


class OnnxRuntimeRunner:
    """``predict`` by the graph's own input names; outputs by the graph's names.

    ``optimized`` is how users run it. Of quantized models the optimizations compute in integers
    what the file says in floats, one step apart, and each version does so otherwise.
    """

    def __init__(
        self,
        model: bytes,
        signature: Signature,
        *,
        threads: int | None = None,
        optimized: bool = True,
    ) -> None:
        self.signature = signature
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.log_severity_level = QUIET
        if not optimized:
            options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        if threads:
            options.intra_op_num_threads = threads
        try:
            self._session = _session(runtime, model, options)
        except Exception as error:
            # its exceptions derive from Exception alone, one class a status code
            raise SourceError(
                f"ONNX Runtime {runtime.__version__} cannot load it: "
                f"{str(error).strip().splitlines()[0]}"
            ) from error
        self._outputs = [output.name for output in self._session.get_outputs()]

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        arrays = self._session.run(self._outputs, dict(inputs))
        return dict(zip(self._outputs, arrays, strict=True))


def _onnxruntime() -> Any:
    """ONNX Runtime without its telemetry, which since 1.29 tells Microsoft of each model loaded
    and leaves a file among the temporary ones (ORT_DISABLE_TELEMETRY is in its binary)."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise Missing(
            f"running an ONNX archive needs onnxruntime ({error})",
            hint=install_hint("onnx"),
        ) from None
    return onnxruntime


def _session(runtime: Any, model: bytes, options: Any) -> Any:
    """A file of today's onnx has a newer ``ir_version`` than today's ONNX Runtime takes. That is
    about how a file is written: what is in it decides whether it can be run."""
    start = partial(runtime.InferenceSession, sess_options=options, providers=PROVIDERS)
    try:
        return start(model)
    except Exception as error:
        newest = NEWEST_IR.search(str(error))
        if newest is None:
            raise
        return start(model + bytes((IR_FIELD, int(newest[1]))))


def runner(
    files: Files, model: str, signature: Signature, threads: int | None
) -> OnnxRuntimeRunner:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        data = source.read(0, source.size)
    return OnnxRuntimeRunner(data, signature, threads=threads)
