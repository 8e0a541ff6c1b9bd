"""What the console says of experiments, and how fast, on outcomes that are made up."""
