"""For operators: topics, lag, dead letters, checkpoints, and a rebuild to compare with."""
