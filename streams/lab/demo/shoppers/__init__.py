"""Simulated shoppers, whose wishes are known and can be compared with the prompts."""
