"""Bundles: the files of runtimes in one file, for machines without a network."""
