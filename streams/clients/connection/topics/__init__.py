"""Topics as they are: what brokers tell of them, and what of that is wrong."""
