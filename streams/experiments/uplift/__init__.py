"""What prompts are worth: units that may get them against the holdout, from outcomes alone."""
