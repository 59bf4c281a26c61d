"""The side of an endpoint with a script that runs in a child: the user's code, and the model."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, Protocol

from neopack.archive.read import extract_members, scan
from neopack.artifacts.load import refuse_unsafe
from neopack.errors import EngineFailed, NeopackError, first_line
from neopack.formats.codec import from_json
from neopack.serving.bodies import Body
from neopack.serving.dlr_script import DlrScript
from neopack.serving.script import CODE, ScriptError, ServingScript
from neopack.serving.served_model import ServedModel
from neopack.serving.stand_ins import StandIns
from neopack.serving.tensorflow_script import TensorFlowScript
from neopack.serving.toolkit import Toolkit, lacks_steps
from neopack.serving.toolkit_modules import NO_MESSAGE
from neopack.values.json import AnyJson
from neopack.values.log import Log

__all__ = ["TASKS"]

# where the containers of SageMaker have the archive
MODEL_DIR = "/opt/ml/model"


class _Answering(Protocol):
    def answer(self, request: Body, accept: str) -> Body: ...


WAYS: Mapping[str, Callable[[ModuleType, str, Callable[[], Any]], _Answering]] = {
    "toolkit": Toolkit,
    "dlr": DlrScript,
    "tensorflow-serving": TensorFlowScript,
}


class _Server:
    """One script with its model, kept between tasks."""

    def __init__(self) -> None:
        self._script: _Answering | None = None
        self._folder, self._pid = Path(), 0

    def open(self, data: AnyJson, log: Log) -> AnyJson:
        """Unpack ``artifact`` into ``folder`` and start the script."""
        script = from_json(ServingScript, data["script"])
        self._folder, artifact = Path(data["folder"]), Path(data["artifact"])
        self._pid = os.getpid()
        _unpack(artifact, self._folder)
        os.environ.update(script.environment)
        os.chdir(self._folder)
        sys.path.insert(0, str(self._folder / CODE))
        model = ServedModel(artifact, script.signature, threads=data["threads"])
        stand_ins = StandIns(model, self._folder)
        stand_ins.install()
        try:
            module = importlib.import_module(script.program.removesuffix(".py").replace("/", "."))
            if script.tensors and lacks_steps(module):
                stand_ins.use_torch()
            self._script = WAYS[script.calls](module, str(self._folder), stand_ins.compiled)
        except (Exception, SystemExit) as error:
            if isinstance(error, NeopackError):
                raise
            where = f"{CODE}{script.program}"
            raise EngineFailed(
                f"{type(error).__name__}: {first_line(error)}", where=where
            ) from None
        return {}

    def invoke(self, data: AnyJson, log: Log) -> AnyJson:
        """Answer the body in the file ``request`` into the file ``answer``."""
        assert self._script is not None  # noqa: S101 - the parent opens first
        asked = Path(data["request"]).read_bytes()
        request = Body(kind=data["kind"], data=asked, headers=data["headers"])
        try:
            answer, status = self._script.answer(request, data["accept"]), 200
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own code
            answer, status = self._failure(error)
        if os.getpid() != self._pid:
            os._exit(0)  # a copy that the script forked: the file may be the next request's
        Path(data["answer"]).write_bytes(answer.data)
        return {"status": status, "kind": str(answer.kind), "headers": dict(answer.headers)}

    def _failure(self, error: BaseException) -> tuple[Body, int]:
        """The message and the traceback, as the toolkit answers them."""
        message = str(getattr(error, "message", error)) or NO_MESSAGE
        status = getattr(error, "status_code", getattr(error, "status", 500))
        trace = _traced(error, self._folder)
        text = message if isinstance(error, ScriptError) else f"{message}\n{trace}"
        body = Body(kind="text/plain", data=text.encode(errors="backslashreplace"))
        return body, status if _is_status(status) else 500


def _traced(error: BaseException, folder: Path) -> str:
    """The traceback from the script on, with the paths of a container."""
    trace = error.__traceback__
    while trace and not trace.tb_frame.f_code.co_filename.startswith(str(folder)):
        trace = trace.tb_next
    told = traceback.format_exception(type(error), error, trace)
    return "".join(told).replace(str(folder), MODEL_DIR)


def _is_status(value: object) -> bool:
    return isinstance(value, int) and 400 <= value < 600


def _unpack(artifact: Path, folder: Path) -> None:
    scanned = scan(artifact)
    refuse_unsafe(scanned)
    paths = {
        entry.offset: folder / PurePosixPath(entry.name)
        for entry in scanned.entries
        if entry.kind == "file"
    }
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    extract_members(scanned, paths)


_server = _Server()

TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {
    "open": _server.open,
    "invoke": _server.invoke,
}
