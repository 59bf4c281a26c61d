"""Push and pull by a registry: what is sent, compared, and never sent to another host."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from registry_server import TOKEN, USER, Registry, serving

from neopack import api
from neopack.errors import Malformed, NotRecognized, OutputError, ServiceError, Unsafe, UsageError
from neopack.sharing import oci
from neopack.sharing.modelpack import Layer, digest_of, pack_of
from neopack.sharing.reference import Reference

LAYER = Layer(name="net.tar.gz", sha256="0" * 64, bytes=1, plain_sha256="0" * 64)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr("neopack.sharing.registry.PAUSES", (0.0, 0.0))


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serving() as registry:
        yield registry


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Its manifest and golden numbers are nobody's here: belonging has tests of its own."""
    path = tmp_path / "net.tar.gz"
    path.write_bytes(gzip.compress(os.urandom(3000), mtime=0))
    return path


def log_in(tmp_path: Path, host: str) -> None:
    (tmp_path / "docker").mkdir()
    text = json.dumps({"auths": {host: {"auth": USER}}})
    (tmp_path / "docker" / "config.json").write_text(text)


def test_what_was_pushed_comes_back(registry: Registry, archive: Path, tmp_path: Path) -> None:
    """By REGISTRY, such as 127.0.0.1:5000, the same against a real one."""
    host = os.environ.get("REGISTRY", registry.host)
    url = f"oci://{host}/models/{uuid.uuid4().hex}:1.0"
    first = api.push(archive, url)
    assert first.sent == first.bytes == archive.stat().st_size
    again = api.push(archive, url)
    assert (again.digest, again.sent) == (first.digest, 0)
    pulled = api.pull(url, tmp_path / "to")
    assert pulled.path.read_bytes() == archive.read_bytes()
    assert (pulled.digest, pulled.received) == (first.digest, first.bytes)
    assert api.pull(url, tmp_path / "to").received == 0
    exact = f"{url.rpartition(':')[0]}@{first.digest}"
    assert api.pull(exact, tmp_path / "other").path.read_bytes() == archive.read_bytes()


def test_the_manifest_is_a_modelpack(registry: Registry, archive: Path) -> None:
    """Keys that ModelPack's schema of the config allows, and no others."""
    pushed = api.push(archive, f"oci://{registry.host}/net")
    manifest = json.loads(registry.manifests["latest"])
    assert manifest["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    (layer,) = manifest["layers"]
    assert layer["annotations"] == {"org.cncf.model.filepath": "net.tar.gz"}
    config = json.loads(registry.blobs[manifest["config"]["digest"]])
    plain = hashlib.sha256(gzip.decompress(archive.read_bytes())).hexdigest()
    assert config["modelfs"] == {"type": "layers", "diffIds": [f"sha256:{plain}"]}
    keys = {"descriptor": {"name"}, "config": {"format"}, "modelfs": {"type", "diffIds"}}
    jsonschema.validate(config, {"required": list(keys), "additionalProperties": False,
        "properties": {name: {"additionalProperties": False, "required": sorted(own),
                              "properties": dict.fromkeys(own, True)}
                       for name, own in keys.items()}})  # fmt: skip
    assert pushed.digest == digest_of(registry.manifests["latest"])


@pytest.mark.parametrize("asks", ["Basic", "Bearer"])
def test_credentials_are_those_of_docker_login(
    registry: Registry, archive: Path, tmp_path: Path, asks: str
) -> None:
    registry.asks = asks
    url = f"oci://{registry.host}/net"
    with pytest.raises(ServiceError, match="answers 401") as caught:
        api.push(archive, url)
    assert f"docker login {registry.host}" in caught.value.hint
    log_in(tmp_path, registry.host)
    api.push(archive, url)
    assert api.pull(url, tmp_path / "to").path.is_file()


@pytest.mark.parametrize("asks", ["Basic", "Bearer"])
def test_another_host_is_sent_no_credentials(
    registry: Registry, archive: Path, tmp_path: Path, asks: str
) -> None:
    """Registries send readers to a storage of theirs, or an attacker's to his host."""
    registry.asks = asks
    log_in(tmp_path, registry.host)
    url = f"oci://{registry.host}/net"
    api.push(archive, url)
    with serving(Registry(blobs=registry.blobs, uploads=registry.uploads)) as storage:
        registry.blobs.clear()
        registry.uploads_at = storage.origin
        api.push(archive, url)
        assert [(method, said) for method, _, said in storage.requests] == [("PUT", "")] * 2
        storage.requests.clear()
        registry.elsewhere = storage.origin
        assert api.pull(url, tmp_path / "to").path.read_bytes() == archive.read_bytes()
        assert [said for _, _, said in storage.requests] == [""]
        storage.asks = "Basic"  # asked for them there, none are sent either
        with pytest.raises(ServiceError, match="answers 401"):
            api.pull(url, tmp_path / "more")
        assert {said for _, _, said in storage.requests} == {""}
    assert {said for _, _, said in registry.requests} <= {"", f"Basic {USER}", f"Bearer {TOKEN}"}


def test_a_download_goes_on_where_it_was_cut(
    registry: Registry, archive: Path, tmp_path: Path
) -> None:
    url = f"oci://{registry.host}/net"
    api.push(archive, url)
    registry.faults["GET blobs"] = ["cut", 503, "cut"]
    assert api.pull(url, tmp_path / "to").path.read_bytes() == archive.read_bytes()
    assert registry.count("GET", "blobs/sha256") == 4
    registry.faults["GET blobs"] = [503] * 100
    with pytest.raises(ServiceError):
        api.pull(url, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_large_blob_goes_in_parts_and_on_where_it_was_cut(
    registry: Registry, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oci, "PART", 1000)
    registry.faults["PATCH blobs/uploads"] = ["cut", 503]
    api.push(archive, f"oci://{registry.host}/net")
    assert archive.read_bytes() in registry.blobs.values()
    assert registry.count("PATCH", "uploads") >= 5


@pytest.mark.parametrize("change", [lambda d: d[:-1] + b"?", lambda d: d + b"?", lambda d: d[:-1]])
def test_other_bytes_are_refused(
    registry: Registry, archive: Path, tmp_path: Path, change: object
) -> None:
    url = f"oci://{registry.host}/net"
    api.push(archive, url)
    for digest, data in registry.blobs.items():
        registry.blobs[digest] = change(data)  # type: ignore[operator]
    with pytest.raises(ServiceError, match="not the file whose digest was pushed"):
        api.pull(url, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_another_manifest_under_the_digest_is_refused(
    registry: Registry, archive: Path, tmp_path: Path
) -> None:
    url = f"oci://{registry.host}/net"
    digest = api.push(archive, url).digest
    registry.manifests[digest] = registry.manifests["latest"] + b"\n"
    with pytest.raises(ServiceError, match="its manifest has another digest"):
        api.pull(f"{url}@{digest}", tmp_path / "to")


MANIFESTS = {
    b"{": "is not JSON",
    b"[]": "is not a model",
    b'{"artifactType": "application/vnd.docker.image"}': "is not a model",
    pack_of([LAYER]).manifest.replace(
        b'"layers":[', b'"layers":[],"x":['
    ): "has no list of layers",
    pack_of([LAYER, LAYER]).manifest: "names a file twice",
    pack_of([LAYER]).manifest.replace(b'"size":1', b'"size":-1'): "no size",
    pack_of([LAYER]).manifest.replace(b"sha256:00", b"sha512:00"): "no digest by SHA-256",
}


@pytest.mark.parametrize("text", MANIFESTS)
def test_what_is_not_a_model_is_refused(registry: Registry, tmp_path: Path, text: bytes) -> None:
    registry.manifests["latest"] = text
    with pytest.raises(Malformed, match=MANIFESTS[text]):
        api.pull(f"oci://{registry.host}/net", tmp_path / "to")


@pytest.mark.parametrize("name", ["../net.tar.gz", "/etc/passwd", "a/b", ".."])
def test_a_name_outside_is_refused(registry: Registry, tmp_path: Path, name: str) -> None:
    text = pack_of([LAYER]).manifest.replace(b'"net.tar.gz"', json.dumps(name).encode())
    registry.manifests["latest"] = text
    with pytest.raises(Unsafe):
        api.pull(f"oci://{registry.host}/net", tmp_path / "to")


@pytest.mark.parametrize(("status", "says"), [(403, "may you"), (404, "was it"), (500, "later")])
def test_a_refusal_says_what_to_do(
    registry: Registry, archive: Path, status: int, says: str
) -> None:
    registry.faults["POST blobs/uploads"] = [status] * 9
    with pytest.raises(ServiceError, match=rf"answers {status}, FAULT: no luck") as caught:
        api.push(archive, f"oci://{registry.host}/net")
    assert says in caught.value.hint


def test_a_file_of_that_name_stays(registry: Registry, archive: Path, tmp_path: Path) -> None:
    url = f"oci://{registry.host}/net"
    api.push(archive, url)
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "net.tar.gz").write_text("mine")
    with pytest.raises(OutputError, match="another file"):
        api.pull(url, tmp_path / "to")
    assert registry.count("GET", "blobs/sha256") == 0
    api.pull(url, tmp_path / "to", force=True)


def test_a_host_that_nobody_serves() -> None:
    with serving() as gone:
        url = f"oci://{gone.host}/net"
    with pytest.raises(ServiceError, match="cannot be reached") as caught:
        api.pull(url)
    assert "\n" not in caught.value.line()


def test_what_cannot_be_pushed(tmp_path: Path) -> None:
    (tmp_path / "cut.tar.gz").write_bytes(gzip.compress(b"x" * 999)[:-9])
    (tmp_path / "model.onnx").touch()
    with pytest.raises(NotRecognized):
        api.push(tmp_path / "cut.tar.gz", "oci://h.example/net")
    for name in ("model.onnx", "absent.tar.gz"):
        with pytest.raises(UsageError):
            api.push(tmp_path / name, "oci://h.example/net")


@pytest.mark.parametrize(
    "url",
    ["oci://", "oci://host", "oci://host/UPPER", "oci://host/a:b c", "oci://host/a@sha256:1",
     "oci://host/a@", "oci://user@host/a", "oci://host/../a", "oci://host/a?x"],
)  # fmt: skip
def test_a_place_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="not a place in a registry"):
        Reference.of(url)


def test_only_this_machine_is_spoken_to_in_the_clear() -> None:
    assert Reference.of("oci://localhost:5000/a").origin == "http://localhost:5000"
    assert Reference.of("oci://registry.example.com/a").origin == "https://registry.example.com"
    assert Reference.of("oci://127.0.0.1.example.com/a").origin.startswith("https:")
    assert base64.b64decode(USER) == b"user:secret"
