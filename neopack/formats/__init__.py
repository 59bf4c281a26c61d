"""Bounded readers and writers of bytes. Standard library only; nothing is executed.

``guard`` bounds every reader. A file that breaks its format raises ``Malformed`` with the offset.
"""
