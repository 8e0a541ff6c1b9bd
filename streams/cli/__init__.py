"""The command line: a root that knows commands by name, their options, and their tables."""
