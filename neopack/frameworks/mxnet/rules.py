"""What Neo demands of an MXNet model.

Sources: SageMaker developer guide, neo-compilation-preparing-model, neo-supported-cloud and
neo-troubleshooting-compilation (2026); neo-ai/neo-loader@06788c0 mxnet_model_loader.py
(2022-08-17); apache/mxnet 1.8.0, run on the fixtures.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from neopack import facts, versions
from neopack.frameworks.mxnet import file_names, operator_rules, tvm_rules
from neopack.frameworks.mxnet.facts import ArrayFacts, MXNetFacts, SymbolFacts
from neopack.rules.members import in_code, named, visible
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

SYMBOL = "-symbol.json"
NUMPY_VERSION = "3"


# --- the files ------------------------------------------------------------------------------


@rule("NEO-MX-001")
def many_symbols(context: CheckContext) -> Iterator[Hit]:
    """One symbol (guide, neo-compilation-preparing-model; loader); NEO-HD-008 speaks of code/."""
    symbols = [name for name in _symbols(context) if name.endswith(SYMBOL)]
    if len(symbols) > 1:
        yield Hit(message=f"{len(symbols)} symbols: {named(symbols)}", where=symbols[1])


@rule("NEO-MX-002")
def other_json(context: CheckContext) -> Iterator[Hit]:
    """No other .json but the four that the loader ignores."""
    others = [name for name in _symbols(context)[1:] if not name.endswith(SYMBOL)]
    if others:
        yield Hit(
            message=f"beside the symbol {named(others)}, which may count as another",
            where=others[0],
        )


@rule("NEO-MX-003")
def many_parameters(context: CheckContext) -> Iterator[Hit]:
    """One parameter file (guide, neo-troubleshooting-compilation)."""
    files = _parameters(context)
    if len(files) > 1:
        yield Hit(message=f"{len(files)} parameter files: {named(files)}", where=files[1])


@rule("NEO-MX-004")
def other_prefix(context: CheckContext) -> Iterator[Hit]:
    """The parameters' name starts with the symbol's prefix (loader)."""
    symbols, files = _symbols(context), _parameters(context)
    if not symbols or not files:
        return
    prefix = file_names.prefix(symbols[0])
    if not any(posixpath.basename(name).startswith(prefix) for name in files):
        yield Hit(
            message=f"{files[0]!r} does not start with the symbol's prefix {prefix!r}",
            where=files[0],
            values={"symbol": symbols[0], "prefix": prefix},
        )


@rule("NEO-MX-005")
def no_epoch(context: CheckContext) -> Iterator[Hit]:
    """Parameters are named <prefix>-<four digits>.params (load_checkpoint; loader)."""
    for name in _parameters(context):
        if file_names.epoch(name) is None:
            yield Hit(message=f"{name!r} has no epoch of four digits in its name", where=name)


# --- the parameters -------------------------------------------------------------------------


@rule("NEO-MX-006", needs=("info",))
def unprefixed(context: CheckContext) -> Iterator[Hit]:
    """Names of parameters begin with arg: or aux: (loader)."""
    arrays = _arrays(context)
    names = arrays.unprefixed if arrays else ()
    if names:
        yield Hit(
            message=f"parameters without arg: or aux: in their names: {named(names)}",
            where=_file(context),
        )


@rule("NEO-MX-007", needs=("info",))
def missing(context: CheckContext) -> Iterator[Hit]:
    """Every parameter of the symbol has its values (MXNet 1.8.0 cannot bind it otherwise)."""
    symbol = _symbol(context)
    names = symbol.missing if symbol else ()
    if names and _parameters(context):
        yield Hit(
            message=f"{len(names)} parameters of the symbol are missing: {named(names)}",
            where=_file(context),
        )


@rule("NEO-MX-008", needs=("info",))
def extra(context: CheckContext) -> Iterator[Hit]:
    """No parameters that the symbol does not have."""
    symbol = _symbol(context)
    names = symbol.extra if symbol else ()
    if names:
        yield Hit(
            message=f"{len(names)} parameters are not the symbol's: {named(names)}",
            where=_file(context),
        )


@rule("NEO-MX-009", needs=("info",))
def misfits(context: CheckContext) -> Iterator[Hit]:
    """Shapes of parameters are those that the symbol states (MXNet 1.8.0)."""
    symbol = _symbol(context)
    for name, problem in symbol.misfits.items() if symbol else ():
        yield Hit(message=f"{name!r} {problem}", where=_file(context))


@rule("NEO-MX-010", needs=("info",))
def numpy_parameters(context: CheckContext) -> Iterator[Hit]:
    """Parameters are in MXNet's own format, without NumPy's shapes (MXNet 1.8.0)."""
    form = context.info.format if context.info else ""
    arrays, symbol = _arrays(context), _symbol(context)
    if form == "npz" or (symbol and symbol.parameters_form == "npz"):
        yield Hit(message="the parameters are an .npz of MXNet 2", where=_file(context))
    elif arrays and NUMPY_VERSION in arrays.array_versions:
        yield Hit(message="the parameters were saved with NumPy's shapes", where=_file(context))


@rule("NEO-MX-011", paths=("neuron",), needs=("info",))
def not_float32(context: CheckContext) -> Iterator[Hit]:
    """Parameters are float32 for Inferentia."""
    counts = context.info.dtypes if context.info else {}
    odd = [f"{count} {name}" for name, count in counts.items() if name != "float32"]
    if odd:
        yield Hit(message=f"arrays that are not float32: {', '.join(odd)}")


# --- the graph ------------------------------------------------------------------------------


@rule("NEO-MX-012", needs=("info",))
def cycle(context: CheckContext) -> Iterator[Hit]:
    """No cycles (guide, neo-troubleshooting-compilation)."""
    symbol = _symbol(context)
    nodes = symbol.cycle if symbol else ()
    if nodes:
        yield Hit(message=f"nodes feed each other: {named(nodes)}", where=_model(context))


@rule("NEO-MX-013", needs=("info",))
def dangling(context: CheckContext) -> Iterator[Hit]:
    """Every input and output names a node that is there."""
    symbol = _symbol(context)
    references = symbol.dangling if symbol else ()
    if references:
        yield Hit(message=f"nodes that are not there: {named(references)}", where=_model(context))


@rule("NEO-MX-014", needs=("info",))
def out_of_order(context: CheckContext) -> Iterator[Hit]:
    """Nodes come after those that they take, as every writer has them."""
    symbol = _symbol(context)
    nodes = symbol.forward_references if symbol and not symbol.cycle else ()
    if nodes:
        yield Hit(
            message=f"nodes stand before what they take: {named(nodes)}", where=_model(context)
        )


@rule("NEO-MX-015", needs=("info", "framework_version"))
def newer(context: CheckContext) -> Iterator[Hit]:
    """Written by the version that Neo runs, or an earlier one (guide, neo-supported-cloud)."""
    written = context.info.versions.get("mxnet", "") if context.info else ""
    run = context.framework_version
    if written and run and not versions.at_most(written, run):
        yield Hit(
            message=f"written by MXNet {written}; Neo runs {run}",
            where=_model(context),
            values={"version": run},
        )


@rule("NEO-MX-016", needs=("info",))
def custom_operators(context: CheckContext) -> Iterator[Hit]:
    """No operators that are the user's own code (MXNet 1.8.0 does not find them)."""
    symbol = _symbol(context)
    operators = symbol.custom_operators if symbol else ()
    if operators:
        yield Hit(message=f"operators of your own: {named(operators)}", where=_model(context))


@rule("NEO-MX-017", paths=("tvm",), needs=("info",))
def control_flow(context: CheckContext) -> Iterator[Hit]:
    """No loops and conditions where TVM compiles."""
    symbol = _symbol(context)
    operators = symbol.subgraphs if symbol else ()
    if operators:
        yield Hit(
            message=f"operators with graphs of their own: {named(operators)}",
            where=_model(context),
        )


@rule("NEO-MX-018", needs=("info",))
def channel_last(context: CheckContext) -> Iterator[Hit]:
    """Layouts are NCHW, as DataInputConfig is (guide, neo-compilation-preparing-model)."""
    symbol = _symbol(context)
    nodes = symbol.channel_last if symbol else ()
    if nodes:
        yield Hit(message=f"nodes with channels last: {named(nodes)}", where=_model(context))


@rule("NEO-MX-019", needs=("info",))
def labels(context: CheckContext) -> Iterator[Hit]:
    """Labels are inputs, and DataInputConfig has them (guide, neo-compilation-preparing-model)."""
    symbol = _symbol(context)
    names = symbol.labels if symbol and not symbol.training else ()
    if names:
        yield Hit(message=f"inputs that are labels: {named(names)}", where=_model(context))


@rule("NEO-MX-020", needs=("info",))
def operators_of_2020(context: CheckContext) -> Iterator[Hit]:
    """Operators are among those that the guide listed until 2020: a hint only."""
    own = set(context.info.operators if context.info else ())
    unlisted = sorted(own - facts.operators_2020("MXNET"))
    if unlisted:
        yield Hit(
            message=f"operators that the guide's list of 2020 did not have: {named(unlisted)}"
        )


@rule("NEO-MX-021", needs=("info",))
def training(context: CheckContext) -> Iterator[Hit]:
    """No losses, nor what makes labels for them (apache/tvm v0.8 relay/frontend/mxnet.py)."""
    symbol = _symbol(context)
    if symbol and symbol.training:
        labels = f", with the labels {named(symbol.labels)}" if symbol.labels else ""
        yield Hit(
            message=f"operators of training: {named(symbol.training)}{labels}",
            where=_model(context),
        )


@rule("NEO-MX-022", needs=("info",))
def random(context: CheckContext) -> Iterator[Hit]:
    """No operators draw random numbers."""
    symbol = _symbol(context)
    if symbol and symbol.random:
        yield Hit(
            message=f"operators that draw random numbers: {named(symbol.random)}",
            where=_model(context),
        )


def _symbols(context: CheckContext) -> Sequence[str]:
    files = [entry.name for entry in visible(context) if not in_code(entry.name)]
    return file_names.symbols(files)


def _parameters(context: CheckContext) -> list[str]:
    files = [entry.name for entry in visible(context) if entry.name.endswith(".params")]
    return [name for name in files if not in_code(name)]


def _arrays(context: CheckContext) -> ArrayFacts | None:
    """What the parameters tell; None of an .npz."""
    facts_ = facts_of(context.info, MXNetFacts)
    return facts_ if isinstance(facts_, ArrayFacts) else None


def _symbol(context: CheckContext) -> SymbolFacts | None:
    """What a symbol tells; None of parameters alone."""
    facts_ = facts_of(context.info, MXNetFacts)
    return facts_ if isinstance(facts_, SymbolFacts) else None


def _model(context: CheckContext) -> str:
    return context.models[0] if context.models else context.archive_name


def _file(context: CheckContext) -> str:
    """The parameter file that was read."""
    symbol = _symbol(context)
    return (symbol.parameters if symbol else "") or _model(context)


RULES: tuple[Rule, ...] = (
    many_symbols,
    other_json,
    many_parameters,
    other_prefix,
    no_epoch,
    unprefixed,
    missing,
    extra,
    misfits,
    numpy_parameters,
    not_float32,
    cycle,
    dangling,
    out_of_order,
    newer,
    custom_operators,
    control_flow,
    channel_last,
    labels,
    operators_of_2020,
    training,
    random,
    *operator_rules.RULES,
    *tvm_rules.RULES,
)
