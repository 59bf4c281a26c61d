"""What came out of a compilation: its archive, what kind it is, and how to load it."""
