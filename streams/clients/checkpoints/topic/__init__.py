"""Checkpoints in a topic: its setup, transactions of its writers, and a reader of its chunks."""
