"""What ``init`` writes: the first files of a project."""
