"""Baselines from the literature: for evaluation only."""
