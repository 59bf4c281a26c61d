"""The files of a project that begins, by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from neopack import facts
from neopack.beginning.options import InitOptions
from neopack.beginning.templates import template_text
from neopack.distributions import requirement
from neopack.errors import NotRecognized, Unsupported, UsageError
from neopack.formats.source import FileSource
from neopack.frameworks import callables, registry
from neopack.project.schema import project_schema
from neopack.spelling import did_you_mean

__all__ = ["GITIGNORE", "SCHEMA", "project_files"]

GITIGNORE = ".gitignore"
SCHEMA = ".neopack/neopack-toml-1.schema.json"
# the places of a workflow's files, and their templates
WORKFLOWS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "github": {".github/workflows/models.yml": "ci/github.yml"},
    "gitlab": {".gitlab-ci.yml": "ci/gitlab.yml"},
    "codebuild": {"buildspec.yml": "ci/buildspec.yml"},
    "jenkins": {"Jenkinsfile": "ci/Jenkinsfile"},
    "sagemaker-pipelines": {
        "pipeline.py": "ci/pipeline.py",
        "pipeline/package.sh": "ci/package.sh",
        "pipeline/compile.sh": "ci/compile.sh",
    },
}
HANDLER = "code/inference.py"


def project_files(options: InitOptions, folder: Path) -> dict[str, str]:
    """The text of each file by its path below ``folder``.

    Raises ``UsageError`` for an unknown framework, target or source, and ``Unsupported`` for
    handlers where no container runs a script.
    """
    framework = _framework(options, folder)
    targets = [facts.target(name).name for name in options.targets]
    if not targets:
        raise UsageError("a project needs a target", hint="such as --target ml_c5")
    values = {
        "NEOPACK": requirement(*_extras(framework)),
        "NEOPACK_AWS": requirement("aws"),
        "MODEL": "\n".join(_model(options, framework)),
        "TARGETS": ", ".join(f'"{name}"' for name in targets),
        "SCHEMA": SCHEMA,
    }
    files = {
        "neopack.toml": template_text("neopack.toml", values),
        SCHEMA: project_schema(),
        GITIGNORE: template_text("gitignore", values),
    }
    if options.handlers:
        files[HANDLER] = _handler(framework, targets)
    for place, template in _workflow(options.ci).items():
        files[place] = template_text(template, values)
    return files


def _workflow(name: str) -> Mapping[str, str]:
    if name not in WORKFLOWS:
        hint = did_you_mean(name, WORKFLOWS, f"there are {', '.join(WORKFLOWS)}")
        raise UsageError(f"no workflow for {name!r}", hint=hint)
    return WORKFLOWS[name]


def _framework(options: InitOptions, folder: Path) -> str:
    """The one that is named, else that of the source."""
    if options.framework:
        return registry.get(options.framework).name
    path = folder / options.source
    if not options.source or (not path.exists() and "." not in options.source):
        return registry.callable_frameworks()[0]
    if callables.looks_like_callable(options.source):
        return registry.of_callable(options.source)
    return _recognized(path, options.source)


def _recognized(path: Path, source: str) -> str:
    if not path.is_file():
        raise UsageError(
            "there is no such file: which framework is it of?",
            where=source,
            hint="give --framework as well, or correct the path",
        )
    with FileSource(path) as data:
        try:
            return registry.recognize(data)[0].name
        except NotRecognized as error:
            raise UsageError(error.message, where=source, hint=error.hint) from None


def _extras(framework: str) -> tuple[str, ...]:
    extra = registry.extra_of(framework)
    return (extra,) if extra else ("runtimes",)


def _model(options: InitOptions, framework: str) -> Iterator[str]:
    start = registry.start_of(framework)
    yield 'name = "net"'
    yield f'source = "{options.source or start.source}"'
    if start.inputs and not options.source:
        yield f"inputs = {start.inputs}"
    elif start.inputs:
        yield f"# inputs = {start.inputs}"
    if options.handlers:
        yield 'code = "code"'


def _handler(framework: str, targets: list[str]) -> str:
    """The script that the containers of all targets call: there is one ``code/`` for them."""
    start = registry.start_of(framework)
    for name in targets:
        handler = facts.handler(framework, facts.target(name))
        if handler is None or not start.handlers:
            title = facts.framework(framework).title
            raise Unsupported(
                f"no container of {name} runs a script for {title} models",
                hint="leave --handlers out",
            )
    return template_text(start.handlers, {})
