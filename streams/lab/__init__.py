"""Shops to try goeswith on, and judges of what it does there: no other room imports these."""
