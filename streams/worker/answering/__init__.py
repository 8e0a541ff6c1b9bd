"""Answering: from a record of the events topic to what is published because of it, with spans."""
