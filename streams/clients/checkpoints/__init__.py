"""Where checkpoints are kept: in a file or in Redis, by the same rules."""
