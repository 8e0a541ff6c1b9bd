"""The settings of how programs are watched: a worker's page, and traces of single events."""
