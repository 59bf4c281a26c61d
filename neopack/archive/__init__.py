"""The tar.gz itself: written deterministically and atomically, read safely in one pass."""
