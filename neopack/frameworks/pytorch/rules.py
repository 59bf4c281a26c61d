"""What Neo asks of a PyTorch model: a trace, of a model in evaluation mode, of plain tensors.

Sources: SageMaker developer guide, neo-compilation-preparing-model and
neo-troubleshooting-compilation (2023-06 and 2026); neo-ai/neo-loader@06788c0,
pytorch_model_loader.py (2022-08-17): it loads with ``torch.jit.load``, casts with
``.float().eval()``, sorts the inputs by name and traces again with float32 zeros.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack import facts
from neopack.dataconfig.data_input_config import dims, shape_text
from neopack.frameworks.pytorch import loading_rules, operator_rules
from neopack.frameworks.pytorch.context_facts import pickles_of, program_of, script_of
from neopack.rules.dataconfig import inputs_of
from neopack.rules.members import matching, named, visible
from neopack.rules.options import options_of
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.signature import TensorSpec

__all__ = ["RULES"]

_FORMS = {
    "state_dict": "weights only (a state_dict)",
    "checkpoint": "a training checkpoint",
    "pickled-module": "a pickled nn.Module",
    "safetensors": "safetensors, weights only",
    "pt2": "an exported program (.pt2)",
}
_FULL_PRECISION = frozenset({"float32"})
_FLOATS = ("float", "bfloat", "complex")
_QUANTISED = ("qint", "quint")
# where CompilerOptions are a string that may say so
STATED = ', or state "--dtype int64" in CompilerOptions'


def _inputs(context: CheckContext) -> tuple[TensorSpec, ...]:
    """The arguments of forward(): with dtypes and shapes where the trace stores its inputs."""
    info = context.info
    if info is None:
        return ()
    if info.signature:
        return info.signature.inputs
    program = program_of(context)
    names = program.input_names if program else ()
    return tuple(TensorSpec(name=name, dtype="", shape=()) for name in names)


def _dtypes(context: CheckContext) -> set[str]:
    return {spec.dtype for spec in _inputs(context) if spec.dtype}


# --- the file -------------------------------------------------------------------------------


@rule("NEO-PT-001")
def pt_suffix(context: CheckContext) -> Iterator[Hit]:
    """The file is a .pth: the guide says .pt or .pth on one page and .pth on two."""
    for group in facts.framework("PYTORCH").files:
        strict = matching(visible(context), group)
        for entry in matching(visible(context), group, loose=True) if not strict else ():
            stem = entry.name.rpartition(".")[0]
            yield Hit(
                message=f"{entry.name!r} is not a .pth; rename it to {stem}.pth",
                where=entry.name,
                values={"name": f"{stem}.pth"},
            )


@rule("NEO-PT-002", needs=("info",))
def not_torchscript(context: CheckContext) -> Iterator[Hit]:
    """The file is TorchScript (guide, neo-compilation-preparing-model)."""
    form = context.info.format if context.info else ""
    if form != "torchscript":
        yield Hit(
            message=f"the file is {_FORMS.get(form, form)}, not TorchScript",
            where=next(iter(context.models), ""),
        )


@rule("NEO-PT-003", needs=("info",))
def training_mode(context: CheckContext) -> Iterator[Hit]:
    """The model was traced after eval() (Neo's own text, aws/amazon-sagemaker-examples#639)."""
    program = program_of(context)
    if program and program.training:
        yield Hit(message=f"traced in training mode: {named(program.training)}")


@rule("NEO-PT-005", needs=("info",))
def control_flow(context: CheckContext) -> Iterator[Hit]:
    """No branches and loops that depend on data."""
    program = program_of(context)
    if program and program.control_flow:
        yield Hit(message=f"the code branches, loops or raises: {named(program.control_flow)}")


@rule("NEO-PT-006", needs=("info",))
def scripted(context: CheckContext) -> Iterator[Hit]:
    """The model was traced, not scripted (guide, neo-compilation-preparing-model)."""
    program = program_of(context)
    if program and "scripted" in program.origin:
        yield Hit(message=f"{program.origin}: made by torch.jit.script, at least in part")


@rule("NEO-PT-007", needs=("info",))
def dict_outputs(context: CheckContext) -> Iterator[Hit]:
    """Outputs are tensors or tuples of tensors."""
    program = program_of(context)
    if program and program.dict_outputs:
        yield Hit(message="forward() returns a dictionary")


@rule("NEO-PT-008", needs=("info",))
def nested_inputs(context: CheckContext) -> Iterator[Hit]:
    """Inputs are tensors: DataInputConfig has one shape for each, and no nesting."""
    program = program_of(context)
    if program and program.nested_inputs:
        names = named(program.nested_inputs)
        yield Hit(message=f"forward() takes lists, tuples or dictionaries: {names}")


# --- what the pickles call ------------------------------------------------------------------


@rule("NEO-PT-009", needs=("info",))
def dangerous_globals(context: CheckContext) -> Iterator[Hit]:
    """Loading the file runs no commands and opens no files (Python library, pickle)."""
    pickles = pickles_of(context)
    if pickles and pickles.executing:
        yield Hit(message=f"loading it would call {named(pickles.executing)}")


@rule("NEO-PT-010", needs=("info",))
def unknown_globals(context: CheckContext) -> Iterator[Hit]:
    """The pickles call only what tensors and TorchScript need."""
    pickles = pickles_of(context)
    names = [n for n in pickles.globals if n not in pickles.executing] if pickles else []
    if names:
        yield Hit(message=f"the pickles name classes that a model does not need: {named(names)}")


# --- numbers --------------------------------------------------------------------------------


@rule("NEO-PT-012", needs=("info",))
def parameter_dtypes(context: CheckContext) -> Iterator[Hit]:
    """Parameters are float32 (guide: float32 input; the loader casts with .float())."""
    counts = context.info.dtypes if context.info else {}
    odd = [
        f"{count} {name}"
        for name, count in sorted(counts.items())
        if name.startswith((*_FLOATS, *_QUANTISED)) and name not in _FULL_PRECISION
    ]
    if odd:
        yield Hit(message=f"tensors that are not float32: {', '.join(odd)}")


@rule("NEO-PT-013", needs=("info",))
def input_dtypes(context: CheckContext) -> Iterator[Hit]:
    """Inputs are float32, or int64 where CompilerOptions can say so (botocore)."""
    allowed = facts.framework("PYTORCH").input_dtypes
    for spec in _inputs(context):
        if spec.dtype and spec.dtype not in allowed:
            yield Hit(
                message=f"input {spec.name!r} is {spec.dtype}; Neo takes {' or '.join(allowed)}",
                where=spec.name,
            )


@rule("NEO-PT-014", needs=("info",))
def mixed_dtypes(context: CheckContext) -> Iterator[Hit]:
    """All inputs have one dtype: CompilerOptions has one for all (botocore)."""
    dtypes = _dtypes(context)
    if len(dtypes) > 1:
        yield Hit(message=f"inputs of {' and '.join(sorted(dtypes))}; Neo has one dtype for all")


def _stated_dtype(context: CheckContext) -> str:
    """The dtype that CompilerOptions state, as numpy spells it; the default where they don't."""
    option = next((o for o in facts.options(context.target, "PYTORCH") if o.key == "dtype"), None)
    if option is None:
        return ""
    stated = options_of(context).keys.get("dtype", option.default)
    return option.aliases.get(str(stated), str(stated))


@rule("NEO-PT-015", needs=("info",))
def dtype_option(context: CheckContext) -> Iterator[Hit]:
    """CompilerOptions state the dtype of the inputs; it is float32 by default (botocore)."""
    stated, dtypes = _stated_dtype(context), _dtypes(context)
    dtype = next(iter(dtypes), "")
    if stated and len(dtypes) == 1 and stated != dtype:
        yield Hit(
            message=f"the inputs are {dtype}; CompilerOptions say {stated}",
            where="CompilerOptions: dtype",
            values={"dtype": dtype},
        )


@rule("NEO-PT-016", paths=("tvm", "neuron"), needs=("info",))
def integer_inputs(context: CheckContext) -> Iterator[Hit]:
    """Integer inputs can be stated or are cast: the open loader traces with float32 zeros."""
    can_state = facts.string_form(context.target) is not None
    stated = can_state and "--dtype int64" in options_of(context).flags
    script = script_of(context)
    cast = script.cast_inputs if script else ()
    names = [s.name for s in _inputs(context) if s.dtype == "int64" and s.name not in cast]
    if names and not stated and not _stated_dtype(context):
        yield Hit(
            message=f"int64 inputs {named(names)}; nothing tells {context.target.name} so",
            where=names[0],
            values={"or": STATED if can_state else ""},
        )


# --- DataInputConfig against forward() ------------------------------------------------------


@rule("NEO-PT-017", needs=("config",))
def input_order(context: CheckContext) -> Iterator[Hit]:
    """Names sort in the order of forward(): input10 comes before input2 (loader)."""
    config = inputs_of(context)
    names = [name for name, _ in config.inputs]
    arguments = [spec.name for spec in _inputs(context)]
    expected = arguments if sorted(arguments) == sorted(names) else names
    if expected == sorted(names):
        return
    wide = len(str(len(names) - 1))
    padded = ", ".join(f"input{at:0{wide}}" for at in range(min(len(names), 2)))
    shown = ", ".join(sorted(names)[:3])
    what = "a list of more than ten shapes" if config.form == "list" else "the inputs"
    yield Hit(
        message=f"{what} would be bound in the order {shown}, ...; name them {padded}, ...",
        where="DataInputConfig",
        values={"names": padded},
    )


@rule("NEO-PT-018", needs=("config", "info"))
def input_count(context: CheckContext) -> Iterator[Hit]:
    """There is a shape for each argument of forward()."""
    shapes, arguments = len(inputs_of(context).inputs), len(_inputs(context))
    if arguments and shapes != arguments:
        names = ", ".join(spec.name for spec in _inputs(context))
        yield Hit(
            message=f"{shapes} shapes for the {arguments} arguments of forward(): {names}",
            where="DataInputConfig",
        )


@rule("NEO-PT-019", needs=("config", "info"))
def other_example(context: CheckContext) -> Iterator[Hit]:
    """Shapes have the rank of the example that the model was traced with, and its sizes."""
    pairs = sorted(inputs_of(context).inputs)
    for (name, value), spec in zip(pairs, _inputs(context), strict=False):
        shape = dims(value)
        if shape and spec.shape and not _near(shape, spec):
            traced = shape_text(spec.shape)
            yield Hit(
                message=f"{shape_text(shape)} is given; it was traced with {traced}",
                where=f"DataInputConfig: {name}",
                values={"name": spec.name},
            )


@rule("NEO-PT-020", needs=("info",))
def inputs_not_stored(context: CheckContext) -> Iterator[Hit]:
    """The trace stores its inputs, so that dtypes and shapes can be compared (torch 2.0)."""
    info = context.info
    if info and info.format == "torchscript" and info.signature is None:
        yield Hit(message="the file does not tell dtypes and shapes of its inputs; none compared")


def _near(shape: tuple[int, ...], spec: TensorSpec) -> bool:
    """Alike but for the batch, which a trace rarely fixes."""
    pairs = list(zip(shape, spec.shape, strict=False))[1:]
    same = all(want is None or have == want for have, want in pairs)
    return len(shape) == len(spec.shape) and same


RULES: tuple[Rule, ...] = (
    pt_suffix,
    not_torchscript,
    training_mode,
    control_flow,
    scripted,
    dict_outputs,
    nested_inputs,
    dangerous_globals,
    unknown_globals,
    parameter_dtypes,
    input_dtypes,
    mixed_dtypes,
    dtype_option,
    integer_inputs,
    input_order,
    input_count,
    other_example,
    inputs_not_stored,
    *operator_rules.RULES,
    *loading_rules.RULES,
)
