"""Estimates and their bounds: of arms, policies, uplift and rankings."""
