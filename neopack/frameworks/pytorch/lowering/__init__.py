"""Rewriting a TorchScript module for the older PyTorch that Neo loads it with."""
