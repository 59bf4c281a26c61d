"""Signatures: of the right key and files, and of nothing else."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Call

Keys = Callable[[str], Path]


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.fixture
def public(project: Path, keys: Keys, neopack: Call) -> Path:
    """The public key of what ``net.tar.gz`` is signed with."""
    answer = neopack("sign", "net.tar.gz", "--key", keys("own"))
    assert answer.code == 0, answer.err
    return keys("own").with_suffix(".pub.pem")


def test_what_was_signed_holds(neopack: Call, public: Path, project: Path, keys: Keys) -> None:
    answer = neopack("verify-signature", "net.tar.gz", "--key", public, "--format", "json")
    assert answer.code == 0, answer.err
    assert answer.document["files"] == ["net.golden.npz", "net.neopack.json", "net.tar.gz"]
    assert answer.document["subjects"][0]["path"] == "net.tar.gz"
    again = neopack("sign", "net.tar.gz", "--key", keys("own"))
    assert (again.code, "already exists" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda: changed(Path("net.tar.gz")), "net.tar.gz changed after it was signed"),
        (lambda: changed(Path("net.neopack.json")), "net.neopack.json changed after it was"),
        (lambda: Path("net.golden.npz").unlink(), "net.golden.npz, which is not here"),
        (lambda: Path("net.sigstore.json").unlink(), "there is no signature"),
        (lambda: Path("net.sigstore.json").write_text("{"), "is not JSON"),
        (lambda: Path("net.sigstore.json").write_text("[]"), "is not a signature"),
        (lambda: reworded("payload"), "was changed since"),
        (lambda: reworded("sig"), ""),
        (lambda: renamed("../net.tar.gz"), "not a file beside it"),
        (lambda: Path("net.compiled.json").write_text("{}"), "does not sign net.compiled.json"),
    ],
)
def test_what_was_changed_does_not(
    refused: Call, public: Path, harm: Callable[[], object], words: str
) -> None:
    harm()
    refused(1, words, "verify-signature", "net.tar.gz", "--key", public)


def reworded(what: str) -> None:
    """Another payload under the same signature, or another signature of the same payload."""
    path = Path("net.sigstore.json")
    bundle = json.loads(path.read_text())
    envelope = bundle["dsseEnvelope"]
    holder = envelope if what == "payload" else envelope["signatures"][0]
    data = bytearray(base64.b64decode(holder[what]))
    if what == "payload":
        data.insert(data.index(b"{") + 1, ord(" "))
    else:
        data[len(data) // 2] ^= 1
    holder[what] = base64.b64encode(data).decode()
    path.write_text(json.dumps(bundle))


def renamed(name: str) -> None:
    path = Path("net.sigstore.json")
    bundle = json.loads(path.read_text())
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    payload["predicate"]["resources"][0]["name"] = name
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    path.write_text(json.dumps(bundle))


def test_another_key(refused: Call, public: Path, keys: Keys) -> None:
    other = keys("other").with_suffix(".pub.pem")
    refused(1, "not signed by this key", "verify-signature", "net.tar.gz", "--key", other)


def test_a_signature_of_another_file(refused: Call, public: Path, project: Path) -> None:
    (project / "net.sigstore.json").rename("net-ml_c5.sigstore.json")
    words = "does not sign net-ml_c5.tar.gz"
    refused(1, words, "verify-signature", "net-ml_c5.tar.gz", "--key", public)


def test_what_is_not_said_or_not_a_key(refused: Call, project: Path, keys: Keys) -> None:
    (project / "text.pem").write_text("text")
    rsa = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "ed.pem"]
    subprocess.run(rsa, check=True, capture_output=True)
    refused(2, "--key FILE or --keyless", "sign", "net.tar.gz")
    refused(2, "P-256", "sign", "net.tar.gz", "--key", "text.pem")
    refused(2, "P-256", "sign", "net.tar.gz", "--key", "ed.pem")
    refused(1, "cannot be read", "sign", "net.tar.gz", "--key", "absent.pem")
    refused(1, "no such file", "sign", "absent.tar.gz", "--key", keys("own"))
    refused(2, "--identity", "verify-signature", "net.tar.gz")
    refused(2, "go together", "verify-signature", "net.tar.gz", "--identity", "a@example.com")


def test_a_private_key_verifies_nothing(refused: Call, public: Path, keys: Keys) -> None:
    refused(2, "-pubout", "verify-signature", "net.tar.gz", "--key", keys("own"))


def test_keyless_needs_the_token_of_a_job(refused: Call, project: Path) -> None:
    refused(3, ("OIDC token", "id-token: write"), "sign", "net.tar.gz", "--keyless")


def test_an_encrypted_key(
    neopack: Call, refused: Call, project: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["openssl", "pkcs8", "-topk8", "-in", str(keys("own")), "-out", "secret.pem"]
    subprocess.run([*words, "-passout", "pass:word"], check=True, capture_output=True)
    refused(2, "NEOPACK_KEY_PASSWORD", "sign", "net.tar.gz", "--key", "secret.pem")
    monkeypatch.setenv("NEOPACK_KEY_PASSWORD", "word")
    assert neopack("sign", "net.tar.gz", "--key", "secret.pem").code == 0
