"""Answers to what was asked before: whether the declared question is decided, and how."""
