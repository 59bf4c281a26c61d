"""The settings of a project: ``neopack.toml``."""
