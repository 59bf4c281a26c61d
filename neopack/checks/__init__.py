"""The engine that runs rules on an archive, on files or on a job's artifact; ``--fix``."""
