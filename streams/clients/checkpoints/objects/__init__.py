"""Checkpoints in an object store, or whatever else fsspec has a driver for."""
