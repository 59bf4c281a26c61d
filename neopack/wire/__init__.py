"""Readers of bytes that nobody vouches for. Standard library only; nothing is executed.

``guard`` bounds every reader; what breaks its own format raises ``Malformed`` with the offset.
"""
