"""The two strings of a compilation job, DataInputConfig and CompilerOptions, read and written."""
