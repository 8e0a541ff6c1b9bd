"""Fault injection: which are planned, and how they are made to happen."""
