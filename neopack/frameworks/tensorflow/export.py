"""A SavedModel or a frozen graph in the form that Neo finds, with golden numbers.

A SavedModel stays one, with the one graph and signature that were chosen, in a directory of its
own; a frozen graph is cut down to its outputs. Both are made readable for TensorFlow 1.15 where
leaving out defaults does it, and both are computed again and compared with their source.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, NeopackError, SourceError, UsageError, first_line
from neopack.frameworks import ExportTask, callables
from neopack.frameworks.task import options_of
from neopack.frameworks.tensorflow import random_weights, read
from neopack.frameworks.tensorflow.concrete_function import concrete, written_variables
from neopack.frameworks.tensorflow.constant_inputs import (
    constants_of,
    with_constants,
    without_inputs,
)
from neopack.frameworks.tensorflow.facts import NOT_FROZEN, FrozenGraphFacts
from neopack.frameworks.tensorflow.frozen_graph import output_tensors, parse_graph
from neopack.frameworks.tensorflow.kept_state import draws_numbers, refuse_state
from neopack.frameworks.tensorflow.layout import DIRECTORY
from neopack.frameworks.tensorflow.live_model import LiveModel, LiveRunner, live_model
from neopack.frameworks.tensorflow.lowering import freeze, saved_model
from neopack.frameworks.tensorflow.lowering.constants import (
    StrippedGraph,
    fed,
    read_graph,
    write_graph,
)
from neopack.frameworks.tensorflow.lowering.for_tvm import lower_for_tvm, may_lower
from neopack.frameworks.tensorflow.lowering.lower import LoweredGraph, lower
from neopack.frameworks.tensorflow.lowering.prune import needed_by, prune
from neopack.frameworks.tensorflow.metagraph import DEFAULT
from neopack.frameworks.tensorflow.natural_order import natural
from neopack.frameworks.tensorflow.options import TensorFlowOptions
from neopack.frameworks.tensorflow.requests import requests_of
from neopack.frameworks.tensorflow.run import GraphRunner, frozen_runner, saved_runner
from neopack.frameworks.tensorflow.source import file_info
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow
from neopack.frameworks.tensorflow.training_calls import training_remarks
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import worst
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, ModelInfo, facts_of
from neopack.values.signature import InputRequest, Signature, TensorSpec

__all__ = ["FROZEN_FILE", "export"]

FROZEN_FILE = "model.pb"
# beyond this what was written and its source are not the same function
REWRITE_DIFFERENCE = 1e-4


def export(task: ExportTask, log: Log) -> ExportedModel:
    """``staging/export/`` (a SavedModel) or ``staging/model.pb``, as the option ``form`` says
    or as the source is.

    Raises ``SourceError`` where no model can be had, ``UsageError`` where the inputs or outputs
    asked for are not the model's, ``Missing`` without TensorFlow.
    """
    origin = task.source
    if origin.kind == "file":
        path, info = file_info(origin)  # refuses by the bytes, without TensorFlow
        tensorflow()
        if info.format == read.FROZEN:
            return _frozen_source(path, info, task, log)
        return _saved_source(path.parent, task, log)
    tf = tensorflow()
    tf.random.set_seed(task.options.seed)
    model = origin.model
    if origin.kind == "callable":
        model = callables.build(origin.where, origin.arguments)
    if origin.weights is not None:
        _load_weights(model, origin.weights)
    exported = _live_source(model, task, log)
    untrained = random_weights.remarks(model, partial(_trace, task=task), task, log)
    training = training_remarks(model)
    for remark in training:
        log.warn(remark)
    return replace(exported, warnings=(*untrained, *training, *exported.warnings))


def _trace(model: Any, task: ExportTask) -> Any:
    options, where = options_of(task, TensorFlowOptions), task.source.where
    return concrete(live_model(model, task.inputs, options.signature, where, options.bind), where)


def _load_weights(model: Any, path: Path) -> None:
    if not hasattr(model, "load_weights"):
        raise UsageError("--weights goes with Keras models only", where=str(path))
    try:
        model.load_weights(str(path))
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(
            f"does not fit the model: {first_line(error)}", where=str(path)
        ) from None


# --- the sources ----------------------------------------------------------------------------


def _frozen_source(path: Path, info: ModelInfo, task: ExportTask, log: Log) -> ExportedModel:
    options = options_of(task, TensorFlowOptions)
    if options.form == "saved-model":
        raise UsageError(
            "a frozen graph has no variables to make a SavedModel of",
            where=str(path),
            hint="leave --form out",
        )
    graph = parse_graph(path, is_text=facts_of(info, FrozenGraphFacts).text)
    outputs = output_tensors(graph.definition, options.outputs, info, str(path))
    specs = info.signature.inputs if info.signature else ()
    constants = constants_of(options.constants, specs, str(path))
    needed = needed_by(graph.definition, outputs.values()) - constants.keys()
    used = [spec for spec in specs if spec.name in needed]  # not a label's
    requests = requests_of(used, task.inputs, str(path))
    examples = _examples(requests, task)
    runner = _fed_runner(graph, examples, outputs, constants)
    cases = _answered(runner, requests, task, str(path))
    frozen = freeze.FrozenGraph(
        graph=without_inputs(graph, constants),
        inputs={name: name for name in examples},
        outputs=outputs,
    )
    return _write_frozen(frozen, cases, _remarks(constants), task, log)


def _remarks(constants: Mapping[str, Array]) -> list[str]:
    return [f"input {name} became the constant {constants[name].tolist()}" for name in constants]


def _saved_source(
    folder: Path, task: ExportTask, log: Log, golden_of: GraphRunner | None = None
) -> ExportedModel:
    options = options_of(task, TensorFlowOptions)
    model = saved_model.meta_graph(folder)
    meta, key = saved_model.choose(model, options.tags, options.signature, str(folder))
    tags = list(meta.meta_info_def.tags)
    specs = _signature_inputs(meta.signature_def[key])
    constants = constants_of(options.constants, specs, str(folder))
    if constants:
        serve = with_constants(folder, tags, key, specs, constants)
        bound = replace(options, constants=(), signature=None)
        exported = _live_source(serve, replace(task, own=bound), log)
        return replace(exported, rewrites=(*_remarks(constants), *exported.rewrites))
    requests = requests_of(specs, task.inputs, str(folder))
    if golden_of is not None:  # in the order of the model that was saved
        names = [request.name for request in task.inputs]
        requests.sort(key=lambda request: names.index(request.name))
    plain = Signature(inputs=())
    # no name for the runner: its session, and the variables in it, go with it
    runner = golden_of or saved_runner(folder, tags, key, plain)
    cases = _answered(runner, requests, task, str(folder))
    if golden_of is None and not draws_numbers(meta):
        first = cases[0]
        refuse_state(first.outputs, _computed(runner, first.inputs, str(folder)), str(folder))
    members, remarks, lowered = _write_saved(folder, model, meta, key, task.staging)
    written = task.staging / DIRECTORY
    of_two = meta.HasField("object_graph_def")
    frozen = _lowers_for_tvm(meta, task) or (
        of_two and (_neuron_1(task) or _gathers_for_tvm(meta, task))
    )
    if options.form == "frozen" or frozen:
        meta = model.meta_graphs[0]
        specs = list(inputs.specs(cases[0].inputs))
        frozen = freeze.freeze_saved_model(written, meta, specs, str(folder))
        shutil.rmtree(written)
        return _write_frozen(frozen, cases, remarks, task, log)
    _refuse_other(saved_runner(written, tags, DEFAULT, plain), cases)
    return _exported(members, cases, remarks, lowered, task, log)


def _neuron_1(task: ExportTask) -> bool:
    """Whether Neuron's compiler of TensorFlow 1 reads it, which takes no SavedModel of
    TensorFlow 2 (aws-neuron-sdk#389), and nobody chose a form."""
    options, form = task.options, options_of(task, TensorFlowOptions).form
    old = options.framework_version.startswith("1.")
    return options.compiler_path == "neuron" and old and form is None


def _gathers_for_tvm(meta: Any, task: ExportTask) -> bool:
    """Whether TVM's parser, which freezes a SavedModel with TensorFlow 1.15, would leave variables
    in it, and nobody chose a form."""
    options, form = task.options, options_of(task, TensorFlowOptions).form
    if options.compiler_path != "tvm" or not options.framework_version.startswith("1.") or form:
        return False
    return not _operators(meta).isdisjoint(NOT_FROZEN)


def _lowers_for_tvm(meta: Any, task: ExportTask) -> bool:
    """Whether operators are written otherwise for TVM, as they are in a frozen graph alone, and
    nobody chose a form."""
    of_tvm = task.options.compiler_path == "tvm"
    return of_tvm and not options_of(task, TensorFlowOptions).form and may_lower(_operators(meta))


def _operators(meta: Any) -> set[str]:
    bodies = (function.node_def for function in meta.graph_def.library.function)
    return {node.op for body in (meta.graph_def.node, *bodies) for node in body}


def _write_saved(
    folder: Path, model: Any, meta: Any, key: str, staging: Path
) -> tuple[list[Member], list[str], LoweredGraph]:
    rewrites, lowered = saved_model.rewrite(model, meta, key)
    written = staging / DIRECTORY
    written.mkdir()
    (written / saved_model.SAVED_MODEL).write_bytes(model.SerializeToString(deterministic=True))
    main = Member(
        name=f"{DIRECTORY}/{saved_model.SAVED_MODEL}", path=written / saved_model.SAVED_MODEL
    )
    parts, dropped = saved_model.copy_parts(folder, written, DIRECTORY)
    return [main, *parts], [*rewrites, *dropped], lowered


def _live_source(model: Any, task: ExportTask, log: Log) -> ExportedModel:
    options, where = options_of(task, TensorFlowOptions), task.source.where
    live = live_model(model, task.inputs, options.signature, where, options.bind)
    function = concrete(live, where)
    source = LiveRunner(live, written_variables(function), where)
    requests = _in_tensorflow(live, log)
    if options.form == "frozen" or _neuron_1(task):
        cases = _answered(source, requests, task, where)
        return _write_frozen(freeze.freeze_function(function), cases, [], task, log)
    folder = task.staging / "given"
    _save(function, model, folder, where)
    of_folder = replace(task, inputs=requests, own=TensorFlowOptions(form="saved-model"))
    exported = _saved_source(folder, of_folder, log, golden_of=source)
    shutil.rmtree(folder)
    return exported


def _in_tensorflow(live: LiveModel, log: Log) -> tuple[InputRequest, ...]:
    """The inputs under the names that they have in TensorFlow."""
    for name, request in zip(live.names, live.requests, strict=True):
        if name != request.name:
            log.note(f"input {request.name!r} is named {name}: TensorFlow takes no other names")
    return tuple(
        replace(request, name=name)
        for name, request in zip(live.names, live.requests, strict=True)
    )


def _save(function: Any, model: Any, to: Path, where: str) -> None:
    """A SavedModel of the function and its variables, without the classes around them."""
    tf = tensorflow()
    module = tf.Module()
    module.kept = list(function.variables)
    try:
        try:
            tf.saved_model.save(module, str(to), signatures={DEFAULT: function})
        except AssertionError:  # tables and the like are tracked by the model alone
            module.model = model
            tf.saved_model.save(module, str(to), signatures={DEFAULT: function})
    except Exception as error:
        raise ExportFailed(
            f"TensorFlow {tf.__version__} cannot save it: {first_line(error)}", where=where
        ) from error


# --- what is written ------------------------------------------------------------------------


def _write_frozen(
    frozen: freeze.FrozenGraph,
    cases: Sequence[GoldenCase],
    remarks: list[str],
    task: ExportTask,
    log: Log,
) -> ExportedModel:
    cases = [case.renamed(inputs=frozen.inputs) for case in cases]
    first = cases[0]
    freeze.fix_shapes(frozen.graph.definition, inputs.specs(first.inputs))
    types = {
        name: tensorflow().as_dtype(array.dtype).as_datatype_enum
        for name, array in first.outputs.items()
    }
    pruned = prune(frozen.graph.definition, frozen.outputs, types)
    cases = [case.renamed(outputs=pruned.outputs) for case in cases]
    for_compiler = _lowered_for_tvm(pruned.graph, frozen.graph.numbers, task)
    lowered = lower(pruned.graph)
    path = task.staging / FROZEN_FILE
    write_graph(StrippedGraph(definition=pruned.graph, numbers=frozen.graph.numbers), path)
    fetches = {name: f"{name}:0" for name in cases[0].outputs}
    _refuse_other(_fed_runner(read_graph(path), first.inputs, fetches), cases)
    members = [Member(name=FROZEN_FILE, path=path)]
    rewrites = [*remarks, *pruned.rewrites, *for_compiler, *lowered.rewrites()]
    rewrites = list(dict.fromkeys(rewrites))
    return _exported(members, cases, rewrites, lowered, task, log)


def _lowered_for_tvm(
    graph: Any, numbers: Mapping[str, Callable[[], Array]], task: ExportTask
) -> tuple[str, ...]:
    """What was rewritten for TVM, where that compiles it."""
    if task.options.compiler_path != "tvm":
        return ()
    shaped, _ = fed(StrippedGraph(definition=graph, numbers=numbers))
    names = lower_for_tvm(graph, shaped)
    return tuple(f"{name} in operators that TVM converts" for name in names)


def _fed_runner(
    graph: StrippedGraph,
    examples: Mapping[str, Array],
    outputs: Mapping[str, str],
    constants: Mapping[str, Array] | None = None,
) -> GraphRunner:
    """The graph with its large constants fed: it computes as it would with them inside; and with
    those of the user's, by the names of their placeholders."""
    definition, large = fed(graph)
    own = {f"{name}:0": value for name, value in (constants or {}).items()}
    signature = Signature(inputs=inputs.specs(examples))
    return frozen_runner(definition, signature, outputs, constants={**large, **own})


def _exported(
    members: list[Member],
    cases: Sequence[GoldenCase],
    rewrites: list[str],
    lowered: LoweredGraph,
    task: ExportTask,
    log: Log,
) -> ExportedModel:
    for rewrite in rewrites:
        log.note(rewrite)
    return ExportedModel(
        framework="TENSORFLOW",
        members=tuple(members),
        signature=Signature(
            inputs=inputs.specs(cases[0].inputs), outputs=inputs.specs(cases[0].outputs)
        ),
        goldens=task.save_goldens(cases),
        versions={"tensorflow": tensorflow().__version__, "python": platform.python_version()},
        rewrites=tuple(rewrites),
        warnings=lowered.warnings(),
    )


def _signature_inputs(signature: Any) -> list[TensorSpec]:
    tf = tensorflow()
    infos = {name: signature.inputs[name] for name in natural(signature.inputs)}
    return [
        TensorSpec(
            name=name,
            dtype=tf.dtypes.as_dtype(info.dtype).name,
            shape=tuple(dim.size if dim.size >= 0 else None for dim in info.tensor_shape.dim),
        )
        for name, info in infos.items()
    ]


def _examples(requests: Sequence[InputRequest], task: ExportTask) -> dict[str, Array]:
    for request in requests:
        if (request.dtype or "float32") not in inputs.DTYPES:
            raise UsageError(
                f"input {request.name!r} is of {request.dtype}, which has no shape that Neo "
                "compiles for",
                hint="take a signature of numbers with --signature",
            )
    return task.examples(requests)


def _answered(
    runner: GraphRunner, requests: Sequence[InputRequest], task: ExportTask, where: str
) -> tuple[GoldenCase, ...]:
    examples = _examples(requests, task)

    def compute(given: Mapping[str, Array]) -> dict[str, Array]:
        return _computed(runner, given, where)

    return task.golden_cases(requests, examples, compute(examples), compute)


def _computed(runner: GraphRunner, examples: Mapping[str, Array], where: str) -> dict[str, Array]:
    try:
        outputs = runner.predict(examples)
    except NeopackError:
        raise
    except Exception as error:
        raise ExportFailed(
            f"TensorFlow cannot compute it: {first_line(error)}",
            where=where,
            hint=f"it was given {inputs.shapes_text(examples)}",
        ) from error
    texts = [name for name, array in outputs.items() if array.dtype.kind in "OSU"]
    if texts:
        raise SourceError(
            f"output {texts[0]!r} is of strings, which Neo does not compile",
            where=where,
            hint="take a signature of numbers with --signature, or outputs with --output-name",
        )
    return outputs


def _refuse_other(runner: GraphRunner, cases: Sequence[GoldenCase]) -> None:
    off = worst(cases, runner.predict)
    if not off.difference <= REWRITE_DIFFERENCE:
        raise ExportFailed(f"the exported model differs from its source by {off}")
