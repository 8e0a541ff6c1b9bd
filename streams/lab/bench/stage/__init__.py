"""Benchmark fixtures: a broker, a tape of events, and the contenders."""
