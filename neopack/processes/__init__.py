"""Processes for what can crash, hang or is the user's own code."""
