"""``neopack push`` and ``neopack pull``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["pull", "push"]


@options.answers("push")
def push(
    artifact: Annotated[Path, typer.Argument(help="An archive, or a compiled artifact.")],
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="s3://bucket/prefix, or oci://host/repository:tag.",
        ),
    ],
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Send an archive or artifact, with its manifest, golden numbers and evidence, to S3 or to an
    OCI registry. What is there already is not sent again."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    pushed = api.push(artifact, url, connection=connection, log=console)
    console.result("push", pushed, of=[artifact])


@options.answers("pull")
def pull(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="s3://bucket/prefix/NAME.tar.gz, or oci://host/repository:tag, or @sha256:...",
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write.")] = Path(),
    force: options.Force = False,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Fetch what was pushed: each file is compared with its digest, and all appear together."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    pulled = api.pull(url, folder, force=force, connection=connection, log=console)
    console.result("pull", pulled)
