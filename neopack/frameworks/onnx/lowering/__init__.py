"""Rewriting a model for the older release of ONNX that Neo reads."""
