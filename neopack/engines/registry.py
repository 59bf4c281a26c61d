"""Find the engine for a request without importing any framework or engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neopack import distributions
from neopack.engines import Engine, EngineVerdict
from neopack.errors import Missing, Unsafe, Unsupported
from neopack.plugins import Plugins
from neopack.spelling import did_you_mean
from neopack.values.artifact import CompilationRequest
from neopack.values.json import Json
from neopack.values.quantization import AUTO

__all__ = [
    "choose",
    "choose_all",
    "distribution_of",
    "get",
    "install_hint",
    "keepers",
    "loads",
    "names",
    "precisions",
    "preload",
    "refuse_options",
    "takes_original",
    "unsafe_options",
    "verdict",
]

_plugins: Plugins[Engine] = Plugins("neopack.engines", "engine")


def names() -> tuple[str, ...]:
    return _plugins.names()


def get(name: str) -> Engine:
    """The engine of that name. Raises ``Unsupported`` for one that neopack has not."""
    found = _plugins.get(name)
    if found is None:
        hint = did_you_mean(name, names(), f"there are {', '.join(names())}")
        raise Unsupported(f"no engine {name!r}", hint=hint)
    return found


def loads(name: str, special: str) -> bool:
    """Whether the engine's ``load`` takes that keyword beside those of ``Engine``."""
    return special in _plugins.rows.get(name, {}).get("loads", ())


def extra_of(name: str) -> str:
    """The extra of neopack that the engine comes with."""
    return str(_plugins.rows[name]["extra"])


def distribution_of(name: str) -> str:
    """The distribution that a built-in engine comes with; "" for any other."""
    return str(_plugins.rows.get(name, {}).get("distribution", ""))


def keepers() -> str:
    """The engines that take a ``cache``, with their versions."""
    rows = _plugins.rows.items()
    kept = {name: row["distribution"] for name, row in rows if "cache" in row.get("loads", ())}
    return ", ".join(f"{name} {distributions.version(kept[name])}" for name in sorted(kept))


def precisions(name: str) -> tuple[str, ...]:
    """The precisions of a built-in engine; of another, fp32."""
    return tuple(_plugins.rows.get(name, {}).get("precisions", ("fp32",)))


def unsafe_options(name: str, options: Mapping[str, Json]) -> tuple[str, ...]:
    """The options of an artifact's manifest, as ``NAME=VALUE``, that its engine does not take."""
    known = {option.name: option for option in get(name).artifact_options}
    return tuple(
        f"{key}={value!r:.60}"
        for key, value in options.items()
        if key not in known or not known[key].takes(value)
    )


def refuse_options(name: str, options: Mapping[str, Json], where: str) -> None:
    """Raise ``Unsafe`` if a manifest sets an option that an artifact may not carry."""
    unsafe = unsafe_options(name, options)
    if unsafe:
        raise Unsafe(
            f"its manifest sets {', '.join(unsafe)}, which {name} does not take from an artifact",
            where=where,
            hint="compile the archive again",
        )


def choose(
    request: CompilationRequest, asked: str | None = None, *, among: Sequence[str] | None = None
) -> Engine:
    """The first engine, of all or ``among`` these, that takes ``request``.

    Raises ``Unsupported`` that names who could where none does, ``Missing`` where the one that
    does is not installed.
    """
    said = [
        (engine, engine.supports(request))
        for engine in map(get, [asked] if asked else names() if among is None else among)
    ]
    takers = [(engine, verdict.lacking) for engine, verdict in said if verdict.takes]
    if not takers:
        raise Unsupported(
            f"nothing here compiles {request.framework} in {request.precision} for "
            f"{request.target.name}: {'; '.join(verdict.why_not for _, verdict in said)}",
            hint=f"a Neo job compiles for {request.target.name}: --backend sagemaker",
        )
    for engine, lacking in takers:
        # what somebody asks for by name is installed on first use
        if engine.available().version is not None and (asked or not lacking):
            return engine
    first, lacking = takers[0]
    raise Missing(
        f"{first.name} compiles this and is not installed",
        hint=lacking or first.available().install,
    )


def choose_all(request: CompilationRequest, asked: str | None = None) -> list[Engine]:
    """The engine of ``choose``; for AUTO all that take ``request`` and are installed."""
    if asked != AUTO:
        return [choose(request, asked)]
    first = choose(request)  # raises where there is none
    said = [(engine, engine.supports(request)) for engine in map(get, names())]
    here = [
        engine
        for engine, verdict in said
        if verdict.takes and not verdict.lacking and engine.available().version is not None
    ]
    return here or [first]


def verdict(name: str, request: CompilationRequest) -> EngineVerdict:
    """What the catalogue row of a built-in engine says of ``request``."""
    row = _plugins.rows[name]
    asked = {
        "targets": request.target.name,
        "frameworks": request.framework,
        "precisions": request.precision,
    }
    for field, value in asked.items():
        if value not in row.get(field, [value]):
            return EngineVerdict(
                takes=False, why_not=f"{name} takes {field} {', '.join(row[field])}"
            )
    if request.batches and not row.get("batches"):
        return EngineVerdict(takes=False, why_not=f"{name} compiles one batch, not a range")
    return EngineVerdict(takes=True)


def takes_original(name: str) -> bool:
    """Whether the engine reads a model as Neo does, and not in the form of today's frameworks."""
    return bool(_plugins.rows.get(name, {}).get("original"))


def preload(name: str, framework: str) -> tuple[str, ...]:
    """What compiling a model of this framework imports first, for ``Child``."""
    row = _plugins.rows.get(name, {})
    return ("numpy", *row.get("preload", {}).get(framework, ()))


def install_hint(name: str) -> str:
    return distributions.install_hint(_plugins.rows[name]["extra"])
