"""The frameworks and versions that each target takes, with formats, instances, options, images."""

from __future__ import annotations

from dataclasses import dataclass

from neopack import facts, versions
from neopack.errors import Unsupported, UsageError
from neopack.facts import Option, Support, hosting, images
from neopack.facts.devices import Device, device
from neopack.facts.notices import Notice, notices_for
from neopack.support.matrix import since, wording
from neopack.support.names import (
    FrameworkQuery,
    Reading,
    between,
    date_of,
    framework_of,
    kinds_of,
    readings,
    target_of,
)
from neopack.values.target import CompilerPath, Target

__all__ = ["Device", "ListedVersions", "TargetEntry", "TargetsAnswer", "targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVersions:
    """The versions that a page lists for a framework on a target.

    A target takes a version if it is one of ``versions`` or not above ``maximum``.
    ``compiled_with`` are the framework versions that the page prints, ``submit`` is the one that
    neopack would send, and ``rule`` is all of it in words. ``options_form`` says how
    CompilerOptions are written, ``since`` is the first page with the same versions.
    """

    framework: str
    rule: str
    versions: tuple[str, ...]
    maximum: str
    compiled_with: tuple[str, ...]
    submit: str
    tabulated: bool
    path: CompilerPath
    formats: str
    models: tuple[str, ...]
    models_by_version: dict[str, tuple[str, ...]]
    toolkits: tuple[str, ...]
    options: tuple[Option, ...]
    options_required: tuple[str, ...]
    options_form: str
    image: str
    image_versions: tuple[str, ...]
    note: str
    since: str
    as_of: str
    source: str

    def takes(self, version: str) -> bool:
        exact = any(versions.same(version, listed) for listed in self.versions)
        return exact or bool(self.maximum and versions.at_most(version, self.maximum))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEntry:
    """A target with everything known about it. ``regions`` is empty if no limit is known,
    ``instances`` for devices. ``retired`` is the reason, if the target is retired."""

    name: str
    kind: str
    os: str
    arch: str
    accelerator: str
    documented: bool
    retired: str
    notices: tuple[Notice, ...]
    regions: tuple[str, ...]
    instances: tuple[str, ...]
    accelerator_types: tuple[str, ...]
    device: Device | None
    frameworks: tuple[ListedVersions, ...]
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsAnswer:
    as_of: str
    readings: tuple[Reading, ...]
    targets: tuple[TargetEntry, ...]


def targets(
    name: str = "",
    *,
    framework: str = "",
    as_of: str | None = None,
    target_class: str = "",
) -> TargetsAnswer:
    """Return the targets with what they take, in the table in force at ``as_of`` (default: now).

    ``framework`` may have a version: ``pytorch``, ``PYTORCH==1.8``, ``pytorch1.8``. Raises
    ``UsageError`` for a name or a date that no table has, ``Unsupported`` if no target takes
    the framework or the version.
    """
    date_of(as_of, facts.snapshots()[0])
    query, kinds = framework_of(framework), kinds_of(target_class)
    target = target_of(name) if name else None
    if target and target.kind not in kinds:
        hint = f"its kind is {target.kind}"
        raise UsageError(f"{target.name} is not a target of class {target_class}", hint=hint)
    chosen = [target] if target else [t for t in facts.targets() if t.kind in kinds]
    rows = [_entry(each, query, as_of) for each in chosen]
    if query.framework:
        rows = [row for row in rows if row.frameworks]
        if not rows:
            raise _untaken(query, chosen, as_of)
    return TargetsAnswer(
        as_of=as_of or facts.newest(),
        readings=readings((name, target.name if target else ""), query.reading_of(framework)),
        targets=tuple(rows),
    )


def _entry(target: Target, query: FrameworkQuery, as_of: str | None) -> TargetEntry:
    frameworks = [
        listed(row, target)
        for framework in facts.frameworks()
        if (row := facts.support(framework.name, target, as_of)) is not None
        and query.framework in ("", framework.name)
    ]
    return TargetEntry(
        name=target.name,
        kind=target.kind,
        os=target.os,
        arch=target.arch,
        accelerator=target.accelerator,
        documented=target.documented,
        retired=target.retired,
        notices=notices_for(target, query.framework),
        regions=facts.regions(target),
        instances=hosting.instances(target),
        accelerator_types=hosting.accelerators(target),
        device=device(target.name),
        frameworks=tuple(f for f in frameworks if not query.version or f.takes(query.version)),
        as_of=facts.newest(),
        source=target.source,
    )


def listed(row: Support, target: Target) -> ListedVersions:
    """Return a row of the table with everything else known about the pair."""
    image = images.image_row(row.framework, target)
    submit = facts.default_version(row.framework, target, row.as_of)
    options = facts.options(target, row.framework)
    group = facts.option_group_required(target, row.framework)
    return ListedVersions(
        framework=row.framework,
        rule=wording(row),
        versions=row.listed,
        maximum=row.maximum,
        compiled_with=row.compiled_with,
        submit=submit,
        tabulated=row.tabulated,
        path=facts.compiler_path(row.framework, target, submit),
        formats=row.formats,
        models=row.models,
        models_by_version=dict(row.models_by_version),
        toolkits=row.toolkits,
        options=options,
        options_required=tuple(o.key for o in options if group and o.together == group),
        options_form=_form(target),
        image=image.repository if image else "",
        image_versions=image.versions if image else (),
        note=row.note,
        since=since(row.framework, row.target_class, row.as_of),
        as_of=row.as_of,
        source=row.source,
    )


def _form(target: Target) -> str:
    """The form of CompilerOptions for a target, in words."""
    form = facts.string_form(target)
    if form is not None:
        return f"one JSON string of flags, such as {form.example}"
    return "not documented" if facts.options_undocumented(target) else "an object in JSON"


def _untaken(query: FrameworkQuery, among: list[Target], as_of: str | None) -> Unsupported:
    """The error with the nearest versions, or with when and where the framework was listed."""
    where = among[0].name if len(among) == 1 else "any of these targets"
    date = as_of or facts.newest()
    rows = [row for target in among if (row := facts.support(query.framework, target, as_of))]
    listed_versions = [v for row in rows for v in (*row.listed, row.maximum) if v]
    if rows and query.version:
        message = f"{query.framework} {query.version} is not listed for {where} as of {date}"
        hint = _when(query, among) or between(query.version, listed_versions)
        return Unsupported(message, hint=hint)
    message = f"{query.framework} is not listed for {where} as of {date}"
    return Unsupported(message, hint=_when(query, among) or _elsewhere(query.framework))


def _when(query: FrameworkQuery, among: list[Target]) -> str:
    dates = [
        date
        for date in facts.snapshots()
        for target in among
        if (row := facts.support(query.framework, target, date)) is not None
        and (not query.version or listed(row, target).takes(query.version))
    ]
    return f"it was in the pages of {dates[0]} to {dates[-1]}" if dates else ""


def _elsewhere(framework: str) -> str:
    rows = facts.target_classes()
    takers = [
        name
        for name, kinds in rows.items()
        if any(
            facts.support(framework, target) is not None
            for target in facts.targets()
            if target.kind in kinds
        )
    ]
    return f"listed for {', '.join(takers)} targets" if takers else "no page lists it"
