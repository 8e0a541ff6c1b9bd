"""Checkpoints, written by a forked child so that no shopper waits for them."""
