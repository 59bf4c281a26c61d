"""What rules look at, and the little a rule has to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from neopack.formats.tar import TarEntry
from neopack.values.model import ModelInfo
from neopack.values.target import CompilerPath, Target

__all__ = ["PATHS", "Hit", "Inspection", "Returned", "Rule", "rule"]

PATHS: frozenset[CompilerPath] = frozenset({"tvm", "integrated", "neuron", "eia"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a job handed back: ``kind`` by its files, empty where that is not known.

    ``untouched``: every file is one that was submitted. ``maker`` is who compiled it where that
    was not Neo. ``doubled`` has files of which the runtime takes one, by kind; ``device`` is what
    it says that it was compiled for, as DLR names devices.
    """

    kind: str = ""
    runtime: str = ""
    lacking: tuple[str, ...] = ()
    untouched: bool = False
    maker: str = ""
    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One archive as it would be submitted: framework, version, target, config, options.

    ``entries`` are the tar's own, in order, hidden ones too; ``models`` the names that the
    framework takes for model files; ``code`` the text of ``code/*.py`` and requirements.txt;
    ``data_input_config`` and ``compiler_options`` are the very strings of the API call;
    ``returned`` is for what came out of a job instead.
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
    data_input_config: str | None = None
    compiler_options: str | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    returned: Returned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One violation of a rule; its cause, fix and source stand in ``facts/errors.toml``.

    ``values`` fill the placeholders of that row's ``said_by_neo`` and ``fix``.
    """

    message: str
    where: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A test with its id. ``needs`` names fields of Inspection without which it can't run:
    their absence makes the rule "not checked", never passed."""

    id: str
    test: Callable[[Inspection], Iterable[Hit]]
    paths: frozenset[CompilerPath] = PATHS
    needs: tuple[str, ...] = ()


def rule(
    id: str,  # noqa: A002 - the word users see
    *,
    paths: Iterable[CompilerPath] = PATHS,
    needs: tuple[str, ...] = (),
) -> Callable[[Callable[[Inspection], Iterable[Hit]]], Rule]:
    """Attach an id, the compiler paths it holds on, and what it needs, to a test."""

    def attach(test: Callable[[Inspection], Iterable[Hit]]) -> Rule:
        return Rule(id=id, test=test, paths=frozenset(paths), needs=needs)

    return attach
