"""How a user names an MXNet model: its symbol or its parameters, which find each other by their
prefix, or code that builds it. What could not run is refused here, before MXNet is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neopack.errors import NotRecognized, SourceError
from neopack.formats.files import Files, PlacedFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.mxnet import file_names, read
from neopack.frameworks.mxnet.facts import SymbolFacts
from neopack.frameworks.unsupported import refuse_stub
from neopack.values.log import Log
from neopack.values.model import ModelInfo, ModelSource, facts_of

__all__ = ["PARAMETERS_NAME", "PREFIX", "SYMBOL_NAME", "SymbolFiles", "pair"]

# the names that the files have in the archive: SageMaker's MXNet containers look for these
PREFIX = "model"
SYMBOL_NAME = f"{PREFIX}-symbol.json"
PARAMETERS_NAME = f"{PREFIX}-0000.params"

EXPORT_HINT = "net.hybridize(), run it once, then net.export('model')"
DEPLOY_HINT = (
    "export the network for deployment: an SSD with deploy.py (zhreshold/mxnet-ssd), others by "
    "saving sym.get_internals()['NAME_output'] of the layer before the loss"
)
CODE_HINT = "give the code and the parameters: module:callable --weights FILE"


# losses that only mark what is one: to compute, they give what they take
PASSING = ("MakeLoss", "make_loss", "_sparse_make_loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolFiles:
    """A symbol and its parameters, and SageMaker's shapes where they lie beside it."""

    symbol: Path
    parameters: Path
    shapes: Path | None
    info: ModelInfo

    def files(self) -> Files:
        """Under the names that they have in the archive."""
        return _placed(self.symbol, self.parameters, self.shapes)


def pair(origin: ModelSource, log: Log) -> SymbolFiles:
    """The files of the model that ``origin`` names. Raises ``SourceError`` where there are not
    both, and for a model that MXNet 1.8.0 could not load."""
    path = Path(origin.where)
    form = _form(path)
    if form == "npz":
        raise _refused_numpy(path)
    symbol = path if form == "symbol" else _symbol_of(path)
    parameters = origin.weights or (path if form == "params" else _parameters_of(symbol, log))
    _refuse_parameters(parameters)
    shapes = symbol.with_name(file_names.SHAPES)
    beside = shapes if shapes.is_file() else None
    info = read.read(_placed(symbol, parameters, beside), SYMBOL_NAME, DEFAULT_LIMITS)
    _refuse(info, symbol, parameters)
    return SymbolFiles(symbol=symbol, parameters=parameters, shapes=beside, info=info)


def _placed(symbol: Path, parameters: Path, shapes: Path | None) -> PlacedFiles:
    paths = {SYMBOL_NAME: symbol, PARAMETERS_NAME: parameters}
    return PlacedFiles(str(symbol), {**paths, file_names.SHAPES: shapes} if shapes else paths)


def _form(path: Path) -> str:
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    with FileSource(path) as source:
        form = read.form(source)
        if form is None:
            refuse_stub(source)
    if form is None:
        raise NotRecognized("is neither an MXNet symbol nor parameters", where=str(path))
    return form


def _symbol_of(parameters: Path) -> Path:
    """The symbol beside whose prefix the parameters' name starts with: the longest such."""
    beside = [path.name for path in parameters.parent.iterdir() if path.is_file()]
    symbols = [name for name in file_names.symbols(beside) if name.endswith("-symbol.json")]
    fitting = [name for name in symbols if parameters.name.startswith(file_names.prefix(name))]
    chosen = max(fitting, key=len) if fitting else (symbols[0] if len(symbols) == 1 else "")
    if not chosen:
        raise SourceError(
            "is a parameter file without its symbol beside it",
            where=str(parameters),
            hint=f"put PREFIX-symbol.json beside it ({EXPORT_HINT}), or {CODE_HINT}",
        )
    return parameters.with_name(chosen)


def _parameters_of(symbol: Path, log: Log) -> Path:
    """The parameters beside the symbol of its prefix, those of the last epoch; else the only."""
    beside = sorted(path.name for path in symbol.parent.iterdir() if path.is_file())
    fitting = file_names.parameters_of(symbol.name, beside)
    others = [name for name in beside if name.endswith(".params")]
    if len(fitting) > 1:
        log.note(f"took the last epoch's parameters, {fitting[0]}")
    if not fitting and len(others) != 1:
        raise SourceError(
            f"has no parameters beside it: {file_names.prefix(symbol.name)}-0000.params",
            where=str(symbol),
            hint="name them with --weights FILE",
        )
    return symbol.with_name(fitting[0] if fitting else others[0])


def _refuse_parameters(path: Path) -> None:
    form = _form(path)
    if form == "npz":
        raise _refused_numpy(path)
    if form != "params":
        raise SourceError("is not an MXNet parameter file", where=str(path))


def _refused_numpy(path: Path) -> SourceError:
    return SourceError(
        "holds the parameters of MXNet 2 as .npz, which MXNet 1.8 does not load",
        where=str(path),
        hint="export the model with MXNet 1.8 or earlier",
    )


def _refuse(info: ModelInfo, symbol: Path, parameters: Path) -> None:
    """What MXNet would crash on, or say in words that help nobody."""
    facts = facts_of(info, SymbolFacts)
    if facts.unprefixed:
        raise SourceError(
            f"was written by save_parameters: {facts.unprefixed[0]!r} has no arg: or aux:",
            where=str(parameters),
            hint=f"{EXPORT_HINT}; or {CODE_HINT}",
        )
    if any(each.partition(" ")[0] not in PASSING for each in facts.training):
        raise SourceError(
            f"is a symbol of training: it has {facts.training[0]}",
            where=str(symbol),
            hint=DEPLOY_HINT,
        )
    for name, problem in facts.misfits.items():
        raise SourceError(f"does not fit the symbol: {name!r} {problem}", where=str(parameters))
    problems = (
        ("names nodes that are not there", facts.dangling),
        ("has nodes that feed each other", facts.cycle),
        (
            "has operators of your own, which are code that no archive holds",
            facts.custom_operators,
        ),
        (f"has parameters that {parameters.name} lacks", facts.missing),
    )
    for problem, names_ in problems:
        if names_:
            raise SourceError(f"{problem}: {names_[0]}", where=str(symbol))
