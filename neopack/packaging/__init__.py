"""The steps of ``package``: resolve the source, export it, judge it, write the archive."""
