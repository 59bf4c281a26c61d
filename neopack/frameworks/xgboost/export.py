"""The binary model that Neo reads, from any encoding, with golden predictions. One of two files
that import xgboost, for the predictions alone."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from neopack.errors import UsageError
from neopack.formats.source import FileSource
from neopack.frameworks import ExportTask
from neopack.frameworks.task import options_of
from neopack.frameworks.xgboost import read
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.facts import LearnerFacts
from neopack.frameworks.xgboost.lowering import base_score, early_stopping, lower
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.frameworks.xgboost.options import XGBoostOptions
from neopack.frameworks.xgboost.run import XGBoostRunner, version
from neopack.frameworks.xgboost.source import require_file
from neopack.frameworks.xgboost.unpickle import unpickled
from neopack.goldens import inputs
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, facts_of
from neopack.values.signature import InputRequest, Signature

__all__ = ["INPUT", "MODEL_FILE", "export"]

# the guide asks for *.model; the public loader takes any name
MODEL_FILE = "xgboost.model"
INPUT = "data"
ROWS = 16
# every eighth golden number is missing, for trees send missing values their own way
MISSING_EVERY = 8


def export(task: ExportTask, log: Log) -> ExportedModel:
    """``staging/xgboost.model`` in the binary format of XGBoost 1.3.3.

    Raises ``SourceError`` that names what 1.3.3 cannot express, ``Missing`` without xgboost.
    """
    options, target = options_of(task, XGBoostOptions), task.staging / MODEL_FILE
    path, form = require_file(task.source, trust_pickle=options.trust_pickle)
    if form == "pickle":
        path, form = unpickled(path, task.staging, log), "ubj"
    rewrites, rounds = _write(path, form, target)
    for rewrite in rewrites:
        log.note(f"lowered to XGBoost 1.3.3: {rewrite}")
    with FileSource(path) as source:
        features = facts_of(read.read_source(source), LearnerFacts).num_feature
    examples = _examples(task, features)
    signature = Signature(inputs=inputs.specs(examples))
    source_model = XGBoostRunner(path.read_bytes(), signature, rounds=rounds)
    outputs = source_model.predict(examples)
    requests = task.inputs or (InputRequest(name=INPUT, shape=(ROWS, features)),)
    cases = task.golden_cases(requests, examples, outputs, source_model.predict)
    return ExportedModel(
        framework="XGBOOST",
        members=(Member(name=MODEL_FILE, path=target),),
        signature=Signature(inputs=signature.inputs, outputs=inputs.specs(outputs)),
        goldens=task.save_goldens(cases),
        versions={"xgboost": version(), "python": platform.python_version()},
        rewrites=rewrites,
    )


def _write(path: Path, form: str, to: Path) -> tuple[tuple[str, ...], int | None]:
    """The binary file: what was rewritten for it, and how many rounds the model predicts with,
    None for all. One that XGBoost 1.3.3 reads as its own is kept as it is, where it is all of
    it."""
    with FileSource(path) as source:
        model = read_learner(source, form)
    rounds, whole = early_stopping.rounds_predicted(model), model.rounds
    lower.refuse_inexpressible(model, str(path))
    if form == "binary" and rounds is None and _kept(model):
        shutil.copyfile(path, to)
        return (), None
    if rounds is not None:
        model = early_stopping.of_first_rounds(model, rounds, str(path))
    lowered = lower.lower(model, str(path))
    to.write_bytes(lowered.data)
    again = (_again(model.version),) if form == "binary" and rounds is None else ()
    if rounds is None:
        return (*again, *lowered.rewrites), None
    stopped = f"training stopped early: the best {rounds} of {whole} rounds, as predict takes them"
    return (stopped, *lowered.rewrites), rounds


def _kept(model: Learner) -> bool:
    """Whether XGBoost 1.3.3 reads the binary file of ``model`` as the version that wrote it."""
    return base_score.STATED <= model.version <= lower.VERSION and not (
        model.objective == base_score.LOGITRAW and model.version < base_score.RAW_MARGIN
    )


def _again(version: tuple[int, ...]) -> str:
    writer = ".".join(map(str, version)) if version >= base_score.STATED else "before 1.0"
    return f"a binary file of XGBoost {writer}, written again as XGBoost 1.3.3 writes it"


def _examples(task: ExportTask, features: int) -> dict[str, Array]:
    requests = task.inputs or (InputRequest(name=INPUT, shape=(ROWS, features)),)
    (request, *more) = requests
    fits = len(request.shape) == 2 and request.shape[1] == features
    if more or not fits or request.dtype not in (None, "float32"):
        raise UsageError(
            f"the model takes one input of float32 [rows, {features}]",
            hint=f"leave --input out, or give --input {INPUT}=16,{features}",
        )
    examples = task.examples(requests)
    if task.options.example is None:
        examples[request.name].ravel()[::MISSING_EVERY] = float("nan")
    return examples
