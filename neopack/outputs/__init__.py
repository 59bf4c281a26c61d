"""Output files that appear whole or not at all."""
