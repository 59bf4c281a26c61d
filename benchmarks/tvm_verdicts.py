"""Put many small models through Neo's public loader and TVM, and through ``check`` before.

    python benchmarks/tvm_verdicts.py                              # a table: one row a framework
    python benchmarks/tvm_verdicts.py --framework mxnet --all          # and a line for each model
    python benchmarks/tvm_verdicts.py --framework pytorch --only 'roll|norm'    # by name
    python benchmarks/tvm_verdicts.py --framework onnx --as-is   # the files as somebody wrote them

PyTorch: each function of ``tests/torch_functions.py``. MXNet and TensorFlow: the fixtures, of
which most are symbols and graphs of one operator or a few. ONNX: the tests of operators that come
with onnx. Each is packaged for ``rasp4b``, and converted, built and computed here. ``--as-is``
skips packaging, for those tests that opset 12 has. What is accepted computes alike. A refusal is
told by an error or a warning of ``check``, or missed; a false alarm is an error of ``check`` about
what is taken.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests/differential"))

from neopack import facts, runtimes
from neopack.checks.judging import Submission, context_of_layout, judge
from neopack.errors import NeopackError, first_line
from neopack.formats.files import PlacedFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks import ExportTask, Layout, registry
from neopack.frameworks.onnx.computing import runner_of
from neopack.frameworks.task import ExportOptions
from neopack.goldens import ties
from neopack.goldens.arrays import in_dtype
from neopack.goldens.cases import FIRST, GoldenCase, load_cases, save_cases
from neopack.proving import comparing
from neopack.runtimes import loading
from neopack.values.artifact import Array
from neopack.values.json import Json
from neopack.values.log import SilentLog
from neopack.values.model import ExportedModel, Member, ModelInfo, ModelSource
from neopack.values.signature import InputRequest

TARGET = "rasp4b"
VERSIONS = {"PYTORCH": "1.8", "MXNET": "1.8", "ONNX": "1.7.0", "TENSORFLOW": "1.15"}
KINDS = ("accepted", "told", "missed", "false alarm", "not packaged")
FIXTURES = Path(__file__).parents[1] / "fixtures"
ALLOWED = 1e-4
# what Neo's ONNX 1.7.0 reads
OLD_IR, OLD_OPSETS = 7, {"": 12, "ai.onnx.ml": 2, "ai.onnx.preview.training": 1}
IMAGE = {"data": (1, 3, 8, 8)}
MXNET: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "channel-last": {"data": (1, 8, 8, 3)},
    "loop": {"data": (4, 3)},
    "training": {"data": (1, 3, 32, 32)},
}


@dataclass(frozen=True, slots=True)
class Model:
    """A file and the inputs to package it with; none where the file tells them. With ``case`` it
    goes into the archive as it is."""

    name: str
    path: Path
    inputs: tuple[InputRequest, ...] = ()
    case: GoldenCase | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: str
    words: str = ""


class Compiler:
    """One process of the loader for all models; one that a model ends is started anew."""

    def __init__(self, framework: str) -> None:
        self._framework, self._stack = framework, ExitStack()
        self._worker: runtimes.Worker | None = None

    def refusal(self, exported: ExportedModel, layout: Layout, info: ModelInfo) -> str:
        """Why it is not accepted, or ""."""
        try:
            return self._refusal(self._started(), exported, layout, info)
        except NeopackError as error:
            if " while running " in error.message or "took longer" in error.message:
                self.close()
            return error.message

    def close(self) -> None:
        self._worker = None
        self._stack.close()

    def _started(self) -> runtimes.Worker:
        if self._worker is None:
            runtime = runtimes.closest_loader(self._framework, VERSIONS[self._framework])
            assert runtime is not None
            self._worker = self._stack.enter_context(runtimes.worker(runtime.name))
        return self._worker

    def _refusal(
        self, worker: runtimes.Worker, exported: ExportedModel, layout: Layout, info: ModelInfo
    ) -> str:
        with tempfile.TemporaryDirectory() as at:
            members = _placed(exported, layout, Path(at))
            model = loading.converted(
                worker, framework=self._framework, folder=Path(at), members=members,
                signature=exported.signature, config=layout.data_input_config,
            )  # fmt: skip
        task: Json = {"code": "llvm", "runs": True, "path": ""}
        refused = model.refused or worker.call("build", task, timeout=120)[0]["refused"]
        return refused or self._differs(worker, exported, info)

    def _differs(self, worker: runtimes.Worker, exported: ExportedModel, info: ModelInfo) -> str:
        dtypes = {spec.name: spec.dtype for spec in exported.signature.outputs}

        def compute(given: Mapping[str, Array]) -> dict[str, Array]:
            outputs = worker.call("predict", None, arrays=dict(given))[1]
            return {name: in_dtype(each, dtypes.get(name, "")) for name, each in outputs.items()}

        # whole numbers that float32 does not hold are told, not held against it
        every = (
            replace(case, decides=case.decides and not case.exceeds(loading.INTEGER_BITS))
            for case in load_cases(exported.goldens.path)
        )
        cases = ties.settled(tuple(every), ranks=ties.ranks(info))
        compared = comparing.compared(cases, compute, ALLOWED)
        failed = compared.failed
        return f"differs: {compared.reason} ({failed.name})" if failed else ""


def _placed(exported: ExportedModel, layout: Layout, folder: Path) -> list[str]:
    for directory in layout.directories:
        (folder / directory).mkdir(parents=True, exist_ok=True)
    for member in exported.members:
        (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / member.name).symlink_to(member.path)
    return sorted([*(member.name for member in exported.members), *layout.directories])


def outcome(framework: str, model: Model, compiler: Compiler, staging: Path) -> Outcome:
    try:
        write = _exported if model.case is None else _as_is
        exported = write(framework, model, staging)
    except (NeopackError, RuntimeError, ValueError, TypeError) as error:
        return Outcome("not packaged", first_line(error))
    target, names = facts.target(TARGET), [member.name for member in exported.members]
    layout = registry.get(framework).layout(exported.signature, target, names)
    info = _read(framework, exported)
    submission = Submission(target=target, framework_version=VERSIONS[framework])
    report = judge(
        context_of_layout(
            exported.members, layout, info, submission, "m.tar.gz", exported.signature
        )
    )
    refused = compiler.refusal(exported, layout, info)
    errors = [f"{found.id}: {found.message}" for found in report.at("error")]
    told = [*errors, *(f"{found.id}: {found.message}" for found in report.at("warning"))]
    if not refused:
        rewrites = "; ".join(exported.rewrites)
        return Outcome("false alarm", errors[0]) if errors else Outcome("accepted", rewrites)
    return Outcome("told" if told else "missed", f"{refused[:300]} | {'; '.join(told)[:300]}")


def _read(framework: str, exported: ExportedModel) -> ModelInfo:
    paths = {member.name: member.path for member in exported.members}
    files, reader = PlacedFiles("the export", paths), registry.get(framework)
    return reader.read(files, reader.models(list(paths))[0], DEFAULT_LIMITS)


def _as_is(framework: str, model: Model, staging: Path) -> ExportedModel:
    files, reader = PlacedFiles("the file", {model.path.name: model.path}), registry.get(framework)
    signature = reader.read(files, model.path.name, DEFAULT_LIMITS).signature
    assert signature is not None
    assert model.case is not None
    return ExportedModel(
        framework=framework,
        members=(Member(name=model.path.name, path=model.path),),
        signature=signature,
        goldens=save_cases(staging / "golden.npz", [model.case], seed=0),
    )


def _exported(framework: str, model: Model, staging: Path) -> ExportedModel:
    task = ExportTask(
        source=ModelSource(kind="file", where=str(model.path), framework=framework),
        inputs=model.inputs,
        staging=staging,
        options=ExportOptions(framework_version=VERSIONS[framework], compiler_path="tvm"),
    )
    return registry.get(framework).export(task, SilentLog())


# --- the models -----------------------------------------------------------------------------


def of_pytorch(only: str, folder: Path) -> Iterator[Model]:
    import torch
    from torch_cases import traced
    from torch_functions import CASES

    torch.backends.mha.set_fastpath_enabled(False)
    for name, case in CASES.items():
        if not re.search(only, name):
            continue
        path = folder / "m.pt"
        traced(case.function, *case.inputs).save(str(path))
        inputs = zip(_names(torch.jit.load(str(path))), case.inputs, strict=True)
        requests = (
            InputRequest(name=n, shape=tuple(x.shape), dtype=str(x.dtype).removeprefix("torch."))
            for n, x in inputs
        )
        yield Model(name, path, tuple(requests))


def _names(module: object) -> list[str]:
    values = list(module.graph.inputs())[1:]  # type: ignore[attr-defined]
    return [value.debugName().partition(".")[0] for value in values]


def of_mxnet(only: str, folder: Path) -> Iterator[Model]:
    for symbol in sorted((FIXTURES / "mxnet").glob("*/*-symbol.json")):
        if re.search(only, symbol.parent.name):
            yield Model(
                symbol.parent.name, symbol, _requests(MXNET.get(symbol.parent.name, IMAGE))
            )
    with zipfile.ZipFile(FIXTURES / "mxnet/operators.zip") as archive:
        archive.extractall(folder)
    for name, shape in json.loads((folder / "index.json").read_text()).items():
        if re.search(only, name):
            yield Model(name, folder / f"{name}-symbol.json", _requests({"data": shape}))


def of_tensorflow(only: str, folder: Path) -> Iterator[Model]:
    from of_tensorflow import SHAPES

    for name, shapes in SHAPES.items():
        if re.search(only, name):
            path = FIXTURES / "tensorflow" / name
            file = path / "saved_model.pb" if path.is_dir() else path
            yield Model(name, file, _requests(shapes))
    with zipfile.ZipFile(FIXTURES / "tensorflow/1.15/operators.zip") as archive:
        archive.extractall(folder)
    for path in sorted(folder.glob("*.pb")):
        if re.search(only, path.stem):
            yield Model(path.stem, path)


def of_onnx(only: str, folder: Path) -> Iterator[Model]:
    for case in _cases_of_onnx(only):
        (folder / "model.onnx").write_bytes(case.model.SerializeToString())
        yield Model(case.name, folder / "model.onnx")


def of_onnx_as_is(only: str, folder: Path) -> Iterator[Model]:
    """Stated for opset 12, in which some compute something else: ONNX Runtime tells what."""
    import onnx

    path = folder / "model.onnx"
    for case in _cases_of_onnx(only):
        model = onnx.ModelProto.FromString(case.model.SerializeToString())
        model.ir_version = OLD_IR
        for entry in model.opset_import:
            entry.version = min(entry.version, OLD_OPSETS.get(entry.domain, entry.version))
        path.write_bytes(model.SerializeToString())
        given = {v.name: a for v, a in zip(model.graph.input, case.data_sets[0][0], strict=True)}
        try:
            onnx.checker.check_model(model)
            computed = runner_of(path, case.name)(given)
        except (onnx.checker.ValidationError, NeopackError):
            continue
        golden = GoldenCase(name=FIRST, inputs=given, outputs=computed)
        yield Model(case.name, path, case=golden)


def _cases_of_onnx(only: str) -> Iterator[Any]:
    """The tests whose inputs and outputs are arrays."""
    import numpy as np
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        arrays = [array for side in case.data_sets[0] for array in side]
        if re.search(only, case.name) and all(
            isinstance(array, np.ndarray) and array.dtype.kind in "bfiu" for array in arrays
        ):
            yield case


def _requests(shapes: Mapping[str, Sequence[int]]) -> tuple[InputRequest, ...]:
    return tuple(InputRequest(name=name, shape=tuple(shape)) for name, shape in shapes.items())


MODELS: Mapping[str, Callable[[str, Path], Iterator[Model]]] = {
    "PYTORCH": of_pytorch,
    "MXNET": of_mxnet,
    "ONNX": of_onnx,
    "TENSORFLOW": of_tensorflow,
}


def outcomes(framework: str, only: str, *, as_is: bool, all_of_them: bool) -> Iterator[str]:
    compiler = Compiler(framework)
    with tempfile.TemporaryDirectory() as at:
        models = of_onnx_as_is if as_is else MODELS[framework]
        for model in models(only, Path(at)):
            with tempfile.TemporaryDirectory() as folder:
                found = outcome(framework, model, compiler, Path(folder))
            yield found.kind
            if all_of_them:
                print(f"  {found.kind:12} {model.name}: {found.words}", flush=True)
    compiler.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--framework", action="append", type=str.upper, choices=[*MODELS])
    parser.add_argument("--only", default="")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--as-is", action="store_true")
    options = parser.parse_args()
    if options.as_is and options.framework != ["ONNX"]:
        parser.error("--as-is is for --framework onnx")
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print(f"{'framework':12}" + "".join(f"{kind:>14}" for kind in KINDS))
    for framework in options.framework or MODELS:
        found = outcomes(framework, options.only, as_is=options.as_is, all_of_them=options.all)
        count = Counter(found)
        print(f"{framework:12}" + "".join(f"{count[kind]:14}" for kind in KINDS), flush=True)


if __name__ == "__main__":
    main()
