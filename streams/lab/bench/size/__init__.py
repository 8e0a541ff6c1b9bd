"""Large shops and more workers: restarts, checkpoints, throughput."""
