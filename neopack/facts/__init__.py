"""What is true of Neo, as data: TOML files with source and date, and lookups into them.

A file is read when it is first asked for. Nothing here judges; the rules do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from neopack.errors import UsageError
from neopack.facts import versions
from neopack.facts.rows import (
    ConfigOptional,
    ErrorRow,
    FileGroup,
    FrameworkRow,
    Handler,
    Limit,
    OnnxRelease,
    Option,
    Row,
    Scope,
    StringForm,
    Support,
)
from neopack.facts.rows import facts_file as _file
from neopack.types import CompilerPath, Level, Target

__all__ = [
    "ConfigOptional",
    "ErrorRow",
    "FileGroup",
    "FrameworkRow",
    "Handler",
    "Limit",
    "OnnxRelease",
    "Option",
    "StringForm",
    "Support",
    "class_support",
    "compiler_path",
    "config_objects",
    "config_optional",
    "default_version",
    "error_ids",
    "error_row",
    "framework",
    "framework_versions",
    "frameworks",
    "handler",
    "limit",
    "nearest",
    "newest",
    "onnx_releases",
    "operators_2020",
    "option_group_required",
    "options",
    "options_undocumented",
    "platforms",
    "regions",
    "snapshots",
    "string_form",
    "support",
    "takes_version",
    "target",
    "target_class",
    "targets",
    "tensorflow_operators",
    "torch_file_format",
    "torch_operators",
]

_KINDS = frozenset({"cloud", "inferentia", "inferentia2", "trainium", "eia", "edge"})
_PATHS = frozenset({"tvm", "integrated", "neuron", "eia"})
_LEVELS = frozenset({"error", "warning", "info"})
_CONFIDENCES = frozenset({"documented", "loader source", "observed", "inferred"})
_OPTION_TYPES = frozenset({"word", "words", "integer", "member"})
_SIZES = ("large", "medium", "metal")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a mistyped one was probably meant to be; empty if none is near."""
    import difflib  # only where something was mistyped

    close = difflib.get_close_matches(word.casefold(), {k.casefold(): k for k in known}, n=1)
    return next((k for k in known if close and k.casefold() == close[0]), "")


# --- targets --------------------------------------------------------------------------------


@cache
def targets() -> tuple[Target, ...]:
    """Every TargetDevice of the API, in the file's order."""
    data = _file("targets")
    rows, retired, sources = data.table("target"), data.table("retired"), data.table("sources")
    return tuple(
        Target(
            name=name,
            kind=row.choice("kind", _KINDS),
            os=row.text("os", ""),
            arch=row.text("arch", ""),
            accelerator=row.text("accelerator", ""),
            documented=row.flag("documented", True),
            retired=retired.text(name, ""),
            source=sources.text(row.text("source")),
        )
        for name, row in ((name, rows.table(name)) for name in rows)
    )


def target(name: str) -> Target:
    """The target of that name, also spelled ``ml.c5``, ``ml-c5.xlarge`` or ``linux/arm64``."""
    if "/" in name:
        return _platform(name)
    known = {row.name: row for row in targets()}
    plain = name.strip().casefold().translate(str.maketrans(".- ", "___"))
    family, _, size = plain.rpartition("_")
    if family and size.endswith(_SIZES):
        plain = family
    if plain in known:
        return known[plain]
    close = nearest(plain, known)
    hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}, and os/arch"
    raise UsageError(f"{name!r} is no target that Neo knows", where="target", hint=hint)


def _platform(name: str) -> Target:
    data = _file("targets").table("platform")
    words = name.strip().upper().replace("-", "_").split("/")
    fields = ("os", "arch", "accelerator")
    if not 2 <= len(words) <= len(fields):
        raise UsageError(
            f"{name!r} is no platform", where="target", hint="write os/arch or os/arch/accelerator"
        )
    for field, word in zip(fields, words, strict=False):
        if word not in data.texts(field):
            raise _unknown_word(field, word, data.texts(field))
    return Target(
        name="/".join(words).lower(),
        kind="platform",
        os=words[0],
        arch=words[1],
        accelerator=words[2] if len(words) == len(fields) else "",
        documented="/".join(words) in data.texts("listed"),
        source=data.text("source"),
    )


@cache
def platforms() -> tuple[Target, ...]:
    """The TargetPlatforms that the guide's table lists."""
    listed = _file("targets").table("platform").texts("listed")
    return tuple(_platform(name) for name in listed)


def _unknown_word(field: str, word: str, known: tuple[str, ...]) -> UsageError:
    hint = f"the API takes {', '.join(known)}"
    if word == "WINDOWS":
        hint = "the API has no WINDOWS platform; use the device x86_win32 or x86_win64"
    return UsageError(f"{word} is no {field} of a TargetPlatform", where="target", hint=hint)


@cache
def regions(of: Target) -> tuple[str, ...]:
    """The regions that compile for a target; empty where no limit is known."""
    return _file("targets").table("regions").texts(of.name)


def takes_version(name: str, of: Target) -> bool:
    """Whether InputConfig.FrameworkVersion may be sent for this framework and target."""
    refused = _file("targets").table("version_field").texts("refused")
    return framework(name).takes_version and of.name not in refused


# --- frameworks and versions ----------------------------------------------------------------


@cache
def frameworks() -> tuple[FrameworkRow, ...]:
    """The nine Framework values of the API."""
    rows = _file("frameworks").table("framework")
    return tuple(_framework(name, rows.table(name)) for name in rows)


def _framework(name: str, row: Row) -> FrameworkRow:
    layout = row.text("config_layout", "")
    return FrameworkRow(
        name=name,
        title=row.text("title"),
        documented=row.flag("documented", True),
        files=tuple(
            FileGroup(
                suffixes=group.texts("suffixes"),
                loose=group.texts("loose"),
                ignored=group.texts("ignored"),
            )
            for group in row.tables("files")
        ),
        config_forms=row.texts("config_forms"),
        config_layout=layout,
        model_layout=row.text("model_layout", layout),
        free_names=row.choice("names", frozenset({"free", "model"})) == "free",
        optional_suffix=row.text("optional_suffix", ""),
        takes_version=row.flag("takes_version", False),
        input_dtypes=row.texts("input_dtypes"),
        none_found=row.text("none_found"),
        many_found=row.text("many_found"),
        source=row.text("source"),
    )


@cache
def _frameworks_by_name() -> Mapping[str, FrameworkRow]:
    return {row.name: row for row in frameworks()}


def framework(name: str) -> FrameworkRow:
    """A framework by Neo's word for it, in any case."""
    known = _frameworks_by_name()
    if name.upper() in known:
        return known[name.upper()]
    close = nearest(name, known)
    hint = f"did you mean {close}?" if close else f"Neo knows {', '.join(known)}"
    raise UsageError(f"{name!r} is no framework of Neo's", where="framework", hint=hint)


@cache
def config_optional(name: str) -> ConfigOptional | None:
    """Where this framework may leave DataInputConfig out; None: nowhere."""
    for row in _file("frameworks").tables("config_optional"):
        if row.text("framework") == name:
            return ConfigOptional(
                framework=name,
                since=row.text("since"),
                kinds=row.texts("kinds"),
                version_from=row.text("version_from", ""),
                stored_inputs=row.flag("stored_inputs", False),
            )
    return None


@cache
def config_objects(of: Target) -> tuple[str, ...]:
    """The keys that an input of DataInputConfig may have as an object; empty: only a list."""
    return _file("frameworks").table("config_objects").texts(of.name)


@cache
def snapshots() -> tuple[str, ...]:
    """The dates of the pages that the support table was read from, oldest first."""
    return tuple(row.text("date") for row in _file("support").tables("snapshot"))


def newest() -> str:
    return snapshots()[-1]


def _snapshot(target_class: str, as_of: str) -> Row:
    """The page in force; the oldest there is for a date before it."""
    pages = [p for p in _file("support").tables("snapshot") if target_class in p.texts("classes")]
    in_force = [page for page in pages if page.text("date") <= as_of] or pages[:1]
    return in_force[-1]


def target_class(of: Target) -> str:
    """The class whose rows of the support table a target is served by."""
    return _file("support").table("classes").text(of.kind, of.kind)


@cache
def support(name: str, of: Target, as_of: str | None = None) -> Support | None:
    """What the page in force at a date lists; None where it lists nothing for the pair."""
    only = _file("support").table("only")
    if not of.documented or (of.name in only and name not in only.texts(of.name)):
        return None
    return class_support(name, target_class(of), as_of)


@cache
def class_support(name: str, of: str, as_of: str | None = None) -> Support | None:
    """The same for a class of targets."""
    page = _snapshot(of, as_of or newest())
    for row in _file("support").tables("row"):
        about = (row.text("class"), row.text("framework"))
        if about == (of, name) and page.text("date") in row.texts("as_of"):
            return _support(row, page)
    return None


def _support(row: Row, page: Row) -> Support:
    data, name, tabulated = _file("support"), row.text("framework"), row.flag("tabulated", True)
    known = tabulated and not page.flag("versions_only", False)
    formats = data.table("formats").text(name, "")
    own = (
        data.table("edge_formats").text(name, formats) if row.text("class") == "edge" else formats
    )
    return Support(
        target_class=row.text("class"),
        framework=name,
        as_of=page.text("date"),
        listed=row.texts("listed"),
        maximum=row.text("maximum", ""),
        tabulated=tabulated,
        models=row.texts("models") if known else (),
        note=row.text("note", ""),
        source=page.text("source"),
        compiled_with=row.texts("compiled_with"),
        formats=own if known else "",
        toolkits=data.table("toolkits").texts(name) if known else (),
        models_by_version=row.lists("models_by_version") if known else {},
        printed=row.text("printed", ""),
    )


@cache
def framework_versions(name: str, of: Target, as_of: str | None = None) -> tuple[str, ...]:
    """The versions that the table names, oldest first; for a maximum that one alone."""
    row = support(name, of, as_of)
    if row is None:
        return ()
    named = {*row.listed, *([row.maximum] if row.maximum else [])}
    return tuple(sorted(named, key=versions.order))


def default_version(name: str, of: Target, as_of: str | None = None) -> str:
    """The version to submit unless the user says otherwise: the newest; empty where none is."""
    return next(reversed(framework_versions(name, of, as_of)), "")


@cache
def _scoped(file: str, key: str) -> tuple[tuple[Scope, Row], ...]:
    """The rows of a file that say which targets and frameworks they are about."""
    return tuple((Scope.of(row), row) for row in _file(file).tables(key))


@cache
def compiler_path(name: str, of: Target, version: str = "") -> CompilerPath:
    """Which of Neo's four compilers takes the pair (inferred: paths.toml)."""
    for scope, row in _scoped("paths", "path"):
        floor = row.text("version_from", "")
        if scope.fits(of, name) and (not (floor and version) or versions.at_least(version, floor)):
            path: CompilerPath = row.choice("path", _PATHS)
            return path
    raise _file("paths").wrong("path", f"stated for {name} on {of.name}")


# --- the API --------------------------------------------------------------------------------


@cache
def limit(name: str) -> Limit:
    """The limit of a field of the API, by the field's name."""
    data = _file("limits")
    row = data.table("limit").table(name)
    return Limit(
        name=name,
        minimum=row.number("min"),
        maximum=row.optional_number("max"),
        pattern=row.text("pattern", ""),
        source=data.text("source"),
    )


@cache
def options(of: Target, name: str) -> tuple[Option, ...]:
    """The keys of CompilerOptions documented for a target and framework."""
    rows = _scoped("options", "option")
    return tuple(_option(row) for scope, row in rows if scope.fits(of, name))


def _option(row: Row) -> Option:
    return Option(
        key=row.text("key"),
        type=row.choice("type", _OPTION_TYPES),
        values=row.texts("values"),
        pattern=row.text("pattern", ""),
        minimum=row.optional_number("minimum"),
        maximum=row.optional_number("maximum"),
        default=row.text("default", ""),
        aliases=row.words("aliases"),
        excludes=row.texts("excludes"),
        together=row.text("together", ""),
        note=row.text("note", ""),
    )


@cache
def option_group_required(of: Target, name: str) -> str:
    """The group of options that must be given for a target; empty where none must."""
    for scope, row in _scoped("options", "required"):
        if scope.fits(of, name):
            return row.text("group")
    return ""


@cache
def string_form(of: Target) -> StringForm | None:
    """For targets whose CompilerOptions are one JSON string of flags."""
    row = _file("options").table("string_form")
    if of.kind not in row.texts("kinds"):
        return None
    return StringForm(example=row.text("example"), reserved=row.texts("reserved"))


@cache
def options_undocumented(of: Target) -> bool:
    """Whether nothing says what CompilerOptions Neo takes for a target."""
    return of.kind in _file("options").table("unknown_form").texts("kinds")


@cache
def handler(name: str, of: Target) -> Handler | None:
    """The script that the container of a compiled model runs; None where none is known."""
    for scope, row in _scoped("handlers", "handler"):
        if scope.fits(of, name):
            return Handler(
                container=row.text("container"),
                entry=row.text("entry"),
                sets=row.groups("sets"),
                optional=row.texts("optional"),
                exclusive=row.groups("exclusive"),
                arguments=row.numbers("arguments"),
                source=row.text("source"),
            )
    return None


def shipped_packages(name: str) -> tuple[str, ...]:
    """The packages that the containers of a framework bring in builds of their own."""
    return _file("handlers").table("shipped").texts(name)


# --- models ---------------------------------------------------------------------------------


@cache
def onnx_releases() -> tuple[OnnxRelease, ...]:
    """Each release of ONNX with the IR version and opset it came with, oldest first."""
    rows = _file("onnx").table("release")
    return tuple(
        OnnxRelease(
            release=name, ir=rows.table(name).number("ir"), opset=rows.table(name).number("opset")
        )
        for name in rows
    )


def torch_file_format(version: str) -> int | None:
    """The newest file format that a release of PyTorch can read; None for one yet newer."""
    table = _file("torch").numbers("file_format")
    reads = [most for release, most in table.items() if versions.at_most(version, release)]
    return min(reads, default=None)


@cache
def torch_operators(version: str) -> frozenset[str] | None:
    """The operators of ``aten`` that TorchScript has in a version of PyTorch, such as
    ``aten::relu``; None for one newer than our tables."""
    since = _file("torch_operators").table("since")
    listed = sorted(since, key=versions.order)
    if versions.parts(version) is None or not versions.at_most(version, listed[-1]):
        return None
    known: set[str] = set()
    for release in listed:
        if known and not versions.at_least(version, release):
            break
        row = since.table(release)
        known = (known | set(row.text("new").split())) - set(row.text("gone").split())
    return frozenset(f"aten::{name}" for name in known)


@cache
def tensorflow_operators() -> Mapping[str, frozenset[str]]:
    """The attributes of each operator that TensorFlow 1.15.0 has: newer ones are not loaded."""
    words = _file("tensorflow").words("operators")
    return {name: frozenset(attributes.split()) for name, attributes in words.items()}


def operators_2020(name: str) -> frozenset[str]:
    """The operators that the guide listed until 2020: a hint; empty where none is kept."""
    return frozenset(_file("operators").table("operators").texts(name))


# --- errors ---------------------------------------------------------------------------------


@cache
def _errors() -> dict[str, ErrorRow]:
    rows = (_error(row) for row in _file("errors").tables("error"))
    return {row.id: row for row in rows}


def _error(row: Row) -> ErrorRow:
    return ErrorRow(
        id=row.text("id"),
        title=row.text("title"),
        levels=dict(_levels(row)),
        said_by_neo=row.text("said_by_neo", ""),
        cause=row.text("cause"),
        fix=row.text("fix"),
        source=row.text("source"),
        date=row.text("date"),
        confidence=row.choice("confidence", _CONFIDENCES),
        frameworks=row.texts("frameworks"),
    )


def _levels(row: Row) -> Iterator[tuple[str, Level]]:
    """``level`` is one word, or a table by path with ``elsewhere`` for the other paths."""
    if row.is_text("level"):
        yield "elsewhere", row.choice("level", _LEVELS)
        return
    table = row.table("level")
    table.text("elsewhere")  # must be there
    for path in table:
        if path not in _PATHS | {"elsewhere"}:
            raise table.wrong(path, f"one of {', '.join(sorted(_PATHS))} or elsewhere")
        yield path, table.choice(path, _LEVELS)


def error_ids() -> tuple[str, ...]:
    return tuple(_errors())


def error_row(id: str) -> ErrorRow:  # noqa: A002 - the word users see
    """Everything known about a rule, by its id."""
    known = _errors()
    if id in known:
        return known[id]
    close = nearest(id, known)
    hint = f"did you mean {close}?" if close else "ids look like NEO-PT-001"
    raise UsageError(f"{id!r} is no rule", where="rule", hint=hint)
