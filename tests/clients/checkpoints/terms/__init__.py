"""Checkpoints that were made when prompts earned by other terms."""
