"""TorchScript archives: the module's objects from ``data.pkl``, its program from ``code/``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from neopack.errors import Malformed
from neopack.formats.pickle import Global, PickledCall
from neopack.frameworks.pytorch import pickle_globals, syntax, tvm_calls
from neopack.frameworks.pytorch.code_dtypes import KnownTensors, cast_arguments, mixed_calls
from neopack.frameworks.pytorch.container import TorchZip
from neopack.frameworks.pytorch.facts import MixedCall, TorchScriptFacts
from neopack.frameworks.pytorch.operator_dtypes import Typed
from neopack.frameworks.pytorch.script_code import Argument, Function, ScriptSummary, read_code
from neopack.frameworks.pytorch.seen_changes import seen_changes
from neopack.frameworks.pytorch.tensors import (
    HeldTensors,
    OwnedTensor,
    StoredTensor,
    mapping,
    sizes,
    tensor_of,
    tensors,
    total,
)
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec

__all__ = ["read", "read_json_form"]

FRAMEWORK = "PYTORCH"
# where the values of tensors lie, by version and by what holds them
_RECORDS = ("data", "constants", "tensors")
_OWN_NAMESPACES = ("aten", "prim", "torch")
_JSON_DTYPES = {
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "FLOAT16": "float16",
    "INT64": "int64",
    "INT32": "int32",
    "INT16": "int16",
    "INT8": "int8",
    "UINT8": "uint8",
    "BYTE": "uint8",
    "BOOL": "bool",
}


def read(container: TorchZip) -> ModelInfo:
    """ModelInfo of a TorchScript archive, as torch 1.4 and later write it."""
    script = _script(container)
    pickles = {
        name: container.pickle(name)
        for name in ("data.pkl", "constants.pkl", "traced_inputs.pkl")
        if name in container.names
    }
    root = pickles["data.pkl"].value if "data.pkl" in pickles else None
    if not (isinstance(root, PickledCall) and isinstance(root.function, Global)):
        raise Malformed(f"data.pkl holds {_shown(root)}, not a module", where=container.name)
    stored_tensors = list(tensors(root))
    constants = [h.tensor for h in tensors(pickles["constants.pkl"].value)]
    _require_records(container, [*(h.tensor for h in stored_tensors), *constants])
    if any(map(_is_object, pickles["constants.pkl"].globals)):
        script.readable_since["1.8"] = "constants that are objects"
    owner = str(root.function)
    stored = pickles.get("traced_inputs.pkl")
    return _info(
        container,
        script,
        forward=script.functions.get(f"{owner}.forward"),
        known=KnownTensors.of(_constants(pickles["constants.pkl"].value), stored_tensors),
        stored=_stored_inputs(stored.value) if stored else None,
        held=HeldTensors(
            parameters=[h.tensor for h in stored_tensors if _role(h, script) == "parameter"],
            buffers=[h.tensor for h in stored_tensors if _role(h, script) == "buffer"],
            others=[h.tensor for h in stored_tensors if _role(h, script) == "other"],
            constants=constants,
        ),
        root_class=owner,
        training_attribute=_attribute(root, "training"),
        names=[g for p in pickles.values() for g in p.globals],
    )


def _require_records(container: TorchZip, stored: Iterable[StoredTensor]) -> None:
    """Raise where the values of a tensor are gone: a zip that was repacked without them."""
    for tensor in stored:
        places = {f"{folder}/{tensor.storage}" for folder in _RECORDS}
        if tensor.storage and tensor.device != "meta" and places.isdisjoint(container.names):
            raise Malformed(
                f"the values of a tensor are not in the file: there is no data/{tensor.storage}",
                where=container.name,
            )


def read_json_form(container: TorchZip) -> ModelInfo:
    """ModelInfo of a TorchScript archive of torch 1.0 to 1.3, which has a ``model.json``."""
    model = container.json("model.json")
    if not isinstance(model, dict):
        raise Malformed("model.json is not a JSON object")
    main = _dict(model, "mainModule")
    script = _script(container)
    stored_tensors = _json_tensors(model, main)
    names = [name for name in ("attributes.pkl", "constants.pkl") if name in container.names]
    return _info(
        container,
        script,
        forward=_json_forward(script, main),
        known=KnownTensors.of((), ()),
        stored=None,
        held=HeldTensors(
            parameters=[tensor for tensor, is_buffer in stored_tensors if not is_buffer],
            buffers=[tensor for tensor, is_buffer in stored_tensors if is_buffer],
        ),
        root_class=str(main.get("name", "")),
        training_attribute=None,
        names=[g for name in names for g in container.pickle(name).globals],
        producer=f"pytorch {model.get('producerVersion', '')}".strip(),
    )


def _script(container: TorchZip) -> ScriptSummary:
    files = container.under("code/", ".py")
    records = container.directory.records
    length = sum(records[container.root + name].size for name in files)
    container.limits.hold("code_bytes", length, where=container.name)
    script = ScriptSummary()
    for name, content in container.read_many(files).items():
        text = content.decode("utf-8", "replace")
        read_code(script, name, text, container.limits)
        script.readable_since |= syntax.readable_since(text)
    return script


def _info(
    container: TorchZip,
    script: ScriptSummary,
    *,
    forward: Function | None,
    known: KnownTensors,
    stored: Sequence[Any] | None,
    held: HeldTensors,
    root_class: str,
    training_attribute: bool | None,
    names: Sequence[Global],
    producer: str = "pytorch",
) -> ModelInfo:
    inputs = forward.arguments[1:] if forward else ()
    returns = forward.returns if forward else ""
    return ModelInfo(
        framework=FRAMEWORK,
        format="torchscript",
        producer=producer,
        versions=_versions(container, script),
        signature=_signature(inputs, stored),
        operators=dict(sorted(script.operators.items())),
        parameters=held.weights.elements,
        parameter_bytes=held.weights.bytes,
        dtypes=held.counted.dtypes,
        notes=_notes(container, forward, frozen=held.frozen),
        facts=TorchScriptFacts(
            root_class=root_class,
            training_attribute=training_attribute,
            globals=tuple(pickle_globals.unexpected(names)),
            executing=tuple(pickle_globals.executing(names)),
            devices=tuple(sorted(held.everything.devices - {"cpu"})),
            code_devices=tuple(sorted(script.devices - {"cpu"})),
            random=tuple(script.random),
            buffers=total(held.buffers).elements,
            buffer_bytes=total(held.buffers).bytes,
            constants=total(held.constants).elements,
            constant_bytes=total(held.constants).bytes,
            frozen=held.frozen,
            input_names=tuple(a.name for a in inputs),
            input_types={a.name: a.type for a in inputs},
            nested_inputs=tuple(a.name for a in inputs if a.type != "Tensor"),
            output_type=returns,
            dict_outputs="Dict[" in returns,
            **_operator_facts(script, root_class),
            training=tuple(script.training),
            control_flow=tuple(script.control_flow),
            origin=_origin(script, stored=stored is not None),
            stored_inputs=stored is not None,
            readable_since=script.readable_since,
            particular=dict(sorted(script.particular.items())),
            **_value_facts(script, root_class, forward, known, _typed(inputs, stored)),
            has_forward=forward is not None,
            legacy="model.json" in container.names,
            generated_files=tuple(container.under("code/", ".py")),
            records=_other_records(container),
            mobile="bytecode.pkl" in container.names,
        ),
    )


def _constants(value: Any) -> list[StoredTensor | None]:
    """What the code calls ``CONSTANTS.c0`` and so on."""
    return [tensor_of(each) for each in value] if isinstance(value, (tuple, list)) else []


def _typed(inputs: Sequence[Argument], stored: Sequence[Any] | None) -> list[Typed | None]:
    """The tensors among the inputs that it was traced with."""
    held = [tensor_of(value) for value in stored or ()]
    tensors = [*held, *[None] * len(inputs)][: len(inputs)]
    return [Typed(each.dtype, bool(each.shape)) if each else None for each in tensors]


class _ValueFacts(TypedDict):
    """The fields of ``TorchScriptFacts`` that follow from the values in the code."""

    tvm_calls: Mapping[str, str]
    seen_changes: tuple[str, ...]
    mixed_calls: tuple[MixedCall, ...]
    cast_inputs: tuple[str, ...]


def _value_facts(
    script: ScriptSummary,
    root_class: str,
    forward: Function | None,
    known: KnownTensors,
    inputs: Sequence[Typed | None],
) -> _ValueFacts:
    code, classes = script.values, script.classes
    return _ValueFacts(
        tvm_calls=tvm_calls.of_code(code),
        seen_changes=tuple(seen_changes(code, root_class, classes)),
        mixed_calls=mixed_calls(code, root_class, classes, known, inputs),
        cast_inputs=_cast_inputs(script, forward),
    )


def _cast_inputs(script: ScriptSummary, forward: Function | None) -> tuple[str, ...]:
    places = cast_arguments(script.values, forward.name) if forward else ()
    return tuple(forward.arguments[at].name for at in places) if forward else ()


class _OperatorFacts(TypedDict):
    """The fields of ``ProgramFacts`` about operators."""

    called_in: Mapping[str, str]
    folded: tuple[str, ...]
    unreached: tuple[str, ...]
    order: tuple[str, ...]
    calls: Mapping[str, tuple[str, ...]]
    custom_ops: tuple[str, ...]


def _operator_facts(script: ScriptSummary, root_class: str) -> _OperatorFacts:
    return _OperatorFacts(
        called_in=dict(sorted(script.called_in.items())),
        folded=script.calls.folded,
        unreached=script.reachable.unreached(),
        order=script.order.operators(root_class, script.classes),
        calls=_calls(script),
        custom_ops=_custom_operators(script),
    )


def _notes(container: TorchZip, forward: Function | None, *, frozen: bool) -> tuple[str, ...]:
    notes = []
    if forward is None:
        notes.append("no forward method: only other methods were exported")
    if frozen:
        notes.append("frozen: the weights are constants, counted as parameters here")
    if "bytecode.pkl" in container.names:
        notes.append("also holds bytecode for the mobile (lite) interpreter")
    return tuple(notes)


def _versions(container: TorchZip, script: ScriptSummary) -> dict[str, str]:
    """The zip's own version record moved into ``.data`` with file format 6."""
    versions = {
        "file_format": container.version(),
        "op_version_set": script.op_version_set,
    }
    return {name: version for name, version in versions.items() if version}


def _calls(script: ScriptSummary) -> dict[str, tuple[str, ...]]:
    calls = sorted(script.calls.found.items())
    return {name: tuple(sorted(map(str, spelled))) for name, spelled in calls}


def _custom_operators(script: ScriptSummary) -> tuple[str, ...]:
    outside = (n for n in script.operators if n.partition("::")[0] not in _OWN_NAMESPACES)
    return tuple(sorted(outside))


def _other_records(container: TorchZip) -> tuple[str, ...]:
    apart = ("code/", "data/", "constants/", "tensors/", "traced_inputs/")
    return tuple(sorted(name for name in container.names if not name.startswith(apart)))


def _origin(script: ScriptSummary, *, stored: bool) -> str:
    """A guess: tracing stores its inputs and leaves neither branches nor Final attributes."""
    scripted = bool(script.control_flow) or any(
        kind.startswith("Final[")
        for c in script.classes.values()
        for kind in c.attributes.values()
    )
    if stored:
        return "traced with scripted parts" if scripted else "traced"
    return "scripted" if scripted else "traced"


def _signature(inputs: Sequence[Argument], stored: Sequence[Any] | None) -> Signature | None:
    """Tensor inputs with the shapes they were traced with; None where these are not stored."""
    if stored is None or len(stored) > len(inputs):
        return None
    specs = []
    for argument, value in zip(inputs, stored, strict=False):
        tensor = tensor_of(value)
        if tensor is not None:
            specs.append(TensorSpec(name=argument.name, dtype=tensor.dtype, shape=tensor.shape))
    return Signature(inputs=tuple(specs))


def _stored_inputs(value: Any) -> Sequence[Any] | None:
    """The inputs of ``forward`` in ``traced_inputs.pkl``: a dict of lists, each tagged with
    its type by a call of ``restore_type_tag``."""
    for name, inputs in mapping(_untagged(value)) or ():
        values = _untagged(inputs)
        if name == "forward" and isinstance(values, (list, tuple)):
            return [_untagged(item) for item in values]
    return None


def _untagged(value: Any) -> Any:
    while (
        isinstance(value, PickledCall)
        and value.function == Global("torch.jit._pickle", "restore_type_tag")
        and isinstance(value.arguments, tuple)
        and value.arguments
    ):
        value = value.arguments[0]
    return value


def _role(tensor: OwnedTensor, script: ScriptSummary) -> str:
    """Parameter, buffer or other; before torch 1.5 all tensors but parameters are buffers."""
    owner = script.classes.get(tensor.owner)
    if owner is None:
        return "other"
    if tensor.name in owner.parameters:
        return "parameter"
    is_buffer = owner.buffers is None or tensor.name in owner.buffers
    return "buffer" if is_buffer else "other"


def _is_object(name: Global) -> bool:
    """Whether a constant is an object of C++, such as the packed weights of XNNPACK."""
    return name.module.startswith("__torch__.torch.classes")


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _attribute(root: Any, name: str) -> bool | None:
    state = mapping(root.state) if isinstance(root, PickledCall) else None
    value = dict(state or ()).get(name)
    return value if isinstance(value, bool) else None


# --- torch 1.0 to 1.3 -----------------------------------------------------------------------


def _json_forward(script: ScriptSummary, main: Mapping[str, Any]) -> Function | None:
    arena = _dict(main, "torchscriptArena").get("key", "")
    prefix = str(arena).removeprefix("code/").removesuffix(".py").replace("/", ".")
    name = str(main.get("name", ""))
    candidates = [f"{prefix}.forward", f"{prefix}.{name}.forward"]
    own = [f for f in script.functions if f.startswith(f"{prefix}.") and f.endswith(".forward")]
    return next((script.functions[f] for f in [*candidates, *own] if f in script.functions), None)


def _json_tensors(model: Any, main: Mapping[str, Any]) -> list[tuple[StoredTensor, bool]]:
    table = model.get("tensors") or []
    stored_tensors, waiting = [], [main]
    while waiting:
        module = waiting.pop()
        waiting += _dicts(module.get("submodules"))
        for parameter in _dicts(module.get("parameters")):
            tensor = _json_tensor(table, parameter.get("tensorId"))
            stored_tensors.append((tensor, bool(parameter.get("isBuffer"))))
    return stored_tensors


def _json_tensor(table: Any, place: Any) -> StoredTensor:
    try:
        row = table[int(place or 0)]
        return StoredTensor(
            dtype=_JSON_DTYPES.get(row.get("dataType", "FLOAT"), "?"),
            shape=sizes([int(n) for n in row.get("dims") or ()]),
            offset=int(row.get("offset") or 0),
            storage=str(_dict(row, "data").get("key", "")),
            device=str(row.get("device", "cpu")),
        )
    except (TypeError, ValueError, LookupError, AttributeError):
        raise Malformed("model.json describes a tensor wrongly") from None


def _dict(value: Any, key: str) -> Mapping[str, Any]:
    entry = value.get(key) if isinstance(value, dict) else None
    return entry if isinstance(entry, dict) else {}


def _dicts(values: Any) -> Iterable[dict[str, Any]]:
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []
