"""Turn a PyTorch source into TorchScript that Neo reads. One of two files that import torch.

A live module, or what a callable returns, is put in eval mode on the CPU, traced with seeded
inputs, and compared with itself on a second input; a TorchScript file is kept byte for byte where
the PyTorch that it is for can load it.
"""

from __future__ import annotations

import contextlib
import platform
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from neopack.archive.atomic import refuse_full
from neopack.archive.goldens import difference, save_goldens
from neopack.errors import ExportFailed, Missing, SourceError, UsageError, first_line
from neopack.frameworks import ExportSettings, callables, inputs
from neopack.frameworks.pytorch import (
    canonical,
    flatten,
    lower,
    read,
    readable,
    remade,
    source,
    weights,
)
from neopack.frameworks.pytorch.bind import Binding, bind
from neopack.frameworks.pytorch.inlining import inline_functions
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.frameworks.pytorch.torchvision_ops import load_script, with_torchvision
from neopack.types import (
    Array,
    ExportedModel,
    InputRequest,
    Log,
    Member,
    ModelInfo,
    ModelSource,
    Signature,
)
from neopack.wire.guard import DEFAULT_LIMITS
from neopack.wire.source import FileSource

__all__ = ["export"]

# beyond this a trace and its model are not the same function
TRACE_DIFFERENCE = 1e-4


def export(
    given: ModelSource,
    requests: Sequence[InputRequest],
    staging: Path,
    settings: ExportSettings,
    log: Log,
) -> ExportedModel:
    """The model as ``staging/model.pth`` with golden numbers beside it.

    Raises ``SourceError`` where no model can be had, ``UsageError`` where the inputs asked for
    are not the model's, ``Missing`` without torch.
    """
    today = partial(_export, given, requests, staging, settings, log)
    return (
        remade.export(today, given, requests, staging, settings, log)
        if settings.runtime
        else today()
    )


def _export(
    given: ModelSource,
    requests: Sequence[InputRequest],
    staging: Path,
    settings: ExportSettings,
    log: Log,
) -> ExportedModel:
    # what the bytes tell is told without torch, and at once
    form = source.file_form(Path(given.where)) if given.kind == "file" else ""
    weights_form = source.weights_form(given) if given.weights else ""
    if form == "torchscript" and weights_form:
        raise UsageError(
            "a TorchScript file has its own weights", where=given.where, hint="leave --weights out"
        )
    torch = _torch()
    torch.manual_seed(settings.seed)
    # one operator for all of an attention layer, which no compiler of Neo's time knows
    torch.backends.mha.set_fastpath_enabled(False)
    if form == "torchscript":
        return _keep(Path(given.where), requests, staging, settings, log)
    module, requests = _module(given, requests)
    if given.weights is not None:
        weights.load(module, given.weights, weights_form, log)
    module = _for_inference(module, log)
    return _trace(module, requests, staging, settings, given.where, log)


# --- a TorchScript file ---------------------------------------------------------------------


def _keep(
    path: Path,
    requests: Sequence[InputRequest],
    staging: Path,
    settings: ExportSettings,
    log: Log,
) -> ExportedModel:
    """Byte for byte where the version asked for can load it; else rewritten for that."""
    torch = _torch()
    try:
        module = load_script(lambda: str(path)).eval()
    except RuntimeError as error:
        raise SourceError(
            f"torch {torch.__version__} cannot load it: {first_line(error)}", where=str(path)
        ) from None
    info = _info(path)
    requests = requests or _stored_inputs(info)
    if not requests:
        raise UsageError(
            f"{path.name} does not tell its input shapes", hint="give --input NAME=1,3,224,224"
        )
    bound = bind(module, requests, str(path))
    examples = inputs.examples(bound.requests, seed=settings.seed, example=settings.example)
    output = _call(bound.call, examples, str(path))
    if readable.is_readable(info, settings.framework_version):
        shutil.copyfile(path, staging / MODEL_FILE)
        return _exported(staging, examples, output, settings, ())
    known = [(examples, output), *_answered(module, bound, settings, str(path))]
    rewrites = _lowered(module, known, staging, settings, str(path), log)
    return _exported(staging, examples, output, settings, (), rewrites)


def _info(path: Path) -> ModelInfo:
    with FileSource(path) as opened:
        return read.read_source(opened, DEFAULT_LIMITS)


def _stored_inputs(info: ModelInfo) -> tuple[InputRequest, ...]:
    """What the trace recorded of its example inputs (torch 1.13 and later do)."""
    known = info.signature.inputs if info.signature else ()
    if any(dim is None for spec in known for dim in spec.shape) or not all(
        spec.dtype and spec.shape for spec in known
    ):
        return ()
    return tuple(inputs.request_of(spec) for spec in known)


# --- a module -------------------------------------------------------------------------------


def _module(
    given: ModelSource, requests: Sequence[InputRequest]
) -> tuple[Any, Sequence[InputRequest]]:
    """The module as it was given, and its inputs."""
    torch = _torch()
    if given.kind == "file":
        module, stored = _exported_program(Path(given.where))
        requests = requests or stored
    elif given.kind == "object":
        module = given.model
    elif given.kind == "handed-over":
        module = with_torchvision(
            lambda: torch.load(given.where, map_location="cpu", weights_only=False)
        )
    else:
        module = with_torchvision(lambda: callables.build(given.where, given.arguments))
    if not isinstance(module, torch.nn.Module):
        raise SourceError(
            f"is a {type(module).__name__}, not a torch.nn.Module",
            where=given.where,
            hint="name a callable that returns the model",
        )
    return module, requests


def _for_inference(module: Any, log: Log) -> Any:
    torch = _torch()
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
    torch = _torch()
    try:
        program = torch.export.load(str(path))
    except Exception as error:
        raise SourceError(
            f"torch {torch.__version__} cannot load this export: {first_line(error)}",
            where=str(path),
            hint="load it with the torch that saved it, or package the module itself",
        ) from error
    arguments = program.example_inputs[0] if program.example_inputs else ()
    names = program.graph_signature.user_inputs
    stored = tuple(
        InputRequest(name=str(name), shape=tuple(tensor.shape), dtype=_dtype(tensor))
        for name, tensor in zip(names, arguments, strict=False)
        if isinstance(tensor, torch.Tensor)
    )
    return program.module(), stored


def _trace(
    module: Any,
    requests: Sequence[InputRequest],
    staging: Path,
    settings: ExportSettings,
    where: str,
    log: Log,
) -> ExportedModel:
    if not requests:
        raise UsageError(
            "its input shapes are not known",
            where=where,
            hint="give --input NAME=1,3,224,224 for each input of forward",
        )
    bound = bind(module, requests, where)
    examples = inputs.examples(bound.requests, seed=settings.seed, example=settings.example)
    output = _call(bound.call, examples, where)
    program = bound.program(flat=flatten.is_flat(output))
    traced, remarks = (
        _script(program, where) if settings.script else _run_tracer(program, examples, where)
    )
    remarks += _disagreements(program, traced, bound, settings, where, output)
    for remark in remarks:
        log.warn(remark)
    known = [(examples, output), *_answered(traced, bound, settings, where)]
    rewrites = _lowered(traced, known, staging, settings, where, log)
    return _exported(staging, examples, output, settings, tuple(remarks), rewrites)


def _lowered(
    module: Any,
    known: Sequence[tuple[Mapping[str, Array], Any]],
    staging: Path,
    settings: ExportSettings,
    where: str,
    log: Log,
) -> tuple[str, ...]:
    """Save it for the version asked for; what was rewritten, in words."""
    rewritten = lower.lower(module, settings.framework_version)
    _save(module, staging, settings.framework_version)
    if not rewritten:
        return ()
    _refuse_changed(rewritten, known, staging, settings, where)
    return _told(rewritten, settings.framework_version, log)


def _answered(
    traced: Any, bound: Binding, settings: ExportSettings, where: str
) -> Iterator[tuple[Mapping[str, Array], Any]]:
    """A second, different input and what the module gives for it; none where it fails."""
    second = inputs.random_inputs(bound.requests, settings.seed + 1)
    with contextlib.suppress(ExportFailed):
        yield second, _call(traced, second, where)


def _refuse_changed(
    rewritten: Sequence[str],
    known: Sequence[tuple[Mapping[str, Array], Any]],
    staging: Path,
    settings: ExportSettings,
    where: str,
) -> None:
    """What was rewritten for an older PyTorch computes the same. The file is asked: a module that
    ran before it was rewritten goes on with what it was compiled to then."""
    saved = load_script(lambda: str(staging / MODEL_FILE))
    for examples, output in known:
        names = flatten.names(output)
        off = difference(_arrays(output, names), _arrays(_call(saved, examples, where), names))
        if not off <= TRACE_DIFFERENCE:
            raise ExportFailed(
                f"rewriting {', '.join(rewritten)} for PyTorch {settings.framework_version} "
                f"changed its outputs by {off:.2g} of the largest",
                where=where,
            )


def _told(rewritten: Sequence[str], version: str, log: Log) -> tuple[str, ...]:
    for name in rewritten:
        log.note(f"lowered to PyTorch {version}: {name}")
    return tuple(f"{name} in operators of PyTorch {version}" for name in rewritten)


def _save(traced: Any, staging: Path, version: str) -> None:
    saved, to = staging / "saved.pth", staging / MODEL_FILE
    tensors = (*traced.parameters(), *traced.buffers())
    refuse_full(saved, to, size=sum(t.numel() * t.element_size() for t in tensors))
    traced.save(str(saved))
    canonical.rewrite(saved, to, version)
    saved.unlink()


def _run_tracer(program: Any, examples: Mapping[str, Array], where: str) -> tuple[Any, list[str]]:
    torch = _torch()
    with warnings.catch_warnings(record=True) as caught, torch.no_grad():
        warnings.simplefilter("always")
        try:
            traced = torch.jit.trace(
                program, tuple(_tensors(examples)), check_trace=False, strict=False
            )
        except Exception as error:
            raise ExportFailed(
                f"cannot be traced: {first_line(error)}", where=where, hint="try --script"
            ) from error
    inline_functions(traced)
    seen = [w for w in caught if issubclass(w.category, torch.jit.TracerWarning)]
    places = dict.fromkeys(
        f"{Path(w.filename).name}:{w.lineno}" for w in seen if not _in_machinery(w.filename)
    )
    if not places:
        return traced, []
    more = " and elsewhere" if len(places) > 5 else ""
    remark = (
        f"the tracer saw Python decide on data at {', '.join(list(places)[:5])}{more}: the trace "
        "keeps what this input chose (--script keeps the choice)"
    )
    return traced, [remark]


def _in_machinery(filename: str) -> bool:
    """Whether a warning is of torch's own code: its checks of shapes are nobody's decisions."""
    return Path(filename).is_relative_to(Path(_torch().__file__).parent)


def _script(program: Any, where: str) -> tuple[Any, list[str]]:
    torch = _torch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.jit.script(program), []
        except Exception as error:
            raise ExportFailed(f"cannot be scripted: {first_line(error)}", where=where) from error


def _disagreements(
    program: Any, traced: Any, bound: Binding, settings: ExportSettings, where: str, first: Any
) -> list[str]:
    """Compare the model with itself and with its trace, on a second, different input too."""
    names = flatten.names(first)
    remarks = []
    examples = inputs.examples(bound.requests, seed=settings.seed, example=settings.example)
    golden, again = _arrays(first, names), _arrays(_call(bound.call, examples, where), names)
    if difference(golden, again) > TRACE_DIFFERENCE:
        return ["the model answers the same input differently each time: is it random?"]
    if difference(golden, _arrays(_call(traced, examples, where), names)) > TRACE_DIFFERENCE:
        raise ExportFailed("its trace computes something else than the model", where=where)
    second = inputs.random_inputs(bound.requests, settings.seed + 1)
    try:
        model, trace = _call(program, second, where), _call(traced, second, where)
    except ExportFailed as error:
        return [f"a second, different input fails: {error.message}"]
    if difference(_arrays(model, names), _arrays(trace, names)) > TRACE_DIFFERENCE:
        remarks.append(
            "the trace depends on the data: on a second, different input it computes something"
            " else than the model (--script keeps control flow)"
        )
    return remarks


# --- what comes of it -----------------------------------------------------------------------


def _exported(
    staging: Path,
    examples: Mapping[str, Array],
    output: Any,
    settings: ExportSettings,
    remarks: tuple[str, ...],
    rewrites: tuple[str, ...] = (),
) -> ExportedModel:
    torch = _torch()
    outputs = _arrays(output, flatten.names(output))
    return ExportedModel(
        framework="PYTORCH",
        members=(Member(name=MODEL_FILE, path=staging / MODEL_FILE),),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=save_goldens(staging / "golden.npz", examples, outputs, seed=settings.seed),
        versions={"torch": torch.__version__, "python": platform.python_version()},
        warnings=remarks,
        rewrites=rewrites,
    )


def _call(function: Callable[..., Any], examples: Mapping[str, Array], where: str) -> Any:
    torch = _torch()
    try:
        with torch.no_grad():
            return function(*_tensors(examples))
    except Exception as error:
        shapes = ", ".join(f"{name}={list(a.shape)}" for name, a in examples.items())
        raise ExportFailed(
            f"its forward raised {type(error).__name__}: {first_line(error)}",
            where=where,
            hint=f"it was given {shapes}; is that what it takes?",
        ) from error


def _tensors(examples: Mapping[str, Array]) -> list[Any]:
    torch = _torch()
    return [torch.from_numpy(array.copy()) for array in examples.values()]


def _arrays(output: Any, names: Sequence[str]) -> dict[str, Array]:
    tensors = flatten.flatten(output)
    return {name: _array(t) for name, t in zip(names, tensors, strict=False)}


def _array(tensor: Any) -> Array:
    torch = _torch()
    plain = tensor.detach().cpu()
    array: Array = (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    return array


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise Missing(
            f"PyTorch models need torch ({error})", hint="pip install 'neopack[torch]'"
        ) from None
    return torch
