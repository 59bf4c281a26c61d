"""Archives and compiled artifacts as a user holds them: recognize, inspect, open, load, run."""
