"""Broker, Redis and worker for the length of a `with` block: nothing to install."""
