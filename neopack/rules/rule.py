"""The input of a rule, and its output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from neopack.formats.tar import TarEntry
from neopack.values.model import ModelInfo
from neopack.values.target import CompilerPath, Target

__all__ = ["PATHS", "CheckContext", "Hit", "Returned", "Rule", "rule"]

PATHS: frozenset[CompilerPath] = frozenset({"tvm", "integrated", "neuron", "eia"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The artifact of a job. ``kind`` follows from its files; it is "" if unknown.

    ``untouched`` says that every file was submitted. ``maker`` is what compiled it, if that
    was not Neo. ``doubled`` has files of which the runtime takes only one, by kind. ``device`` is
    the device that it was compiled for, in DLR's terms. ``unsafe_options`` are options of its
    manifest that its engine does not take, as NAME=VALUE.
    """

    kind: str = ""
    runtime: str = ""
    lacking: tuple[str, ...] = ()
    untouched: bool = False
    maker: str = ""
    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    device: str = ""
    unsafe_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """One archive with the parameters of its job: framework, version, target, config, options.

    ``entries`` are those of the tar, in order and with hidden ones; ``models`` the names that the
    framework takes as model files; ``code`` the text of ``code/*.py`` and requirements.txt.
    ``data_input_config`` and ``compiler_options`` are the exact strings of the API call.
    ``returned`` is set for the artifact of a job instead. ``unreadable`` says why the model could
    not be read, which may be that it is ``over_limit``, for neopack alone.
    """

    framework: str
    framework_version: str
    target: Target
    path: CompilerPath
    as_of: str
    entries: tuple[TarEntry, ...]
    archive_name: str = "model.tar.gz"
    models: tuple[str, ...] = ()
    info: ModelInfo | None = None
    unreadable: str = ""
    over_limit: bool = False
    data_input_config: str | None = None
    compiler_options: str | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    returned: Returned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One violation of a rule; ``facts/errors.toml`` has its cause, fix and source.

    ``values`` fill the placeholders of that row's ``said_by_neo`` and ``fix``.
    """

    message: str
    where: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A test with its id. ``needs`` names the fields of Inspection without which it cannot run:
    if one is absent, the rule is "not checked", never passed."""

    id: str
    test: Callable[[CheckContext], Iterable[Hit]]
    paths: frozenset[CompilerPath] = PATHS
    needs: tuple[str, ...] = ()


def rule(
    id: str,  # noqa: A002 - the word users see
    *,
    paths: Iterable[CompilerPath] = PATHS,
    needs: tuple[str, ...] = (),
) -> Callable[[Callable[[CheckContext], Iterable[Hit]]], Rule]:
    """Attach an id, the compiler paths, and the needs to a test."""

    def attach(test: Callable[[CheckContext], Iterable[Hit]]) -> Rule:
        return Rule(id=id, test=test, paths=frozenset(paths), needs=needs)

    return attach
