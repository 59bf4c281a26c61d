"""Find a framework by its name, or by the bytes of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from neopack import facts
from neopack.errors import NotRecognized, UsageError
from neopack.formats.files import Files
from neopack.formats.source import ByteSource
from neopack.frameworks import Framework, callables, unsupported
from neopack.frameworks.task import flag_of, has_option
from neopack.frameworks.unpackaged import ListedFramework
from neopack.plugins import Plugins
from neopack.spelling import did_you_mean
from neopack.values.model import ModelSource

__all__ = [
    "ModelFile",
    "callable_frameworks",
    "exports_in",
    "extra_of",
    "find",
    "framework_options",
    "get",
    "is_converted",
    "is_read",
    "names",
    "nothing_found",
    "of_callable",
    "of_neo",
    "option_kinds",
    "packaged_by",
    "preload",
    "recognize",
    "start_of",
]

_plugins: Plugins[Framework] = Plugins("neopack.frameworks", "framework")


def names() -> tuple[str, ...]:
    """Neo's words for the frameworks built in, and those that plug-ins add."""
    return _plugins.names()


def get(name: str) -> Framework:
    """The framework of that name, in any case. Raises ``UsageError`` for an unknown one."""
    framework = _plugins.get(name.upper())
    if framework is None:
        hint = did_you_mean(name.upper(), names(), f"there are {', '.join(names())}")
        raise UsageError(f"no framework {name!r}", hint=hint)
    return framework


def extra_of(name: str) -> str:
    """The extra of neopack that the framework comes with, or ``all`` where that is unknown."""
    return str(_plugins.rows.get(name, {}).get("extra", "all"))


def exports_in(name: str) -> str:
    """The runtime that all exports of the framework start; "" for none."""
    return str(_plugins.rows.get(name, {}).get("exports_in", ""))


def of_neo(name: str) -> Framework:
    """As ``get``, and for what Neo lists and nobody packages a framework whose archives can be
    judged."""
    framework = _plugins.get(name.upper())
    return framework if framework is not None else ListedFramework(facts.framework(name).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a project of this framework begins with: an example of a source, its inputs in TOML,
    and the template of the script that serves compiled models; "" where there is none."""

    source: str = "model"
    inputs: str = ""
    handlers: str = ""


def start_of(name: str) -> Start:
    row = _plugins.rows.get(name, {}).get("start", {})
    return Start(**cast("dict[str, str]", row))


def is_read(framework: Framework) -> bool:
    """Whether the models of the framework can be read, not only told by their names."""
    return framework.name in names()


def is_converted(name: str) -> bool:
    """Whether files of the framework may lie beside the model that they were converted from."""
    return bool(_plugins.rows.get(name, {}).get("converted"))


def callable_frameworks() -> tuple[str, ...]:
    """The frameworks whose models ``module:callable`` can name."""
    return tuple(name for name, row in _plugins.rows.items() if row["callable"])


def recognize(source: ByteSource) -> tuple[Framework, str]:
    """The framework whose bytes these are, and the form they have. Raises ``NotRecognized``."""
    for name in names():
        framework = get(name)
        form = framework.recognize(source)
        if form is not None:
            return framework, form
    stranger = unsupported.of_bytes(source)
    if stranger is not None:
        raise NotRecognized(f"is {stranger.what}", where=source.name, hint=stranger.hint)
    raise NotRecognized(
        "is not a model form that neopack knows",
        where=source.name,
        hint=f"it reads {', '.join(names())} models",
    )


def framework_options(source: ModelSource, **keywords: object) -> object:
    """The options of the source's own framework, from the keywords of ``package``; one that is
    false was not given. ``UsageError`` for an option that only other frameworks read, or none."""
    options = get(source.framework).options
    own = {name: value for name, value in keywords.items() if has_option(options, name)}
    for name in keywords.keys() - own.keys():
        others = [get(other).options for other in names()]
        if not any(has_option(other, name) for other in others):
            raise UsageError(f"no framework has an option {name!r}")
    for name, value in keywords.items():
        chosen = bool(value) or isinstance(value, float)  # --missing 0
        flag = _flag(name) if chosen and name not in own else ""
        if flag:
            title = facts.framework(source.framework).title
            raise UsageError(f"{flag} does nothing for this {title} model", where=source.where)
    return options(**own)


def option_kinds(framework: str | None = None) -> tuple[type[Any], ...]:
    """The class of a framework's options; of all frameworks where none is named."""
    return tuple(get(name).options for name in ([framework] if framework else names()))


def _flag(name: str) -> str:
    """How the command line spells an option, whichever framework declares it."""
    return next(filter(None, (flag_of(get(other).options, name) for other in names())), "")


def packaged_by(name: str) -> tuple[str, ...]:
    """The other frameworks that package the files of this one, as live models."""
    row = _plugins.rows.get(name)
    return tuple(cast("list[str]", row.get("packaged_by", []))) if row else ()


def preload(name: str) -> tuple[str, ...]:
    """What exporting a model of this framework imports first, for ``Child``."""
    row = _plugins.rows.get(name)
    return tuple(cast("list[str]", row["preload"])) if row else ()


def of_callable(text: str) -> str:
    """The framework that ``module:callable`` or ``file.py:callable`` most likely builds a model
    of: by the module's own package, else by what the file imports, else the first in the table.
    Nothing is imported to tell."""
    packages = {
        package: name
        for name, row in _plugins.rows.items()
        for package in cast("list[str]", row.get("packages", []))
    }
    for module in callables.packages_of(text):
        # tensorflow.keras.applications is Keras's, the rest of tensorflow is not
        for end in range(len(module), 0, -1):
            if ".".join(module[:end]) in packages:
                return packages[".".join(module[:end])]
    return callable_frameworks()[0]


def nothing_found(files: Files, where: str, hint: str = "") -> NotRecognized:
    """The error for a directory or an archive in which no model was found."""
    stranger = unsupported.among(files.names())
    if stranger is not None:
        return NotRecognized(f"is {stranger.what}", where=where, hint=stranger.hint)
    for name in names():
        # of a framework that takes any name, no file is the model by its name, but one alone is
        named = any(group.suffixes for group in facts.framework(name).files)
        if (named or len(files.names()) == 1) and (stub := stub_among(files, get(name))):
            return NotRecognized(f"does not hold a model: {stub}", where=where)
    return NotRecognized("does not hold a model that neopack knows", where=where, hint=hint)


def stub_among(files: Files, framework: Framework) -> str:
    """What stands in place of the model where one is named: ``model.pb is a Git LFS pointer ...``,
    and what to do; "" where nothing is known of it."""
    for name in framework.models(files.names()):
        with files.open(name) as source:
            stranger = unsupported.of_bytes(source)
        if stranger is not None and stranger.stub:
            return f"{name} is {stranger.what}" + (f" ({stranger.hint})" if stranger.hint else "")
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model among files: the framework whose it is, its main file, and its form in words.

    ``packaged`` is False where Neo would not take the file by its name.
    """

    framework: Framework
    model: str
    form: str
    packaged: bool


def find(files: Files) -> Iterator[ModelFile]:
    """The models among ``files``, recognized by their contents, in the order of the names. Those
    that may be converted come last: the model that they were made of may lie beside them."""
    later = []
    for name in files.names():
        with files.open(name) as source:
            try:
                framework, form = recognize(source)
            except NotRecognized:
                continue
        packaged = name in framework.models([name])
        file = ModelFile(framework=framework, model=name, form=form, packaged=packaged)
        if is_converted(framework.name):
            later.append(file)
        else:
            yield file
    yield from later
