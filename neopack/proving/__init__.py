"""Proof that an archive loads and computes in the exact version that Neo compiles with."""
