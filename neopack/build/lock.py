"""``neopack.lock``: the versions that a build used, in a file to be committed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from neopack import distributions, facts, runtimes
from neopack._version import __version__
from neopack.build.chain import Chain
from neopack.build.step_keys import lock_digest, runtime_of
from neopack.engines import registry as engines
from neopack.errors import CheckFailed, UsageError
from neopack.facts import images
from neopack.outputs.atomic import AtomicOutputs

__all__ = ["LOCK", "Lock", "lock_of", "read_lock", "refuse_drift", "write_lock"]

LOCK = "neopack.lock"
HEAD = "# Written by neopack build; commit it. neopack build --locked refuses other versions.\n"
# the characters of a digest that are told
DIGEST = len("sha256:") + 12
TABLES = ("neopack", "tables", "runtimes", "engines", "frameworks", "images")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Versions and digests by name, of each kind in ``TABLES``."""

    pins: Mapping[str, Mapping[str, str]]

    def drift(self, other: Lock) -> tuple[str, ...]:
        """What ``other`` has otherwise, in words. What only one of them has is not drift: another
        target may need it."""
        return tuple(
            f"{kind} {name} is {_short(theirs[name])}, not {_short(own[name])}"
            for kind in TABLES
            for own, theirs in [(self.pins.get(kind, {}), other.pins.get(kind, {}))]
            for name in own
            if name in theirs and own[name] != theirs[name]
        )

    def dumps(self) -> str:
        lines = [HEAD]
        for kind, pins in self.pins.items():
            lines += [f"\n[{kind}]\n"] if pins else []
            lines += [f'"{name}" = "{pin}"\n' for name, pin in sorted(pins.items())]
        return "".join(lines)


def _short(pin: str) -> str:
    """A version as it is, and of a digest so much that two differ."""
    return f"{pin[:DIGEST]}..." if pin.startswith("sha256:") else pin


def lock_of(chains: Iterable[Chain]) -> Lock:
    """What these chains use: runtimes of proofs, engines, frameworks of exports, images that
    serve, and the dated tables of facts."""
    chains = list(chains)
    used = [runtime_of(each.settings, each.value) for each in chains if each.value]
    used += [
        runtimes.closest_loader(each.value["framework"], each.value["framework_version"])
        for each in chains
        if each.value and "compiler" in each.steps
    ]
    return Lock(
        pins={
            "neopack": {"version": __version__, "facts": facts.newest()},
            "tables": _tables(),
            "runtimes": {each.name: f"sha256:{lock_digest(each)}" for each in used if each},
            "engines": _engines(),
            "frameworks": _frameworks(chains),
            "images": dict(_images(chains)),
        }
    )


def _frameworks(chains: Sequence[Chain]) -> dict[str, str]:
    return {name: version for chain in chains for name, version in chain.distributions()}


def _images(chains: Sequence[Chain]) -> Iterator[tuple[str, str]]:
    """The tag of the container that serves each target."""
    for chain in chains:
        if not chain.value:
            continue
        framework, version = chain.value["framework"], chain.value["framework_version"]
        target = facts.target(chain.target)
        row = images.image_row(framework, target, version)
        if row is not None:
            tag = row.tag_of(row.serving(version), target)
            yield f"{framework} {version} {target.name}", tag


@cache
def _tables() -> dict[str, str]:
    folder = resources.files("neopack.facts")
    return {
        each.name: f"sha256:{hashlib.sha256(each.read_bytes()).hexdigest()}"
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    }


@cache
def _engines() -> dict[str, str]:
    named = {name: engines.distribution_of(name) for name in engines.names()}
    found = {name: distributions.version(each) for name, each in named.items() if each}
    return {name: version for name, version in found.items() if version}


def read_lock(path: Path) -> Lock | None:
    """None where there is none. Raises ``UsageError`` for a file that is not a lock."""
    import tomllib

    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=path.name) from None
    except UnicodeDecodeError as error:
        raise _damaged(path, f"is not TOML: it is not UTF-8 at byte {error.start}") from None
    except ValueError as error:  # such as the marks of a merge
        raise _damaged(path, f"is not TOML: {error}") from None
    tables = {kind: data.get(kind, {}) for kind in TABLES}
    texts = [pin for pins in tables.values() if isinstance(pins, dict) for pin in pins.values()]
    if not all(isinstance(each, dict) for each in tables.values()) or not all(
        isinstance(text, str) for text in texts
    ):
        raise _damaged(path, "is not a lock of neopack")
    return Lock(pins=tables)


def _damaged(path: Path, what: str) -> UsageError:
    hint = "restore the committed one, or remove it and build"
    return UsageError(what, where=path.name, hint=hint)


def refuse_drift(before: Lock | None, now: Lock, path: Path) -> None:
    """Raise ``CheckFailed`` where ``now`` is not what is pinned, ``UsageError`` without a lock."""
    if before is None:
        raise UsageError(
            "--locked needs a lock", where=path.name, hint="neopack build writes one: commit it"
        )
    drift = before.drift(now)
    if drift:
        more = f", and {len(drift) - 1} more" if len(drift) > 1 else ""
        raise CheckFailed(
            f"{drift[0]}{more}",
            where=path.name,
            hint="install what it pins, or build without --locked and commit it",
        )


def write_lock(path: Path, lock: Lock, before: Lock | None) -> bool:
    """Whether the file changed. Pins of what this build did not use stay."""
    kept = before.pins if before is not None else {}
    merged = Lock(
        pins={kind: {**kept.get(kind, {}), **lock.pins.get(kind, {})} for kind in TABLES}
    )
    text = merged.dumps()
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    with AtomicOutputs(force=True) as outputs:
        outputs.open(path).write(text.encode())
    return True
