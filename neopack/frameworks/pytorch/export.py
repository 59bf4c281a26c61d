"""Turn a PyTorch source into TorchScript that Neo reads.

A live module, or what a callable returns, is put in eval mode on the CPU, traced with seeded
inputs, and compared with itself on every golden case; a TorchScript file is kept byte for byte
where the PyTorch that it is for can load it.
"""

from __future__ import annotations

import contextlib
import inspect
import platform
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks import ExportTask, callables, structures
from neopack.frameworks.pytorch import (
    flat_outputs,
    generators,
    kept_state,
    legacy,
    random_weights,
    read,
    runtime_build,
    source,
    weights,
)
from neopack.frameworks.pytorch.input_binding import Binding, bind
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.frameworks.pytorch.lowering import compatibility, lower, promotion, value_types
from neopack.frameworks.pytorch.lowering.for_tvm import wants_rewrites
from neopack.frameworks.pytorch.lowering.functional import sees_changes
from neopack.frameworks.pytorch.lowering.inlining import inline_functions
from neopack.frameworks.pytorch.module_calls import (
    arrays,
    call,
    complete,
    dtype_of,
    tensors,
    torch_module,
)
from neopack.frameworks.pytorch.options import PyTorchOptions
from neopack.frameworks.pytorch.plain_calls import (
    distances_by_differences,
    plain_calls,
    unwrapped,
)
from neopack.frameworks.pytorch.saving import TRACE_DIFFERENCE, save
from neopack.frameworks.pytorch.torchvision_ops import load_script, with_torchvision
from neopack.frameworks.pytorch.tracing import trace
from neopack.frameworks.task import options_of
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array
from neopack.values.log import Log, SilentLog
from neopack.values.model import ExportedModel, Member, ModelInfo, ModelSource
from neopack.values.signature import InputRequest, Signature

__all__ = ["export"]


def export(task: ExportTask, log: Log) -> ExportedModel:
    """The model as ``staging/model.pth`` with golden numbers beside it.

    Raises ``SourceError`` where no model can be had, ``UsageError`` where the inputs asked for
    are not the model's, ``Missing`` without torch.
    """
    today = partial(_export, task, log)
    options = options_of(task, PyTorchOptions)
    return runtime_build.export(today, task, log) if options.runtime else today()


def _export(task: ExportTask, log: Log) -> ExportedModel:
    origin, options = task.source, options_of(task, PyTorchOptions)
    if options.script and origin.kind == "file":
        raise UsageError("--script does nothing for this PyTorch model", where=origin.where)
    # refuse what the bytes show first: no torch is needed for it
    form = source.file_form(Path(origin.where)) if origin.kind == "file" else ""
    weights_form = source.weights_form(origin) if origin.weights else ""
    if form == "torchscript" and weights_form:
        raise UsageError(
            "a TorchScript file has its own weights",
            where=origin.where,
            hint="leave --weights out",
        )
    if form == "torchscript" and legacy.is_legacy(info := _info(Path(origin.where))):
        return legacy.export(info, task, log)
    torch = torch_module()
    torch.manual_seed(task.options.seed)
    # one operator for all of an attention layer, which no compiler of Neo's time knows
    torch.backends.mha.set_fastpath_enabled(False)
    if form == "torchscript":
        return _keep(task, log)
    module, requests = _module(origin, task.inputs)
    module = unwrapped(module)
    if origin.weights is not None:
        weights.load(module, origin.weights, weights_form, log)
    module = _for_inference(module, log)
    with plain_calls(module), distances_by_differences():
        return _trace(module, replace(task, inputs=tuple(requests)), log)


# --- a TorchScript file ---------------------------------------------------------------------


def _keep(task: ExportTask, log: Log) -> ExportedModel:
    """Byte for byte where the version asked for can load it; else rewritten for that."""
    torch, path = torch_module(), Path(task.source.where)
    try:
        module = load_script(lambda: str(path)).eval()
    except RuntimeError as error:
        raise SourceError(
            f"torch {torch.__version__} cannot load it: {first_line(error)}", where=str(path)
        ) from None
    info = _info(path)
    requests = task.inputs or _stored_inputs(info)
    if not requests:
        raise UsageError(
            f"{path.name} does not tell its input shapes", hint="give --input NAME=1,3,224,224"
        )
    bound = bind(module, requests, str(path), options_of(task, PyTorchOptions).bind)
    if not bound.inputs.plain:  # a file has the inputs that its own forward takes
        return _trace(module, replace(task, inputs=tuple(requests)), log)
    cases, _ = _answered(bound, task)
    version = task.options.framework_version
    for_tvm = task.options.compiler_path == "tvm"
    if for_tvm or promotion.wants_types(module, version):  # telling them takes as long as a call
        value_types.tell_types(module, tensors(cases[0].inputs))
    refused = promotion.mixes(module, version) or (
        for_tvm and (wants_rewrites(module) or sees_changes(module))
    )
    if compatibility.is_readable(info, version) and not refused:
        shutil.copyfile(path, task.staging / MODEL_FILE)
        return _exported(task, cases, _kept_remarks(module, task, log))
    inline_functions(module)  # they are rewritten where they stand in a graph
    rewrites = save(module, cases, task, log)
    return _exported(task, cases, (), rewrites)


def _kept_remarks(module: Any, task: ExportTask, log: Log) -> tuple[str, ...]:
    """A file that an old version wrote and is to read means what that version computes; so it is
    not rewritten, and the difference is told."""
    version = task.options.framework_version
    names = lower.otherwise(module, version)
    if not names:
        return ()
    remark = (
        f"PyTorch {version} computes {', '.join(names)} otherwise than today's for some inputs, "
        "and the file is kept as it is (neopack verify compares the two)"
    )
    log.warn(remark)
    return (remark,)


def _info(path: Path) -> ModelInfo:
    with FileSource(path) as opened:
        return read.read_source(opened, DEFAULT_LIMITS)


def _stored_inputs(info: ModelInfo) -> tuple[InputRequest, ...]:
    """What the trace recorded of its example inputs (torch 1.13 and later do)."""
    specs = info.signature.inputs if info.signature else ()
    if any(dim is None for spec in specs for dim in spec.shape) or not all(
        spec.dtype and spec.shape for spec in specs
    ):
        return ()
    return tuple(inputs.request_of(spec) for spec in specs)


# --- a module -------------------------------------------------------------------------------


def _module(
    origin: ModelSource, requests: Sequence[InputRequest]
) -> tuple[Any, Sequence[InputRequest]]:
    """The module as it was given, and its inputs."""
    torch = torch_module()
    if origin.kind == "file":
        module, stored = _exported_program(Path(origin.where))
        requests = requests or stored
    elif origin.kind == "object":
        module = origin.model
    elif origin.kind == "handed-over":
        module = with_torchvision(
            lambda: torch.load(origin.where, map_location="cpu", weights_only=False)
        )
        complete(module)
    else:
        module = with_torchvision(lambda: callables.build(origin.where, origin.arguments))
    if not isinstance(module, torch.nn.Module):
        raise SourceError(
            f"is a {type(module).__name__}, not a torch.nn.Module",
            where=origin.where,
            hint="name a callable that returns the model",
        )
    return module, requests


def _for_inference(module: Any, log: Log) -> Any:
    torch = torch_module()
    if given_device := _device(module):
        log.note(f"moved from {given_device} to the CPU: a trace keeps the device it was made on")
        module = module.to("cpu")
    if any(p.is_floating_point() and p.dtype != torch.float32 for p in module.parameters()):
        log.warn("parameters were cast to float32, the type Neo compiles PyTorch models in")
        module = module.float()
    # an ExportedProgram's module has no modes: it was exported in one
    with contextlib.suppress(NotImplementedError):
        module.eval()
    return module


def _device(module: Any) -> str:
    devices = {p.device.type for p in module.parameters()} - {"cpu"}
    return ", ".join(sorted(devices))


def _exported_program(path: Path) -> tuple[Any, tuple[InputRequest, ...]]:
    """The module inside a .pt2, and the inputs it was exported with."""
    torch = torch_module()
    try:
        program = torch.export.load(str(path))
    except Exception as error:
        raise SourceError(
            f"torch {torch.__version__} cannot load this export: {first_line(error)}",
            where=str(path),
            hint="load it with the torch that saved it, or package the module itself",
        ) from error
    module = program.module()
    return module, _stored_arguments(module, *(program.example_inputs or ((), {})))


def _stored_arguments(
    module: Any, arguments: Sequence[Any], named: Mapping[str, Any]
) -> tuple[InputRequest, ...]:
    """What an export was made with, under the names of its parameters and the keys in them."""
    parameters = inspect.signature(module.forward).parameters
    given = {**dict(zip(parameters, arguments, strict=False)), **named}
    return tuple(
        InputRequest(name=".".join(path), shape=tuple(tensor.shape), dtype=dtype_of(tensor))
        for path, tensor in structures.leaves(given, flat_outputs.is_tensor)
    )


def _trace(module: Any, task: ExportTask, log: Log) -> ExportedModel:
    where, options = task.source.where, options_of(task, PyTorchOptions)
    if not task.inputs:
        raise UsageError(
            "its input shapes are not known",
            where=where,
            hint="give --input NAME=1,3,224,224 for each input of forward",
        )
    bound = bind(module, task.inputs, where, options.bind)
    cases, output = _answered(bound, task)
    untrained = _random_weights(bound, cases[0], task, log)
    program = bound.program(flat=flat_outputs.is_flat(output))
    traced, remarks = (
        _script(program, where) if options.script else trace(program, cases[0].inputs, where)
    )
    of_trace, differing = _traced_cases(traced, cases, where)
    remarks += differing
    remarks += generators.remarks(bound.module, lambda: call(bound.call, cases[0].inputs, where))
    for remark in remarks:
        log.warn(remark)
    remarks = untrained + remarks
    rewrites = save(traced, of_trace, task, log)
    return _exported(task, cases, tuple(remarks), rewrites)


def _random_weights(bound: Binding, first: GoldenCase, task: ExportTask, log: Log) -> list[str]:
    origin = task.source
    if origin.kind != "callable" or origin.weights is not None:
        return []

    def build() -> Any:
        return _for_inference(_module(origin, task.inputs)[0], SilentLog())

    return random_weights.remarks(bound, build, tensors(first.inputs), log)


def _answered(bound: Binding, task: ExportTask) -> tuple[tuple[GoldenCase, ...], Any]:
    """What the module answers to each golden input, and its first output as it is."""
    where, examples = task.source.where, task.examples(bound.requests)
    output = call(bound.call, examples, where)
    names = flat_outputs.names(output)

    def compute(given: Mapping[str, Array]) -> dict[str, Array]:
        return arrays(call(bound.call, given, where), names)

    states = generators.states(bound.module)
    cases = task.golden_cases(bound.requests, examples, arrays(output, names), compute, states)
    if cases[0].varies:
        kept_state.refuse_state(bound, tensors(examples), names, where)
    return cases, output


def _script(program: Any, where: str) -> tuple[Any, list[str]]:
    torch = torch_module()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.jit.script(program), []
        except Exception as error:
            raise ExportFailed(f"cannot be scripted: {first_line(error)}", where=where) from error


def _traced_cases(
    traced: Any, cases: Sequence[GoldenCase], where: str
) -> tuple[list[GoldenCase], list[str]]:
    """What the trace answers to each golden input, and a remark where the model does not."""
    answered, differing = [], []
    for case in cases:
        try:
            output = arrays(call(traced, case.inputs, where), tuple(case.outputs))
        except ExportFailed:
            differing.append(case.name)
            continue
        answered.append(replace(case, outputs=output))
        if difference(case.outputs, output) > TRACE_DIFFERENCE and case.decides:
            differing.append(case.name)
    if cases[0].varies or not differing:
        return answered, []
    if differing[0] == cases[0].name:
        raise ExportFailed("its trace computes something else than the model", where=where)
    remark = (
        "the trace depends on the data: for other inputs it computes something else than the "
        f"model (--script keeps control flow). The golden cases are {', '.join(differing)}"
    )
    return answered, [remark]


# --- what comes of it -----------------------------------------------------------------------


def _exported(
    task: ExportTask,
    cases: Sequence[GoldenCase],
    remarks: tuple[str, ...],
    rewrites: tuple[str, ...] = (),
) -> ExportedModel:
    torch, first = torch_module(), cases[0]
    return ExportedModel(
        framework="PYTORCH",
        members=(Member(name=MODEL_FILE, path=task.staging / MODEL_FILE),),
        signature=Signature(
            inputs=inputs.specs(first.inputs), outputs=inputs.specs(first.outputs)
        ),
        goldens=task.save_goldens(cases),
        versions={"torch": torch.__version__, "python": platform.python_version()},
        warnings=remarks,
        rewrites=rewrites,
    )
