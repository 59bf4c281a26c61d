"""A script as the DLR containers call it: neo_preprocess, the model, neo_postprocess.

Source: neo-ai/neo-ai-dlr@457aabf, container/neo_template_mxnet_byom.py (2022-08-26).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from neopack.serving.bodies import Body
from neopack.serving.script import ScriptError, require_functions

__all__ = ["DlrScript"]


class DlrScript:
    def __init__(self, script: ModuleType, model_dir: str, compiled: Callable[[], Any]) -> None:
        del model_dir
        require_functions(script, "neo_preprocess", "neo_postprocess")
        self._script, self._model = script, compiled()

    def answer(self, request: Body, accept: str) -> Body:
        """The body of an answer. What neo_preprocess raises has status 400."""
        del accept
        try:
            values = self._script.neo_preprocess(request.data, request.kind)
        except Exception as error:
            raise ScriptError(f"{error}", 400) from error
        result = self._model(values)
        several = list(result) if isinstance(result, tuple) else result
        body, kind = self._script.neo_postprocess(several)
        return Body.of(body, kind)
