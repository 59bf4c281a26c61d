"""Run a packaged, uncompiled TorchScript file in PyTorch itself."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError
from neopack.formats.files import Files
from neopack.frameworks.pytorch import flat_outputs
from neopack.frameworks.pytorch.torchvision_ops import load_script
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["TorchScriptRunner", "runner"]

MODEL = "the TorchScript file in the archive"


class TorchScriptRunner:
    """``predict`` by the names of the signature; inputs go in by its order."""

    def __init__(self, model: bytes, signature: Signature, *, threads: int | None = None) -> None:
        try:
            import torch
        except ImportError:
            raise Missing(
                "running a PyTorch archive needs torch", hint=install_hint("torch")
            ) from None
        self.signature = signature
        self._torch: Any = torch
        if threads:
            torch.set_num_threads(threads)
        try:
            self._module = load_script(lambda: io.BytesIO(model)).eval()
        except RuntimeError as error:
            raise SourceError(
                f"torch {torch.__version__} cannot load it: {str(error).splitlines()[0]}",
                where=MODEL,
            ) from None

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        import numpy as np

        # torch warns of arrays that cannot be written to, as those of a request's bytes
        given = (np.require(inputs[spec.name], requirements="W") for spec in self.signature.inputs)
        tensors = [self._torch.from_numpy(array) for array in given]
        with self._torch.inference_mode():
            output = self._module(*tensors)
        arrays = [tensor.numpy() for tensor in flat_outputs.flatten(output)]
        names = [spec.name for spec in self.signature.outputs] or list(flat_outputs.names(output))
        return dict(zip(names, arrays, strict=False))


def runner(
    files: Files, model: str, signature: Signature, threads: int | None
) -> TorchScriptRunner:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        data = source.read(0, source.size)
    return TorchScriptRunner(data, signature, threads=threads)
