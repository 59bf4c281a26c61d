"""Golden numbers: seeded inputs, the outputs of the source model, and their comparison."""
