"""What the shell offers after a Tab. Each imports the tables only when a Tab asks for them."""

__all__ = ["framework_names", "instance_names", "rule_names", "runtime_names", "target_names"]


def target_names(incomplete: str) -> list[str]:
    from neopack import api

    return api.support.completion.targets(incomplete)


def framework_names(incomplete: str) -> list[str]:
    from neopack import api

    return api.support.completion.frameworks(incomplete)


def instance_names(incomplete: str) -> list[str]:
    from neopack import api

    return api.support.completion.instances(incomplete)


def rule_names(incomplete: str) -> list[str]:
    from neopack import api

    return api.support.completion.rules(incomplete)


def runtime_names(incomplete: str) -> list[str]:
    from neopack import api

    return api.support.completion.runtime_names(incomplete)
