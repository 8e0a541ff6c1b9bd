"""The console: lag, experiments, prompts and workers on web pages, by reading alone."""
