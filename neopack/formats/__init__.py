"""Bounded readers and writers of bytes. Standard library only; nothing is executed.

``guard`` bounds every reader; what breaks its own format raises ``Malformed`` with the offset.
"""
