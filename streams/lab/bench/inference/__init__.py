"""Inference under peeking (continuous monitoring): false alarms, bias, coverage."""
