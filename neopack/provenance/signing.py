"""Signatures of an artifact and the files beside it, by sigstore's model-signing.

A signature is a Sigstore bundle, ``net.sigstore.json``, over the names and SHA-256 digests of the
files; ``model_signing verify`` takes it too. A key is of an elliptic curve, in PEM. Without a key
(keyless) the identity is that of the CI job, which an OIDC token proves to Sigstore.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neopack.archive.manifest import golden_path, manifest_path
from neopack.artifacts.compiled_manifest import beside
from neopack.artifacts.load import require_file
from neopack.errors import (
    Malformed,
    NeopackError,
    ServiceError,
    SourceError,
    Unsupported,
    UsageError,
    VerificationFailed,
    first_line,
)
from neopack.formats.file_names import require_file_name
from neopack.formats.json_text import read_json
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable
from neopack.outputs.staging import staging_directory
from neopack.provenance.lineage import SIGNATURE, files_beside, place_beside

if TYPE_CHECKING:
    from model_signing import signing, verifying

__all__ = ["Signed", "Signer", "Verifier", "sign", "verify_signature"]

PASSWORD = "NEOPACK_KEY_PASSWORD"  # noqa: S105 - the name of a variable
LARGEST = 16 << 20
# the library's words, in the list of all that differs; some names are quoted twice
CHANGED = re.compile(r"Hash mismatch for \\?[\"'](.+?)\\?[\"']: ")
PUBLIC_HINT = "openssl ec -in KEY.pem -pubout writes the public key of a private one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A private key; None: the identity of the CI job."""

    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key; or the ``identity`` that signed without one, and the ``issuer`` of it."""

    key: Path | None = None
    identity: str = ""
    issuer: str = ""

    def __post_init__(self) -> None:
        keyless = bool(self.identity or self.issuer)
        if keyless == (self.key is not None):
            raise UsageError(
                "whose signature it must be is not said",
                hint="give --key PUBLIC.pem, or --identity and --issuer",
            )
        if keyless and not (self.identity and self.issuer):
            raise UsageError("--identity and --issuer go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature at ``path`` is of: files by name, in their order."""

    path: str
    files: tuple[str, ...]
    by: str


# --- signing --------------------------------------------------------------------------------


def sign(path: Path, signer: Signer, *, force: bool) -> Signed:
    """Sign ``path`` and the files that belong to it and are there.

    Raises ``UsageError`` for a key that is not of an elliptic curve, ``Unsupported`` without a key
    where no token of CI is at hand, ``OutputError`` where a signature is there.
    """
    require_file(path)
    to = place_beside(path, SIGNATURE)
    refuse_unwritable(to, force=force)
    from model_signing import hashing, signing  # a missing module is told before the key is read

    files = files_beside(path)
    config = signing.Config()
    by = _with_key(config, signer.key) if signer.key else _keyless(config)
    listed = hashing.Config().set_allow_symlinks(True)
    listed.set_ignored_paths(paths=[], ignore_git_paths=False)
    config.set_hashing_config(_Listed(listed, files))
    with staging_directory() as folder, AtomicOutputs(force=force) as outputs:
        with _translated(to, by_service=signer.key is None):
            config.sign(path.parent, folder / to.name)
        outputs.open(to).write((folder / to.name).read_bytes())
    return Signed(path=str(to), files=tuple(each.name for each in files), by=by)


class _Listed:
    """A configuration of hashing that hashes these files alone; ``sign`` passes no list on."""

    def __init__(self, config: object, files: Sequence[Path]) -> None:
        self._config, self._files = config, files

    def hash(self, folder: Path) -> object:
        return self._config.hash(folder, files_to_hash=self._files)  # type: ignore[attr-defined]


def _with_key(config: signing.Config, key: Path) -> str:
    data = _pem(key)
    password = os.environ.get(PASSWORD) or None
    try:
        # the library hands the password on as it is, and cryptography wants bytes
        config.use_elliptic_key_signer(
            private_key=key,
            password=password.encode() if password else None,
        )
    except Exception as error:
        encrypted = b"ENCRYPTED" in data
        hint = f"{PASSWORD} has its password" if encrypted else "openssl ecparam -name prime256v1"
        what = "is not a private key of the curves P-256, P-384 or P-521"
        raise UsageError(what, where=str(key), hint=hint) from error
    return f"the key {key.name}"


def _keyless(config: signing.Config) -> str:
    from sigstore import oidc

    hint = "sign in CI (GitHub: permissions: id-token: write), or give --key"
    try:
        token = oidc.detect_credential()
    except oidc.IdentityError as error:
        raise Unsupported(f"no OIDC token: {first_line(error)}", hint=hint) from error
    if token is None:
        raise Unsupported("--keyless needs the OIDC token of a CI job: there is none", hint=hint)
    with _translated(None, by_service=True):
        config.use_sigstore_signer(identity_token=token)
        return str(oidc.IdentityToken(token).identity)


# --- verifying ------------------------------------------------------------------------------


def verify_signature(path: Path, verifier: Verifier) -> Signed:
    """Raises ``VerificationFailed`` for a signature of somebody else, and where a file that was
    signed changed or is gone, or ``path`` or a file that neopack reads beside it was not signed;
    ``SourceError`` where there is no signature, ``Malformed`` for one that is damaged."""
    require_file(path)
    to = place_beside(path, SIGNATURE)
    names = _signed_names(to)
    from model_signing import verifying

    config = verifying.Config()
    by = _by_key(config, verifier.key) if verifier.key else _by_identity(config, verifier)
    config.set_ignore_unsigned_files(True)
    _refuse_missing(path, names, to)
    with _translated(to, by_service=False), contextlib.redirect_stdout(io.StringIO()):
        config.verify(path.parent, to)
    _refuse_unsigned(path, names, to)
    return Signed(path=str(to), files=names, by=by)


def _by_key(config: verifying.Config, key: Path) -> str:
    _pem(key)
    try:
        config.use_elliptic_key_verifier(public_key=key)
    except Exception as error:
        what = "is not a public key of the curves P-256, P-384 or P-521"
        raise UsageError(what, where=str(key), hint=PUBLIC_HINT) from error
    return f"the key {key.name}"


def _by_identity(config: verifying.Config, verifier: Verifier) -> str:
    with _translated(None, by_service=True):
        config.use_sigstore_verifier(identity=verifier.identity, oidc_issuer=verifier.issuer)
    return verifier.identity


def _signed_names(to: Path) -> tuple[str, ...]:
    """The names in a signature, which nothing vouches for yet."""
    if not to.is_file():
        raise SourceError("there is no signature", where=str(to), hint="neopack sign writes one")
    if to.stat().st_size > LARGEST:
        raise Malformed(f"is larger than {LARGEST} bytes", where=str(to))
    try:
        bundle = read_json(to.read_bytes(), str(to))
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True)
        resources = read_json(payload, str(to))["predicate"]["resources"]
        names = tuple(str(each["name"]) for each in resources)
    except (LookupError, TypeError, ValueError):
        hint = "sign again, or fetch the signature again"
        raise Malformed("is not a signature of model-signing", where=str(to), hint=hint) from None
    return tuple(require_file_name(name, str(to)) for name in names)


def _refuse_missing(path: Path, names: Sequence[str], to: Path) -> None:
    for name in names:
        if not path.with_name(name).is_file():
            raise VerificationFailed(f"signs {name}, which is not here", where=str(to))
    if path.name not in names:
        raise VerificationFailed(f"does not sign {path.name}", where=str(to))


def _refuse_unsigned(path: Path, names: Sequence[str], to: Path) -> None:
    """Of what neopack reads beside it, nothing may be a stranger's."""
    for read in (manifest_path(path), golden_path(path), beside(path)):
        if read.is_file() and read.name not in names:
            raise VerificationFailed(
                f"does not sign {read.name}", where=str(to), hint="neopack sign --force signs it"
            )


def _pem(key: Path) -> bytes:
    try:
        with key.open("rb") as stream:
            return stream.read(1 << 20)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(key)) from None


@contextlib.contextmanager
def _translated(signature: Path | None, *, by_service: bool) -> Iterator[None]:
    """What the library raises as an error of ours: any class, with any text."""
    try:
        yield
    except (NeopackError, ImportError):
        raise
    except Exception as error:
        said = first_line(error) or type(error).__name__
        if by_service:
            raise ServiceError(f"Sigstore: {said}", code=type(error).__name__) from error
        raise VerificationFailed(_meaning(said), where=str(signature)) from error


def _meaning(said: str) -> str:
    if "Key mismatch" in said or said == "InvalidSignature":
        return "was not signed by this key, or was changed since"
    changed = dict.fromkeys(CHANGED.findall(said))
    if changed:
        return f"{' and '.join(changed)} changed after it was signed"
    return said.removeprefix("Signature mismatch: ")
