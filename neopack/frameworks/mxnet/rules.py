"""What Neo demands of an MXNet model.

Sources: SageMaker developer guide, neo-compilation-preparing-model, neo-supported-cloud and
neo-troubleshooting-compilation (2026); neo-ai/neo-loader@06788c0 mxnet_model_loader.py
(2022-08-17); apache/mxnet 1.8.0, run on the fixtures.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from neopack import facts, versions
from neopack.frameworks.mxnet import file_names
from neopack.frameworks.mxnet.facts import ArrayFacts, MXNetFacts, SymbolFacts
from neopack.rules.members import in_code, named, visible
from neopack.rules.rule import Hit, Inspection, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

SYMBOL = "-symbol.json"
NUMPY_VERSION = "3"


# --- the files ------------------------------------------------------------------------------


@rule("NEO-MX-001")
def many_symbols(inspection: Inspection) -> Iterator[Hit]:
    """One symbol (guide, neo-compilation-preparing-model; loader); NEO-HD-008 speaks of code/."""
    symbols = [name for name in _symbols(inspection) if name.endswith(SYMBOL)]
    if len(symbols) > 1:
        yield Hit(message=f"{len(symbols)} symbols: {named(symbols)}", where=symbols[1])


@rule("NEO-MX-002")
def other_json(inspection: Inspection) -> Iterator[Hit]:
    """No other .json but the four that the loader ignores."""
    others = [name for name in _symbols(inspection)[1:] if not name.endswith(SYMBOL)]
    if others:
        yield Hit(
            message=f"beside the symbol {named(others)}, which may count as another",
            where=others[0],
        )


@rule("NEO-MX-003")
def many_parameters(inspection: Inspection) -> Iterator[Hit]:
    """One parameter file (guide, neo-troubleshooting-compilation)."""
    files = _parameters(inspection)
    if len(files) > 1:
        yield Hit(message=f"{len(files)} parameter files: {named(files)}", where=files[1])


@rule("NEO-MX-004")
def other_prefix(inspection: Inspection) -> Iterator[Hit]:
    """The parameters' name starts with the symbol's prefix (loader)."""
    symbols, files = _symbols(inspection), _parameters(inspection)
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
def no_epoch(inspection: Inspection) -> Iterator[Hit]:
    """Parameters are named <prefix>-<four digits>.params (load_checkpoint; loader)."""
    for name in _parameters(inspection):
        if file_names.epoch(name) is None:
            yield Hit(message=f"{name!r} has no epoch of four digits in its name", where=name)


# --- the parameters -------------------------------------------------------------------------


@rule("NEO-MX-006", needs=("info",))
def unprefixed(inspection: Inspection) -> Iterator[Hit]:
    """Names of parameters begin with arg: or aux: (loader)."""
    arrays = _arrays(inspection)
    names = arrays.unprefixed if arrays else ()
    if names:
        yield Hit(
            message=f"parameters without arg: or aux: in their names: {named(names)}",
            where=_file(inspection),
        )


@rule("NEO-MX-007", needs=("info",))
def missing(inspection: Inspection) -> Iterator[Hit]:
    """Every parameter of the symbol has its values (MXNet 1.8.0 cannot bind it otherwise)."""
    symbol = _symbol(inspection)
    names = symbol.missing if symbol else ()
    if names and _parameters(inspection):
        yield Hit(
            message=f"{len(names)} parameters of the symbol are missing: {named(names)}",
            where=_file(inspection),
        )


@rule("NEO-MX-008", needs=("info",))
def extra(inspection: Inspection) -> Iterator[Hit]:
    """No parameters that the symbol does not have."""
    symbol = _symbol(inspection)
    names = symbol.extra if symbol else ()
    if names:
        yield Hit(
            message=f"{len(names)} parameters are not the symbol's: {named(names)}",
            where=_file(inspection),
        )


@rule("NEO-MX-009", needs=("info",))
def misfits(inspection: Inspection) -> Iterator[Hit]:
    """Shapes of parameters are those that the symbol states (MXNet 1.8.0)."""
    symbol = _symbol(inspection)
    for name, problem in symbol.misfits.items() if symbol else ():
        yield Hit(message=f"{name!r} {problem}", where=_file(inspection))


@rule("NEO-MX-010", needs=("info",))
def numpy_parameters(inspection: Inspection) -> Iterator[Hit]:
    """Parameters are in MXNet's own format, without NumPy's shapes (MXNet 1.8.0)."""
    form = inspection.info.format if inspection.info else ""
    arrays, symbol = _arrays(inspection), _symbol(inspection)
    if form == "npz" or (symbol and symbol.parameters_form == "npz"):
        yield Hit(message="the parameters are an .npz of MXNet 2", where=_file(inspection))
    elif arrays and NUMPY_VERSION in arrays.array_versions:
        yield Hit(message="the parameters were saved with NumPy's shapes", where=_file(inspection))


@rule("NEO-MX-011", paths=("neuron",), needs=("info",))
def not_float32(inspection: Inspection) -> Iterator[Hit]:
    """Parameters are float32 for Inferentia."""
    counts = inspection.info.dtypes if inspection.info else {}
    odd = [f"{count} {name}" for name, count in counts.items() if name != "float32"]
    if odd:
        yield Hit(message=f"arrays that are not float32: {', '.join(odd)}")


# --- the graph ------------------------------------------------------------------------------


@rule("NEO-MX-012", needs=("info",))
def cycle(inspection: Inspection) -> Iterator[Hit]:
    """No cycles (guide, neo-troubleshooting-compilation)."""
    symbol = _symbol(inspection)
    nodes = symbol.cycle if symbol else ()
    if nodes:
        yield Hit(message=f"nodes feed each other: {named(nodes)}", where=_model(inspection))


@rule("NEO-MX-013", needs=("info",))
def dangling(inspection: Inspection) -> Iterator[Hit]:
    """Every input and output names a node that is there."""
    symbol = _symbol(inspection)
    references = symbol.dangling if symbol else ()
    if references:
        yield Hit(
            message=f"nodes that are not there: {named(references)}", where=_model(inspection)
        )


@rule("NEO-MX-014", needs=("info",))
def out_of_order(inspection: Inspection) -> Iterator[Hit]:
    """Nodes come after those that they take, as every writer has them."""
    symbol = _symbol(inspection)
    nodes = symbol.forward_references if symbol and not symbol.cycle else ()
    if nodes:
        yield Hit(
            message=f"nodes stand before what they take: {named(nodes)}", where=_model(inspection)
        )


@rule("NEO-MX-015", needs=("info", "framework_version"))
def newer(inspection: Inspection) -> Iterator[Hit]:
    """Written by the version that Neo runs, or an earlier one (guide, neo-supported-cloud)."""
    written = inspection.info.versions.get("mxnet", "") if inspection.info else ""
    run = inspection.framework_version
    if written and run and not versions.at_most(written, run):
        yield Hit(
            message=f"written by MXNet {written}; Neo runs {run}",
            where=_model(inspection),
            values={"version": run},
        )


@rule("NEO-MX-016", needs=("info",))
def custom_operators(inspection: Inspection) -> Iterator[Hit]:
    """No operators that are the user's own code (MXNet 1.8.0 does not find them)."""
    symbol = _symbol(inspection)
    operators = symbol.custom_operators if symbol else ()
    if operators:
        yield Hit(message=f"operators of your own: {named(operators)}", where=_model(inspection))


@rule("NEO-MX-017", paths=("tvm",), needs=("info",))
def control_flow(inspection: Inspection) -> Iterator[Hit]:
    """No loops and conditions where TVM compiles."""
    symbol = _symbol(inspection)
    operators = symbol.subgraphs if symbol else ()
    if operators:
        yield Hit(
            message=f"operators with graphs of their own: {named(operators)}",
            where=_model(inspection),
        )


@rule("NEO-MX-018", needs=("info",))
def channel_last(inspection: Inspection) -> Iterator[Hit]:
    """Layouts are NCHW, as DataInputConfig is (guide, neo-compilation-preparing-model)."""
    symbol = _symbol(inspection)
    nodes = symbol.channel_last if symbol else ()
    if nodes:
        yield Hit(message=f"nodes with channels last: {named(nodes)}", where=_model(inspection))


@rule("NEO-MX-019", needs=("info",))
def labels(inspection: Inspection) -> Iterator[Hit]:
    """Labels are inputs, and DataInputConfig has them (guide, neo-compilation-preparing-model)."""
    symbol = _symbol(inspection)
    names = symbol.labels if symbol else ()
    if names:
        yield Hit(message=f"inputs that are labels: {named(names)}", where=_model(inspection))


@rule("NEO-MX-020", needs=("info",))
def operators_of_2020(inspection: Inspection) -> Iterator[Hit]:
    """Operators are among those that the guide listed until 2020: a hint only."""
    own = set(inspection.info.operators if inspection.info else ())
    unlisted = sorted(own - facts.operators_2020("MXNET"))
    if unlisted:
        yield Hit(
            message=f"operators that the guide's list of 2020 did not have: {named(unlisted)}"
        )


def _symbols(inspection: Inspection) -> Sequence[str]:
    files = [entry.name for entry in visible(inspection) if not in_code(entry.name)]
    return file_names.symbols(files)


def _parameters(inspection: Inspection) -> list[str]:
    files = [entry.name for entry in visible(inspection) if entry.name.endswith(".params")]
    return [name for name in files if not in_code(name)]


def _arrays(inspection: Inspection) -> ArrayFacts | None:
    """What the parameters tell; None of an .npz."""
    facts_ = facts_of(inspection.info, MXNetFacts)
    return facts_ if isinstance(facts_, ArrayFacts) else None


def _symbol(inspection: Inspection) -> SymbolFacts | None:
    """What a symbol tells; None of parameters alone."""
    facts_ = facts_of(inspection.info, MXNetFacts)
    return facts_ if isinstance(facts_, SymbolFacts) else None


def _model(inspection: Inspection) -> str:
    return inspection.models[0] if inspection.models else inspection.archive_name


def _file(inspection: Inspection) -> str:
    """The parameter file that was read."""
    symbol = _symbol(inspection)
    return (symbol.parameters if symbol else "") or _model(inspection)


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
)
