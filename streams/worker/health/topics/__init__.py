"""The topics as they are, looked at every few seconds beside what the worker needs of them."""
