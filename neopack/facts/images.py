"""The container image that serves a compiled model, by table: ``images.toml``.

DescribeCompilationJob.InferenceImage is to be preferred wherever a job has one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from neopack.facts import versions
from neopack.facts.rows import Row, Scope
from neopack.types import Target

__all__ = ["inference_image"]

TAG = "{version}-{processor}-py3"


@cache
def _file() -> Row:
    import tomllib  # here, so that importing the facts stays cheap

    path = Path(__file__).with_name("images.toml")
    return Row(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def inference_image(framework: str, version: str, target: Target, region: str) -> str:
    """The image's whole address; empty where no table has one: edge devices, platforms, other
    regions. A version that has no image of its own is served by the newest one."""
    data = _file()
    rows = [row for row in data.tables("image") if Scope.of(row).fits(target, framework)]
    if not rows:
        return ""
    account = rows[0].text("account", "") or data.table("accounts").text(region, "")
    if not account:
        return ""
    domains, partition = data.table("domains"), region.split("-", maxsplit=1)[0]
    domain = domains.text(partition, domains.text("default"))
    known = rows[0].texts("versions")
    tag = (
        rows[0]
        .text("tag", TAG)
        .format(
            version=_nearest(version, known),
            processor=data.table("processors").text(target.accelerator or "none", "cpu"),
        )
    )
    return f"{account}.dkr.ecr.{region}.{domain}/{rows[0].text('repository')}:{tag}"


def _nearest(version: str, known: tuple[str, ...]) -> str:
    """The known version that this one is, as far as both are written; else the newest."""
    same = [each for each in known if versions.same(version, each)]
    return same[-1] if same else known[-1]
