"""The format of checkpoints: how they are framed and sealed, and what their figures mean."""
