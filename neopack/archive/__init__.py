"""The tar.gz of an archive: written deterministically, read in one pass; its manifest."""
