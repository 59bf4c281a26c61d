"""The .h5 file that Keras 2.2.4 reads, from whatever Keras the model is of, with golden numbers.

A file that Keras 2.0 to 2.2.4 wrote, of fixed sizes and one model, is kept byte for byte; all else
is lowered (``lowering/``) and the outcome compared with the source, in today's Keras, or, for a
file of Keras 1 or 2, in the exact version that loads it, where that is installed: without it, such
a file has no numbers but those of its lowered form; that is said.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neopack import versions
from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.frameworks import ExportTask, callables, live_keras, random_weights
from neopack.frameworks.binding import unknown_input
from neopack.frameworks.keras import (
    architecture,
    exact_source,
    graph,
    refusals,
    source,
    tvm_layers,
    weights,
    write,
)
from neopack.frameworks.keras import run as keras_run
from neopack.frameworks.keras.config import input_shape
from neopack.frameworks.keras.lowering.for_tvm import lower_for_tvm
from neopack.frameworks.keras.lowering.lower import lower
from neopack.frameworks.keras.lowering.old_model import OldModel
from neopack.frameworks.keras.read import Document
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import worst
from neopack.goldens.directed import Compute
from neopack.outputs.atomic import refuse_full
from neopack.values.artifact import Array
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member
from neopack.values.signature import InputRequest, Shape, Signature, TensorSpec

__all__ = ["MODEL_FILE", "export"]

MODEL_FILE = "model.h5"
# of the largest output; beyond it the rewritten model is not the same function
LOWERED_DIFFERENCE = 1e-4
TRAINING = "the training configuration and the optimizer's state are left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasModel:
    """A model as it was given: its configuration and weights, and the live model of today's
    Keras, or None where that cannot load it. ``keep`` is a file to keep as it is, ``trained`` one
    with a training configuration, which is left out; ``runtime`` has the Keras of the old one
    ``file``, and ``changes`` say why an old file is not kept."""

    where: str
    config: AnyJson
    major: int
    weights: weights.Weights
    live: Any
    keep: Path | None = None
    file: Path | None = None
    runtime: str = ""
    trained: bool = False
    changes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def export(task: ExportTask, log: Log) -> ExportedModel:
    """The model as ``staging/model.h5`` with golden numbers beside it.

    Raises ``Unsafe`` for files with code in them, ``SourceError`` that names the layers that
    Keras 2.2.4 has nothing for, ``UsageError`` where the inputs asked for are not the model's,
    ``Missing`` without Keras.
    """
    origin = task.source
    if origin.weights is not None:
        source.require_weights(origin.weights)
    file = Path(origin.where) if origin.kind == "file" else None
    # refuse what the bytes show first: no Keras is needed for it
    document = source.model_file(file)[0] if file is not None else None
    if document is not None and file is not None:
        model = _from_bytes(file, document, task, log)
    else:
        model = _from_code(task, log)
    return _exported(model, task, log)


def _exported(model: KerasModel, task: ExportTask, log: Log) -> ExportedModel:
    opened = graph.graph_of(model.config, major=model.major, where=model.where)
    refusals.refuse_state(opened)
    refusals.refuse_strings(opened)
    refusals.refuse_mixed_types(opened)
    specs = [_spec(opened, at) for at in opened.inputs]
    requests = _bounded(opened, _requests(specs, task.inputs, model.where))
    examples = task.examples(requests)
    shapes = {name: array.shape for name, array in examples.items()}
    lowered = whole = lower(opened, model.weights, shapes=shapes)
    if task.options.compiler_path == "tvm":
        lowered = lower_for_tvm(whole)
    target = task.staging / MODEL_FILE
    fixed = all(None not in spec.shape[1:] for spec in specs)
    rewrites = _write(model, lowered, target, keep=fixed and lowered is whole, log=log)
    names = _output_names(opened)
    with exact_source.computing(model.file, model.runtime, names, log) as exact:
        compute, warnings = _source_runner(model, lowered, names, task.staging, exact)
        cases = task.golden_cases(requests, examples, compute(examples), compute)
    if model.live is not None or exact is not None:
        _refuse_other(model, lowered, cases, task.staging)
    named = [lowered.calls[at].layer for at in lowered.inputs]
    cases = tuple(case.renamed(dict(zip(examples, named, strict=True))) for case in cases)
    keras = keras_run.keras_module()
    return ExportedModel(
        framework="KERAS",
        members=(Member(name=MODEL_FILE, path=target),),
        signature=Signature(
            inputs=inputs.specs(cases[0].inputs), outputs=inputs.specs(cases[0].outputs)
        ),
        goldens=task.save_goldens(cases),
        versions={
            "keras": str(keras.__version__),
            "backend": keras_run.backend(),
            "python": platform.python_version(),
        },
        warnings=(*model.remarks, *warnings),
        rewrites=rewrites,
    )


# --- sources --------------------------------------------------------------------------------


def _from_bytes(path: Path, document: Document, task: ExportTask, log: Log) -> KerasModel:
    """A whole model, or an architecture with weights."""
    chosen = task.source.weights
    if document.form != "json":
        if chosen is not None:
            raise UsageError("it has its own weights", where=str(path), hint="leave --weights out")
        return _from_file(path, document)
    weights = chosen or source.weights_beside(path)
    if chosen is None:
        source.require_weights(weights)
    log.note(f"weights from {weights.name}")
    if document.major >= 3:
        return _from_live(architecture.live(document, weights, str(path)), str(path))
    whole = architecture.joined(document, weights, task.staging)
    return replace(_from_file(whole, source.model_file(whole)[0]), keep=None, where=str(path))


def _from_file(path: Path, document: Document) -> KerasModel:
    if document.form == "keras":
        return _from_live(keras_run.loaded(path), str(path))
    old = versions.at_most(document.version, write.KERAS_VERSION) and not document.unknown_names()
    changes = tuple(_for_loader(document)) if old else ()
    return KerasModel(
        where=str(path),
        config=document.model,
        major=document.major,
        weights=weights.weights_of_h5(path, document.model),
        live=_loaded_or_none(path) if document.major >= 3 else None,
        file=path,
        runtime=exact_source.runtime_of(document),
        keep=path if old and document.training is None and not changes else None,
        changes=changes,
        trained=document.training is not None,
    )


def _for_loader(document: Document) -> Iterator[str]:
    """What Keras 2.2.4 reads, and Neo's loader does not."""
    if document.major == 1:
        yield "the words of Keras 1 are those of Keras 2"
    if any(tvm_layers.nested_models(document.model)):
        yield "models inside the model are laid open"


def _loaded_or_none(path: Path) -> Any:
    try:
        return keras_run.loaded(path)
    except SourceError:
        return None


def _from_code(task: ExportTask, log: Log) -> KerasModel:
    """What a callable builds, or a live model whose class no child process could import."""
    keras, origin = keras_run.keras_module(), task.source
    keras.utils.set_random_seed(task.options.seed % 2**32)
    model = origin.model
    if origin.kind == "callable":
        model = callables.build(origin.where, origin.arguments)
    if not isinstance(model, keras.Model):
        raise SourceError(
            f"gives a {type(model).__name__}, not a keras.Model of Keras 3", where=origin.where
        )
    if origin.weights is not None:
        _load_weights(model, origin.weights)
        log.note(f"weights from {origin.weights.name}")
    untrained = _random_weights(model, task, log)
    return replace(_from_live(model, origin.where), remarks=untrained)


def _random_weights(model: Any, task: ExportTask, log: Log) -> tuple[str, ...]:
    origin, keras = task.source, keras_run.keras_module()
    if origin.kind != "callable" or origin.weights is not None:
        return ()

    first = live_keras.weights_of(model)

    def again() -> random_weights.State:
        with random_weights.other_seeds():
            keras.utils.set_random_seed(0)
            second = callables.build(origin.where, origin.arguments)
        # Keras numbers the layers of a process: a second model has other names
        return dict(zip(first, live_keras.weights_of(second).values(), strict=True))

    return tuple(random_weights.remarks(first, again, random_weights.same_arrays, log))


def _load_weights(model: Any, path: Path) -> None:
    try:
        model.load_weights(str(path))
    except Exception as error:
        # Keras raises whatever comes up: ValueError, KeyError, OSError
        raise SourceError(
            f"these weights are not the model's: {first_line(error)}", where=str(path)
        ) from error


def _from_live(model: Any, where: str) -> KerasModel:
    return KerasModel(
        where=where,
        config=weights.config_of_live(model),
        major=3,
        weights=weights.weights_of_live(model),
        live=model,
    )


# --- inputs ---------------------------------------------------------------------------------


def _spec(opened: graph.LayerGraph, at: int) -> TensorSpec:
    layer = opened.layers[opened.calls[at].layer]
    dtype = layer.config.get("dtype")
    return TensorSpec(
        name=layer.name,
        dtype=dtype if isinstance(dtype, str) else "float32",
        shape=input_shape(layer.config) or (),
    )


def _requests(
    specs: Sequence[TensorSpec], requests: Sequence[InputRequest], where: str
) -> tuple[InputRequest, ...]:
    """One request for each input, in the model's order. A batch that is left open is 1, since
    Keras leaves every batch open."""
    by_name = {request.name: request for request in requests}
    names = [spec.name for spec in specs]
    for name in by_name:
        if name not in names:
            raise unknown_input(name, names, where)
    return tuple(_request(spec, by_name.get(spec.name), where) for spec in specs)


def _bounded(
    opened: graph.LayerGraph, requests: Sequence[InputRequest]
) -> tuple[InputRequest, ...]:
    """With the bound of ids that embeddings take: others are an error in Keras 2.2.4."""
    bounds: dict[int, int] = {}
    for call in opened.calls:
        layer = opened.layers[call.layer]
        rows, first = layer.config.get("input_dim"), call.args[0] if call.args else None
        if layer.class_name != "Embedding" or not isinstance(rows, int):
            continue
        if isinstance(first, graph.Ref):
            bounds[first.call] = min(rows, bounds.get(first.call, rows))
    return tuple(
        replace(request, below=request.below or bounds.get(at))
        for at, request in zip(opened.inputs, requests, strict=True)
    )


def _request(spec: TensorSpec, request: InputRequest | None, where: str) -> InputRequest:
    if request is None:
        batch: Shape = (spec.shape[0] or 1, *spec.shape[1:]) if spec.shape else ()
        return inputs.request_of(TensorSpec(name=spec.name, dtype=spec.dtype, shape=batch))
    fits = len(request.shape) == len(spec.shape) and all(
        fixed in (None, size) for size, fixed in zip(request.shape, spec.shape, strict=True)
    )
    if not fits or request.dtype not in (None, spec.dtype):
        shape = "[" + ", ".join("?" if dim is None else str(dim) for dim in spec.shape) + "]"
        raise UsageError(
            f"input {spec.name!r} is {spec.dtype} {shape}, not "
            f"{request.dtype or spec.dtype} {list(request.shape)}",
            where=where,
            hint="give it as the model sees it, channels last" if len(spec.shape) == 4 else "",
        )
    return InputRequest(
        name=spec.name, shape=request.shape, dtype=request.dtype or spec.dtype, below=request.below
    )


# --- the file and its numbers ---------------------------------------------------------------


def _write(
    model: KerasModel, lowered: OldModel, target: Path, *, keep: bool, log: Log
) -> tuple[str, ...]:
    """The file, and what was rewritten for it."""
    if model.keep is not None and keep:
        refuse_full(target, size=model.keep.stat().st_size)
        shutil.copyfile(model.keep, target)
        return ()
    with log.step("lowering"):
        write.write_h5(lowered, target)
    rewrites = (*model.changes, *lowered.rewrites, *([TRAINING] if model.trained else ()))
    for rewrite in rewrites:
        log.note(f"lowered to Keras {write.KERAS_VERSION}: {rewrite}")
    return rewrites


def _source_runner(
    model: KerasModel,
    lowered: OldModel,
    names: Sequence[str],
    staging: Path,
    exact: Compute | None,
) -> tuple[Compute, tuple[str, ...]]:
    """(what the source computes, what there is to say of that)."""
    if exact is not None:
        return exact, ()
    if model.live is not None:
        return _runner(keras_run.computed_by_name, model.live, names, model.where), ()
    return _lowered_runner(model, lowered, names, staging), (_doubt(model.runtime),)


def _lowered_runner(
    model: KerasModel, lowered: OldModel, names: Sequence[str], staging: Path
) -> Compute:
    flat = staging / "flat.h5"
    write.write_h5(lowered, flat)
    live = keras_run.loaded(flat)
    flat.unlink()
    return _runner(_in_order, live, names, model.where)


def _refuse_other(
    model: KerasModel, lowered: OldModel, cases: Sequence[GoldenCase], staging: Path
) -> None:
    names = tuple(cases[0].outputs)
    off = worst(cases, _lowered_runner(model, lowered, names, staging))
    if not off.difference <= LOWERED_DIFFERENCE:
        raise ExportFailed(
            f"the model lowered to Keras {write.KERAS_VERSION} differs from the source by {off}",
            where=model.where,
            hint="please report it with the model's configuration",
        )


def _doubt(runtime: str) -> str:
    way_out = f"neopack runtimes install {runtime} has them computed by the Keras of the file"
    return (
        f"Keras {keras_run.keras_module().__version__} cannot load this file: the golden outputs "
        "are of the file as neopack reads it"
        + (f" ({way_out})" if runtime else " (neopack verify proves it in Keras 2.2.4)")
    )


def _in_order(model: Any, given: Mapping[str, Array]) -> list[Array]:
    return keras_run.computed(model, list(given.values()))


def _runner(
    called: Callable[[Any, Any], list[Array]], model: Any, names: Sequence[str], where: str
) -> Compute:
    def compute(given: Mapping[str, Array]) -> dict[str, Array]:
        try:
            outputs = called(model, given)
        except Exception as error:
            # layers raise whatever their backend raises
            raise ExportFailed(
                f"Keras cannot compute it: {first_line(error)}", where=where
            ) from error
        return dict(zip(names, outputs, strict=True))

    return compute


def _output_names(opened: graph.LayerGraph) -> list[str]:
    """The layers that give the outputs; one that gives several is numbered."""
    names: list[str] = []
    for at in opened.outputs:
        name = opened.layers[opened.calls[at].layer].name
        uses = sum(other == name or other.startswith(f"{name}_") for other in names)
        names.append(f"{name}_{uses}" if name in names else name)
    return names
