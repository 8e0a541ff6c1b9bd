"""Incremental recommenders, shaped like River's models: `learn_one`, then `recommend`."""
