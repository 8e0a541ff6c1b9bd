"""Recommenders on the same logs, beside a plain session kNN."""
