"""Rewriting a graph for Neo: frozen, pruned, and readable for TensorFlow 1.15."""
