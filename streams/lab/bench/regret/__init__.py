"""The policy's regret in worlds with a known truth, beside its peers."""
