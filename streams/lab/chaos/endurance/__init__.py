"""Long trials: takeovers, outages, and an hour of load."""
