"""Declared experiments, by their room."""
