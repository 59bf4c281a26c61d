"""The account that holds an image in a region, and the address of the image."""

from __future__ import annotations

from collections.abc import Mapping

from neopack.facts.rows import facts_file

__all__ = ["NEO", "account", "accounts", "address"]

NEO = "neo"


def accounts(registry: str = NEO) -> Mapping[str, str]:
    """Return the account that holds the images, by region; a string, since some begin with 0."""
    if registry == NEO:
        return facts_file("images").words("accounts")
    return facts_file("accounts").words(registry)


def account(region: str, registry: str = NEO) -> str:
    """Return the account in a region, or "" if the table lacks the region."""
    return accounts(registry).get(region, "")


def address(holder: str, region: str, repository: str, tag: str) -> str:
    """Return the address of an image in the account ``holder``."""
    domains = facts_file("images").table("domains")
    parts = region.split("-")
    domain = next(
        (domains.text(name) for name in ("-".join(parts[:2]), parts[0]) if name in domains),
        domains.text("default"),
    )
    return f"{holder}.dkr.ecr.{region}.{domain}/{repository}:{tag}"
