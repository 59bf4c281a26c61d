"""Rewriting a model of any Keras for Keras 2.2.4."""
