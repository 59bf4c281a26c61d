"""``neopack provenance``, ``bom``, ``sign``, ``verify-signature``, ``audit`` and ``rebuild``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import UsageError

__all__ = ["audit", "bom", "provenance", "rebuild", "sign", "verify_signature"]

Artifact = Annotated[Path, typer.Argument(help="An archive, or a compiled artifact.")]
Artifacts = Annotated[
    list[Path], typer.Argument(help="Archives and compiled artifacts; each gets its own.")
]
Project = Annotated[Path, typer.Option(help="The folder that paths in the manifest begin at.")]
PublicKey = Annotated[
    Path | None, typer.Option(help="The public key, in PEM, that must have signed it.")
]
Identity = Annotated[
    str, typer.Option(help="Who must have signed it without a key: a workflow, an address.")
]
Issuer = Annotated[str, typer.Option(help="Who vouches for the identity: a URL.")]


@options.answers("provenance")
def provenance(
    artifacts: Artifacts,
    project: Project = Path(),
    benchmark: Annotated[
        list[Path] | None,
        typer.Option(help="A result of bench --format json that is of it; may repeat."),
    ] = None,
    builder: Annotated[
        str, typer.Option(metavar="URI", help="Who builds; the CI job's workflow by default.")
    ] = "",
    force: options.Force = False,
) -> None:
    """Write an in-toto statement of SLSA provenance beside each artifact: what it was made from,
    by digest, and the git commit."""
    from neopack import api

    if benchmark and len(artifacts) > 1:
        raise UsageError(f"--benchmark is for one artifact, and there are {len(artifacts)}")
    written = [
        api.provenance(
            each, project=project, benchmarks=benchmark or (), builder=builder, force=force
        )
        for each in artifacts
    ]
    console.result("provenance", written, of=[each.subject for each in written])


@options.answers("bom")
def bom(artifacts: Artifacts, force: options.Force = False) -> None:
    """Write a bill of materials beside each artifact: CycloneDX 1.6, with a model card."""
    from neopack import api

    written = [api.bom(each, force=force) for each in artifacts]
    console.result("bom", written, of=[each.subject for each in written])


@options.answers("sign")
def sign(
    artifact: Artifact,
    key: Annotated[
        Path | None,
        typer.Option(help="A private key of P-256, P-384 or P-521, in PEM."),
    ] = None,
    keyless: Annotated[
        bool, typer.Option("--keyless", help="Sign as the CI job that this is, by Sigstore.")
    ] = False,
    force: options.Force = False,
) -> None:
    """Sign an artifact and what lies beside it: manifest, golden outputs, provenance. The
    password of an encrypted key is read from NEOPACK_KEY_PASSWORD."""
    from neopack import api

    if keyless == (key is not None):
        raise UsageError("what to sign with is not said", hint="give --key FILE or --keyless")
    console.result("sign", api.sign(artifact, key=key, force=force), of=[artifact])


@options.answers("verify-signature")
def verify_signature(
    artifact: Artifact, key: PublicKey = None, identity: Identity = "", issuer: Issuer = ""
) -> None:
    """Verify the signature of an artifact and of what lies beside it."""
    from neopack import api

    signed = api.verify_signature(artifact, key=key, identity=identity, issuer=issuer)
    console.result("verify-signature", signed, of=[artifact, key])


@options.answers("audit")
def audit(
    artifact: Artifact,
    project: Project = Path(),
    archive: Annotated[
        Path | None,
        typer.Option(help="What the artifact was compiled from; the one beside it by default."),
    ] = None,
    proofs: Annotated[
        bool, typer.Option("--proofs", help="Make the proofs again, in installed runtimes.")
    ] = False,
    key: PublicKey = None,
    identity: Identity = "",
    issuer: Issuer = "",
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Recompute each digest from an artifact over its job and its archive to the sources, and
    run the rules again. The exit code is 1 if anything is broken. AWS is asked about a job where
    a region, a profile or an address is given."""
    from neopack import api
    from neopack.options import Connection

    signed = key is not None or identity or issuer
    asked = region or profile or endpoint_url
    result = api.audit(
        artifact,
        project=project,
        archive=archive,
        verifier=api.signer_wanted(key, identity, issuer) if signed else None,
        connection=Connection(
            region=region or "", profile=profile or "", endpoint=endpoint_url or ""
        )
        if asked
        else None,
        proofs=proofs,
        log=console,
    )
    console.result("audit", result, of=[artifact])
    if not result.passes:
        raise typer.Exit(1)


@options.answers("rebuild")
def rebuild(
    artifact: Annotated[
        Path, typer.Argument(help="An archive that package or build wrote, or what was compiled.")
    ],
    project: Project = Path(),
    trust_manifest: Annotated[
        bool,
        typer.Option(
            "--trust-manifest", help="Also run what the manifest names outside of the project."
        ),
    ] = False,
) -> None:
    """Package an archive again from its manifest, elsewhere, and compare the bytes; an artifact is
    compiled again too. The exit code is 0 where they are the same and 1 where they differ. The
    model's own code is run."""
    from neopack import api

    rebuilt = api.rebuild(artifact, project=project, trust_manifest=trust_manifest, log=console)
    console.result("rebuild", rebuilt, of=[artifact])
    if not rebuilt.same:
        raise typer.Exit(1)
