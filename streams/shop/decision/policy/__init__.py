"""Which arm is drawn: the bandit, and the seed of its draw."""
