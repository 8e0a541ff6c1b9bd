"""Prompts as they were published: in a terminal, as they come or as they stand."""
