"""Checkpoints for operators: saved, loaded, inspected, compared, and the older generations."""
