"""One self-contained .onnx file from what the user has.

A file that Neo's version of ONNX reads is kept byte for byte; external data is embedded, for Neo
takes one file; what is newer is lowered. The golden outputs are ONNX Runtime's of the file as it
was given.
"""

from __future__ import annotations

import math
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError, first_line
from neopack.frameworks import ExportTask
from neopack.frameworks.declared_inputs import requests_of
from neopack.frameworks.linear import LinearModel
from neopack.frameworks.onnx.computing import refuse_otherwise, runner_of, source_of
from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.frameworks.onnx.linear_export import export_linear
from neopack.frameworks.onnx.lowering.for_tvm import lower_for_tvm
from neopack.frameworks.onnx.lowering.lower import fits, lower, release_for
from neopack.frameworks.onnx.lowering.plain_forms import are_wanted, write_plainly
from neopack.frameworks.onnx.lowering.rewriting import opset_of
from neopack.frameworks.onnx.outputs import ZipMap, cut, refuse_others, unzipped, zip_maps
from neopack.frameworks.onnx.raising.raise_opset import LOWEST, check, needs_raising, raise_file
from neopack.frameworks.onnx.source import model_info, require_file
from neopack.frameworks.onnx.word_outputs import cut_words, without_words, word_outputs
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.goldens.directed import Compute
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, ModelInfo, facts_of
from neopack.values.signature import InputRequest, Shape, Signature

__all__ = ["MODEL_FILE", "export"]

MODEL_FILE = "model.onnx"
# protobuf refuses to serialize more
LARGEST = 2**31 - 1
# what another order of the same arithmetic may differ by, of the largest number
ALLOWED = 1e-4
ALLOWED_HALF = 2e-3  # float16 has 11 bits


def export(task: ExportTask, log: Log) -> ExportedModel:
    """The model as ``staging/model.onnx`` with golden numbers beside it.

    Raises ``SourceError`` where the file is not a valid model, its external data is missing,
    or its operators are too new, ``UsageError`` where the inputs asked for are not the graph's.
    """
    if isinstance(task.source.model, LinearModel):
        return export_linear(task.source.model, task, MODEL_FILE, log)
    path, where = require_file(task.source), task.source.where
    info = model_info(path)
    target = task.staging / MODEL_FILE
    if facts_of(info, OnnxFacts).external_data:
        _embed(path, target, log)
    else:
        _check(path)
        shutil.copyfile(path, target)
    zips, older = _what_changes(target)
    words = word_outputs(info, len(zips))
    refuse_others(info, zips, words, where)
    declared = info.signature.inputs if info.signature else ()
    requests = requests_of(declared, task.inputs, where, callee="the graph")
    optimized = not facts_of(info, OnnxFacts).quantised
    whole = unzipped(source_of(target, where, optimized=optimized), zips)
    source = without_words(whole, words)
    cases = _answered(source, requests, task)
    shapes = {request.name: request.shape for request in requests}
    rewrites = (
        *_cut(target, zips, words, log),
        *_rewritten(target, info, shapes, task, log, older=older),
    )
    if rewrites:
        rewritten = runner_of(target, where, optimized=optimized)
        refuse_otherwise(cases, rewritten, _allowed(info), where)
    examples, outputs = cases[0].inputs, cases[0].outputs
    return ExportedModel(
        framework="ONNX",
        members=(Member(name=MODEL_FILE, path=target),),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=task.save_goldens(cases),
        versions={"onnx": _onnx().__version__, "python": platform.python_version()},
        rewrites=rewrites,
    )


def _what_changes(path: Path) -> tuple[tuple[ZipMap, ...], bool]:
    """The ZipMaps to cut off, and whether the file is to be raised."""
    model = _onnx().load(str(path))
    return zip_maps(model), needs_raising(model)


def _answered(
    compute: Compute, requests: Sequence[InputRequest], task: ExportTask
) -> tuple[GoldenCase, ...]:
    examples = task.examples(requests)
    return task.golden_cases(requests, examples, compute(examples), compute)


def _cut(target: Path, zips: tuple[ZipMap, ...], words: Sequence[str], log: Log) -> Iterator[str]:
    """Cut off what makes maps and strings; yields what was, in words."""
    if not zips and not words:
        return
    onnx = _onnx()
    model = onnx.load(str(target))
    cut(model, zips)
    if words:
        cut_words(model, words)
    onnx.save_model(model, str(target))
    maps = (f"ZipMap: the output {each.tensor!r} in place of {each.name!r}" for each in zips)
    strings = (f"left out the output {name!r}, which is of strings" for name in words)
    for note in (*maps, *strings):
        log.note(note)
        yield note


def _rewritten(
    target: Path,
    info: ModelInfo,
    shapes: Mapping[str, Shape],
    task: ExportTask,
    log: Log,
    *,
    older: bool,
) -> tuple[str, ...]:
    """Rewrite the file for what Neo reads; returns what was rewritten, in words."""
    rewrites = _of_version(target, info, shapes, task, log, older=older)
    if task.options.compiler_path == "tvm":
        for_tvm = lower_for_tvm(target, shapes, task.source.where)
        if for_tvm:
            log.note(f"written otherwise: {'; '.join(for_tvm)}")
        rewrites += for_tvm
    return rewrites


def _of_version(
    target: Path,
    info: ModelInfo,
    shapes: Mapping[str, Shape],
    task: ExportTask,
    log: Log,
    *,
    older: bool,
) -> tuple[str, ...]:
    """Rewrite the file for the version of ONNX that Neo reads it with."""
    where, release = task.source.where, release_for(task.options.framework_version)
    rewrites: tuple[str, ...] = ()
    if older and release.opset >= LOWEST:
        rewrites = raise_file(target, shapes, where)
        log.note(f"raised for ONNX Runtime: {'; '.join(rewrites)}")
    if fits(info, release):
        return (*rewrites, *_written_plainly(target, info, log))
    lowered = lower(target, target, release, shapes, where)
    log.note(f"lowered for ONNX {release.release}: {'; '.join(lowered)}")
    return (*rewrites, *lowered)


def _written_plainly(target: Path, info: ModelInfo, log: Log) -> tuple[str, ...]:
    """What is not to be lowered, in forms that every reader of its opset takes alike."""
    if not are_wanted(facts_of(info, OnnxFacts)):
        return ()
    model = _onnx().load(str(target))
    told = write_plainly(model.graph, opset_of(model))
    if told:
        log.note(f"written otherwise: {'; '.join(told)}")
        target.write_bytes(model.SerializeToString(deterministic=True))
    return tuple(told)


def _allowed(info: ModelInfo) -> float:
    return ALLOWED_HALF if "float16" in info.dtypes else ALLOWED


def _check(path: Path) -> None:
    """The model is valid, or will be when it is raised: the checker of today knows neither all
    that ONNX removed nor files without the attributes of opset 1 that said nothing."""
    onnx = _onnx()
    try:
        check(str(path), str(path))
    except SourceError:
        try:
            readable = onnx.load(str(path), load_external_data=False)
        except Exception:  # noqa: BLE001 - protobuf has classes of its own
            readable = None
        if readable is None or not needs_raising(readable):
            raise


def _embed(path: Path, target: Path, log: Log) -> None:
    """Write the model with every tensor inside it."""
    onnx = _onnx()
    _check(path)
    _refuse_larger(onnx.load(str(path), load_external_data=False), path)
    try:
        model = onnx.load(str(path), load_external_data=True)
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise SourceError(
            f"its external data cannot be read: {first_line(error)}",
            where=str(path),
            hint="keep the data files beside the .onnx under the names it gives",
        ) from None
    onnx.save_model(model, str(target), save_as_external_data=False)
    log.note("external data was embedded: Neo takes one .onnx file")


def _refuse_larger(model: Any, path: Path) -> None:
    from onnx.helper import tensor_dtype_to_np_dtype

    size = sum(
        math.prod(tensor.dims) * tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        for tensor in model.graph.initializer
    )
    if size > LARGEST:
        raise SourceError(
            f"its weights come to {size / 2**30:.2f} GiB with its external data, and Neo takes "
            "one .onnx file, which holds 2 GiB",
            where=str(path),
            hint="package the model from its framework: the other forms have no such limit",
        )


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
    except ImportError as error:
        raise Missing(
            f"packaging ONNX models needs onnx ({error})", hint=install_hint("onnx")
        ) from None
    return onnx
