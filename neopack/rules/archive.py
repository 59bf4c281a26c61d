"""Requirements of the archive itself, for every framework.

Sources: SageMaker developer guide, neo-troubleshooting-compilation (2023-06 and 2026);
botocore 1.43.11 InputConfig (2026); neo-ai/neo-loader@06788c0 (2022-08-17).
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator

from neopack import facts
from neopack.rules.members import (
    in_code,
    is_hidden,
    matching,
    named,
    normal,
    suffix,
    visible,
)
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES", "SAFETY"]

_DRIVE = re.compile(r"[A-Za-z]:")
_ARCHIVES = (".tar", ".tgz", ".gz", ".zip", ".7z", ".bz2", ".xz")


@rule("NEO-AR-001")
def archive_name(context: CheckContext) -> Iterator[Hit]:
    """The key ends in .tar.gz (botocore InputConfig.S3Uri)."""
    if not context.archive_name.endswith(".tar.gz"):
        name = posixpath.basename(context.archive_name)
        stem = name.split(".")[0] or "model"
        yield Hit(
            message=f"the archive is named {name!r}; the name must end in .tar.gz",
            where=context.archive_name,
            values={"name": f"{stem}.tar.gz"},
        )


@rule("NEO-AR-002")
def no_model(context: CheckContext) -> Iterator[Hit]:
    """There is a model file (guide, neo-troubleshooting-compilation; loader, each framework)."""
    row = facts.framework(context.framework)
    if context.models and len(row.files) == 1:
        return
    for group in row.files:
        by_name = matching(visible(context), group, loose=True, any_case=True)
        if not by_name or not (group.suffixes or context.models):
            suffixes = " or ".join((*group.suffixes, *group.loose)) or "model"
            yield Hit(
                message=f"no {suffixes} file among {len(context.entries)} members",
                where=context.archive_name,
                values={"said": row.none_found, "wanted": suffixes, "framework": row.title},
            )


@rule("NEO-AR-003")
def many_models(context: CheckContext) -> Iterator[Hit]:
    """There is one model file (guide, neo-supported-cloud: one .pt or .pth, one .onnx, ...)."""
    row = facts.framework(context.framework)
    outside = [entry for entry in visible(context) if not in_code(entry.name)]
    for group in row.files:
        # The open loader ignores the loose suffixes.
        models = matching(outside, group, loose=context.path != "tvm")
        if len(models) > 1:
            names = named(entry.name for entry in models)
            yield Hit(
                message=f"{len(models)} model files where one is allowed: {names}",
                where=models[1].name,
                values={"said": row.many_found},
            )


@rule("NEO-AR-004")
def unsafe_name(context: CheckContext) -> Iterator[Hit]:
    """No name leads outside the directory that the archive is unpacked in."""
    for entry in context.entries:
        why = "" if entry.is_root else _unsafe(entry.name)
        if why:
            yield Hit(message=f"member {entry.name!r} has {why}", where=entry.name)


def _unsafe(name: str) -> str:
    if name.startswith("/") or _DRIVE.match(name):
        return "an absolute path"
    if ".." in name.split("/"):
        return "a path that leads outside ('..')"
    if "\\" in name:
        return "a backslash, which separates directories on Windows"
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in name):
        return "a control character in its name"
    return ""


@rule("NEO-AR-005")
def links(context: CheckContext) -> Iterator[Hit]:
    """No symbolic or hard links."""
    for entry in context.entries:
        if entry.kind in ("symlink", "hardlink"):
            yield Hit(
                message=f"member {entry.name!r} is a {entry.kind} to {entry.link!r}",
                where=entry.name,
            )


@rule("NEO-AR-006")
def devices(context: CheckContext) -> Iterator[Hit]:
    """Nothing but files and directories."""
    for entry in context.entries:
        if entry.kind in ("device", "fifo", "other"):
            kind = "of a type that tar does not define" if entry.kind == "other" else entry.kind
            yield Hit(message=f"member {entry.name!r} is {kind}, not a file", where=entry.name)


@rule("NEO-AR-007")
def duplicates(context: CheckContext) -> Iterator[Hit]:
    """No name occurs twice: the loader counts both, and unpacking leaves the later one."""
    counts = Counter(normal(e.name) for e in context.entries if e.kind != "directory")
    for name, count in counts.items():
        if count > 1 and name:
            yield Hit(message=f"{name!r} is in the archive {count} times", where=name)


@rule("NEO-AR-008")
def empty_names(context: CheckContext) -> Iterator[Hit]:
    """Every member has a name."""
    empty = sum(1 for e in context.entries if not e.name.strip() and not e.is_root)
    if empty:
        yield Hit(message=f"{empty} of {len(context.entries)} members have no name")


@rule("NEO-AR-009")
def case_clashes(context: CheckContext) -> Iterator[Hit]:
    """No two names differ only in case."""
    names: dict[str, str] = {}
    for entry in context.entries:
        name = normal(entry.name)
        other = names.setdefault(name.casefold(), name)
        if other != name:
            yield Hit(message=f"{other!r} and {name!r} differ only in case", where=name)


@rule("NEO-AR-010")
def hidden(context: CheckContext) -> Iterator[Hit]:
    """There are no hidden members and none of macOS (._name, .DS_Store, __MACOSX)."""
    names = [
        entry.name
        for entry in context.entries
        if is_hidden(entry.name) or "__MACOSX" in normal(entry.name).split("/")
    ]
    if names:
        apple = sum("__MACOSX" in name or "/._" in f"/{name}" for name in names)
        count = f"{len(names)} hidden members" + (
            f", {apple} of them written by macOS" * bool(apple)
        )
        yield Hit(message=f"{count}: {named(names)}", where=names[0])


@rule("NEO-AR-011")
def suffix_case(context: CheckContext) -> Iterator[Hit]:
    """Suffixes are in lowercase, because matching is case-sensitive (loader)."""
    for group in facts.framework(context.framework).files:
        suffixes = {*group.suffixes, *group.loose}
        for entry in matching(visible(context), group, loose=True, any_case=True):
            end = suffix(entry.name)
            if suffixes and end not in suffixes:
                yield Hit(
                    message=f"{entry.name!r} ends in {end}; Neo looks for {end.lower()}",
                    where=entry.name,
                    values={"name": entry.name[: -len(end)] + end.lower()},
                )


@rule("NEO-AR-012")
def unreadable(context: CheckContext) -> Iterator[Hit]:
    """The model file can be read."""
    if context.unreadable and context.models and not context.over_limit:
        yield Hit(
            message=f"the model file cannot be read: {context.unreadable}",
            where=context.models[0],
        )


@rule("NEO-AR-017")
def over_limit(context: CheckContext) -> Iterator[Hit]:
    """The model file is within the limits of what neopack reads."""
    if context.over_limit:
        where = context.models[0] if context.models else ""
        yield Hit(message=f"the model file was not read: {context.unreadable}", where=where)


@rule("NEO-AR-013")
def empty_model(context: CheckContext) -> Iterator[Hit]:
    """The model file is not empty."""
    for entry in context.entries:
        if entry.kind == "file" and entry.size == 0 and entry.name in context.models:
            yield Hit(message=f"the model file {entry.name!r} is empty", where=entry.name)


@rule("NEO-AR-014")
def nested_archives(context: CheckContext) -> Iterator[Hit]:
    """There is no archive inside the archive, packed twice or left over."""
    archives = [e.name for e in visible(context) if suffix(e.name).lower() in _ARCHIVES]
    if archives:
        yield Hit(message=f"archives inside the archive: {named(archives)}", where=archives[0])


@rule("NEO-AR-015")
def below_root(context: CheckContext) -> Iterator[Hit]:
    """The model is at the root, where every path finds it."""
    for name in context.models:
        if "/" in normal(name) and not in_code(name):
            yield Hit(message=f"the model is below the root, at {name!r}", where=name)


RULES: tuple[Rule, ...] = (
    archive_name,
    no_model,
    many_models,
    unsafe_name,
    links,
    devices,
    duplicates,
    empty_names,
    case_clashes,
    hidden,
    suffix_case,
    unreadable,
    over_limit,
    empty_model,
    nested_archives,
    below_root,
)
# the rules for every archive, compiled or not
SAFETY: tuple[Rule, ...] = (unsafe_name, links, devices, duplicates, empty_names)
