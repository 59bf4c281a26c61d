"""Compiling here, with a local engine."""
